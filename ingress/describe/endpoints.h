// What a listener tells of itself, to anybody: /openapi.json, and /docs as a page.
#pragma once

#include "ingress/describe/describe.h"

// Their context is a struct told.
extern const struct endpoint description_endpoints[];

struct told {
    struct tg_text json;
    struct tg_text html;
};

// Of all endpoints of the router; once all are added, and before the server is started.
void told_make(struct told *told, const struct router *router, enum listener listener);
void told_finish(struct told *told);

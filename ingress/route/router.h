// The table of endpoints: path, who may call it, methods, what body each takes, which handler.
#pragma once

#include "ingress/accept/lane.h"
#include "ingress/db/pool.h"
#include "ingress/http/server.h"
#include "ingress/meta/callback.h"
#include "ingress/who/api_key.h"

// What the handlers work with; outlives the server.
struct routes {
    struct auth *auth;
    struct query_pool *queries;
    struct lanes *lanes;
    struct webhook *webhook;
};

// For struct server_handler: the body limit of a path and method, and the handler, whose context is
// a struct routes.
size_t routes_body_max(const char *path, const char *method);
void routes_handle(struct request *request, void *context);

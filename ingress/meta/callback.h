// Meta's webhook contract (docs/meta.md, "Handshake and signature"): the handshake, and the
// signature over the raw bytes of what is posted. There is no way in without one.
#pragma once

#include "ingress/meta/webhook_writer.h"
#include "ingress/route/endpoint.h"

// What it takes; all borrowed.
struct callback {
    const char *app_secrets; // separated by commas
    const char *verify_token;
    struct webhook_writer *writer;
};

// GET and POST /webhook; their context is a struct callback.
extern const struct endpoint callback_endpoints[];

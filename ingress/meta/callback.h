// Meta's webhook contract (docs/meta.md, "Handshake and signature"): the handshake, and the
// signature over the raw bytes of what is posted. There is no way in without one.
#pragma once

#include "common/base/shared_text.h"
#include "ingress/meta/webhook_writer.h"
#include "ingress/route/endpoint.h"

// What it takes; all borrowed. Secret and token may be exchanged meanwhile.
struct callback {
    struct tg_shared_text *app_secrets; // separated by commas
    struct tg_shared_text *verify_token;
    struct webhook_writer *writer;
};

// GET and POST /webhook; their context is a struct callback.
extern const struct endpoint callback_endpoints[];

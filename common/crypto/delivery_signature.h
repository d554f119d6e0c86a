// Secrets of endpoints, and the signatures under them of what tenants are told: Standard Webhooks
// 1.0.0 (standardwebhooks.com). A secret is "whsec_" and base64 of its key; that what is signed by
// it came from us, whoever has it can tell. Thread-safe.
#pragma once

#include "common/base/text.h"

#include <stdint.h>

// How long a key may be, and is if we make it.
enum { TG_ENDPOINT_KEY_MIN = 24, TG_ENDPOINT_KEY_MAX = 64, TG_ENDPOINT_KEY_SIZE = 32 };

// Appends a new secret.
void tg_endpoint_secret_make(struct tg_text *secret);

// Is it a secret of such keys, as we would write it?
bool tg_endpoint_secret_is_good(struct tg_span secret) TG_MUST_CHECK;

// What is signed: the bytes of the body as they are sent, under the delivery's id, at the time of
// this attempt (Unix seconds).
struct tg_signed_delivery {
    const char *id;
    int64_t timestamp;
    struct tg_span body;
};

// Appends a signature: "v1," and base64 of an HMAC-SHA256. False, and nothing: the secret is none.
bool tg_sign_delivery(struct tg_span secret, const struct tg_signed_delivery *delivery,
                      struct tg_text *signature) TG_MUST_CHECK;

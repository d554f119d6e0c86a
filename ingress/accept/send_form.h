// The body of POST /api/send-message: JSON in, a send ready for its lane out.
#pragma once

#include "common/store/accept.h"
#include "ingress/who/identity.h"

// Reads `body` (JSON: {org_id, phone, message | media | payload, ...}) into `send`, which gets a
// new message id and the payload that Meta will get. On failure `error` names the field as the
// client wrote it, and `send` needs no finish. Thread-safe.
bool send_form_read(const struct tg_text *body, const struct identity *caller, struct tg_send *send,
                    struct tg_error *error) TG_MUST_CHECK;

// Puts an idempotency key into the send, and the hash of the body that it stands for. "": no key.
void send_form_set_key(struct tg_send *send, const char *key, const struct tg_text *body);

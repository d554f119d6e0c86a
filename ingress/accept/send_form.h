// POST /api/send-message: a request body becomes a validated send.
#pragma once

#include "common/store/accept.h"
#include "ingress/who/api_key.h"

// Reads `body` (JSON: {org_id, phone, message | media | payload, ...}) into `send`, which gets a
// new message id and the payload that Meta will get. On failure `error` names the field as the
// client wrote it, and `send` needs no finish. Thread-safe.
bool send_read(const struct tg_text *body, const struct identity *identity, struct tg_send *send,
               struct tg_error *error) TG_MUST_CHECK;

// Reads the header Idempotency-Key (`value`, which was sent `count` times; 0: not at all) into
// `key`, without the blanks around it; "" if there is none.
bool send_read_key(const char *value, int count, char key[static TG_IDEMPOTENCY_KEY_SIZE],
                   struct tg_error *error) TG_MUST_CHECK;

// Puts the key into the send, and the hash of the body that it stands for. "": no key.
void send_set_key(struct tg_send *send, const char *key, const struct tg_text *body);

// Seconds of `Prefer: wait=N` (RFC 7240), at most TG_WAIT_MAX_S; 0 if there is none. `prefer` may
// be NULL.
int send_wait_seconds(const char *prefer);

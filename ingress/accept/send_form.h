// What a POST of /api/send-message says, in its body and its headers: a send ready for its lane.
// Thread-safe.
#pragma once

#include "common/store/accept.h"
#include "ingress/accept/loans.h"
#include "ingress/who/homes.h"
#include "ingress/who/identity.h"

// Reads `body` (JSON: {org_id, phone, message | media | payload, ...}) into `send`, which must be
// zeroed but for its key, and gets a new message id and the payload that Meta will get. On failure
// `error` names the field as the client wrote it (its code may be send_homeless: send_content.h; or
// send_unlent, with *loans to be told first: loans.h), and `send` needs no finish.
bool send_form_read(const struct tg_text *body, const struct identity *caller, struct homes *homes,
                    struct loans **loans, struct tg_send *send,
                    struct tg_error *error) TG_MUST_CHECK;

// Puts what the header Idempotency-Key says (`value`, which was sent `count` times; 0: not at all)
// into the zeroed `send`, without the blanks around it, and the hash of the body that it stands
// for.
bool send_form_read_key(const char *value, int count, const struct tg_text *body,
                        struct tg_send *send, struct tg_error *error) TG_MUST_CHECK;

// How many seconds the header Prefer (RFC 7240) asks to wait: those of `wait=N`, at most
// TG_WAIT_MAX_S; without it none for `respond-async`, and `unless_said` if it says neither.
// `prefer` may be NULL.
int send_form_wait_seconds(const char *prefer, int unless_said);

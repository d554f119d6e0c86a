// Webhooks as Meta posts them: signed.
#pragma once

#include "tests/system/gateway.h"

// The header "X-Hub-Signature-256: sha256=..." for a body under an app secret.
const char *signature_header(const char *secret, const char *body, size_t length);

// POST /webhook on the gateway's connection, signed with GATEWAY_APP_SECRET. `length` 0: up to the
// NUL.
struct answer post_webhook(struct gateway *gateway, const char *body, size_t length);

// The same with a file of tests/data/webhooks, such as "text.json" or "bad/not-json.json", byte for
// byte.
struct answer post_webhook_file(struct gateway *gateway, const char *name);

// The same, but that its messages have only just been written.
struct answer post_webhook_file_of_now(struct gateway *gateway, const char *name);

// A body that holds one text of a customer named Asha, or one status; `more` is further members of
// the status such as "\"errors\": [...]", or "".
const char *text_message_body(const char *phone_number_id, const char *from, const char *wamid,
                              const char *text);
// One message with these members, written so long ago.
const char *message_body(const char *phone_number_id, const char *from, const char *wamid,
                         long age_s, const char *members);
const char *status_body(const char *phone_number_id, const char *wamid, const char *status,
                        const char *more);
// The member that names our message.
const char *names_message(const char *message_id);

// How many webhooks are in Redis and not done with.
long webhooks_left(struct gateway *gateway);

// What the ways to ask for a send (send_form.h, cloud_form.h) have in common: a message of the
// Cloud API becomes what is accepted and what Meta gets. Thread-safe.
#pragma once

#include "common/cloud/message.h"
#include "common/store/accept.h"
#include "ingress/who/homes.h"

// error.code where the default country of send->org_id is to be looked up first.
extern const char send_homeless[];

// Parses JSON of a client's that is not made of more parts than a send may have; NULL, with
// *error (field "body"): it is none. The caller puts what it returns.
struct json_object *send_content_parse(const struct tg_text *json,
                                       struct tg_error *error) TG_MUST_CHECK;

// Does text of a client's hold a NUL? PostgreSQL's text holds none, and C's strings end there; JSON
// allows it.
bool send_content_holds_nul(struct tg_span text);

// Who says nobody by "" names nobody: `recipient`, and `to` beside one, go.
void send_content_drop_empty(struct json_object *message);

// A number as somebody of the org has written it, whose home `homes` knows.
bool send_content_number(struct tg_span written, const char *field, struct homes *homes,
                         struct tg_uuid org_id, char phone[static TG_PHONE_SIZE],
                         struct tg_error *error) TG_MUST_CHECK;

// Settles on the one recipient that send->phone ("": not given) and the message's own `to` or
// `recipient` name, and fills in type, payload and callback data, for send->org_id and
// send->message_id. The message has been found good (`checked`), and is changed. On failure `error`
// names the field as the client wrote it: `within`, such as "payload.", stands in front of what
// stands in the message.
bool send_content_read(struct json_object *message, const struct tg_cloud_message *checked,
                       const char *within, struct homes *homes, struct tg_send *send,
                       struct tg_error *error) TG_MUST_CHECK;

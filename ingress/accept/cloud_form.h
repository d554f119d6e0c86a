// What a POST of [/{version}]/{phone_number_id}/messages says, whose body is Meta's own: a send
// ready for its lane. Thread-safe.
#pragma once

#include "common/store/accept.h"
#include "ingress/who/homes.h"

#include <json-c/json.h>

// Reads the message from a body of kind FIELDS: JSON, or a form whose objects are JSON within its
// fields; in JSON, too, an object may be a string that is JSON. access_token is no part of it. NULL
// and *error: it is none. The caller puts what it returns.
struct json_object *cloud_form_read(const char *content_type, const struct tg_text *body,
                                    struct tg_error *error) TG_MUST_CHECK;

// Where the message names another one by our id: the object in which it stands as message_id (of
// `context`, of a reaction, of a receipt). NULL: nowhere any more.
struct json_object *cloud_form_named(struct json_object *message, struct tg_uuid *id);
// Puts Meta's id in its place.
void cloud_form_name(struct json_object *named, const char *wamid);

// Whom the message is for, as the client wrote it; absent for a receipt.
struct tg_span cloud_form_recipient(struct json_object *message);

// Fills `send`, which has its message, org and number, from the message, which is changed only if
// that succeeds. error.code may be send_homeless (send_content.h).
bool cloud_form_fill(struct json_object *message, struct homes *homes, struct tg_send *send,
                     struct tg_error *error) TG_MUST_CHECK;

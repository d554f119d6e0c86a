// What Meta's Cloud API takes as a message (POST /{version}/{phone_number_id}/messages): the check
// that refuses what Meta certainly would, before it costs a fee. docs/meta.md ("Sending") has the
// limits and their sources.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/base/uuid7.h"

#include <json-c/json.h>

// What kind of object this is, as far as the gateway must know.
struct tg_cloud_message {
    const char *type; // a string literal: "text", "image", ..., or "receipt" (read receipt, typing
                      // indicator: no message, no fee)
    struct json_object *to;        // borrowed; NULL where absent (a receipt, or `recipient`)
    struct json_object *recipient; // borrowed; a business-scoped user id, if it counts; or NULL
};

// Checks `message`, a parsed Cloud API message object, and fills `out`. Known types are checked
// against Meta's limits, in characters, which are Unicode code points; fields and sub-types
// (interactive kinds, header types, template components) that are not known are left alone, since
// Meta adds them without notice; but members of the message itself that the Graph API takes for
// parameters of the call (access_token, method, callback, ids, ...) are refused, and in a receipt a
// message's type and content. A message `type` which Meta does not describe is refused. Where
// `type` is absent it is inferred from the object that is there (Meta's default: text) and *added*
// to `message`. A member that is null counts as absent. `to` or `recipient` names who gets a
// message, and where both stand there `to` does, unless it is "": `out` has that one alone. Neither
// of them beside a `status` makes it a receipt. `to` is checked only to be a string:
// tg_phone_normalise judges it, unless `recipient_type` is "group", when it is the id of a group.
// Stand-ins of Meta's published examples (<TEMPLATE_NAME>, http(s)://image-url) pass as any text or
// link. Failure: false, code "invalid_message", `field` = path within the message such as
// "text.body" or "interactive.action.buttons[2].reply.title", "" for the message as a whole.
// Thread-safe as far as `message` is used by one thread only.
bool tg_cloud_message_check(struct json_object *message, struct tg_cloud_message *out,
                            struct tg_error *error) TG_MUST_CHECK;

// Is this one of the types that carry media: image, video, audio, document, sticker?
bool tg_cloud_message_is_media(const char *type);

// The members of a message that are objects or lists, from 0; NULL behind the last one.
const char *tg_cloud_message_part(size_t n);

// A text message with that body, which it takes. The caller's to put.
struct json_object *tg_cloud_message_text(struct json_object *body);

// Makes a message the answer to the one with that wamid.
void tg_cloud_message_answer(struct json_object *message, struct tg_span wamid);

// Appends a checked message as the bytes that Meta gets, once: the message itself is changed. Our
// id goes with it (biz_opaque_callback_data, in place of whatever stood there): status webhooks
// bring it back. Its `to`, which must be as tg_phone_normalise left it, gets a "+" in front; the id
// of a group and a `recipient` stay as they are.
void tg_cloud_message_write(struct json_object *message, struct tg_uuid message_id,
                            struct tg_text *payload);

#include "ingress/accept/send_content.h"

#include "common/base/json.h"
#include "common/base/weight.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>

const char send_homeless[] = "homeless";

// What is short takes little, whatever it is made of, and is not counted.
static bool check_weight(const struct tg_text *body, struct tg_error *error)
{
    if (body->length < TG_SEND_COUNTED_FROM)
        return true;
    struct tg_weight weight = tg_weight_of(body);
    if (weight.objects <= TG_SEND_OBJECTS_MAX && weight.values <= TG_SEND_VALUES_MAX)
        return true;
    return tg_error_set(error, "invalid_json", "body",
                        "The body must have at most %d objects and lists, and %d values",
                        TG_SEND_OBJECTS_MAX, TG_SEND_VALUES_MAX);
}

struct json_object *send_content_parse(const struct tg_text *json, struct tg_error *error)
{
    return check_weight(json, error) ? tg_json_parse(tg_text_string(json), json->length, error)
                                     : NULL;
}

bool send_content_holds_nul(struct tg_span text)
{
    return strlen(text.data) != text.length;
}

static bool is_empty(struct json_object *message, const char *name)
{
    return tg_span_equals(tg_json_span(json_object_object_get(message, name)), "");
}

void send_content_drop_empty(struct json_object *message)
{
    if (is_empty(message, "recipient"))
        json_object_object_del(message, "recipient");
    if (json_object_object_get(message, "recipient") && is_empty(message, "to"))
        json_object_object_del(message, "to");
}

// What begins with "+" needs no home.
bool send_content_number(struct tg_span written, const char *field, struct homes *homes,
                         struct tg_uuid org_id, char phone[static TG_PHONE_SIZE],
                         struct tg_error *error)
{
    const struct tg_country *home = NULL;
    if (!memchr(written.data, '+', written.length) && !homes_find(homes, org_id, &home))
        return tg_error_set(error, send_homeless, field, "%s", "");
    return tg_phone_read(written.data, written.length, home, field, phone, error);
}

// A part of the message, as the client wrote it.
struct part {
    char field[sizeof((struct tg_error *)0)->field];
};

static struct part part_of(const char *within, const char *name)
{
    struct part part;
    snprintf(part.field, sizeof part.field, "%s%s", within, name);
    return part;
}

static bool refuse_nul(const char *within, const char *name, struct tg_error *error)
{
    const struct part part = part_of(within, name);
    return tg_error_set(error, "invalid_message", part.field, "%s must not hold NUL characters",
                        part.field);
}

static bool read_user_id(struct tg_span user_id, const char *within, struct tg_send *send,
                         struct tg_error *error)
{
    const struct part part = part_of(within, "recipient");
    if (send->phone[0])
        return tg_error_set(error, "invalid_field", "phone", "phone and %s name two recipients",
                            part.field);
    if (send_content_holds_nul(user_id))
        return refuse_nul(within, "recipient", error);
    if (user_id.length >= sizeof send->user_id)
        return tg_error_set(error, "invalid_message", part.field, "%s must have at most %zu bytes",
                            part.field, sizeof send->user_id - 1);
    memcpy(send->user_id, user_id.data, user_id.length + 1);
    return true;
}

static bool read_to(struct tg_span given, const char *within, struct homes *homes,
                    struct tg_send *send, struct tg_error *error)
{
    char to[TG_PHONE_SIZE];
    const struct part part = part_of(within, "to");
    if (!send_content_number(given, part.field, homes, send->org_id, to, error))
        return false;
    if (send->phone[0] && strcmp(send->phone, to) != 0)
        return tg_error_set(error, "invalid_field", part.field, "%s and phone name two recipients",
                            part.field);
    memcpy(send->phone, to, sizeof to);
    return true;
}

static bool read_recipient(struct json_object *message, const struct tg_cloud_message *checked,
                           const char *within, struct homes *homes, struct tg_send *send,
                           struct tg_error *error)
{
    const char *recipient_type = tg_json_string_member(message, "recipient_type");
    if (recipient_type && strcmp(recipient_type, "individual") != 0)
        return tg_error_set(error, "invalid_message", part_of(within, "recipient_type").field,
                            "Messages to groups are not supported");
    if (checked->recipient)
        return read_user_id(tg_json_span(checked->recipient), within, send, error);
    if (!checked->to) {
        send->phone[0] = '\0'; // a receipt goes to the message that it names
        return true;
    }
    struct tg_span given = tg_json_span(checked->to);
    if (given.length > 0 && !read_to(given, within, homes, send, error))
        return false;
    const char *missing = *within ? "phone" : "to";
    if (!send->phone[0])
        return tg_error_set(error, "missing_field", missing, "%s is required", missing);
    json_object_object_add(message, "to", json_object_new_string(send->phone));
    return true;
}

// Keeps the client's own opaque data, in whose place ours goes to Meta, and writes what Meta gets.
static bool write_payload(struct json_object *message, const char *within, struct tg_send *send,
                          struct tg_error *error)
{
    static const char name[] = "biz_opaque_callback_data";
    struct tg_span own = tg_json_span(tg_json_member(message, name, json_type_string));
    if (own.data && send_content_holds_nul(own))
        return refuse_nul(within, name, error);
    tg_text_append(&send->callback_data, own.data, own.length);
    tg_cloud_message_write(message, send->message_id, &send->payload);
    return true;
}

bool send_content_read(struct json_object *message, const struct tg_cloud_message *checked,
                       const char *within, struct homes *homes, struct tg_send *send,
                       struct tg_error *error)
{
    if (!read_recipient(message, checked, within, homes, send, error))
        return false;
    snprintf(send->type, sizeof send->type, "%s", checked->type);
    return write_payload(message, within, send, error);
}

#include "worker/inbound/item_copy.h"

#include "common/base/json.h"
#include "worker/inbound/fields.h"

#include <string.h>

static const char *begin(struct item *item, struct json_object *object, const char *origin)
{
    struct tg_inbound_message *message = &item->message;
    message->phone_number_id = item->origin.phone_number_id;
    message->origin = origin;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_message";
    message->wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    return message->wamid.data ? NULL : "message_without_id";
}

static const char *finish(struct item *item, struct json_object *object)
{
    struct tg_inbound_message *message = &item->message;
    struct json_object *contact = item->origin.contact;
    if (!message->user_id.data)
        message->user_id = field_text(contact, "user_id", TG_USER_ID_SIZE - 1);
    message->name = field_text(field_of(contact, "profile"), "name", FIELD_SHORT_LENGTH_MAX);
    const char *reason = item_read_content(item, object);
    if (!reason)
        item->kind = ITEM_COPY;
    return reason;
}

const char *item_read_echo(struct item *item, struct json_object *object, struct json_object *value)
{
    (void)value;
    struct tg_inbound_message *message = &item->message;
    const char *reason = begin(item, object, "phone_app");
    if (reason)
        return reason;
    if (!field_contact(object, "to", "to_user_id", message->phone, &message->user_id))
        return "message_without_recipient";
    message->outbound = true;
    message->status = TG_STATUS_SENT;
    return finish(item, object);
}

// Did the org write it? Then `from` is its own number.
static bool is_outbound(struct json_object *object, struct json_object *value)
{
    struct json_object *from_me =
        tg_json_member(field_of(object, "history_context"), "from_me", json_type_boolean);
    if (from_me)
        return json_object_get_boolean(from_me);
    char own[TG_PHONE_SIZE];
    char from[TG_PHONE_SIZE];
    struct tg_span number =
        field_text(field_of(value, "metadata"), "display_phone_number", FIELD_PHONE_LENGTH_MAX);
    return field_phone(number, own) &&
           field_phone(field_text(object, "from", FIELD_PHONE_LENGTH_MAX), from) &&
           strcmp(own, from) == 0;
}

// A thread is named by its customer's phone or user id.
static bool read_thread(struct json_object *thread, struct tg_inbound_message *message)
{
    if (field_contact(field_of(thread, "context"), "wa_id", "user_id", message->phone,
                      &message->user_id))
        return true;
    struct tg_span id = field_text(thread, "id", TG_USER_ID_SIZE - 1);
    if (field_phone(id, message->phone))
        return true;
    message->phone[0] = '\0';
    message->user_id = id;
    return id.data && memchr(id.data, '.', id.length);
}

static bool read_customer(struct item *item, struct json_object *object)
{
    struct tg_inbound_message *message = &item->message;
    bool named =
        message->outbound
            ? field_contact(object, "to", "to_user_id", message->phone, &message->user_id)
            : field_contact(object, "from", "from_user_id", message->phone, &message->user_id);
    return named || read_thread(item->origin.thread, message);
}

// How far it had got when it was told. What is not named has been sent.
static const struct {
    const char *name;
    enum tg_status status;
} told[] = {
    {"DELIVERED", TG_STATUS_DELIVERED},
    {"READ", TG_STATUS_READ},
    {"PLAYED", TG_STATUS_READ},
    {"ERROR", TG_STATUS_FAILED},
};

static enum tg_status read_status(struct json_object *object)
{
    struct tg_span name =
        field_text(field_of(object, "history_context"), "status", FIELD_TYPE_LENGTH_MAX);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (tg_span_equals(name, told[i].name))
            return told[i].status;
    }
    return TG_STATUS_SENT;
}

const char *item_read_history(struct item *item, struct json_object *object,
                              struct json_object *value)
{
    struct tg_inbound_message *message = &item->message;
    const char *reason = begin(item, object, "history");
    if (reason)
        return reason;
    message->outbound = is_outbound(object, value);
    message->status = message->outbound ? read_status(object) : TG_STATUS_RECEIVED;
    if (!read_customer(item, object))
        return message->outbound ? "message_without_recipient" : "message_without_sender";
    return finish(item, object);
}

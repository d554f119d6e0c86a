#include "worker/inbound/item_message.h"

#include "common/base/json.h"
#include "worker/inbound/fields.h"

#include <string.h>

enum { MEDIA_LENGTH_MAX = 256 };

struct json_object *item_find_contact(struct json_object *value, struct json_object *object,
                                      size_t index)
{
    struct tg_span from = field_text(object, "from", FIELD_PHONE_LENGTH_MAX);
    struct tg_span user_id = field_text(object, "from_user_id", TG_USER_ID_SIZE - 1);
    struct json_object *contacts = tg_json_member(value, "contacts", json_type_array);
    size_t count = contacts ? json_object_array_length(contacts) : 0;
    for (size_t i = 0; i < count && i < TG_CONTACTS_LOOKED_MAX; i++) {
        struct json_object *contact = json_object_array_get_idx(contacts, (index + i) % count);
        struct tg_span wa_id = field_text(contact, "wa_id", FIELD_PHONE_LENGTH_MAX);
        struct tg_span id = field_text(contact, "user_id", TG_USER_ID_SIZE - 1);
        if ((wa_id.data && tg_span_equals(from, wa_id.data)) ||
            (id.data && tg_span_equals(user_id, id.data)))
            return contact;
    }
    return NULL;
}

// What a customer wrote or chose, by the type of the message. Of other types there is no text.
static const struct {
    const char *type;
    const char *member; // of the object that is named like the type
    bool required;
} texts[] = {
    {"text", "body", true},         {"image", "caption", false}, {"video", "caption", false},
    {"document", "caption", false}, {"button", "text", false},   {"reaction", "emoji", false},
    {"order", "text", false},       {"system", "body", false},
};

// {"type": "button_reply", "button_reply": {"title": ...}}, list_reply likewise; nfm_reply has a
// body.
static struct tg_span interactive_text(struct json_object *interactive)
{
    struct tg_span kind = field_text(interactive, "type", FIELD_TYPE_LENGTH_MAX);
    struct json_object *reply = kind.data ? field_of(interactive, kind.data) : NULL;
    struct tg_span title = field_text(reply, "title", SIZE_MAX);
    return title.data ? title : field_text(reply, "body", SIZE_MAX);
}

// False: the text that its type must have is not there, or is no string.
static bool read_text(struct json_object *content, struct tg_inbound_message *message)
{
    if (tg_span_equals(message->type, "interactive"))
        message->text = interactive_text(content);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!tg_span_equals(message->type, texts[i].type))
            continue;
        struct json_object *text = field_of(content, texts[i].member);
        if (texts[i].required && !json_object_is_type(text, json_type_string))
            return false;
        message->text = field_string(text, SIZE_MAX);
    }
    return true;
}

// A customer who has got another number: {"type": "user_changed_number", "wa_id": new} (once
// "customer_changed_number" and "new_wa_id").
static void read_new_phone(struct json_object *system, struct tg_inbound_message *message)
{
    struct tg_span type = field_text(system, "type", FIELD_TYPE_LENGTH_MAX);
    struct tg_span wa_id = field_text(system, "wa_id", FIELD_PHONE_LENGTH_MAX);
    if (!wa_id.data)
        wa_id = field_text(system, "new_wa_id", FIELD_PHONE_LENGTH_MAX);
    if (type.data && strstr(type.data, "changed_number") && !field_phone(wa_id, message->new_phone))
        message->new_phone[0] = '\0';
}

const char *item_read_message(struct item *item, struct json_object *object,
                              struct json_object *value)
{
    struct tg_inbound_message *message = &item->message;
    message->phone_number_id = item->origin.phone_number_id;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_message";
    message->wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    if (!message->wamid.data)
        return "message_without_id";
    if (!field_contact(object, "from", "from_user_id", message->phone, &message->user_id))
        return "message_without_sender";
    if (!field_time(object, &message->time_s))
        return "invalid_timestamp";
    message->type = field_text(object, "type", FIELD_TYPE_LENGTH_MAX);
    if (!message->type.data)
        return "invalid_message";
    struct json_object *content = field_of(object, message->type.data);
    if (!read_text(content, message))
        return "invalid_message";

    struct json_object *contact = item_find_contact(value, object, item->origin.index);
    if (!message->user_id.data)
        message->user_id = field_text(contact, "user_id", TG_USER_ID_SIZE - 1);
    message->name = field_text(field_of(contact, "profile"), "name", FIELD_SHORT_LENGTH_MAX);
    message->media_id = field_text(content, "id", MEDIA_LENGTH_MAX);
    message->mime_type = field_text(content, "mime_type", MEDIA_LENGTH_MAX);
    if (!message->mime_type.data)
        message->media_id = (struct tg_span){0};
    message->reply_to = field_text(field_of(object, "context"), "id", TG_WAMID_SIZE - 1);
    if (tg_span_equals(message->type, "system"))
        read_new_phone(content, message);
    struct json_object *referral = tg_json_member(object, "referral", json_type_object);
    if (referral)
        tg_json_write(referral, &message->referral);
    tg_json_write(object, &message->payload);
    message->id = tg_uuid7();
    item->kind = ITEM_MESSAGE;
    return NULL;
}

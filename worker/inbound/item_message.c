#include "worker/inbound/item_message.h"

#include "common/base/json.h"
#include "worker/inbound/fields.h"
#include "worker/inbound/summary.h"

#include <string.h>

enum { MEDIA_LENGTH_MAX = 256 };

static bool is_media(struct tg_span type)
{
    static const char *const media[] = {"image", "video", "audio", "voice", "document", "sticker"};
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        if (tg_span_equals(type, media[i]))
            return true;
    }
    return false;
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

// {"type": "button_reply", "button_reply": {"id": ..., "title": ...}}, list_reply likewise; the
// nfm_reply of a flow has a name and a body. What an org sends has the text in {"body": {"text":
// ...}}.
static void read_interactive(struct json_object *interactive, struct tg_inbound_message *message)
{
    struct tg_span kind = field_text(interactive, "type", FIELD_TYPE_LENGTH_MAX);
    struct json_object *reply = kind.data ? field_of(interactive, kind.data) : NULL;
    message->text = field_text(reply, "title", SIZE_MAX);
    if (!message->text.data)
        message->text = field_text(reply, "body", SIZE_MAX);
    if (!message->text.data)
        message->text = field_text(field_of(interactive, "body"), "text", SIZE_MAX);
    message->choice = field_text(reply, "id", FIELD_SHORT_LENGTH_MAX);
    if (!message->choice.data)
        message->choice = field_text(reply, "name", FIELD_SHORT_LENGTH_MAX);
}

// Reactions, system messages and what Meta itself does not support are nothing that a customer
// says, nor is what only changes an earlier message; and what is said in a group is said to it.
static bool is_said(const struct tg_inbound_message *message)
{
    static const char *const said[] = {"text",        "image",    "video",    "audio",
                                       "document",    "sticker",  "location", "button",
                                       "interactive", "contacts", "order",    "request_welcome"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (tg_span_equals(message->type, said[i]))
            return !message->group_id.data;
    }
    return false;
}

// What a message of that type holds. False: the text that it must have is not there, or is no
// string.
static bool read_words(struct tg_span type, struct json_object *content,
                       struct tg_inbound_message *message)
{
    if (tg_span_equals(type, "interactive"))
        read_interactive(content, message);
    if (tg_span_equals(type, "button"))
        message->choice = field_text(content, "payload", FIELD_SHORT_LENGTH_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!tg_span_equals(type, texts[i].type))
            continue;
        if (texts[i].required && !tg_json_member(content, texts[i].member, json_type_string))
            return false;
        message->text = field_text(content, texts[i].member, SIZE_MAX);
    }
    message->mime_type = field_text(content, "mime_type", MEDIA_LENGTH_MAX);
    if (message->mime_type.data || is_media(type))
        message->media_id = field_text(content, "id", MEDIA_LENGTH_MAX);
    return true;
}

// {"original_message_id": ..., "message": {"type": ..., ...}}, the latter of an edit alone: what
// the message says from now on.
static bool read_change(struct json_object *change, struct tg_inbound_message *message)
{
    message->changes = field_text(change, "original_message_id", TG_WAMID_SIZE - 1);
    struct json_object *edited = field_of(change, "message");
    struct tg_span type = field_text(edited, "type", FIELD_TYPE_LENGTH_MAX);
    return !type.data || read_words(type, field_of(edited, type.data), message);
}

static bool is_change(struct tg_span type)
{
    return tg_span_equals(type, "edit") || tg_span_equals(type, "revoke");
}

// A customer who has got another number or user id: {"type": "user_changed_number", "wa_id": new}
// (once "customer_changed_number" and "new_wa_id"), perhaps with a "user_id", or {"type":
// "user_changed_user_id", "user_id": new, "previous_user_id": who wrote}.
static void read_new_names(struct json_object *system, struct tg_inbound_message *message)
{
    struct tg_span type = field_text(system, "type", FIELD_TYPE_LENGTH_MAX);
    bool new_number = type.data && strstr(type.data, "changed_number");
    if (!new_number && !(type.data && strstr(type.data, "changed_user_id")))
        return;
    struct tg_span wa_id = field_text(system, "wa_id", FIELD_PHONE_LENGTH_MAX);
    if (!wa_id.data)
        wa_id = field_text(system, "new_wa_id", FIELD_PHONE_LENGTH_MAX);
    if (!new_number || !field_phone(wa_id, message->new_phone))
        message->new_phone[0] = '\0';
    message->new_user_id = field_text(system, "user_id", TG_USER_ID_SIZE - 1);
    struct tg_span previous = field_text(system, "previous_user_id", TG_USER_ID_SIZE - 1);
    if (previous.data)
        message->user_id = previous;
}

// Whom the message is from. False: nobody is named, or not rightly. Only of a change it may be left
// out: then it tells by itself who that is.
static bool read_sender(struct json_object *object, struct json_object *contact,
                        struct tg_inbound_message *message)
{
    bool named = field_contact(object, "from", "from_user_id", message->phone, &message->user_id);
    if (!named && (field_of(object, "from") || !tg_span_equals(message->type, "system")))
        return false;
    if (!message->user_id.data)
        message->user_id = field_text(contact, "user_id", TG_USER_ID_SIZE - 1);
    if (tg_span_equals(message->type, "system"))
        read_new_names(field_of(object, "system"), message);
    return named || message->user_id.data || message->new_user_id.data || message->new_phone[0];
}

// A reaction answers, too.
static void read_reply_to(struct json_object *object, struct json_object *content,
                          struct tg_inbound_message *message)
{
    message->reply_to = field_text(field_of(object, "context"), "id", TG_WAMID_SIZE - 1);
    if (!message->reply_to.data && tg_span_equals(message->type, "reaction"))
        message->reply_to = field_text(content, "message_id", TG_WAMID_SIZE - 1);
}

const char *item_read_content(struct item *item, struct json_object *object)
{
    struct tg_inbound_message *message = &item->message;
    message->type = field_text(object, "type", FIELD_TYPE_LENGTH_MAX);
    if (!message->type.data)
        return "invalid_message";
    struct json_object *content = field_of(object, message->type.data);
    if (is_change(message->type) ? !read_change(content, message)
                                 : !read_words(message->type, content, message))
        return "invalid_message";
    if (!field_time(object, &message->time_s))
        return "invalid_timestamp";
    read_reply_to(object, content, message);
    field_error(object, TG_ERROR_MESSAGE_SIZE - 1, message->error_code, &message->error_message);
    summary_write(message->type, object, content, &message->summary);
    tg_json_write(object, &message->payload);
    message->id = tg_uuid7();
    return NULL;
}

const char *item_read_message(struct item *item, struct json_object *object,
                              struct json_object *value)
{
    (void)value;
    struct tg_inbound_message *message = &item->message;
    struct json_object *contact = item->origin.contact;
    message->phone_number_id = item->origin.phone_number_id;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_message";
    message->wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    if (!message->wamid.data)
        return "message_without_id";
    message->type = field_text(object, "type", FIELD_TYPE_LENGTH_MAX);
    if (!read_sender(object, contact, message))
        return "message_without_sender";
    message->name = field_text(field_of(contact, "profile"), "name", FIELD_SHORT_LENGTH_MAX);
    message->group_id = field_text(object, "group_id", FIELD_SHORT_LENGTH_MAX);
    const char *reason = item_read_content(item, object);
    if (reason)
        return reason;

    message->is_said = is_said(message);
    struct json_object *referral = tg_json_member(object, "referral", json_type_object);
    if (referral)
        tg_json_write(referral, &message->referral);
    item->kind = ITEM_MESSAGE;
    return NULL;
}

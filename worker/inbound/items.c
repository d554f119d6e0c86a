#include "worker/inbound/items.h"

#include "common/base/json.h"
#include "common/limits.h"
#include "common/words/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_LENGTH_MAX = 64, FIELD_LENGTH_MAX = 128, NAME_LENGTH_MAX = 512 };

// Seconds of the year 2100: a time beyond it is no time of Meta's.
static const int64_t time_max_s = 4102444800;

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, name, &value);
    return value;
}

// A string of 1 to `max` bytes; absent for anything else.
static struct tg_span string_of(struct json_object *value, size_t max)
{
    struct tg_span span = tg_json_span(value);
    return span.length > 0 && span.length <= max ? span : (struct tg_span){0};
}

static struct tg_span string_member(struct json_object *object, const char *name, size_t max)
{
    return string_of(member(object, name), max);
}

static bool span_is(struct tg_span span, const char *string)
{
    return span.length == strlen(string) && memcmp(span.data, string, span.length) == 0;
}

static struct item *add(struct items *items, const struct item_place *place)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? 2 * items->capacity : 256;
        items->item = realloc(items->item, items->capacity * sizeof *items->item);
        if (!items->item)
            abort();
    }
    struct item *item = &items->item[items->count++];
    *item = (struct item){.kind = ITEM_DEAD, .place = *place};
    return item;
}

static void finish_kind(struct item *item)
{
    switch (item->kind) {
    case ITEM_MESSAGE:
        tg_text_finish(&item->message.referral);
        tg_text_finish(&item->message.payload);
        break;
    case ITEM_STATUS:
        tg_text_finish(&item->status.pricing);
        break;
    case ITEM_ACCOUNT_NOTICE:
        tg_text_finish(&item->account_notice.value);
        break;
    case ITEM_PREFERENCE:
    case ITEM_DEAD:
        break;
    }
}

void item_kill(struct item *item, const char *reason)
{
    finish_kind(item);
    item->kind = ITEM_DEAD;
    item->reason = reason;
}

static void add_dead(struct items *items, const struct item_place *place, struct tg_span number,
                     const char *reason)
{
    struct item *item = add(items, place);
    item->phone_number_id = number;
    item->reason = reason;
}

static void keep_root(struct items *items, struct json_object *root)
{
    if (items->root_count == items->root_capacity) {
        items->root_capacity = items->root_capacity ? 2 * items->root_capacity : 64;
        items->roots = realloc(items->roots, items->root_capacity * sizeof(struct json_object *));
        if (!items->roots)
            abort();
    }
    items->roots[items->root_count++] = root;
}

void items_finish(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        finish_kind(&items->item[i]);
    for (size_t i = 0; i < items->root_count; i++)
        json_object_put(items->roots[i]);
    free(items->item);
    free(items->roots);
    *items = (struct items){0};
}

// Unix seconds: Meta writes a string of digits, in user_preferences a number.
static bool read_time(struct json_object *object, int64_t *time_s)
{
    struct json_object *value = member(object, "timestamp");
    struct tg_span text = string_of(value, 15);
    if (text.data) {
        if (strspn(text.data, "0123456789") != text.length)
            return false;
        *time_s = strtoll(text.data, NULL, 10);
    } else if (json_object_is_type(value, json_type_int)) {
        *time_s = json_object_get_int64(value);
    } else {
        return false;
    }
    return *time_s > 0 && *time_s < time_max_s;
}

static bool read_phone(struct tg_span text, char phone[static TG_PHONE_SIZE])
{
    struct tg_error ignored;
    return text.data && tg_phone_normalise(text.data, text.length, "from", phone, &ignored);
}

// Who wrote, by phone or by business-scoped user id: `name` and `id_name` are the members that hold
// them. False: neither is there, or one of them is none.
static bool read_contact(struct json_object *object, const char *name, const char *id_name,
                         char phone[static TG_PHONE_SIZE], struct tg_span *user_id)
{
    *user_id = string_member(object, id_name, TG_USER_ID_SIZE - 1);
    if (!member(object, name))
        return user_id->data != NULL;
    return read_phone(string_member(object, name, 64), phone);
}

// The member of `contacts` that tells of who wrote a message; NULL if none does.
static struct json_object *find_profile(struct json_object *value, struct tg_span from,
                                        struct tg_span user_id)
{
    struct json_object *contacts = member(value, "contacts");
    if (!json_object_is_type(contacts, json_type_array))
        return NULL;
    for (size_t i = 0; i < json_object_array_length(contacts); i++) {
        struct json_object *contact = json_object_array_get_idx(contacts, i);
        struct tg_span wa_id = string_member(contact, "wa_id", 64);
        struct tg_span id = string_member(contact, "user_id", TG_USER_ID_SIZE - 1);
        if ((from.data && span_is(from, wa_id.data ? wa_id.data : "")) ||
            (user_id.data && span_is(user_id, id.data ? id.data : "")))
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
    struct tg_span kind = string_member(interactive, "type", TYPE_LENGTH_MAX);
    struct json_object *reply = kind.data ? member(interactive, kind.data) : NULL;
    struct tg_span title = string_member(reply, "title", SIZE_MAX);
    return title.data ? title : string_member(reply, "body", SIZE_MAX);
}

// False: the text that its type must have is not there, or is no string.
static bool read_text(struct json_object *content, struct tg_inbound_message *message)
{
    if (span_is(message->type, "interactive"))
        message->text = interactive_text(content);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!span_is(message->type, texts[i].type))
            continue;
        struct json_object *text = member(content, texts[i].member);
        if (texts[i].required && !json_object_is_type(text, json_type_string))
            return false;
        message->text = string_of(text, SIZE_MAX);
    }
    return true;
}

// A customer who has got another number: {"type": "user_changed_number", "wa_id": new} (once
// "customer_changed_number" and "new_wa_id").
static void read_new_phone(struct json_object *system, struct tg_inbound_message *message)
{
    struct tg_span type = string_member(system, "type", TYPE_LENGTH_MAX);
    struct tg_span wa_id = string_member(system, "wa_id", 64);
    if (!wa_id.data)
        wa_id = string_member(system, "new_wa_id", 64);
    if (type.data && strstr(type.data, "changed_number") && !read_phone(wa_id, message->new_phone))
        message->new_phone[0] = '\0';
}

// Why the message cannot be kept; NULL if it can.
static const char *read_message(struct json_object *object, struct json_object *value,
                                struct tg_inbound_message *message)
{
    if (!json_object_is_type(object, json_type_object))
        return "invalid_message";
    message->wamid = string_member(object, "id", TG_WAMID_SIZE - 1);
    if (!message->wamid.data)
        return "message_without_id";
    if (!read_contact(object, "from", "from_user_id", message->phone, &message->user_id))
        return "message_without_sender";
    if (!read_time(object, &message->time_s))
        return "invalid_timestamp";
    message->type = string_member(object, "type", TYPE_LENGTH_MAX);
    if (!message->type.data)
        return "invalid_message";
    struct json_object *content = member(object, message->type.data);
    if (!read_text(content, message))
        return "invalid_message";

    struct json_object *profile =
        find_profile(value, string_member(object, "from", 64), message->user_id);
    if (!message->user_id.data)
        message->user_id = string_member(profile, "user_id", TG_USER_ID_SIZE - 1);
    message->name = string_member(member(profile, "profile"), "name", NAME_LENGTH_MAX);
    message->media_id = string_member(content, "id", 256);
    message->mime_type = string_member(content, "mime_type", 256);
    if (!message->mime_type.data)
        message->media_id = (struct tg_span){0};
    message->reply_to = string_member(member(object, "context"), "id", TG_WAMID_SIZE - 1);
    if (span_is(message->type, "system"))
        read_new_phone(content, message);
    struct json_object *referral = member(object, "referral");
    if (json_object_is_type(referral, json_type_object))
        tg_json_write(referral, &message->referral);
    tg_json_write(object, &message->payload);
    message->id = tg_uuid7();
    return NULL;
}

static void add_message(struct items *items, const struct item_place *place, struct tg_span number,
                        struct json_object *object, struct json_object *value)
{
    struct item *item = add(items, place);
    item->phone_number_id = number;
    item->message.phone_number_id = number;
    item->reason = read_message(object, value, &item->message);
    if (!item->reason)
        item->kind = ITEM_MESSAGE;
}

// Meta's status to ours. `played` (a voice message) is how a voice message is read. None: it moves
// nothing, and is kept as an account notice.
static const struct {
    const char *name;
    enum tg_status status;
} statuses[] = {
    {"sent", TG_STATUS_SENT},    {"delivered", TG_STATUS_DELIVERED}, {"read", TG_STATUS_READ},
    {"played", TG_STATUS_READ},  {"failed", TG_STATUS_FAILED},       {"deleted", TG_STATUS_NONE},
    {"warning", TG_STATUS_NONE},
};

static void read_failure(struct json_object *object, struct tg_status_update *status)
{
    struct json_object *errors = member(object, "errors");
    struct json_object *first =
        json_object_is_type(errors, json_type_array) ? json_object_array_get_idx(errors, 0) : NULL;
    struct json_object *code = member(first, "code");
    if (json_object_is_type(code, json_type_int) && json_object_get_int64(code) >= 0 &&
        json_object_get_int64(code) < INT32_MAX)
        snprintf(status->error_code, sizeof status->error_code, "%" PRId64,
                 json_object_get_int64(code));
    static const size_t max = TG_ERROR_MESSAGE_SIZE - 1;
    status->error_message = string_member(member(first, "error_data"), "details", max);
    if (!status->error_message.data)
        status->error_message = string_member(first, "message", max);
    if (!status->error_message.data)
        status->error_message = string_member(first, "title", max);
}

static void make_account_notice(struct item *item, struct json_object *value)
{
    struct json_object *time = member(item->place.entry, "time");
    item->kind = ITEM_ACCOUNT_NOTICE;
    item->account_notice = (struct tg_account_notice){
        .phone_number_id = item->phone_number_id,
        .waba_id = string_member(item->place.entry, "id", 64),
        .field = string_member(item->place.change, "field", FIELD_LENGTH_MAX),
        .time_s = json_object_is_type(time, json_type_int) ? json_object_get_int64(time) : 0};
    tg_json_write(value, &item->account_notice.value);
}

// Why the status cannot be applied; NULL if it can.
static const char *read_status(struct json_object *object, struct item *item)
{
    struct tg_status_update *status = &item->status;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_status";
    status->wamid = string_member(object, "id", TG_WAMID_SIZE - 1);
    if (!status->wamid.data)
        return "status_without_id";
    if (!read_time(object, &status->time_s))
        return "invalid_timestamp";
    struct tg_span name = string_member(object, "status", TYPE_LENGTH_MAX);
    size_t i = 0;
    while (i < sizeof statuses / sizeof *statuses &&
           !(name.data && span_is(name, statuses[i].name)))
        i++;
    if (i == sizeof statuses / sizeof *statuses)
        return "unknown_status";
    if (statuses[i].status == TG_STATUS_NONE) {
        make_account_notice(item, object);
        return NULL;
    }
    status->status = statuses[i].status;
    struct tg_span ours = string_member(object, "biz_opaque_callback_data", 512);
    status->names_message = ours.data && tg_uuid_parse(ours.data, ours.length, &status->message_id);
    struct json_object *pricing = member(object, "pricing");
    if (json_object_is_type(pricing, json_type_object))
        tg_json_write(pricing, &status->pricing);
    if (status->status == TG_STATUS_FAILED)
        read_failure(object, status);
    item->kind = ITEM_STATUS;
    return NULL;
}

static void add_status(struct items *items, const struct item_place *place, struct tg_span number,
                       struct json_object *object, struct json_object *value)
{
    (void)value;
    struct item *item = add(items, place);
    item->phone_number_id = number;
    item->status.phone_number_id = number;
    item->reason = read_status(object, item);
}

static const char *read_preference(struct json_object *object, struct tg_preference *preference)
{
    if (!json_object_is_type(object, json_type_object))
        return "invalid_preference";
    if (!read_contact(object, "wa_id", "user_id", preference->phone, &preference->user_id))
        return "preference_without_contact";
    if (!read_time(object, &preference->time_s))
        return "invalid_timestamp";
    struct tg_span value = string_member(object, "value", TYPE_LENGTH_MAX);
    preference->opt_out = value.data && span_is(value, "stop");
    if (!preference->opt_out && !(value.data && span_is(value, "resume")))
        return "unknown_preference";
    return NULL;
}

static void add_preference(struct items *items, const struct item_place *place,
                           struct tg_span number, struct json_object *object,
                           struct json_object *value)
{
    (void)value;
    struct item *item = add(items, place);
    item->phone_number_id = number;
    item->preference.phone_number_id = number;
    item->reason = read_preference(object, &item->preference);
    if (!item->reason)
        item->kind = ITEM_PREFERENCE;
}

// The lists of a change whose members are items of their own.
static const struct {
    const char *field;
    const char *name;
    void (*add)(struct items *items, const struct item_place *place, struct tg_span number,
                struct json_object *object, struct json_object *value);
} lists[] = {
    {"messages", "messages", add_message},
    {"messages", "statuses", add_status},
    {"user_preferences", "user_preferences", add_preference},
};
enum { LISTS = sizeof lists / sizeof *lists };

// Within the bound of a body's items, or just beyond it.
static bool has_room(const struct items *items)
{
    return items->count - items->body_begin <= TG_WEBHOOK_ITEMS_MAX;
}

static bool has_lists(struct tg_span field)
{
    for (size_t i = 0; i < LISTS; i++) {
        if (span_is(field, lists[i].field))
            return true;
    }
    return false;
}

// Reads the lists of a change. False: it has none of them.
static bool read_lists(struct items *items, struct item_place place, struct tg_span field,
                       struct tg_span number, struct json_object *value)
{
    bool found = false;
    for (size_t i = 0; i < LISTS; i++) {
        struct json_object *list = member(value, lists[i].name);
        if (!span_is(field, lists[i].field) || !list)
            continue;
        found = true;
        if (!json_object_is_type(list, json_type_array)) {
            add_dead(items, &place, number, "invalid_change");
            continue;
        }
        place.list = lists[i].name;
        for (place.index = 0; place.index < json_object_array_length(list) && has_room(items);
             place.index++)
            lists[i].add(items, &place, number, json_object_array_get_idx(list, place.index),
                         value);
        place.list = NULL;
        place.index = 0;
    }
    return found;
}

static void read_change(struct items *items, const struct item_place *place)
{
    struct tg_span field = string_member(place->change, "field", FIELD_LENGTH_MAX);
    struct json_object *value = member(place->change, "value");
    struct tg_span number = string_member(member(value, "metadata"), "phone_number_id", 32);
    if (!field.data || !value) {
        add_dead(items, place, number, "invalid_change");
        return;
    }
    if (has_lists(field)) {
        if (!json_object_is_type(value, json_type_object)) {
            add_dead(items, place, number, "invalid_change");
            return;
        }
        if (!number.data || strspn(number.data, "0123456789") != number.length) {
            add_dead(items, place, (struct tg_span){0}, "invalid_metadata");
            return;
        }
        // What else Meta tells there: errors of the number itself, or lists that are not known yet.
        if (read_lists(items, *place, field, number, value))
            value = member(value, "errors");
        if (!value)
            return;
    }
    struct item *item = add(items, place);
    item->phone_number_id = number;
    make_account_notice(item, value);
}

static void read_entry(struct items *items, const struct item_place *place)
{
    struct json_object *changes = member(place->entry, "changes");
    if (!json_object_is_type(changes, json_type_array)) {
        add_dead(items, place, (struct tg_span){0}, "invalid_entry");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(changes) && has_room(items); i++) {
        struct item_place of_change = *place;
        of_change.change = json_object_array_get_idx(changes, i);
        if (of_change.change)
            read_change(items, &of_change);
        else
            add_dead(items, place, (struct tg_span){0}, "invalid_change");
    }
}

// Forgets what was read of a body since `count`.
static void cut(struct items *items, size_t count)
{
    while (items->count > count)
        finish_kind(&items->item[--items->count]);
}

void items_read(struct items *items, const struct tg_text *body)
{
    struct tg_error error;
    const struct item_place whole = {.body = body};
    items->body_begin = items->count;
    struct json_object *root = tg_json_parse(tg_text_string(body), body->length, &error);
    if (!root) {
        add_dead(items, &whole, (struct tg_span){0}, "invalid_json");
        return;
    }
    keep_root(items, root);
    struct tg_span object = string_member(root, "object", FIELD_LENGTH_MAX);
    struct json_object *entries = member(root, "entry");
    if (!object.data || !span_is(object, "whatsapp_business_account")) {
        add_dead(items, &whole, (struct tg_span){0}, "wrong_object");
        return;
    }
    if (!json_object_is_type(entries, json_type_array)) {
        add_dead(items, &whole, (struct tg_span){0}, "invalid_entry");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct item_place place = whole;
        place.entry = json_object_array_get_idx(entries, i);
        if (place.entry)
            read_entry(items, &place);
        else
            add_dead(items, &whole, (struct tg_span){0}, "invalid_entry");
        if (!has_room(items)) {
            cut(items, items->body_begin);
            add_dead(items, &whole, (struct tg_span){0}, "too_many_items");
            return;
        }
    }
}

void items_add_dead(struct items *items, const struct tg_text *body, const char *reason)
{
    items->body_begin = items->count;
    add_dead(items, &(const struct item_place){.body = body}, (struct tg_span){0}, reason);
}

// An object with the members of `of` that have these names; NULL ends them.
static struct json_object *pick(struct json_object *of, const char *const *names)
{
    struct json_object *picked = json_object_new_object();
    for (; *names; names++) {
        struct json_object *value = member(of, *names);
        if (value)
            json_object_object_add(picked, *names, json_object_get(value));
    }
    return picked;
}

static struct json_object *array_of(struct json_object *element)
{
    struct json_object *array = json_object_new_array();
    json_object_array_add(array, element);
    return array;
}

// The change with nothing in its lists but the item.
static struct json_object *pick_change(const struct item_place *place)
{
    if (!place->list)
        return json_object_get(place->change);
    struct json_object *whole = member(place->change, "value");
    struct json_object *value =
        pick(whole, (const char *const[]){"messaging_product", "metadata", "contacts", NULL});
    struct json_object *item = json_object_array_get_idx(member(whole, place->list), place->index);
    json_object_object_add(value, place->list, array_of(json_object_get(item)));
    struct json_object *change = pick(place->change, (const char *const[]){"field", NULL});
    json_object_object_add(change, "value", value);
    return change;
}

void item_write_body(const struct item *item, struct tg_text *body)
{
    const struct item_place *place = &item->place;
    if (!place->entry) {
        tg_text_append(body, tg_text_string(place->body), place->body->length);
        return;
    }
    struct json_object *entry = json_object_get(place->entry);
    if (place->change) {
        json_object_put(entry);
        entry = pick(place->entry, (const char *const[]){"id", "time", NULL});
        json_object_object_add(entry, "changes", array_of(pick_change(place)));
    }
    struct json_object *root = json_object_new_object();
    json_object_object_add(root, "object", json_object_new_string("whatsapp_business_account"));
    json_object_object_add(root, "entry", array_of(entry));
    tg_json_write(root, body);
    json_object_put(root);
}

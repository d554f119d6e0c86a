#include "worker/inbound/items.h"

#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/words/result.h"
#include "worker/inbound/fields.h"
#include "worker/inbound/item_message.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Adds an item that is dead for that reason; NULL: it is to be read.
static struct item *add(struct items *items, const struct item_origin *origin, const char *reason)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? 2 * items->capacity : 256;
        items->item = tg_realloc(items->item, items->capacity * sizeof *items->item);
    }
    struct item *item = &items->item[items->count++];
    *item = (struct item){.kind = ITEM_DEAD, .origin = *origin, .reason = reason};
    json_object_get(origin->root);
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

// Forgets the items from the one at `count` on.
static void cut(struct items *items, size_t count)
{
    while (items->count > count) {
        struct item *item = &items->item[--items->count];
        finish_kind(item);
        json_object_put(item->origin.root);
    }
}

void items_finish(struct items *items)
{
    cut(items, 0);
    free(items->item);
    *items = (struct items){0};
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
enum { STATUSES = sizeof statuses / sizeof *statuses };

static void read_failure(struct json_object *object, struct tg_status_update *status)
{
    struct json_object *errors = tg_json_member(object, "errors", json_type_array);
    struct json_object *first = errors ? json_object_array_get_idx(errors, 0) : NULL;
    struct json_object *code = tg_json_member(first, "code", json_type_int);
    if (code && json_object_get_int64(code) >= 0 && json_object_get_int64(code) < INT32_MAX)
        snprintf(status->error_code, sizeof status->error_code, "%" PRId64,
                 json_object_get_int64(code));
    static const size_t max = TG_ERROR_MESSAGE_SIZE - 1;
    status->error_message = field_text(field_of(first, "error_data"), "details", max);
    if (!status->error_message.data)
        status->error_message = field_text(first, "message", max);
    if (!status->error_message.data)
        status->error_message = field_text(first, "title", max);
}

static void make_account_notice(struct item *item, struct json_object *value)
{
    item->kind = ITEM_ACCOUNT_NOTICE;
    item->account_notice = (struct tg_account_notice){
        .phone_number_id = item->origin.phone_number_id,
        .waba_id = field_text(item->origin.entry, "id", 64),
        .field = field_text(item->origin.change, "field", FIELD_NAME_LENGTH_MAX),
        .time_s = json_object_get_int64(tg_json_member(item->origin.entry, "time", json_type_int))};
    tg_json_write(value, &item->account_notice.value);
}

static const char *read_status(struct item *item, struct json_object *object,
                               struct json_object *value)
{
    (void)value;
    struct tg_status_update *status = &item->status;
    status->phone_number_id = item->origin.phone_number_id;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_status";
    status->wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    if (!status->wamid.data)
        return "status_without_id";
    if (!field_time(object, &status->time_s))
        return "invalid_timestamp";
    struct tg_span name = field_text(object, "status", FIELD_TYPE_LENGTH_MAX);
    size_t i = 0;
    while (i < STATUSES && !tg_span_equals(name, statuses[i].name))
        i++;
    if (i == STATUSES)
        return "unknown_status";
    if (statuses[i].status == TG_STATUS_NONE) {
        make_account_notice(item, object);
        return NULL;
    }
    status->status = statuses[i].status;
    struct tg_span ours = field_text(object, "biz_opaque_callback_data", 512);
    status->names_message = ours.data && tg_uuid_parse(ours.data, ours.length, &status->message_id);
    struct json_object *pricing = tg_json_member(object, "pricing", json_type_object);
    if (pricing)
        tg_json_write(pricing, &status->pricing);
    if (status->status == TG_STATUS_FAILED)
        read_failure(object, status);
    item->kind = ITEM_STATUS;
    return NULL;
}

static const char *read_preference(struct item *item, struct json_object *object,
                                   struct json_object *value)
{
    (void)value;
    struct tg_preference *preference = &item->preference;
    preference->phone_number_id = item->origin.phone_number_id;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_preference";
    if (!field_contact(object, "wa_id", "user_id", preference->phone, &preference->user_id))
        return "preference_without_contact";
    if (!field_time(object, &preference->time_s))
        return "invalid_timestamp";
    struct tg_span wanted = field_text(object, "value", FIELD_TYPE_LENGTH_MAX);
    preference->opt_out = tg_span_equals(wanted, "stop");
    if (!preference->opt_out && !tg_span_equals(wanted, "resume"))
        return "unknown_preference";
    item->kind = ITEM_PREFERENCE;
    return NULL;
}

// The lists of a change whose members are items of their own.
static const struct {
    const char *field;
    const char *name;
    item_read *read;
} lists[] = {
    {"messages", "messages", item_read_message},
    {"messages", "statuses", read_status},
    {"user_preferences", "user_preferences", read_preference},
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
        if (tg_span_equals(field, lists[i].field))
            return true;
    }
    return false;
}

// Reads the lists of a change. False: it has none of them.
static bool read_lists(struct items *items, struct item_origin origin, struct tg_span field,
                       struct json_object *value)
{
    bool found = false;
    for (size_t i = 0; i < LISTS; i++) {
        struct json_object *list = field_of(value, lists[i].name);
        if (!tg_span_equals(field, lists[i].field) || !list)
            continue;
        found = true;
        origin.list = NULL;
        origin.index = 0;
        if (!json_object_is_type(list, json_type_array)) {
            add(items, &origin, "invalid_change");
            continue;
        }
        origin.list = lists[i].name;
        for (; origin.index < json_object_array_length(list) && has_room(items); origin.index++) {
            struct item *item = add(items, &origin, NULL);
            item->reason =
                lists[i].read(item, json_object_array_get_idx(list, origin.index), value);
        }
    }
    return found;
}

// Why the change is dead as a whole; NULL: what it holds became items. The next two likewise.
static const char *read_change(struct items *items, struct item_origin *origin)
{
    struct tg_span field = field_text(origin->change, "field", FIELD_NAME_LENGTH_MAX);
    struct json_object *value = field_of(origin->change, "value");
    struct tg_span number = field_text(field_of(value, "metadata"), "phone_number_id", 32);
    origin->phone_number_id = number;
    if (!field.data || !value)
        return "invalid_change";
    if (has_lists(field)) {
        if (!json_object_is_type(value, json_type_object))
            return "invalid_change";
        if (!number.data || strspn(number.data, "0123456789") != number.length) {
            origin->phone_number_id = (struct tg_span){0};
            return "invalid_metadata";
        }
        // What else Meta tells there: errors of the number itself, or lists that are not known yet.
        if (read_lists(items, *origin, field, value))
            value = field_of(value, "errors");
        if (!value)
            return NULL;
    }
    make_account_notice(add(items, origin, NULL), value);
    return NULL;
}

static const char *read_entry(struct items *items, const struct item_origin *of_entry)
{
    struct json_object *changes = tg_json_member(of_entry->entry, "changes", json_type_array);
    if (!changes)
        return "invalid_entry";
    for (size_t i = 0; i < json_object_array_length(changes) && has_room(items); i++) {
        struct item_origin origin = *of_entry;
        origin.change = json_object_array_get_idx(changes, i);
        const char *reason = origin.change ? read_change(items, &origin) : "invalid_change";
        if (reason)
            add(items, &origin, reason);
    }
    return NULL;
}

static const char *read_body(struct items *items, const struct item_origin *whole)
{
    if (!whole->root)
        return "invalid_json";
    if (!tg_span_equals(field_text(whole->root, "object", FIELD_NAME_LENGTH_MAX),
                        "whatsapp_business_account"))
        return "wrong_object";
    struct json_object *entries = tg_json_member(whole->root, "entry", json_type_array);
    if (!entries)
        return "invalid_entry";
    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct item_origin origin = *whole;
        origin.entry = json_object_array_get_idx(entries, i);
        const char *reason = origin.entry ? read_entry(items, &origin) : "invalid_entry";
        if (reason)
            add(items, &origin, reason);
        if (!has_room(items)) {
            cut(items, items->body_begin);
            return "too_many_items";
        }
    }
    return NULL;
}

// Has it more objects and lists than may be parsed?
static bool is_too_dense(const struct tg_text *text)
{
    if (text->length <= TG_WEBHOOK_OBJECTS_MAX)
        return false; // each takes a byte at least
    size_t count = 0;
    bool in_string = false;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\';
        else
            count += c == '{' || c == '[';
    }
    return count > TG_WEBHOOK_OBJECTS_MAX;
}

static struct item_body *add_body(struct items *items, struct item_body body)
{
    assert(items->body_count < TG_INBOUND_WEBHOOKS_MAX);
    items->bytes += body.text->length;
    items->body_begin = items->count;
    items->body[items->body_count] = body;
    return &items->body[items->body_count++];
}

void items_read(struct items *items, struct item_body body)
{
    if (is_too_dense(body.text)) {
        items_add_dead(items, body, "too_many_objects");
        return;
    }
    struct tg_error error;
    const struct item_origin whole = {
        .body = add_body(items, body),
        .root = tg_json_parse(tg_text_string(body.text), body.text->length, &error)};
    const char *reason = read_body(items, &whole);
    if (reason)
        add(items, &whole, reason);
    json_object_put(whole.root);
}

void items_add_dead(struct items *items, struct item_body body, const char *reason)
{
    add(items, &(const struct item_origin){.body = add_body(items, body)}, reason);
}

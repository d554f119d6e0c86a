#include "worker/inbound/items.h"

#include "common/base/json.h"
#include "common/limits.h"
#include "common/words/result.h"
#include "worker/inbound/fields.h"
#include "worker/inbound/item_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct item *add(struct items *items, const struct item_origin *origin)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? 2 * items->capacity : 256;
        items->item = realloc(items->item, items->capacity * sizeof *items->item);
        if (!items->item)
            abort();
    }
    struct item *item = &items->item[items->count++];
    *item = (struct item){.kind = ITEM_DEAD, .origin = *origin};
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

static void add_dead(struct items *items, const struct item_origin *origin, struct tg_span number,
                     const char *reason)
{
    struct item *item = add(items, origin);
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

static void add_message(struct items *items, const struct item_origin *origin,
                        struct tg_span number, struct json_object *object,
                        struct json_object *value)
{
    struct item *item = add(items, origin);
    item->phone_number_id = number;
    item->message.phone_number_id = number;
    item->reason = item_message_read(object, value, &item->message);
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
    struct json_object *errors = field_of(object, "errors");
    struct json_object *first =
        json_object_is_type(errors, json_type_array) ? json_object_array_get_idx(errors, 0) : NULL;
    struct json_object *code = field_of(first, "code");
    if (json_object_is_type(code, json_type_int) && json_object_get_int64(code) >= 0 &&
        json_object_get_int64(code) < INT32_MAX)
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
    struct json_object *time = field_of(item->origin.entry, "time");
    item->kind = ITEM_ACCOUNT_NOTICE;
    item->account_notice = (struct tg_account_notice){
        .phone_number_id = item->phone_number_id,
        .waba_id = field_text(item->origin.entry, "id", 64),
        .field = field_text(item->origin.change, "field", FIELD_NAME_LENGTH_MAX),
        .time_s = json_object_is_type(time, json_type_int) ? json_object_get_int64(time) : 0};
    tg_json_write(value, &item->account_notice.value);
}

// Why the status cannot be applied; NULL if it can.
static const char *read_status(struct json_object *object, struct item *item)
{
    struct tg_status_update *status = &item->status;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_status";
    status->wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    if (!status->wamid.data)
        return "status_without_id";
    if (!field_time(object, &status->time_s))
        return "invalid_timestamp";
    struct tg_span name = field_text(object, "status", FIELD_TYPE_LENGTH_MAX);
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
    struct tg_span ours = field_text(object, "biz_opaque_callback_data", 512);
    status->names_message = ours.data && tg_uuid_parse(ours.data, ours.length, &status->message_id);
    struct json_object *pricing = field_of(object, "pricing");
    if (json_object_is_type(pricing, json_type_object))
        tg_json_write(pricing, &status->pricing);
    if (status->status == TG_STATUS_FAILED)
        read_failure(object, status);
    item->kind = ITEM_STATUS;
    return NULL;
}

static void add_status(struct items *items, const struct item_origin *origin, struct tg_span number,
                       struct json_object *object, struct json_object *value)
{
    (void)value;
    struct item *item = add(items, origin);
    item->phone_number_id = number;
    item->status.phone_number_id = number;
    item->reason = read_status(object, item);
}

static const char *read_preference(struct json_object *object, struct tg_preference *preference)
{
    if (!json_object_is_type(object, json_type_object))
        return "invalid_preference";
    if (!field_contact(object, "wa_id", "user_id", preference->phone, &preference->user_id))
        return "preference_without_contact";
    if (!field_time(object, &preference->time_s))
        return "invalid_timestamp";
    struct tg_span value = field_text(object, "value", FIELD_TYPE_LENGTH_MAX);
    preference->opt_out = value.data && span_is(value, "stop");
    if (!preference->opt_out && !(value.data && span_is(value, "resume")))
        return "unknown_preference";
    return NULL;
}

static void add_preference(struct items *items, const struct item_origin *origin,
                           struct tg_span number, struct json_object *object,
                           struct json_object *value)
{
    (void)value;
    struct item *item = add(items, origin);
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
    void (*add)(struct items *items, const struct item_origin *origin, struct tg_span number,
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
static bool read_lists(struct items *items, struct item_origin origin, struct tg_span field,
                       struct tg_span number, struct json_object *value)
{
    bool found = false;
    for (size_t i = 0; i < LISTS; i++) {
        struct json_object *list = field_of(value, lists[i].name);
        if (!span_is(field, lists[i].field) || !list)
            continue;
        found = true;
        if (!json_object_is_type(list, json_type_array)) {
            add_dead(items, &origin, number, "invalid_change");
            continue;
        }
        origin.list = lists[i].name;
        for (origin.index = 0; origin.index < json_object_array_length(list) && has_room(items);
             origin.index++)
            lists[i].add(items, &origin, number, json_object_array_get_idx(list, origin.index),
                         value);
        origin.list = NULL;
        origin.index = 0;
    }
    return found;
}

static void read_change(struct items *items, const struct item_origin *origin)
{
    struct tg_span field = field_text(origin->change, "field", FIELD_NAME_LENGTH_MAX);
    struct json_object *value = field_of(origin->change, "value");
    struct tg_span number = field_text(field_of(value, "metadata"), "phone_number_id", 32);
    if (!field.data || !value) {
        add_dead(items, origin, number, "invalid_change");
        return;
    }
    if (has_lists(field)) {
        if (!json_object_is_type(value, json_type_object)) {
            add_dead(items, origin, number, "invalid_change");
            return;
        }
        if (!number.data || strspn(number.data, "0123456789") != number.length) {
            add_dead(items, origin, (struct tg_span){0}, "invalid_metadata");
            return;
        }
        // What else Meta tells there: errors of the number itself, or lists that are not known yet.
        if (read_lists(items, *origin, field, number, value))
            value = field_of(value, "errors");
        if (!value)
            return;
    }
    struct item *item = add(items, origin);
    item->phone_number_id = number;
    make_account_notice(item, value);
}

static void read_entry(struct items *items, const struct item_origin *origin)
{
    struct json_object *changes = field_of(origin->entry, "changes");
    if (!json_object_is_type(changes, json_type_array)) {
        add_dead(items, origin, (struct tg_span){0}, "invalid_entry");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(changes) && has_room(items); i++) {
        struct item_origin of_change = *origin;
        of_change.change = json_object_array_get_idx(changes, i);
        if (of_change.change)
            read_change(items, &of_change);
        else
            add_dead(items, origin, (struct tg_span){0}, "invalid_change");
    }
}

// Forgets what was read of a body since `count`.
static void cut(struct items *items, size_t count)
{
    while (items->count > count)
        finish_kind(&items->item[--items->count]);
}

void items_read(struct items *items, struct item_body *body)
{
    struct tg_error error;
    const struct item_origin whole = {.body = body};
    items->body_begin = items->count;
    struct json_object *root =
        tg_json_parse(tg_text_string(body->text), body->text->length, &error);
    if (!root) {
        add_dead(items, &whole, (struct tg_span){0}, "invalid_json");
        return;
    }
    keep_root(items, root);
    struct tg_span object = field_text(root, "object", FIELD_NAME_LENGTH_MAX);
    struct json_object *entries = field_of(root, "entry");
    if (!object.data || !span_is(object, "whatsapp_business_account")) {
        add_dead(items, &whole, (struct tg_span){0}, "wrong_object");
        return;
    }
    if (!json_object_is_type(entries, json_type_array)) {
        add_dead(items, &whole, (struct tg_span){0}, "invalid_entry");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct item_origin origin = whole;
        origin.entry = json_object_array_get_idx(entries, i);
        if (origin.entry)
            read_entry(items, &origin);
        else
            add_dead(items, &whole, (struct tg_span){0}, "invalid_entry");
        if (!has_room(items)) {
            cut(items, items->body_begin);
            add_dead(items, &whole, (struct tg_span){0}, "too_many_items");
            return;
        }
    }
}

void items_add_dead(struct items *items, struct item_body *body, const char *reason)
{
    items->body_begin = items->count;
    add_dead(items, &(const struct item_origin){.body = body}, (struct tg_span){0}, reason);
}

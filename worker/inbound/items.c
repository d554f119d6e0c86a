#include "worker/inbound/items.h"

#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/base/weight.h"
#include "common/limits.h"
#include "common/words/result.h"
#include "worker/inbound/fields.h"
#include "worker/inbound/item_copy.h"
#include "worker/inbound/senders.h"

#include <assert.h>
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
    case ITEM_COPY:
        tg_text_finish(&item->message.summary);
        tg_text_finish(&item->message.referral);
        tg_text_finish(&item->message.payload);
        tg_text_finish(&item->message.word);
        break;
    case ITEM_STATUS:
        tg_text_finish(&item->status.pricing);
        break;
    case ITEM_ACCOUNT_NOTICE:
        tg_text_finish(&item->account_notice.value);
        break;
    case ITEM_PREFERENCE:
    case ITEM_DEAD:
    case ITEM_NOT_OURS:
        break;
    }
}

void item_kill(struct item *item, const char *reason)
{
    finish_kind(item);
    item->kind = ITEM_DEAD;
    item->reason = reason;
}

void item_disown(struct item *item)
{
    finish_kind(item);
    item->kind = ITEM_NOT_OURS;
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

// What is told of an account, whatever it is, goes by what it holds rather than by where Meta puts
// it (docs/meta.md, "Everything else").
static struct tg_span notice_field(const struct item_origin *origin, struct json_object *value)
{
    static const char template_quality[] = "message_template_quality_update";
    if (field_of(value, "new_quality_score") && field_of(value, "message_template_id"))
        return (struct tg_span){template_quality, sizeof template_quality - 1};
    return origin->field;
}

static struct tg_span read_event(struct json_object *value)
{
    static const char *const names[] = {"event", "decision", "status"};
    struct tg_span event = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names && !event.data; i++)
        event = field_text(value, names[i], FIELD_TYPE_LENGTH_MAX);
    return event;
}

static void make_account_notice(struct item *item, struct json_object *value)
{
    const struct item_origin *origin = &item->origin;
    struct tg_span account = field_text(field_of(value, "waba_info"), "waba_id", 64);
    struct tg_span event = read_event(value);
    item->kind = ITEM_ACCOUNT_NOTICE;
    item->account_notice = (struct tg_account_notice){
        .phone_number_id = origin->phone_number_id,
        .waba_id = account.data ? account : field_text(origin->entry, "id", 64),
        .field = notice_field(origin, value),
        .event = event,
        .time_s = json_object_get_int64(tg_json_member(origin->entry, "time", json_type_int))};
    tg_json_write(value, &item->account_notice.value);
}

// Of a message to a group Meta tells for each participant; one of them whom it does not reach fails
// nothing.
static bool is_of_participant(struct json_object *object)
{
    return field_text(object, "recipient_participant_id", FIELD_SHORT_LENGTH_MAX).data ||
           field_text(object, "participant_recipient_id", FIELD_SHORT_LENGTH_MAX).data;
}

// What names another type, such as "payment", may have the id of a message, and tells nothing of
// it: docs/meta.md ("Statuses").
static bool is_of_message(struct json_object *status)
{
    struct tg_span type = tg_json_span(field_of(status, "type"));
    return type.length == 0 || tg_span_equals(type, "message");
}

static const char *read_status(struct item *item, struct json_object *object,
                               struct json_object *value)
{
    (void)value;
    struct tg_status_update *status = &item->status;
    status->phone_number_id = item->origin.phone_number_id;
    if (!json_object_is_type(object, json_type_object))
        return "invalid_status";
    if (!is_of_message(object)) {
        make_account_notice(item, object);
        return NULL;
    }
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
    if (statuses[i].status == TG_STATUS_NONE ||
        (statuses[i].status == TG_STATUS_FAILED && is_of_participant(object))) {
        make_account_notice(item, object);
        return NULL;
    }
    status->status = statuses[i].status;
    struct tg_span ours = field_text(object, "biz_opaque_callback_data", 512);
    status->names_message = ours.data && tg_uuid_parse(ours.data, ours.length, &status->message_id);
    struct json_object *pricing = tg_json_member(object, "pricing", json_type_object);
    if (pricing)
        tg_json_write(pricing, &status->pricing);
    if (status->status == TG_STATUS_FAILED) {
        field_error(object, TG_ERROR_MESSAGE_SIZE - 1, status->error_code, &status->error_message);
        status->error_subcode = field_error_subcode(object);
    }
    // Once for a message is enough, and of a group's there is one for each participant.
    if (status->status == TG_STATUS_SENT &&
        !tg_span_equals(field_text(object, "recipient_type", FIELD_TYPE_LENGTH_MAX), "group"))
        status->user_id = field_text(object, "recipient_user_id", TG_USER_ID_SIZE - 1);
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

// A list of a change whose members are items of their own, and which of their members name the
// customer.
struct list {
    const char *field;
    const char *name;
    const char *who;
    const char *who_id;
    item_read *read;
};

static const struct list lists[] = {
    {"messages", "messages", "from", "from_user_id", item_read_message},
    {"messages", "statuses", NULL, NULL, read_status},
    {"user_preferences", "user_preferences", NULL, NULL, read_preference},
    {"smb_message_echoes", "message_echoes", "to", "to_user_id", item_read_echo},
    // Media that a chunk has only named come later, by themselves.
    {"history", "messages", "from", "from_user_id", item_read_history},
};
enum { LISTS = sizeof lists / sizeof *lists };
static const struct list thread = {"history", "messages", "from", "from_user_id",
                                   item_read_history};

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

// A change that is being read.
struct reading {
    struct items *items;
    struct json_object *value;
    struct senders senders;
};

static struct json_object *find_contact(struct reading *reading, const struct item_origin *origin,
                                        const struct list *list, struct json_object *object)
{
    if (!list->who)
        return NULL;
    struct tg_span phone = field_text(object, list->who, FIELD_PHONE_LENGTH_MAX);
    struct tg_span user_id = field_text(object, list->who_id, TG_USER_ID_SIZE - 1);
    if (origin->in_thread)
        phone = user_id = field_text(origin->thread, "id", TG_USER_ID_SIZE - 1);
    return senders_find(&reading->senders, phone, user_id, origin->index);
}

static void read_list(struct reading *reading, struct item_origin origin, const struct list *list,
                      struct json_object *members)
{
    struct items *items = reading->items;
    origin.list = members ? list->name : NULL;
    if (!json_object_is_type(members, json_type_array)) {
        add(items, &origin, "invalid_change");
        return;
    }
    for (; origin.index < json_object_array_length(members) && has_room(items); origin.index++) {
        struct json_object *object = json_object_array_get_idx(members, origin.index);
        origin.contact = find_contact(reading, &origin, list, object);
        struct item *item = add(items, &origin, NULL);
        item->reason = list->read(item, object, reading->value);
    }
}

// How far the history has got, or why there is none: what a chunk holds beside its threads.
static void read_progress(struct items *items, const struct item_origin *origin, bool has_threads)
{
    struct json_object *progress = item_without_threads(origin->chunk);
    if (!has_threads || json_object_object_length(progress) > 0)
        make_account_notice(add(items, origin, NULL), progress);
    json_object_put(progress);
}

static void read_chunk(struct reading *reading, struct item_origin origin)
{
    struct items *items = reading->items;
    struct json_object *threads = field_of(origin.chunk, "threads");
    if (!json_object_is_type(origin.chunk, json_type_object) ||
        (threads && !json_object_is_type(threads, json_type_array))) {
        add(items, &origin, "invalid_change");
        return;
    }
    read_progress(items, &origin, threads);
    origin.in_thread = true;
    for (size_t i = 0; threads && i < json_object_array_length(threads) && has_room(items); i++) {
        origin.thread = json_object_array_get_idx(threads, i);
        read_list(reading, origin, &thread, field_of(origin.thread, "messages"));
    }
}

// {"history": [{"metadata", "threads": [{"id", "messages": [...]}]}]}
static bool read_history(struct reading *reading, struct item_origin origin)
{
    struct json_object *chunks = field_of(reading->value, "history");
    if (!tg_span_equals(origin.field, "history") || !chunks)
        return false;
    if (!json_object_is_type(chunks, json_type_array)) {
        origin.list = "history";
        add(reading->items, &origin, "invalid_change");
        return true;
    }
    origin.in_chunk = true;
    for (size_t i = 0; i < json_object_array_length(chunks) && has_room(reading->items); i++) {
        origin.chunk = json_object_array_get_idx(chunks, i);
        read_chunk(reading, origin);
    }
    return true;
}

// Reads the lists of a change and returns the name of one. NULL: it has none of them.
static const char *read_lists(struct items *items, const struct item_origin *origin,
                              struct json_object *value)
{
    struct reading reading = {items, value, senders_of(value)};
    const char *found = read_history(&reading, *origin) ? "history" : NULL;
    for (size_t i = 0; i < LISTS; i++) {
        struct json_object *list = field_of(value, lists[i].name);
        if (!tg_span_equals(origin->field, lists[i].field) || !list)
            continue;
        found = lists[i].name;
        read_list(&reading, *origin, &lists[i], list);
    }
    senders_finish(&reading.senders);
    return found;
}

// Meta has put it into `value` in examples of its own, and an event without it is one of an
// account.
static struct tg_span change_field(struct json_object *change, struct json_object *value)
{
    static const char account_update[] = "account_update";
    struct tg_span field = field_text(change, "field", FIELD_NAME_LENGTH_MAX);
    if (!field.data)
        field = field_text(value, "field", FIELD_NAME_LENGTH_MAX);
    if (!field.data && field_text(value, "event", FIELD_TYPE_LENGTH_MAX).data)
        field = (struct tg_span){account_update, sizeof account_update - 1};
    return field;
}

// Why the change is dead as a whole; NULL: what it holds became items. The next two likewise.
static const char *read_change(struct items *items, struct item_origin *origin)
{
    struct json_object *value = field_of(origin->change, "value");
    struct tg_span field = origin->field = change_field(origin->change, value);
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
        origin->beside = read_lists(items, origin, value);
        if (origin->beside)
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
        origin.in_change = true;
        origin.change = json_object_array_get_idx(changes, i);
        const char *reason = origin.change ? read_change(items, &origin) : "invalid_change";
        if (reason)
            add(items, &origin, reason);
    }
    return NULL;
}

// {"object": "whatsapp_business_account"}, which Meta has put into the value of the change in
// examples of its own.
static bool is_of_whatsapp(struct json_object *root)
{
    struct json_object *object = field_of(root, "object");
    struct json_object *inner = tg_json_member(root, "entry", json_type_array);
    if (!object && inner) {
        inner = json_object_array_get_idx(inner, 0);
        inner = tg_json_member(inner, "changes", json_type_array);
        inner = inner ? json_object_array_get_idx(inner, 0) : NULL;
        object = field_of(field_of(inner, "value"), "object");
    }
    return tg_span_equals(tg_json_span(object), "whatsapp_business_account");
}

static const char *read_body(struct items *items, const struct item_origin *whole)
{
    if (!whole->root)
        return "invalid_json";
    if (!is_of_whatsapp(whole->root))
        return "wrong_object";
    struct json_object *entries = tg_json_member(whole->root, "entry", json_type_array);
    if (!entries)
        return "invalid_entry";
    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct item_origin origin = *whole;
        origin.in_entry = true;
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
    struct tg_weight weight = tg_weight_of(body.text);
    if (weight.objects > TG_WEBHOOK_OBJECTS_MAX || weight.values > TG_WEBHOOK_VALUES_MAX) {
        items_add_dead(items, body, "too_many_objects");
        return;
    }
    items->memory += weight.bytes;
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

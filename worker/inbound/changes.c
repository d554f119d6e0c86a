#include "worker/inbound/changes.h"

#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/limits.h"
#include "worker/inbound/fields.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char callback_data[] = "biz_opaque_callback_data";

// A change, its items and whose each of them is.
struct change {
    const struct item *item;
    size_t count;
    struct tg_change_owner *owner;
};

// All changes that a batch ends, with all their items in one row.
struct telling {
    struct tg_pg *pg;
    struct change change[TG_BATCH_MAX];
    size_t change_count;
    struct tg_change_item *item;
    struct tg_change_owner *owner;
    size_t count;
    // What is told, until it is enough for a call.
    struct tg_told_change told[TG_BATCH_MAX];
    size_t told_count;
    size_t told_bytes;
};

static bool is_of_same(const struct item *item, const struct item *other)
{
    return item->origin.root == other->origin.root && item->origin.entry == other->origin.entry &&
           item->origin.in_change && other->origin.in_change &&
           item->origin.change == other->origin.change;
}

static bool is_tellable(const struct item *last)
{
    return last->origin.in_change && !last->is_untellable && !last->origin.body->was_told &&
           json_object_is_type(last->origin.change, json_type_object);
}

// How many items its change has, of which the one at `last` is the last; 0: it is not, or nothing
// is told of it.
static size_t count_of(const struct items *items, size_t last)
{
    const struct item *item = &items->item[last];
    if (!is_tellable(item) || (last + 1 < items->count && is_of_same(item, item + 1)))
        return 0;
    size_t first = last;
    while (first > 0 && is_of_same(item, &items->item[first - 1]))
        first--;
    return last - first + 1;
}

// The object of a list that became the item; NULL: it is not of a list.
static struct json_object *object_of(const struct item_origin *origin)
{
    struct json_object *in = origin->in_thread ? origin->thread : field_of(origin->change, "value");
    struct json_object *list = origin->list ? field_of(in, origin->list) : NULL;
    return json_object_is_type(list, json_type_array)
               ? json_object_array_get_idx(list, origin->index)
               : NULL;
}

// The account that the change is about: an entry may be of the partner's own.
static struct tg_span account_of(const struct item_origin *origin)
{
    struct json_object *info = field_of(field_of(origin->change, "value"), "waba_info");
    struct tg_span account = field_text(info, "waba_id", 64);
    return account.data ? account : field_text(origin->entry, "id", 64);
}

// As the calls that apply it look for it, whatever became of that.
static struct tg_change_item facts_of(const struct item *item)
{
    const struct item_origin *origin = &item->origin;
    struct json_object *object = object_of(origin);
    struct tg_change_item facts = {.phone_number_id = origin->phone_number_id};
    if (item->kind == ITEM_ACCOUNT_NOTICE || !facts.phone_number_id.data)
        facts.account = account_of(origin);
    if (!object)
        facts.time_s = json_object_get_int64(tg_json_member(origin->entry, "time", json_type_int));
    else if (!tg_span_equals(origin->field, "history") && !field_time(object, &facts.time_s))
        facts.time_s = 0;
    if (object && strcmp(origin->list, "user_preferences") != 0)
        facts.wamid = field_text(object, "id", TG_WAMID_SIZE - 1);
    struct tg_span data = {0};
    if (object && strcmp(origin->list, "statuses") == 0)
        data = field_text(object, callback_data, 512);
    facts.names_message = data.data && tg_uuid_parse(data.data, data.length, &facts.message_id);
    return facts;
}

static void add_change(struct telling *telling, const struct item *first, size_t count)
{
    telling->change[telling->change_count++] = (struct change){.item = first, .count = count};
    telling->item = tg_realloc(telling->item, (telling->count + count) * sizeof *telling->item);
    for (size_t i = 0; i < count; i++)
        telling->item[telling->count++] = facts_of(&first[i]);
}

static void find_changes(struct telling *telling, const struct items *items, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        size_t count = count_of(items, i);
        if (count > 0)
            add_change(telling, &items->item[i + 1 - count], count);
    }
}

static enum tg_pg_status find_owners(struct telling *telling)
{
    assert(telling->count > 0);
    telling->owner = tg_alloc(telling->count * sizeof *telling->owner);
    enum tg_pg_status status = TG_PG_OK;
    for (size_t done = 0; done < telling->count && status == TG_PG_OK; done += TG_BATCH_MAX) {
        size_t n = telling->count - done < TG_BATCH_MAX ? telling->count - done : TG_BATCH_MAX;
        status = tg_store_find_change_owners(telling->pg, telling->item + done, n,
                                             telling->owner + done);
    }
    struct tg_change_owner *owner = telling->owner;
    for (size_t i = 0; i < telling->change_count; owner += telling->change[i++].count)
        telling->change[i].owner = owner;
    return status;
}

// A new object with the members of another one, of which one is another, or (NULL) not there.
static struct json_object *with(struct json_object *object, const char *name,
                                struct json_object *value)
{
    struct json_object *copy = json_object_new_object();
    json_object_object_foreach(object, member, as_it_was)
    {
        if (strcmp(member, name) != 0)
            json_object_object_add(copy, member, json_object_get(as_it_was));
        else if (value)
            json_object_object_add(copy, member, value);
    }
    return copy;
}

struct json_object *change_as_sent(struct json_object *change, const struct change_mark *marks,
                                   size_t n)
{
    if (n == 0)
        return json_object_get(change);
    struct json_object *value = field_of(change, "value");
    struct json_object *statuses = field_of(value, "statuses");
    struct json_object *list = json_object_new_array();
    for (size_t i = 0, mark = 0; i < json_object_array_length(statuses); i++) {
        struct json_object *status = json_object_array_get_idx(statuses, i);
        if (mark == n || marks[mark].index != i) {
            json_object_array_add(list, json_object_get(status));
            continue;
        }
        const struct tg_text *own = marks[mark++].own;
        json_object_array_add(
            list,
            with(status, callback_data,
                 own->length > 0 ? json_object_new_string_len(own->data, (int)own->length) : NULL));
    }
    return with(change, "value", with(value, "statuses", list));
}

// Appends a body with one change of an entry. Beside it stands what is known of an entry, and no
// more: it may hold others' changes, too.
static void write_body(const struct item_origin *origin, struct json_object *change,
                       struct tg_text *body)
{
    struct tg_span account = account_of(origin);
    struct json_object *time = field_of(origin->entry, "time");
    tg_text_append_string(body, "{\"object\":\"whatsapp_business_account\",\"entry\":[{");
    if (account.data) {
        tg_text_append_string(body, "\"id\":");
        tg_text_append_json(body, account.data, account.length);
        tg_text_append_string(body, ",");
    }
    if (json_object_is_type(time, json_type_int))
        tg_text_append_format(body, "\"time\":%lld,", (long long)json_object_get_int64(time));
    tg_text_append_string(body, "\"changes\":[");
    tg_json_write(change, body);
    tg_text_append_string(body, "]}]}");
}

// The field as it names an event.
static struct tg_span field_name(struct tg_span field)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t i = 0;
    while (i < field.length && field.data[i] != '\0' && strchr(letters, field.data[i]))
        i++;
    return i > 0 && i == field.length && i <= FIELD_TYPE_LENGTH_MAX ? field : tg_span_of("unknown");
}

static void write_message_ids(const struct tg_change_owner *owners, size_t n, struct tg_text *ids)
{
    const char *before = "{";
    for (size_t i = 0; i < n; i++) {
        char id[TG_UUID_TEXT_SIZE];
        if (!owners[i].has_message)
            continue;
        tg_uuid_format(owners[i].message_id, id);
        tg_text_append_string(ids, before);
        tg_text_append_string(ids, id);
        before = ",";
    }
    tg_text_append_string(ids, *before == '{' ? "{}" : "}");
}

static void forget_told(struct telling *telling)
{
    while (telling->told_count > 0) {
        struct tg_told_change *told = &telling->told[--telling->told_count];
        tg_text_finish(&told->message_ids);
        tg_text_finish(&told->body);
    }
    telling->told_bytes = 0;
}

static enum tg_pg_status flush(struct telling *telling)
{
    enum tg_pg_status status = TG_PG_OK;
    if (telling->told_count > 0)
        status = tg_store_tell_changes(telling->pg, telling->told, telling->told_count);
    forget_told(telling);
    return status;
}

// Tells of some items of a change, which are one org's: of that change, or of one that has these
// alone. Its digest is that of the change as it came: what the org had put into a status may be
// erased by the time that Meta posts it again.
static enum tg_pg_status tell(struct telling *telling, const struct item *item,
                              const struct tg_change_owner *owner, size_t n,
                              struct json_object *change, const struct change_mark *marks,
                              size_t mark_count)
{
    struct tg_told_change *told = &telling->told[telling->told_count++];
    *told = (struct tg_told_change){.org_id = owner->org_id,
                                    .has_channel = owner->has_channel,
                                    .channel_id = owner->channel_id,
                                    .field = field_name(item->origin.field)};
    write_message_ids(owner, n, &told->message_ids);
    write_body(&item->origin, change, &told->body);
    tg_sha256(told->body.data, told->body.length, told->digest);
    if (mark_count > 0) {
        struct json_object *sent = change_as_sent(change, marks, mark_count);
        tg_text_clear(&told->body);
        write_body(&item->origin, sent, &told->body);
        json_object_put(sent);
    }
    telling->told_bytes += told->body.length;
    return telling->told_count == TG_BATCH_MAX || telling->told_bytes > TG_CHANGES_BYTES
               ? flush(telling)
               : TG_PG_OK;
}

static enum tg_pg_status tell_whole(struct telling *telling, const struct change *change)
{
    assert(change->count > 0);
    struct change_mark *marks = tg_alloc(change->count * sizeof *marks);
    size_t n = 0;
    for (size_t i = 0; i < change->count; i++) {
        if (change->owner[i].is_ours)
            marks[n++] =
                (struct change_mark){change->item[i].origin.index, &change->owner[i].callback_data};
    }
    enum tg_pg_status status = tell(telling, change->item, change->owner, change->count,
                                    change->item->origin.change, marks, n);
    free(marks);
    return status;
}

static enum tg_pg_status tell_item(struct telling *telling, const struct item *item,
                                   const struct tg_change_owner *owner)
{
    const struct change_mark mark = {0, &owner->callback_data};
    struct tg_error error;
    TG_TEXT_AUTO body = {0};
    item_write_body(item, &body);
    struct json_object *root = tg_json_parse(tg_text_string(&body), body.length, &error);
    struct json_object *entry = json_object_array_get_idx(field_of(root, "entry"), 0);
    struct json_object *change = json_object_array_get_idx(field_of(entry, "changes"), 0);
    enum tg_pg_status status = tell(telling, item, owner, 1, change, &mark, owner->is_ours);
    json_object_put(root);
    return status;
}

// Nearly always all of it is one org's. Where its number has just been handed over, it may not be.
static enum tg_pg_status tell_change(struct telling *telling, const struct change *change)
{
    size_t same = 0;
    while (same < change->count && change->owner[same].asks &&
           tg_uuid_equal(change->owner[same].org_id, change->owner[0].org_id))
        same++;
    if (same == change->count)
        return tell_whole(telling, change);
    enum tg_pg_status status = TG_PG_OK;
    for (size_t i = 0; i < change->count && status == TG_PG_OK; i++) {
        if (change->owner[i].asks)
            status = tell_item(telling, &change->item[i], &change->owner[i]);
    }
    return status;
}

static enum tg_pg_status tell_all(struct telling *telling, const struct items *items, size_t first,
                                  size_t n)
{
    find_changes(telling, items, first, n);
    enum tg_pg_status status = telling->count > 0 ? find_owners(telling) : TG_PG_OK;
    for (size_t i = 0; i < telling->change_count && status == TG_PG_OK; i++)
        status = tell_change(telling, &telling->change[i]);
    if (status == TG_PG_OK)
        status = flush(telling);
    forget_told(telling);
    for (size_t i = 0; telling->owner && i < telling->count; i++)
        tg_text_finish(&telling->owner[i].callback_data);
    free(telling->owner);
    free(telling->item);
    return status;
}

enum tg_pg_status changes_tell(struct tg_pg *pg, const struct items *items, size_t first, size_t n)
{
    bool any = false;
    for (size_t i = first; i < first + n && !any; i++)
        any = count_of(items, i) > 0;
    bool asked = false;
    enum tg_pg_status status = any ? tg_store_are_changes_asked(pg, &asked) : TG_PG_OK;
    if (status != TG_PG_OK || !asked)
        return status;
    struct telling *telling = tg_alloc(sizeof *telling);
    telling->pg = pg;
    status = tell_all(telling, items, first, n);
    free(telling);
    return status;
}

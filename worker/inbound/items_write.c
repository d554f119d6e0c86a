#include "common/base/json.h"
#include "worker/inbound/fields.h"
#include "worker/inbound/items.h"

#include <string.h>

// An object with the members of `of` that have these names, NULL ending them, and are short: what
// surrounds an item stands in its body and in those of all its neighbours.
static struct json_object *pick(struct json_object *of, const char *const *names)
{
    struct json_object *picked = json_object_new_object();
    for (; *names; names++) {
        struct json_object *value = field_of(of, *names);
        if (json_object_is_type(value, json_type_int) ||
            field_string(value, FIELD_SHORT_LENGTH_MAX).data)
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

static struct json_object *pick_contact(struct json_object *contact)
{
    struct json_object *picked =
        pick(contact, (const char *const[]){"wa_id", "user_id", "identity_key_hash", NULL});
    json_object_object_add(
        picked, "profile",
        pick(field_of(contact, "profile"), (const char *const[]){"name", "username", NULL}));
    return picked;
}

// The list with the item alone; or what is no list, as it is.
static void add_list(struct json_object *to, struct json_object *of,
                     const struct item_origin *origin)
{
    struct json_object *list = field_of(of, origin->list);
    if (json_object_is_type(list, json_type_array))
        list = array_of(json_object_get(json_object_array_get_idx(list, origin->index)));
    else
        json_object_get(list);
    json_object_object_add(to, origin->list, list);
}

// What was told beside a list is told beside an empty one.
static void add_errors(struct json_object *to, struct json_object *of, const char *list)
{
    json_object_object_add(to, list, json_object_new_array());
    json_object_object_add(to, "errors", json_object_get(field_of(of, "errors")));
}

struct json_object *item_without_threads(struct json_object *chunk)
{
    struct json_object *rest = json_object_new_object();
    json_object_object_foreach(chunk, name, value)
    {
        if (strcmp(name, "threads") != 0)
            json_object_object_add(rest, name, json_object_get(value));
    }
    return rest;
}

static struct json_object *pick_thread(const struct item_origin *origin)
{
    if (!origin->list)
        return json_object_get(origin->thread);
    struct json_object *thread = pick(origin->thread, (const char *const[]){"id", NULL});
    json_object_object_add(thread, "context",
                           pick(field_of(origin->thread, "context"),
                                (const char *const[]){"wa_id", "user_id", "username", NULL}));
    add_list(thread, origin->thread, origin);
    return thread;
}

// Of a chunk that is no good, all.
static struct json_object *pick_chunk(const struct item *item)
{
    const struct item_origin *origin = &item->origin;
    if (!origin->in_thread)
        return item->kind == ITEM_ACCOUNT_NOTICE ? item_without_threads(origin->chunk)
                                                 : json_object_get(origin->chunk);
    struct json_object *chunk = json_object_new_object();
    json_object_object_add(chunk, "threads", array_of(pick_thread(origin)));
    return chunk;
}

// The value with nothing in its lists but the item and the contact that it is about.
static struct json_object *pick_value(const struct item *item, struct json_object *whole)
{
    const struct item_origin *origin = &item->origin;
    struct json_object *value = pick(whole, (const char *const[]){"messaging_product", NULL});
    json_object_object_add(
        value, "metadata",
        pick(field_of(whole, "metadata"),
             (const char *const[]){"display_phone_number", "phone_number_id", NULL}));
    if (origin->contact)
        json_object_object_add(value, "contacts", array_of(pick_contact(origin->contact)));
    if (origin->beside)
        add_errors(value, whole, origin->beside);
    else if (origin->in_chunk)
        json_object_object_add(value, "history", array_of(pick_chunk(item)));
    else
        add_list(value, whole, origin);
    return value;
}

static struct json_object *pick_change(const struct item *item)
{
    const struct item_origin *origin = &item->origin;
    if (!origin->list && !origin->in_chunk && !origin->beside)
        return json_object_get(origin->change);
    struct json_object *change = json_object_new_object();
    json_object_object_add(
        change, "field", json_object_new_string_len(origin->field.data, (int)origin->field.length));
    json_object_object_add(change, "value", pick_value(item, field_of(origin->change, "value")));
    return change;
}

void item_write_body(const struct item *item, struct tg_text *body)
{
    const struct item_origin *origin = &item->origin;
    if (!origin->in_entry) {
        const struct tg_text *whole = origin->body->text;
        tg_text_append(body, tg_text_string(whole), whole->length);
        return;
    }
    struct json_object *entry = json_object_get(origin->entry);
    if (origin->in_change) {
        json_object_put(entry);
        entry = pick(origin->entry, (const char *const[]){"id", "time", NULL});
        json_object_object_add(entry, "changes", array_of(pick_change(item)));
    }
    struct json_object *root = json_object_new_object();
    json_object_object_add(root, "object", json_object_new_string("whatsapp_business_account"));
    json_object_object_add(root, "entry", array_of(entry));
    tg_json_write(root, body);
    json_object_put(root);
}

#include "worker/inbound/senders.h"

#include "common/base/json.h"
#include "common/words/ids.h"
#include "worker/inbound/fields.h"

struct senders senders_of(struct json_object *value)
{
    return (struct senders){.contacts = tg_json_member(value, "contacts", json_type_array)};
}

void senders_finish(struct senders *senders)
{
    if (senders->by_id)
        lh_table_free(senders->by_id);
    *senders = (struct senders){0};
}

static struct tg_span phone_of(struct json_object *contact)
{
    return field_text(contact, "wa_id", FIELD_PHONE_LENGTH_MAX);
}

static struct tg_span user_id_of(struct json_object *contact)
{
    return field_text(contact, "user_id", TG_USER_ID_SIZE - 1);
}

static bool is_of(struct json_object *contact, struct tg_span phone, struct tg_span user_id)
{
    return (phone.data && tg_span_equals(phone_of(contact), phone.data)) ||
           (user_id.data && tg_span_equals(user_id_of(contact), user_id.data));
}

static void insert(struct lh_table *table, struct tg_span id, struct json_object *contact)
{
    if (id.data && !lh_table_lookup_entry(table, id.data))
        lh_table_insert(table, id.data, contact);
}

static struct lh_table *make(struct json_object *contacts)
{
    size_t count = json_object_array_length(contacts);
    struct lh_table *table = lh_kchar_table_new(16, NULL);
    for (size_t i = 0; table && i < count; i++) {
        struct json_object *contact = json_object_array_get_idx(contacts, i);
        insert(table, phone_of(contact), contact);
        insert(table, user_id_of(contact), contact);
    }
    return table;
}

// (A key is what C sees of an id, so that it is compared once more.)
static struct json_object *look_up(const struct senders *senders, struct tg_span phone,
                                   struct tg_span user_id)
{
    void *contact = NULL;
    if (phone.data && lh_table_lookup_ex(senders->by_id, phone.data, &contact) &&
        is_of(contact, phone, user_id))
        return contact;
    if (user_id.data && lh_table_lookup_ex(senders->by_id, user_id.data, &contact) &&
        is_of(contact, phone, user_id))
        return contact;
    return NULL;
}

struct json_object *senders_find(struct senders *senders, struct tg_span phone,
                                 struct tg_span user_id, size_t index)
{
    if (!senders->contacts)
        return NULL;
    struct json_object *beside = json_object_array_get_idx(senders->contacts, index);
    if (is_of(beside, phone, user_id) || (!phone.data && !user_id.data))
        return beside;
    if (!senders->by_id)
        senders->by_id = make(senders->contacts);
    return senders->by_id ? look_up(senders, phone, user_id) : NULL;
}

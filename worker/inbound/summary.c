#include "worker/inbound/summary.h"

#include "common/base/json.h"
#include "worker/inbound/fields.h"

// What belongs together, up to the bound.
static void append(struct tg_text *summary, const char *between, const struct tg_text *piece)
{
    if (piece->length == 0 || summary->length + piece->length + 2 > SUMMARY_LENGTH_MAX)
        return;
    if (summary->length > 0)
        tg_text_append_string(summary, between);
    tg_text_append(summary, piece->data, piece->length);
}

// A string or a number, as it is written.
static void append_value(struct tg_text *text, const char *before, struct json_object *value)
{
    struct tg_span string = field_string(value, FIELD_SHORT_LENGTH_MAX);
    bool is_number =
        json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
    if (!string.data && !is_number)
        return;
    if (text->length > 0)
        tg_text_append_string(text, before);
    if (is_number)
        tg_text_append_string(text, json_object_to_json_string(value));
    else
        tg_text_append(text, string.data, string.length);
}

// Each one's `name`, or the other one of it.
static void append_each(struct tg_text *text, struct json_object *list, const char *name,
                        const char *other)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count && text->length < SUMMARY_LENGTH_MAX; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        struct json_object *value = field_of(one, name);
        append_value(text, ", ", field_string(value, SIZE_MAX).data ? value : field_of(one, other));
    }
}

static void write_location(struct json_object *object, struct json_object *location,
                           struct tg_text *summary)
{
    (void)object;
    TG_TEXT_AUTO place = {0};
    TG_TEXT_AUTO point = {0};
    append_value(&place, ", ", field_of(location, "name"));
    append_value(&place, ", ", field_of(location, "address"));
    append_value(&point, "", field_of(location, "latitude"));
    append_value(&point, ", ", field_of(location, "longitude"));
    append_value(&place, "\n", field_of(location, "url"));
    append(summary, "\n", &place);
    append(summary, "\n", &point);
}

static void write_contacts(struct json_object *object, struct json_object *contacts,
                           struct tg_text *summary)
{
    (void)object;
    size_t count =
        json_object_is_type(contacts, json_type_array) ? json_object_array_length(contacts) : 0;
    for (size_t i = 0; i < count && summary->length < SUMMARY_LENGTH_MAX; i++) {
        struct json_object *contact = json_object_array_get_idx(contacts, i);
        TG_TEXT_AUTO card = {0};
        append_value(&card, ", ", field_of(field_of(contact, "name"), "formatted_name"));
        append_value(&card, ", ", field_of(field_of(contact, "org"), "company"));
        append_each(&card, field_of(contact, "phones"), "phone", "wa_id");
        append_each(&card, field_of(contact, "emails"), "email", "");
        append_each(&card, field_of(contact, "urls"), "url", "");
        append_each(&card, field_of(contact, "addresses"), "street", "city");
        append(summary, "\n", &card);
    }
}

static void write_order(struct json_object *object, struct json_object *order,
                        struct tg_text *summary)
{
    (void)object;
    struct json_object *products = tg_json_member(order, "product_items", json_type_array);
    size_t count = products ? json_object_array_length(products) : 0;
    TG_TEXT_AUTO words = {0};
    append_value(&words, "", field_of(order, "text"));
    append(summary, "\n", &words);
    for (size_t i = 0; i < count && summary->length < SUMMARY_LENGTH_MAX; i++) {
        struct json_object *product = json_object_array_get_idx(products, i);
        TG_TEXT_AUTO line = {0};
        append_value(&line, "", field_of(product, "quantity"));
        append_value(&line, " x ", field_of(product, "product_retailer_id"));
        append_value(&line, " at ", field_of(product, "item_price"));
        append_value(&line, " ", field_of(product, "currency"));
        append(summary, "\n", &line);
    }
    TG_TEXT_AUTO catalog = {0};
    tg_text_append_string(&catalog, "catalog");
    append_value(&catalog, " ", field_of(order, "catalog_id"));
    append(summary, "\n", &catalog);
}

static void write_errors(struct json_object *object, struct json_object *content,
                         struct tg_text *summary)
{
    struct json_object *errors = tg_json_member(object, "errors", json_type_array);
    size_t count = errors ? json_object_array_length(errors) : 0;
    TG_TEXT_AUTO kind = {0};
    append_value(&kind, "", field_of(content, "type")); // of what it is that is not supported
    append(summary, "\n", &kind);
    for (size_t i = 0; i < count && summary->length < SUMMARY_LENGTH_MAX; i++) {
        struct json_object *error = json_object_array_get_idx(errors, i);
        TG_TEXT_AUTO line = {0};
        append_value(&line, "", field_of(error, "code"));
        append_value(&line, ": ", field_of(error, "title"));
        append_value(&line, ": ", field_of(field_of(error, "error_data"), "details"));
        append(summary, "\n", &line);
    }
}

static void write_welcome(struct json_object *object, struct json_object *content,
                          struct tg_text *summary)
{
    (void)object;
    (void)content;
    tg_text_append_string(summary, "The customer has opened the chat for the first time.");
}

// What was filled in, if it is a form.
static void write_form(struct json_object *object, struct json_object *interactive,
                       struct tg_text *summary)
{
    (void)object;
    struct tg_span form =
        field_text(field_of(interactive, "nfm_reply"), "response_json", SUMMARY_LENGTH_MAX);
    tg_text_append(summary, form.data, form.length);
}

static const struct {
    const char *type;
    void (*write)(struct json_object *object, struct json_object *content, struct tg_text *summary);
} kinds[] = {
    {"location", write_location},  {"contacts", write_contacts}, {"order", write_order},
    {"unsupported", write_errors}, {"unknown", write_errors},    {"request_welcome", write_welcome},
    {"interactive", write_form},
};

void summary_write(struct tg_span type, struct json_object *object, struct json_object *content,
                   struct tg_text *summary)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (tg_span_equals(type, kinds[i].type))
            kinds[i].write(object, content, summary);
    }
}

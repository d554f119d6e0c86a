#include "ingress/api/campaign_source.h"

#include "common/base/elements.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/base/weight.h"
#include "common/crypto/digest.h"
#include "ingress/http/fields.h"
#include "ingress/http/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A recipient of JSON: what fills a few placeholders; and no more objects and lists than two.
enum { RECIPIENT_BYTES_MAX = 8 * 1024, RECIPIENT_VALUES_MAX = 512 };

static const char many[] = "A campaign has up to %d recipients";

static bool refuse_many(struct tg_error *error)
{
    return tg_error_set(error, "body_too_large", "recipients", many, TG_CAMPAIGN_RECIPIENTS_MAX);
}

// The list of recipients in the body, as `rest` has it: its name, and behind its end. False: there
// is none. (The same word may be some value.)
static bool find_list(const struct tg_text *rest, const char **begin, const char **end)
{
    static const char member[] = "\"recipients\"";
    for (const char *at = tg_text_string(rest); (at = strstr(at, member)); at++) {
        const char *open = at + strlen(member);
        open += strspn(open, " :");
        *begin = at;
        *end = *open == '[' ? strchr(open, ']') : NULL;
        if (*end)
            return ++*end;
    }
    return false;
}

// The body without that list, whose elements are but numbers there, and one comma beside it.
static bool take_list(struct campaign_source *source, const struct tg_text *rest,
                      struct tg_error *error)
{
    const char *begin;
    const char *end;
    if (!find_list(rest, &begin, &end) || source->count == 0)
        return tg_error_set(error, "missing_field", "recipients",
                            "recipients must be a list of 1 to %d objects",
                            TG_CAMPAIGN_RECIPIENTS_MAX);
    const char *before = begin;
    while (before > tg_text_string(rest) && strchr(" ,", before[-1]))
        before--;
    bool follows = memchr(before, ',', (size_t)(begin - before)) != NULL;
    end += strspn(end, " ");
    if (!follows && *end == ',')
        end++;
    tg_text_append(&source->campaign, tg_text_string(rest),
                   (size_t)(before - tg_text_string(rest)));
    tg_text_append_string(&source->campaign, end);
    return true;
}

static bool begin_json(struct campaign_source *source, const struct tg_text *body,
                       struct tg_error *error)
{
    TG_TEXT_AUTO rest = {0};
    source->elements = tg_alloc((TG_CAMPAIGN_RECIPIENTS_MAX + 1) * sizeof *source->elements);
    if (!tg_elements_split(body, source->elements, TG_CAMPAIGN_RECIPIENTS_MAX, &source->count,
                           &rest))
        return refuse_many(error);
    tg_sha256(body->data, body->length, source->hash);
    return take_list(source, &rest, error);
}

static bool take_part(struct campaign_source *source, const struct multipart_part *part,
                      struct tg_error *error)
{
    if (tg_span_equals(part->name, "campaign") && !source->campaign.data) {
        if (part->content.length > TG_SEND_BODY_MAX)
            return tg_error_set(error, "body_too_large", "campaign",
                                "campaign must have at most %d bytes", TG_SEND_BODY_MAX);
        tg_text_append(&source->campaign, part->content.data, part->content.length);
        return true;
    }
    if (tg_span_equals(part->name, "recipients") && !source->file.data) {
        source->file = part->content;
        return true;
    }
    return tg_error_set(error, "unknown_field", "body",
                        "A form has two parts: campaign, and a file recipients");
}

static void hash_parts(struct campaign_source *source)
{
    unsigned char hashes[2][TG_SHA256_SIZE];
    tg_sha256(tg_text_string(&source->campaign), source->campaign.length, hashes[0]);
    tg_sha256(source->file.data, source->file.length, hashes[1]);
    tg_sha256(hashes, sizeof hashes, source->hash);
}

static bool begin_form(struct campaign_source *source, const char *content_type,
                       const struct tg_text *body, struct tg_error *error)
{
    struct multipart multipart;
    struct multipart_part part;
    if (!multipart_begin(&multipart, content_type, body))
        return tg_error_set(error, "invalid_form", "body", "The body is no form as its type says");
    while (multipart_next(&multipart, &part))
        if (!take_part(source, &part, error))
            return false;
    if (!multipart.whole)
        return tg_error_set(error, "invalid_form", "body", "The form does not end as it must");
    const char *missing = !source->campaign.data     ? "campaign"
                          : source->file.length == 0 ? "recipients"
                                                     : NULL;
    if (missing)
        return tg_error_set(error, "missing_field", missing, "There must be a part %s", missing);
    hash_parts(source);
    return true;
}

bool campaign_source_begin(struct campaign_source *source, const char *content_type,
                           const struct tg_text *body, struct tg_error *error)
{
    switch (fields_kind_of(content_type)) {
    case FIELDS_JSON:
        return begin_json(source, body, error);
    case FIELDS_MULTIPART:
        return begin_form(source, content_type, body, error);
    case FIELDS_FORM:
    case FIELDS_OTHER:
        break;
    }
    return tg_error_set(error, "unsupported_media_type", NULL,
                        "The Content-Type must be application/json or multipart/form-data");
}

void campaign_source_finish(struct campaign_source *source)
{
    tg_text_finish(&source->campaign);
    free(source->elements);
    if (source->stream) {
        tg_csv_finish(&source->csv);
        fclose(source->stream);
    }
}

// A column is a phone, a user id, or what fills a placeholder.
static bool take_column(struct campaign_source *source, const struct campaign_form *form,
                        struct tg_span name, size_t place, struct tg_error *error)
{
    size_t at = campaign_form_place(form, name);
    size_t *cell = at < form->names_count            ? &source->cells[at]
                   : tg_span_equals(name, "phone")   ? &source->phone
                   : tg_span_equals(name, "user_id") ? &source->user_id
                                                     : NULL;
    if (!cell || *cell != TG_CSV_CELLS_MAX)
        return tg_error_set(error, "unknown_field", "recipients",
                            "Column %zu must be another one of phone, user_id, and the names of "
                            "placeholders",
                            place + 1);
    *cell = place;
    return true;
}

static bool check_columns(const struct campaign_source *source, const struct campaign_form *form,
                          struct tg_error *error)
{
    if (source->phone == TG_CSV_CELLS_MAX && source->user_id == TG_CSV_CELLS_MAX)
        return tg_error_set(error, "missing_field", "recipients", "There must be a column phone");
    for (size_t i = 0; i < form->names_count; i++)
        if (source->cells[i] == TG_CSV_CELLS_MAX)
            return tg_error_set(error, "missing_field", "recipients",
                                "There must be a column %s, for its placeholder", form->names[i]);
    return true;
}

bool campaign_source_open(struct campaign_source *source, const struct campaign_form *form,
                          struct tg_error *error)
{
    if (source->elements)
        return true;
    source->stream = fmemopen((void *)(uintptr_t)source->file.data, source->file.length, "r");
    if (!source->stream)
        return tg_error_set(error, "unavailable", NULL, "The file cannot be read now");
    source->csv = tg_csv_of(source->stream, TG_IMPORT_LINE_MAX);
    source->phone = source->user_id = TG_CSV_CELLS_MAX;
    for (size_t i = 0; i < TG_CAMPAIGN_PLACEHOLDERS_MAX; i++)
        source->cells[i] = TG_CSV_CELLS_MAX;
    if (tg_csv_next(&source->csv) != TG_CSV_RECORD)
        return tg_error_set(error, "invalid_field", "recipients",
                            "The first line must name the columns");
    for (size_t i = 0; i < source->csv.n; i++)
        if (!take_column(source, form, tg_csv_trimmed_cell(&source->csv, i), i, error))
            return false;
    return check_columns(source, form, error);
}

// What was read of one, before it is judged.
struct read {
    struct tg_span phone; // absent or empty: not given
    struct tg_span user_id;
    struct tg_span values[TG_CAMPAIGN_PLACEHOLDERS_MAX];
};

static bool read_name(const struct campaign_source *source, const struct read *read,
                      struct tg_recipient *recipient, struct tg_error *error)
{
    memset(recipient->phone, 0, sizeof recipient->phone);
    memset(recipient->user_id, 0, sizeof recipient->user_id);
    if (read->phone.length > 0 && read->user_id.length > 0)
        return tg_error_set(error, "invalid_field", "phone",
                            "phone and user_id name two recipients");
    if (read->phone.length > 0)
        return tg_phone_read(read->phone.data, read->phone.length, source->home, "phone",
                             recipient->phone, error);
    if (read->user_id.length == 0)
        return tg_error_set(error, "missing_field", "phone", "phone is required");
    if (read->user_id.length >= sizeof recipient->user_id)
        return tg_error_set(error, "invalid_field", "user_id",
                            "user_id must have at most %zu bytes", sizeof recipient->user_id - 1);
    memcpy(recipient->user_id, read->user_id.data, read->user_id.length);
    return true;
}

static bool judge(const struct campaign_source *source, const struct campaign_form *form,
                  const struct read *read, struct tg_recipient *recipient, struct tg_error *error)
{
    if (!read_name(source, read, recipient, error))
        return false;
    for (size_t i = 0; i < form->names_count; i++) {
        if (read->values[i].length == 0)
            return tg_error_set(error, "missing_field", form->names[i],
                                "There is nothing for {{%s}}", form->names[i]);
        if (read->values[i].length > TG_CAMPAIGN_FILL_MAX)
            return tg_error_set(error, "invalid_field", form->names[i],
                                "%s must have at most %d bytes", form->names[i],
                                TG_CAMPAIGN_FILL_MAX);
    }
    tg_text_clear(&recipient->fills);
    campaign_form_fill(form, read->values, &recipient->fills);
    // Without placeholders it is the same for everybody, and was found good.
    return form->count == 0 ||
           campaign_form_check(form, read->values, *recipient->phone ? recipient->phone : NULL,
                               recipient->user_id, error);
}

static enum campaign_read next_record(struct campaign_source *source,
                                      const struct campaign_form *form,
                                      struct tg_recipient *recipient, struct tg_error *error)
{
    struct read read = {0};
    enum tg_csv_read got = tg_csv_next(&source->csv);
    if (got == TG_CSV_END)
        return CAMPAIGN_END;
    recipient->n = (int64_t)source->csv.line;
    if (got == TG_CSV_BAD) {
        tg_error_set(error, "invalid_field", "recipients",
                     "A line must have up to %d bytes and %d cells, and end its quotes",
                     TG_IMPORT_LINE_MAX, TG_CSV_CELLS_MAX);
        return CAMPAIGN_BAD;
    }
    const struct tg_text *bytes = &source->csv.bytes;
    if (!tg_utf8_is_valid(tg_text_string(bytes), bytes->length) ||
        memchr(tg_text_string(bytes), '\0', bytes->length)) {
        tg_error_set(error, "invalid_field", "recipients", "A line must be UTF-8 without NUL");
        return CAMPAIGN_BAD;
    }
    read.phone = tg_csv_trimmed_cell(&source->csv, source->phone);
    read.user_id = tg_csv_trimmed_cell(&source->csv, source->user_id);
    for (size_t i = 0; i < form->names_count; i++)
        read.values[i] = tg_csv_trimmed_cell(&source->csv, source->cells[i]);
    return judge(source, form, &read, recipient, error) ? CAMPAIGN_RECIPIENT : CAMPAIGN_BAD;
}

// Numbers and words of JSON are written as they stand there.
static bool read_value(struct json_object *value, const char *name, struct tg_span *text,
                       struct tg_error *error)
{
    if (json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array))
        return tg_error_set(error, "invalid_field", name, "%s must be a text", name);
    const char *string = value ? json_object_get_string(value) : NULL;
    *text = json_object_is_type(value, json_type_string) ? tg_json_span(value) : tg_span_of(string);
    return true;
}

static bool read_params(struct json_object *params, const struct campaign_form *form,
                        struct read *read, struct tg_error *error)
{
    if (!json_object_is_type(params, json_type_object))
        return tg_error_set(error, "invalid_field", "params", "params must be an object");
    json_object_object_foreach(params, name, value)
    {
        size_t at = campaign_form_place(form, tg_span_of(name));
        if (at == form->names_count)
            return tg_error_set(error, "unknown_field", name, "There is no placeholder {{%s}}",
                                name);
        if (!read_value(value, name, &read->values[at], error))
            return false;
    }
    return true;
}

static bool read_recipient(struct json_object *object, const struct campaign_form *form,
                           struct read *read, struct tg_error *error)
{
    json_object_object_foreach(object, name, value)
    {
        bool is_text = json_object_is_type(value, json_type_string);
        struct tg_span *text = strcmp(name, "phone") == 0     ? &read->phone
                               : strcmp(name, "user_id") == 0 ? &read->user_id
                                                              : NULL;
        if (strcmp(name, "params") == 0 && value) {
            if (!read_params(value, form, read, error))
                return false;
        } else if (text && value) {
            if (!is_text)
                return tg_error_set(error, "invalid_field", name, "%s must be a text", name);
            *text = tg_json_span(value);
        } else if (!text && strcmp(name, "params") != 0) {
            return tg_error_set(error, "unknown_field", *name ? name : "recipients",
                                "There is no %s; there are phone, user_id and params", name);
        }
    }
    return true;
}

static bool check_element(struct tg_span element, struct tg_error *error)
{
    const struct tg_text text = {.data = (char *)(uintptr_t)element.data, .length = element.length};
    struct tg_weight weight = tg_weight_of(&text);
    if (*element.data != '{')
        return tg_error_set(error, "invalid_field", "recipients", "A recipient must be an object");
    return (element.length <= RECIPIENT_BYTES_MAX && weight.values <= RECIPIENT_VALUES_MAX &&
            weight.objects <= RECIPIENT_VALUES_MAX) ||
           tg_error_set(error, "invalid_field", "recipients",
                        "A recipient must have at most %d bytes", RECIPIENT_BYTES_MAX);
}

static struct json_object *parse_element(struct tg_span element, struct tg_error *error)
{
    struct json_object *object = tg_json_parse(element.data, element.length, error);
    if (!object)
        snprintf(error->field, sizeof error->field, "recipients");
    return object;
}

static enum campaign_read next_element(struct campaign_source *source,
                                       const struct campaign_form *form,
                                       struct tg_recipient *recipient, struct tg_error *error)
{
    struct read read = {0};
    if (source->lines == source->count)
        return CAMPAIGN_END;
    struct tg_span element = source->elements[source->lines];
    recipient->n = (int64_t)source->lines + 1;
    struct json_object *object =
        check_element(element, error) ? parse_element(element, error) : NULL;
    bool good = object && tg_json_check_nul(object, error) &&
                read_recipient(object, form, &read, error) &&
                judge(source, form, &read, recipient, error);
    json_object_put(object);
    return good ? CAMPAIGN_RECIPIENT : CAMPAIGN_BAD;
}

enum campaign_read campaign_source_next(struct campaign_source *source,
                                        const struct campaign_form *form,
                                        struct tg_recipient *recipient, struct tg_error *error)
{
    enum campaign_read read = source->elements ? next_element(source, form, recipient, error)
                                               : next_record(source, form, recipient, error);
    source->lines += read != CAMPAIGN_END;
    return read;
}

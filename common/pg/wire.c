#include "common/pg/wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <string.h>

static void append_names(struct tg_text *sql, const struct tg_field *fields, int *parameters)
{
    for (; fields && fields->name; fields++) {
        const char *comma = *parameters > 0 ? ", " : "";
        ++*parameters;
        tg_text_append_format(sql, "%s%s => $%d", comma, fields->name, *parameters);
    }
}

void tg_wire_statement(const struct tg_call *call, struct tg_text *sql)
{
    tg_text_append_string(sql, "SELECT");
    for (const struct tg_field *field = call->out; field && field->name; field++)
        tg_text_append_format(sql, "%s %s", field == call->out ? "" : ",", field->name);
    if (call->source) {
        tg_text_append_format(sql, " FROM %s", call->source);
        return;
    }
    int parameters = 0;
    tg_text_append_format(sql, " FROM %s(", call->name);
    append_names(sql, call->one, &parameters);
    append_names(sql, call->each, &parameters);
    tg_text_append_string(sql, ")");
}

static void append_uint32(struct tg_text *bytes, uint32_t value)
{
    uint32_t network = htonl(value);
    tg_text_append(bytes, &network, sizeof network);
}

// Every value stands behind its length, as in an array; that of NULL is -1.
static void append_value(struct tg_text *bytes, const void *value, size_t length)
{
    append_uint32(bytes, (uint32_t)length);
    tg_text_append(bytes, value, length);
}

static void append_null(struct tg_text *bytes)
{
    append_uint32(bytes, UINT32_MAX);
}

static void append_int8(struct tg_text *bytes, int64_t value)
{
    uint64_t network = htobe64((uint64_t)value);
    append_value(bytes, &network, sizeof network);
}

// PostgreSQL's text holds no NUL: each one becomes U+FFFD, the replacement character.
static void append_text(struct tg_text *bytes, struct tg_span text)
{
    if (!memchr(text.data, '\0', text.length)) {
        append_value(bytes, text.data, text.length);
        return;
    }
    TG_TEXT_AUTO clean = {0};
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\0')
            tg_text_append_string(&clean, "\xef\xbf\xbd");
        else
            tg_text_append(&clean, &text.data[i], 1);
    }
    append_value(bytes, clean.data, clean.length);
}

// Opens a value that is an array of `n`, each of which is to follow; returns where it begins. This
// is array_send in PostgreSQL: dimensions, may hold nulls, type, length, first index.
static size_t begin_array(struct tg_text *bytes, enum tg_pg_type type, size_t n)
{
    size_t begin = bytes->length;
    append_uint32(bytes, 0);
    append_uint32(bytes, n > 0 ? 1 : 0);
    append_uint32(bytes, 1);
    append_uint32(bytes, type);
    if (n > 0) {
        append_uint32(bytes, (uint32_t)n);
        append_uint32(bytes, 1);
    }
    return begin;
}

static void end_array(struct tg_text *bytes, size_t begin)
{
    uint32_t length = htonl((uint32_t)(bytes->length - begin - sizeof length));
    memcpy(bytes->data + begin, &length, sizeof length);
}

static void append_int8s(struct tg_text *bytes, const int64_t *values, size_t n)
{
    size_t begin = begin_array(bytes, TG_PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        append_int8(bytes, values[i]);
    end_array(bytes, begin);
}

// The text or the bytes of a member.
static struct tg_span span_of(const struct tg_field *field, const char *member)
{
    switch (field->form) {
    case TG_FORM_CHARS:
        return tg_span_of(member);
    case TG_FORM_STRING:
        return tg_span_of(*(const char *const *)(const void *)member);
    case TG_FORM_WORD: {
        unsigned word = *(const unsigned *)(const void *)member;
        assert(word < field->word_count);
        return tg_span_of(field->words[word]);
    }
    case TG_FORM_TEXT:
        return tg_text_span((const struct tg_text *)(const void *)member);
    case TG_FORM_BYTES:
        return (struct tg_span){member, field->size};
    default:
        assert(field->form == TG_FORM_SPAN);
        return *(const struct tg_span *)(const void *)member;
    }
}

static bool is_given(const struct tg_field *field, const char *row)
{
    static const char zero[sizeof(int64_t)];
    return field->given_size == 0 || memcmp(row + field->beside, zero, field->given_size) != 0;
}

static void append_member(struct tg_text *bytes, const struct tg_field *field, const char *row)
{
    const char *member = row + field->offset;
    if (!is_given(field, row)) {
        append_null(bytes);
        return;
    }
    switch (field->form) {
    case TG_FORM_BOOL:
        append_value(bytes, *(const bool *)member ? "\1" : "\0", 1);
        return;
    case TG_FORM_INT8:
        append_int8(bytes, *(const int64_t *)(const void *)member);
        return;
    case TG_FORM_INT8S:
        append_int8s(bytes, *(const int64_t *const *)(const void *)member,
                     *(const size_t *)(const void *)(row + field->beside));
        return;
    case TG_FORM_UUID:
        append_value(bytes, member, field->size);
        return;
    default:
        break;
    }
    struct tg_span span = span_of(field, member);
    if (field->type == TG_PG_BYTEA)
        append_value(bytes, span.data, span.length);
    else if (span.length > 0)
        append_text(bytes, span);
    else
        append_null(bytes);
}

static const char *item_of(const struct tg_call_data *data, size_t i)
{
    if (data->at)
        return ((const char *const *)data->items)[i];
    return (const char *)data->items + i * data->item_size;
}

static void append_items(struct tg_text *bytes, const struct tg_field *field,
                         const struct tg_call_data *data)
{
    assert(field->row_size == data->item_size || data->item_count == 0);
    size_t begin = begin_array(bytes, field->type, data->item_count);
    for (size_t i = 0; i < data->item_count; i++)
        append_member(bytes, field, item_of(data, i));
    end_array(bytes, begin);
}

static void add_type(struct tg_wire *wire, enum tg_pg_type type)
{
    assert(wire->count < TG_WIRE_MAX);
    wire->types[wire->count++] = type;
}

// The values lie one behind the other, each behind its length.
static void point_to_values(struct tg_wire *wire)
{
    const char *at = wire->bytes.data;
    for (int i = 0; i < wire->count; i++) {
        uint32_t length;
        memcpy(&length, at, sizeof length);
        at += sizeof length;
        bool is_null = length == UINT32_MAX;
        wire->lengths[i] = is_null ? 0 : (int)ntohl(length);
        wire->values[i] = is_null ? NULL : at;
        wire->formats[i] = 1;
        at += wire->lengths[i];
    }
}

void tg_wire_write(const struct tg_call *call, const struct tg_call_data *data,
                   struct tg_wire *wire)
{
    for (const struct tg_field *field = call->one; field && field->name; field++) {
        assert(field->row_size == data->one_size);
        add_type(wire, field->type);
        append_member(&wire->bytes, field, data->one);
    }
    for (const struct tg_field *field = call->each; field && field->name; field++) {
        add_type(wire, field->array);
        append_items(&wire->bytes, field, data);
    }
    point_to_values(wire);
}

static unsigned find_word(const struct tg_field *field, struct tg_span word)
{
    for (unsigned i = 0; i < field->word_count; i++)
        if (tg_span_equals(word, field->words[i]))
            return i;
    return 0;
}

static void read_chars(struct tg_span text, char *to, size_t size)
{
    size_t length = text.length < size ? text.length : size - 1;
    memcpy(to, text.data, length);
    to[length] = '\0';
}

static void read_text(struct tg_span text, struct tg_text *to)
{
    *to = (struct tg_text){0};
    tg_text_append(to, text.data, text.length);
}

void tg_wire_read(const struct tg_field *field, const char *value, size_t length, void *row)
{
    char *member = (char *)row + field->offset;
    struct tg_span text = {value ? value : "", value ? length : 0};
    uint64_t network = 0;
    switch (field->form) {
    case TG_FORM_BOOL:
        *(bool *)member = value && *value;
        break;
    case TG_FORM_INT8:
        memcpy(&network, text.data, text.length);
        *(int64_t *)(void *)member = (int64_t)be64toh(network);
        break;
    case TG_FORM_UUID:
        *(struct tg_uuid *)(void *)member = (struct tg_uuid){{0}};
        memcpy(member, text.data, text.length);
        if (field->given_size > 0)
            *(bool *)((char *)row + field->beside) = value != NULL;
        break;
    case TG_FORM_CHARS:
        read_chars(text, member, field->size);
        break;
    case TG_FORM_WORD:
        *(unsigned *)(void *)member = find_word(field, text);
        break;
    default:
        assert(field->form == TG_FORM_TEXT);
        read_text(text, (void *)member);
    }
}

#include "common/pg/wire.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum colour { NO_COLOUR, RED, GREEN };
static const char *const colours[] = {"", "red", "green"};

struct row {
    bool yes;
    int64_t number;
    int64_t time;
    const int64_t *numbers;
    size_t count;
    struct tg_uuid id;
    bool has_id;
    unsigned char hash[4];
    char key[8];
    const char *string;
    struct tg_span span;
    struct tg_text text;
    struct tg_text bytes;
    enum colour colour;
};

static const struct tg_field fields[] = {
    BOOL("yes", row, yes),
    INT8("number", row, number),
    INT8_IF("time", row, time),
    INT8S("numbers", row, numbers, count),
    UUID("id", row, id),
    UUID_IF("id_if", row, id, has_id),
    BYTES("hash", row, hash),
    BYTES_IF("hash_if", row, hash, key),
    TEXT("key", row, key),
    TEXT("string", row, string),
    TEXT("span", row, span),
    TEXT("text", row, text),
    BYTES("bytes", row, bytes),
    JSON("json", row, text),
    WORD("colour", row, colour, colours),
    {0},
};

static const struct tg_field *field_of(const char *name)
{
    const struct tg_field *field = fields;
    while (strcmp(field->name, name) != 0)
        field++;
    return field;
}

// The bytes of one value as hexadecimal digits, "null" for NULL.
static const char *hex_of(const char *value, int length)
{
    static char hex[256];
    if (!value)
        return "null";
    hex[0] = '\0';
    for (int i = 0; i < length; i++)
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", (unsigned char)value[i]);
    return hex;
}

// How the field of that name goes out as a parameter of its own.
static const char *written(const char *name, const struct row *row)
{
    const struct tg_field one[] = {*field_of(name), {0}};
    const struct tg_call call = {.name = "f", .one = one};
    struct tg_wire wire = {0};
    tg_wire_write(&call, &(struct tg_call_data){TG_ONE(row)}, &wire);
    cr_assert_eq(wire.count, 1);
    cr_assert_eq(wire.formats[0], 1);
    const char *hex = hex_of(wire.values[0], wire.lengths[0]);
    tg_text_finish(&wire.bytes);
    return hex;
}

#define expect_written(name, expected, ...)                                                        \
    cr_expect_str_eq(written(name, &(struct row){__VA_ARGS__}), expected)

Test(wire, values_are_written_as_postgresql_has_them)
{
    expect_written("yes", "01", .yes = true);
    expect_written("yes", "00", .yes = false);
    expect_written("number", "0000000000000102", .number = 258);
    expect_written("number", "ffffffffffffffff", .number = -1);
    expect_written("number", "0000000000000000", .number = 0);
    expect_written("id", "000102030405060708090a0b0c0d0eff",
                   .id = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255}});
    expect_written("hash", "00ff0001", .hash = {0, 255, 0, 1});
    expect_written("key", "6162", .key = "ab");
    expect_written("string", "c3a9", .string = "\xc3\xa9");
    expect_written("span", "6162", .span = {"abc", 2});
    expect_written("text", "6162", .text = {.data = (char[]){"ab"}, .length = 2});
    expect_written("bytes", "610062", .bytes = {.data = (char[]){"a\0b"}, .length = 3});
    expect_written("colour", "677265656e", .colour = GREEN);
}

Test(wire, what_is_not_there_is_null)
{
    expect_written("time", "null", .time = 0);
    expect_written("time", "0000000000000001", .time = 1);
    expect_written("time", "0000000000000100", .time = 256);
    expect_written("id_if", "null", .id = {{1}});
    expect_written("id_if", "01000000000000000000000000000000", .id = {{1}}, .has_id = true);
    expect_written("hash_if", "null", .hash = {1});
    expect_written("hash_if", "01000000", .hash = {1}, .key = "k");
    expect_written("key", "null", .yes = true);
    expect_written("string", "null", .yes = true);
    expect_written("string", "null", .string = "");
    expect_written("span", "null", .yes = true);
    expect_written("text", "null", .yes = true);
    expect_written("colour", "null", .colour = NO_COLOUR);
}

Test(wire, bytes_are_never_null)
{
    expect_written("bytes", "", .yes = true);
}

Test(wire, a_nul_in_a_text_becomes_the_replacement_character)
{
    expect_written("span", "61efbfbd62", .span = {"a\0b", 3});
    expect_written("span", "efbfbd", .span = {"\0", 1});
}

Test(wire, numbers_are_an_array_by_themselves)
{
    const int64_t two[] = {1, -1};
    expect_written("numbers",
                   "00000001"
                   "00000001"
                   "00000014"
                   "00000002"
                   "00000001"
                   "00000008"
                   "0000000000000001"
                   "00000008"
                   "ffffffffffffffff",
                   .numbers = two, .count = 2);
    expect_written("numbers", "000000000000000100000014", .numbers = NULL);
}

// How the field of that name goes out as an array with an item of each row.
static const char *written_each(const char *name, const struct row *rows, size_t n)
{
    const struct tg_field each[] = {*field_of(name), {0}};
    const struct tg_call call = {.name = "f", .each = each};
    struct tg_wire wire = {0};
    tg_wire_write(&call, &(struct tg_call_data){TG_EACH(rows, n)}, &wire);
    const char *hex = hex_of(wire.values[0], wire.lengths[0]);
    tg_text_finish(&wire.bytes);
    return hex;
}

Test(wire, an_array_has_its_header_and_its_nulls)
{
    const struct row rows[] = {{.string = "ab"}, {.string = NULL}, {.string = "c"}};
    cr_expect_str_eq(written_each("string", rows, 3), "00000001" // dimensions
                                                      "00000001" // may hold nulls
                                                      "00000019" // of text
                                                      "00000003" // so many
                                                      "00000001" // the first one's index
                                                      "000000026162"
                                                      "ffffffff"
                                                      "0000000163");
    cr_expect_str_eq(written_each("string", rows, 0), "000000000000000100000019");
}

Test(wire, rows_may_be_pointed_to)
{
    const struct row two = {.number = 2};
    const struct row three = {.number = 3};
    const struct row *const rows[] = {&three, &two};
    const struct tg_field each[] = {*field_of("number"), {0}};
    const struct tg_call call = {.name = "f", .each = each};
    struct tg_wire wire = {0};
    tg_wire_write(&call, &(struct tg_call_data){TG_EACH_AT(rows, 2)}, &wire);
    cr_expect_str_eq(hex_of(wire.values[0] + 20, wire.lengths[0] - 20),
                     "000000080000000000000003000000080000000000000002");
    tg_text_finish(&wire.bytes);
}

static const struct tg_call of_all_types = {
    .name = "f",
    .one = TG_FIELDS(BOOL("a", row, yes), INT8S("b", row, numbers, count), UUID("c", row, id)),
    .each = TG_FIELDS(BOOL("d", row, yes), INT8("e", row, number), UUID("f", row, id),
                      TEXT("g", row, key), BYTES("h", row, bytes)),
};

Test(wire, parameters_have_their_types)
{
    const unsigned types[] = {16, 1016, 2950, 1000, 1016, 2951, 1009, 1001};
    const struct row row = {0};
    struct tg_wire wire = {0};
    tg_wire_write(&of_all_types, &(struct tg_call_data){TG_ONE(&row), TG_EACH(&row, 1)}, &wire);
    cr_assert_eq(wire.count, 8);
    cr_expect_arr_eq(wire.types, types, sizeof types);
    tg_text_finish(&wire.bytes);
}

static const struct tg_call of_three = {
    .name = "f",
    .one = TG_FIELDS(UUID("p_id", row, id)),
    .each = TG_FIELDS(TEXT("p_keys", row, key), INT8("p_numbers", row, number)),
    .out = TG_FIELDS(UUID("id", row, id), BOOL("yes", row, yes)),
};

Test(wire, a_statement_names_its_parameters_and_its_columns)
{
    TG_TEXT_AUTO sql = {0};
    tg_wire_statement(&of_three, &sql);
    cr_expect_str_eq(sql.data, "SELECT id, yes FROM f(p_id => $1, p_keys => $2, p_numbers => $3)");
}

Test(wire, a_statement_may_have_neither)
{
    const struct tg_call call = {.name = "f"};
    TG_TEXT_AUTO sql = {0};
    tg_wire_statement(&call, &sql);
    cr_expect_str_eq(sql.data, "SELECT FROM f()");
}

static struct row read_as(const char *name, const char *value, size_t length)
{
    struct row row;
    memset(&row, 0x55, sizeof row);
    row.has_id = false;
    tg_wire_read(field_of(name), value, length, &row);
    return row;
}

Test(wire, values_are_read)
{
    cr_expect(read_as("yes", "\1", 1).yes);
    cr_expect_not(read_as("yes", "\0", 1).yes);
    cr_expect_eq(read_as("number", "\0\0\0\0\0\0\1\2", 8).number, 258);
    cr_expect_eq(read_as("number", "\xff\xff\xff\xff\xff\xff\xff\xfe", 8).number, -2);
    struct row row = read_as("id_if", "0123456789abcdef", 16);
    cr_expect_arr_eq(row.id.bytes, "0123456789abcdef", 16);
    cr_expect(row.has_id);
    cr_expect_str_eq(read_as("key", "abc", 3).key, "abc");
    cr_expect_eq(read_as("colour", "red", 3).colour, RED);
    row = read_as("text", "abc", 3);
    cr_expect_str_eq(row.text.data, "abc");
    tg_text_finish(&row.text);
    row = read_as("bytes", "a\0b", 3);
    cr_expect_eq(row.bytes.length, 3);
    cr_expect_arr_eq(row.bytes.data, "a\0b", 4);
    tg_text_finish(&row.bytes);
}

Test(wire, null_is_read_as_nothing)
{
    cr_expect_not(read_as("yes", NULL, 0).yes);
    cr_expect_eq(read_as("number", NULL, 0).number, 0);
    struct row row = read_as("id_if", NULL, 0);
    cr_expect_arr_eq(row.id.bytes, (struct tg_uuid){{0}}.bytes, 16);
    cr_expect_not(row.has_id);
    cr_expect_str_eq(read_as("key", NULL, 0).key, "");
    cr_expect_eq(read_as("colour", NULL, 0).colour, NO_COLOUR);
    row = read_as("text", NULL, 0);
    cr_expect_eq(row.text.length, 0);
    tg_text_finish(&row.text);
}

Test(wire, a_text_too_long_for_its_place_is_cut)
{
    cr_expect_str_eq(read_as("key", "1234567", 7).key, "1234567");
    cr_expect_str_eq(read_as("key", "12345678", 8).key, "1234567");
    cr_expect_str_eq(read_as("key", "1234567890123456", 16).key, "1234567");
}

Test(wire, an_unknown_word_is_read_as_the_first)
{
    cr_expect_eq(read_as("colour", "blue", 4).colour, NO_COLOUR);
    cr_expect_eq(read_as("colour", "re", 2).colour, NO_COLOUR);
    cr_expect_eq(read_as("colour", "redd", 4).colour, NO_COLOUR);
}

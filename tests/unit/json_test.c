#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

Test(json, one_document_is_read)
{
    struct tg_error error;
    static const char text[] = " {\"a\": [1, \"\xc3\xa4\", 1.50]} \r\n";
    struct json_object *root = tg_json_parse(text, sizeof text - 1, &error);
    cr_assert(root);
    cr_assert_str_eq(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN),
                     "{\"a\":[1,\"\xc3\xa4\",1.50]}");
    json_object_put(root);
}

struct bad {
    char text[64];
    size_t length; // 0: that of the string
    char why[40];
};

ParameterizedTestParameters(json, anything_else_is_refused)
{
    static struct bad cases[] = {
        {"", 0, "it is empty, where at least {} must be"},
        {"{\"a\":", 0, "it ends too early"},
        {"{\"a\":1} {", 0, ""},
        {"{\"a\":1}x", 0, ""},
        {"{\"a\":01}", 0, ""},
        {"{\"a\":1,}", 0, ""},
        {"{\"a\":\"\xff\"}", 0, "UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", 0, "UTF-8"},
        {"\xef\xbb\xbf{}", 0, ""},
        {"{}\0{}", 5, ""},
        {"null ", 0, "it is null"},
        {"[NaN]", 0, "(byte 1): not a number"},
        {"{\"a\\\"\": -Infinity}", 0, "(byte 8): not a number"},
        {"Infinity", 0, ""},
        {"[1, 1.]", 0, "(byte 4): not a number"},
        {"[1.e3]", 0, "not a number"},
        {"[-.5]", 0, "not a number"},
        {"[01.5]", 0, "not a number"},
        {"[1e+]", 0, ""},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 0, "nesting too deep"},
    };
    return cr_make_param_array(struct bad, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct bad *bad, json, anything_else_is_refused)
{
    struct tg_error error;
    size_t length = bad->length ? bad->length : strlen(bad->text);
    cr_assert_null(tg_json_parse(bad->text, length, &error), "%s", bad->text);
    cr_assert_str_eq(error.code, "invalid_json");
    cr_assert_str_eq(error.field, "body");
    cr_assert(strstr(error.message, bad->why), "%s", error.message);
}

Test(json, every_number_is_read)
{
    struct tg_error error;
    static const char text[] = "[0,-0,7,-10,0.5,-0.05,1e3,1E-3,1.5e+10,true,false,null,"
                               "\"NaN -.5 \\\" 1.\"]";
    struct json_object *root = tg_json_parse(text, sizeof text - 1, &error);
    cr_assert(root, "%s", error.message);
    cr_assert_eq(json_object_array_length(root), 13);
    json_object_put(root);
}

Test(json, what_is_written_holds_no_nul)
{
    struct tg_error error;
    struct tg_text json = {0};
    static const char text[] = "{\"a\\u0000\": \"\\u0000\\\\u0000 \\\\\\u0000\", \"n\": 1.50}";
    struct json_object *root = tg_json_parse(text, sizeof text - 1, &error);
    cr_assert(root);
    tg_text_append_string(&json, "before ");
    tg_json_write(root, &json);
    cr_assert_str_eq(json.data,
                     "before {\"a\":\"\xef\xbf\xbd\\\\u0000 \\\\\xef\xbf\xbd\",\"n\":1.50}");
    json_object_put(root);
    tg_text_finish(&json);
}

struct nul {
    char json[80];
    char path[32]; // "": none holds a NUL
};

ParameterizedTestParameters(json, a_string_with_a_nul_is_refused_by_its_path)
{
    static struct nul cases[] = {
        {"{\"a\":[{\"b\":\"c\"},1,null,\"\\\\u0000\"]}", ""},
        {"{\"a\":\"x\\u0000\"}", "a"},
        {"{\"a\":{\"b\":[1,{\"c\":\"\\u0000\"}]}}", "a.b[1].c"},
        {"[\"a\",[\"\\u0000\"]]", "[1][0]"},
        {"{\"a\":\"\\ud800\"}", ""},
    };
    return cr_make_param_array(struct nul, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct nul *nul, json, a_string_with_a_nul_is_refused_by_its_path)
{
    struct tg_error error = {0};
    struct json_object *root = tg_json_parse(nul->json, strlen(nul->json), &error);
    cr_assert(root, "%s", nul->json);
    cr_assert_eq(tg_json_check_nul(root, &error), nul->path[0] == '\0', "%s", nul->json);
    cr_assert_str_eq(error.field, nul->path);
    json_object_put(root);
}

// json-c cuts names there; a backslash and what follows it is none.
ParameterizedTestParameters(json, a_name_with_a_nul_is_refused_as_it_is_written)
{
    static struct nul cases[] = {
        {"{\"to\\u0000x\":\"1\"}", "to\\u0000x"},
        {"{\"a\":[{\"b\":{\"\\u0000\" : 1}}]}", "\\u0000"},
        {"{\"a\":1,\"\\\"\\\\\\u0000\"\n\t:1}", "\\\"\\\\\\u0000"},
        {"{\"a\":\"\\u0000\"}", ""},
        {"[\"\\u0000\",\":\"]", ""},
        {"{\"\\\\u0000\":1}", ""},
        {"{\"\\u00e9\":\"\\\\\"}", ""},
    };
    return cr_make_param_array(struct nul, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct nul *nul, json, a_name_with_a_nul_is_refused_as_it_is_written)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO json = {0};
    tg_text_append_string(&json, nul->json);
    struct json_object *root = tg_json_parse(json.data, json.length, &error);
    cr_assert(root, "%s", nul->json);
    cr_assert_eq(tg_json_check_names(&json, &error), nul->path[0] == '\0', "%s", nul->json);
    cr_assert_str_eq(error.field, nul->path);
    json_object_put(root);
}

// The field is cut, between two characters.
Test(json, a_long_name_with_a_nul_is_cut)
{
    for (size_t letters = 80; letters < 100; letters++) {
        struct tg_error error;
        TG_TEXT_AUTO json = {0};
        tg_text_append_format(&json, "{\"\\u0000%0*d", (int)letters, 0);
        for (int i = 0; i < 10; i++)
            tg_text_append_string(&json, "\xe2\x82\xac");
        tg_text_append_string(&json, "\":1}");
        cr_assert(!tg_json_check_names(&json, &error));
        size_t length = strlen(error.field);
        cr_assert(length > sizeof error.field - 4 && tg_utf8_is_valid(error.field, length));
    }
}

struct numbers {
    char text[400];
};

ParameterizedTestParameters(json, numbers_stay_as_they_were_written)
{
    static struct numbers cases[] = {
        {"[0,-0,1,-1]"},
        {"[9223372036854775807,-9223372036854775808]"},
        {"[9223372036854775808,18446744073709551615]"},
        {"[18446744073709551616,-9223372036854775809]"},
        {"[12345678901234567890123,-99999999999999999999]"},
        {"[99999999999999999999,100000000000000000000,-0]"},
        {"{\"a\":{\"b\":[12345678901234567890123]},\"c\":-0,\"d\":\"-0 99999999999999999999\"}"},
        {"[-0.0,-0e0,1.50,1E400,12345678901234567890123.5,12345678901234567890123e1]"},
        {"[-0,\"\\\"\",-0]"},
        {"[1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
         "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
         "1"
         "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
         "1"
         "1111111111111111111111111111111111111111111111111111111111111111111111]"},
    };
    return cr_make_param_array(struct numbers, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct numbers *numbers, json, numbers_stay_as_they_were_written)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO json = {0};
    struct json_object *root = tg_json_parse(numbers->text, strlen(numbers->text), &error);
    cr_assert(root, "%s: %s", numbers->text, error.message);
    tg_json_write(root, &json);
    cr_assert_str_eq(json.data, numbers->text);
    json_object_put(root);
}

// A document in so many lists or objects.
static bool is_read(const char *open, const char *close, size_t depth)
{
    TG_TEXT_AUTO text = {0};
    struct tg_error error = {0};
    for (size_t i = 0; i < depth; i++)
        tg_text_append_string(&text, open);
    tg_text_append_string(&text, "0");
    for (size_t i = 0; i < depth; i++)
        tg_text_append_string(&text, close);
    struct json_object *root = tg_json_parse(text.data, text.length, &error);
    cr_assert(root || strstr(error.message, "nesting too deep"), "%s", error.message);
    cr_assert(root || strcmp(error.field, "body") == 0);
    json_object_put(root);
    return root != NULL;
}

// The value within counts as one level.
Test(json, is_read_to_its_depth_and_no_deeper)
{
    static const char *const nests[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t i = 0; i < 2; i++) {
        cr_assert(is_read(nests[i][0], nests[i][1], TG_JSON_DEPTH_MAX - 1));
        cr_assert_not(is_read(nests[i][0], nests[i][1], TG_JSON_DEPTH_MAX));
        cr_assert_not(is_read(nests[i][0], nests[i][1], 100UL * 1000));
    }
}

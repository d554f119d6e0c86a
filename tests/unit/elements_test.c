#include "common/base/elements.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

enum { MAX = 3 };

struct split {
    char json[80];
    char rest[48];
    char elements[MAX][24];
};

ParameterizedTestParameters(elements, are_told_apart_by_what_stands_between)
{
    static struct split splits[] = {
        {"{\"a\":[1,2]}", "{\"a\":[0,1]}", {"1", "2"}},
        {" { \"a\" :\t[ 1 ,\n 2 ] } ", " { \"a\" : [0,1] } ", {"1", "2"}},
        {"{\"a\":[{\"b\":[1,2]},[3,{}],\"]\"]}",
         "{\"a\":[0,1,2]}",
         {"{\"b\":[1,2]}", "[3,{}]", "\"]\""}},
        {"{\"a\":[\"\\\"],\",\"\\\\\"]}", "{\"a\":[0,1]}", {"\"\\\"],\"", "\"\\\\\""}},
        {"{\"a\":[1],\"b\":[2]}", "{\"a\":[0],\"b\":[1]}", {"1", "2"}},
        {"{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[1]}}", {""}},
        {"{\"a\":[]}", "{\"a\":[]}", {""}},
        // What is no JSON leaves a rest that is none, or is an element that is none.
        {"{\"a\":[1,]}", "{\"a\":[0,]}", {"1"}},
        {"{\"a\":[1}", "{\"a\":[0}", {"1"}},
        {"{\"a\":[1 2]}", "{\"a\":[0]}", {"1 2"}},
        {"{\"a\":[1", "{\"a\":[0", {"1"}},
        {"{\"a\":[\"1]}", "{\"a\":[0", {"\"1]}"}},
        {"{\"a\":[{\"b\":1]}", "{\"a\":[0}", {"{\"b\":1]"}},
        {"{\"a\":1 2}", "{\"a\":1 2}", {""}},
        {"]}", "]}", {""}},
        {"", "", {""}},
    };
    return cr_make_param_array(struct split, splits, sizeof splits / sizeof *splits);
}

ParameterizedTest(struct split *split, elements, are_told_apart_by_what_stands_between)
{
    const struct tg_text json = {.data = split->json, .length = strlen(split->json)};
    struct tg_span found[MAX];
    struct tg_text rest = {0};
    size_t n;
    cr_assert(tg_elements_split(&json, found, MAX, &n, &rest));
    cr_assert_str_eq(tg_text_string(&rest), split->rest);
    for (size_t i = 0; i < n; i++)
        cr_assert(tg_span_equals(found[i], split->elements[i]), "%zu: %.*s", i,
                  (int)found[i].length, found[i].data);
    cr_assert(n == MAX || !split->elements[n][0]);
    tg_text_finish(&rest);
}

Test(elements, are_no_more_than_there_is_room_for)
{
    const struct tg_text json = {.data = (char[]){"{\"a\":[1,2,3,4]}"}, .length = 15};
    struct tg_span found[MAX];
    struct tg_text rest = {0};
    size_t n;
    cr_assert_not(tg_elements_split(&json, found, MAX, &n, &rest));
    tg_text_finish(&rest);
}

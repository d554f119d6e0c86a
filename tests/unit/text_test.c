#include "common/base/text.h"
#include "common/base/utf8.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

Test(text, an_empty_text_is_an_empty_string)
{
    struct tg_text text = {0};
    cr_assert_str_empty(tg_text_string(&text));
    tg_text_finish(&text);
}

Test(text, grows_to_hold_whatever_is_appended)
{
    TG_TEXT_AUTO text = {0};
    for (int i = 0; i < 10000; i++)
        tg_text_append_string(&text, "0123456789");
    cr_assert_eq(text.length, 100000);
    cr_assert_eq(strlen(tg_text_string(&text)), 100000);
    cr_assert_eq(strncmp(text.data + 99990, "0123456789", 10), 0);
}

Test(text, keeps_bytes_after_a_nul)
{
    TG_TEXT_AUTO text = {0};
    tg_text_append(&text, "a\0b", 3);
    cr_assert_eq(text.length, 3);
    cr_assert_eq(memcmp(text.data, "a\0b", 4), 0);
}

Test(text, a_format_longer_than_the_first_capacity_is_whole)
{
    TG_TEXT_AUTO text = {0};
    tg_text_append_string(&text, "<");
    tg_text_append_format(&text, "%0300d|%s", 7, "end");
    cr_assert_eq(text.length, 1 + 300 + 4);
    cr_assert_str_eq(text.data + 1 + 299, "7|end");
}

Test(text, clearing_keeps_the_memory_and_forgets_the_bytes)
{
    TG_TEXT_AUTO text = {0};
    tg_text_append_string(&text, "something");
    const char *memory = text.data;
    tg_text_clear(&text);
    cr_assert_str_empty(tg_text_string(&text));
    tg_text_append_string(&text, "else");
    cr_assert_eq(text.data, memory);
    cr_assert_str_eq(tg_text_string(&text), "else");
}

Test(text, what_was_reserved_is_appended_without_moving)
{
    TG_TEXT_AUTO text = {0};
    tg_text_reserve(&text, 5000);
    const char *memory = text.data;
    for (int i = 0; i < 500; i++)
        tg_text_append_string(&text, "0123456789");
    cr_assert_eq(text.data, memory);
}

Test(text, finishing_makes_it_usable_again)
{
    struct tg_text text = {0};
    tg_text_append_string(&text, "once");
    tg_text_finish(&text);
    tg_text_append_string(&text, "twice");
    cr_assert_str_eq(tg_text_string(&text), "twice");
    tg_text_finish(&text);
    cr_assert_null(text.data);
}

Test(text, a_json_string_escapes_what_json_forbids_and_nothing_else)
{
    static const char raw[] = "a\"b\\c\nd\te\x1f\0/\x7f\xe0\xa4\x95";
    TG_TEXT_AUTO text = {0};
    tg_text_append_json(&text, raw, sizeof raw - 1);
    cr_assert_str_eq(tg_text_string(&text),
                     "\"a\\\"b\\\\c\\nd\\u0009e\\u001f\\u0000/\x7f\xe0\xa4\x95\"");
}

Test(text, an_empty_json_string_is_two_quotes)
{
    TG_TEXT_AUTO text = {0};
    tg_text_append_json(&text, "", 0);
    cr_assert_str_eq(tg_text_string(&text), "\"\"");
}

struct utf8 {
    char bytes[24];
    bool valid;
};

ParameterizedTestParameters(text, utf8_is_told_from_what_looks_like_it)
{
    static struct utf8 cases[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true},
        {"\xed\x9f\xbf\xee\x80\x80", true}, // around the surrogates
        {"\xf4\x8f\xbf\xbf", true},         // U+10FFFF
        {"\x80", false},
        {"\xc3", false},
        {"\xc3(", false},
        {"\xe2\x82", false},
        {"\xe2(\xac", false},
        {"\xe2\x82(", false},
        {"\xc0\xaf", false},         // overlong
        {"\xe0\x9f\xbf", false},     // overlong
        {"\xf0\x8f\xbf\xbf", false}, // overlong
        {"\xed\xa0\x80", false},     // a surrogate
        {"\xf4\x90\x80\x80", false}, // above U+10FFFF
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
    };
    return cr_make_param_array(struct utf8, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct utf8 *utf8, text, utf8_is_told_from_what_looks_like_it)
{
    cr_assert_eq(tg_utf8_is_valid(utf8->bytes, strlen(utf8->bytes)), utf8->valid, "%s",
                 utf8->bytes);
}

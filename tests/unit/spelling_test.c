#include "common/rules/spelling.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

struct spelling {
    char given[96];
    char expected[96];
};

ParameterizedTestParameters(spelling, what_reads_the_same_is_the_same)
{
    static struct spelling cases[] = {
        {"STOP", "stop"},
        {" Stop.\n", "stop"},
        {"stop!!!", "stop"},
        {"\xc2\xa0Stop\xe3\x80\x80", "stop"},                             // U+00A0, U+3000
        {"\xe2\x80\x8bS\xe2\x80\x8dto\xe2\x81\xa0p\xef\xbb\xbf", "stop"}, // zero width
        {"\xe2\x80\x8f\xe2\x80\xaaSTOP\xe2\x80\xac", "stop"},             // direction marks
        {"\xc2\xadST\xc2\xadOP", "stop"},                                 // soft hyphens
        {"\xef\xbc\xb3\xef\xbc\xb4\xef\xbc\xaf\xef\xbc\xb0", "stop"},     // fullwidth
        {"\xf0\x9d\x90\x92\xf0\x9d\x90\x93\xf0\x9d\x90\x8e\xf0\x9d\x90\x8f", "stop"}, // bold
        {"*STOP*", "stop"},
        {"\"stop\"", "stop"},
        {"\xc2\xa1STOP!", "stop"},
        {"stop \xf0\x9f\x99\x8f", "stop"}, // and folded hands
        {"ARRE\xcc\x82T", "arr\xc3\xaat"}, // decomposed, and composed
        {"Arr\xc3\xaat.", "arr\xc3\xaat"},
        {"Arre\xe2\x80\x8b\xcc\x82t", "arr\xc3\xaat"}, // with a zero width between
        {"STRASSE", "strasse"},
        {"Stra\xc3\x9f"
         "e",
         "strasse"},
        {"\xd0\xa1\xd0\xa2\xd0\x9e\xd0\x9f", "\xd1\x81\xd1\x82\xd0\xbe\xd0\xbf"},
        {"no \t more", "no more"},
        {"\xe0\xa4\xb0\xe0\xa5\x8b\xe0\xa4\x95\xe0\xa5\x8b\xe0\xa5\xa4",
         "\xe0\xa4\xb0\xe0\xa5\x8b\xe0\xa4\x95\xe0\xa5\x8b"}, // Hindi, with a danda
        {"\xf0\x9f\x9b\x91\xef\xb8\x8f", "\xf0\x9f\x9b\x91"}, // a stop sign alone
        {"?!", "?!"},
        {" \xe2\x80\x8b ", ""},
        {"", ""},
        // What else is in it still tells them apart.
        {"please stop", "please stop"},
        {"st-op", "st-op"},
        {"arret", "arret"},
        {"\xd0\xa1TOP", "\xd1\x81top"}, // with a Cyrillic letter
    };
    return cr_make_param_array(struct spelling, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct spelling *spelling, spelling, what_reads_the_same_is_the_same)
{
    TG_TEXT_AUTO folded = {0};
    tg_spelling_fold(tg_span_of(spelling->given), &folded);
    cr_assert_str_eq(tg_text_string(&folded), spelling->expected, "%s", spelling->given);
}

Test(spelling, what_is_no_utf_8_is_a_replacement_character)
{
    TG_TEXT_AUTO folded = {0};
    TG_TEXT_AUTO composed = {0};
    tg_spelling_fold(tg_span_of("st\xffop"), &folded);
    cr_assert_str_eq(tg_text_string(&folded), "st\xef\xbf\xbd"
                                              "op");
    tg_spelling_compose(tg_span_of("\xc3"), &composed);
    cr_assert_str_eq(tg_text_string(&composed), "\xef\xbf\xbd");
}

Test(spelling, a_character_with_nul_is_not_its_end)
{
    TG_TEXT_AUTO folded = {0};
    tg_spelling_fold((struct tg_span){"Stop\0it", 7}, &folded);
    cr_assert_str_eq(tg_text_string(&folded), "stopit");
}

ParameterizedTestParameters(spelling, a_name_can_stand_within_a_sentence)
{
    static struct spelling cases[] = {
        {"Asha Rao", "Asha Rao"},
        {"  Asha\n\nRao\t", "Asha Rao"},
        {"Asha\xe2\x80\xa8Rao", "Asha Rao"}, // U+2028
        {"Asha      Rao", "Asha Rao"},
        {"As\x01ha\x7f", "Asha"},
        {"\xe2\x80\xaeoaR ahsA\xe2\x80\xac", "oaR ahsA"}, // turned round
        {"\xef\xbf\xbd"
         "Asha",
         "Asha"},
        {"Zoe\xcc\x88", "Zo\xc3\xab"},
        {"Zoe\x01\xcc\x88", "Zo\xc3\xab"}, // once what is between them is gone
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac",
         "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"},
        {"{name}", "{name}"},
        {"", ""},
        {" \n ", ""},
        {"\xe2\x80\x8b", ""},             // zero width
        {"\xe3\x85\xa4", ""},             // a Hangul filler
        {"\xe2\xa0\x80", ""},             // Braille without a dot
        {"\xe2\x80\x8d\xef\xb8\x8f", ""}, // a joiner that joins nothing
    };
    return cr_make_param_array(struct spelling, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct spelling *spelling, spelling, a_name_can_stand_within_a_sentence)
{
    TG_TEXT_AUTO shown = {0};
    tg_spelling_name(tg_span_of(spelling->given), &shown);
    cr_assert_str_eq(tg_text_string(&shown), spelling->expected, "%s", spelling->given);
}

Test(spelling, a_name_is_bounded_between_letters)
{
    TG_TEXT_AUTO name = {0};
    TG_TEXT_AUTO shown = {0};
    for (int i = 0; i < TG_REPLY_NAME_MAX - 1; i++)
        tg_text_append_string(&name, "x");
    tg_text_append_string(&name, "q\xcc\x87\xcc\xa3"); // one letter of three characters
    tg_spelling_name((struct tg_span){name.data, name.length}, &shown);
    cr_assert_eq(shown.length, TG_REPLY_NAME_MAX - 1);
    tg_text_clear(&shown);
    name.data[TG_REPLY_NAME_MAX - 2] = ' '; // the last one that has room
    tg_spelling_name((struct tg_span){name.data, name.length}, &shown);
    cr_assert_eq(shown.length, TG_REPLY_NAME_MAX - 2);
    tg_text_clear(&shown);
    tg_text_clear(&name);
    for (int i = 0; i < 10 * TG_REPLY_NAME_MAX; i++)
        tg_text_append_string(&name, "\xe0\xa4\x95");
    tg_spelling_name((struct tg_span){name.data, name.length}, &shown);
    cr_assert_eq(shown.length, 3UL * TG_REPLY_NAME_MAX);
}

Test(spelling, a_name_that_can_be_seen_only_behind_the_bound_is_none)
{
    TG_TEXT_AUTO name = {0};
    TG_TEXT_AUTO shown = {0};
    for (int i = 0; i < TG_REPLY_NAME_MAX; i++)
        tg_text_append_string(&name, "\xe2\xa0\x80");
    tg_text_append_string(&name, "Asha");
    tg_spelling_name((struct tg_span){name.data, name.length}, &shown);
    cr_assert_eq(shown.length, 0);
}

Test(spelling, a_text_is_trimmed_by_what_is_seen)
{
    struct tg_span text =
        tg_spelling_trim(tg_span_of("\xc2\xa0\xe2\x80\x8f hi there.\xe2\x80\x8b \n"));
    cr_assert(tg_span_equals(text, "hi there."));
    cr_assert_eq(tg_spelling_trim(tg_span_of("\xe2\x80\x8b ")).length, 0);
}

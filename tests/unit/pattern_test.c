#include "common/rules/pattern.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static struct tg_pattern *given_pattern(const char *kind, const char *text, struct tg_error *error)
{
    struct tg_rule rule = {0};
    snprintf(rule.match_kind, sizeof rule.match_kind, "%s", kind);
    tg_text_append_string(&rule.pattern, text);
    struct tg_pattern *pattern = tg_pattern_create(&rule, error);
    tg_rule_finish(&rule);
    return pattern;
}

struct comparison {
    char kind[16];
    char pattern[32];
    char text[64];
    bool matches;
};

ParameterizedTestParameters(pattern, is_compared_without_case_by_unicode)
{
    static struct comparison cases[] = {
        {"exact", "hi", "HI", true},
        {"exact", "hi", "hi there", false},
        {"exact", "(hi)", "(hi)", true},
        {"starts_with", "hi t", "Hi there", true},
        {"starts_with", "there", "hi there", false},
        {"contains", "k\xc3\xb6ln", "AUS K\xc3\x96LN", true},
        {"contains", "ko\xcc\x88ln", "aus k\xc3\xb6ln", true}, // decomposed
        {"contains", "\xd0\xbc\xd0\xb8\xd1\x80", "\xd0\x9c\xd0\x98\xd0\xa0", true},
        {"regex", "^order [0-9]+", "Order 4711!", true},
        {"regex", "^order [0-9]+$", "order", false},
        {"regex", "a", "\xff", false},
        {"any", "", "hi", false},
        {"first_message", "", "hi", false},
    };
    return cr_make_param_array(struct comparison, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct comparison *case_, pattern, is_compared_without_case_by_unicode)
{
    struct tg_error error;
    struct tg_pattern *pattern = given_pattern(case_->kind, case_->pattern, &error);
    struct tg_matcher *matcher = tg_matcher_create();
    cr_assert(pattern, "%s", error.message);
    struct tg_span text = {case_->text, strlen(case_->text)};
    cr_assert_eq(tg_matcher_matches(matcher, pattern, text, &error), case_->matches, "%s in %s",
                 case_->pattern, case_->text);
    cr_assert_null(error.code);
    cr_assert_not(tg_matcher_matches(matcher, pattern, (struct tg_span){0}, &error));
    tg_matcher_destroy(matcher);
    tg_pattern_destroy(pattern);
}

Test(pattern, that_costs_too_much_says_so)
{
    struct tg_error error;
    struct tg_pattern *pattern = given_pattern("regex", "^(a+)+$", &error);
    struct tg_matcher *matcher = tg_matcher_create();
    static char text[TG_RULE_TEXT_MAX];
    memset(text, 'a', sizeof text);
    static const struct {
        size_t length;
        bool too_much;
    } cases[] = {{10, false}, {50, true}, {TG_RULE_TEXT_MAX, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text[cases[i].length - 1] = '!';
        cr_assert_not(
            tg_matcher_matches(matcher, pattern, (struct tg_span){text, cases[i].length}, &error));
        cr_assert_eq(error.code != NULL, cases[i].too_much, "%zu", cases[i].length);
        cr_assert(!cases[i].too_much || strcmp(error.field, "pattern") == 0);
        text[cases[i].length - 1] = 'a';
    }
    tg_matcher_destroy(matcher);
    tg_pattern_destroy(pattern);
}

Test(pattern, that_is_none_is_refused)
{
    struct tg_error error;
    cr_assert_null(given_pattern("regex", "([a-z]+", &error));
    cr_assert_str_eq(error.field, "pattern");
    cr_assert_null(given_pattern("by_heart", "hi", &error));
    cr_assert_str_eq(error.field, "match_kind");
}

Test(pattern, may_take_all)
{
    struct tg_error error;
    struct tg_pattern *any = given_pattern("any", "", &error);
    struct tg_pattern *first = given_pattern("first_message", "", &error);
    cr_assert(tg_pattern_takes_all(any) && !tg_pattern_takes_first(any));
    cr_assert(tg_pattern_takes_first(first) && !tg_pattern_takes_all(first));
    tg_pattern_destroy(any);
    tg_pattern_destroy(first);
}

#include "common/rules/fit.h"

#include "common/base/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>

// Whether a rule with these hours answers what is said at that time.
static enum tg_fit fit_at(const char *hours, int64_t at_s)
{
    struct tg_rule rule = {.match_kind = "any", .has_hours = hours != NULL};
    tg_text_append_string(&rule.hours, hours ? hours : "");
    struct tg_ready_rule ready;
    struct tg_error error;
    struct tg_received received = {0};
    struct tg_inbound_message message = {0};
    struct tg_said said;
    struct tg_matcher *matcher = tg_matcher_create();
    cr_assert(tg_ready_rule_make(&ready, &rule, &error));
    tg_said_read(&said, &message, at_s);
    enum tg_fit fit = tg_fit_of(matcher, &ready, &received, &said, &error);
    tg_said_finish(&said);
    tg_matcher_destroy(matcher);
    tg_ready_rule_finish(&ready);
    return fit;
}

Test(fit, hours_are_spans_of_time_whose_ends_are_not_of_them)
{
    static const struct {
        const char *hours;
        int64_t at_s;
        enum tg_fit fit;
    } cases[] = {
        {NULL, 0, TG_FIT_ANSWERS},
        {"", 1000, TG_FIT_OUTSIDE_HOURS},
        {"1000,2000", 999, TG_FIT_OUTSIDE_HOURS},
        {"1000,2000", 1000, TG_FIT_ANSWERS},
        {"1000,2000", 1999, TG_FIT_ANSWERS},
        {"1000,2000", 2000, TG_FIT_OUTSIDE_HOURS},
        {"1000,2000 3000,4000", 2500, TG_FIT_OUTSIDE_HOURS},
        {"1000,2000 3000,4000", 3500, TG_FIT_ANSWERS},
        {"-2000,-1000", -1500, TG_FIT_ANSWERS},
        {"1000", 1000, TG_FIT_OUTSIDE_HOURS},
        {"nonsense", 1000, TG_FIT_OUTSIDE_HOURS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(fit_at(cases[i].hours, cases[i].at_s), cases[i].fit, "%s at %lld",
                     cases[i].hours ? cases[i].hours : "always", (long long)cases[i].at_s);
}

Test(fit, what_is_said_ahead_of_our_clock_is_said_now)
{
    int64_t now_s = tg_unix_ms() / 1000;
    cr_assert_eq(tg_said_at(now_s - 5000), now_s - 5000);
    int64_t said_at_s = tg_said_at(now_s + 5000);
    cr_assert(now_s <= said_at_s && said_at_s < now_s + 5000);
}

Test(fit, each_has_a_name)
{
    for (enum tg_fit fit = 0; fit < TG_FITS; fit++)
        cr_assert(tg_fit_names[fit]);
}

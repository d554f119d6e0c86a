#include "common/base/time_text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <inttypes.h>

struct good {
    char text[48];
    int64_t time_ms;
};

ParameterizedTestParameters(time_text, times_are_read)
{
    static struct good cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T09:30:00Z", 1795512600000},
        {"2026-11-24T09:30:00z", 1795512600000},
        {"2026-11-24t09:30:00Z", 1795512600000},
        {"2026-11-24T15:00:00+05:30", 1795512600000},
        {"2026-11-24T01:30:00-08:00", 1795512600000},
        {"2026-11-24T09:30:00.5Z", 1795512600500},
        {"2026-11-24T09:30:00.123456789Z", 1795512600123},
        {"2028-02-29T00:00:00Z", 1835395200000},
    };
    return cr_make_param_array(struct good, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct good *good, time_text, times_are_read)
{
    int64_t time_ms = -1;
    cr_assert(tg_time_parse(good->text, &time_ms), "%s", good->text);
    cr_assert_eq(time_ms, good->time_ms, "%s: %" PRId64, good->text, time_ms);
}

struct bad {
    char text[48];
};

ParameterizedTestParameters(time_text, anything_else_is_refused)
{
    static struct bad cases[] = {
        {""},
        {"tomorrow"},
        {"2026-11-24"},
        {"2026-11-24T09:30:00"},
        {"2026-11-24T09:30:00.Z"},
        {"2026-11-24T09:30:00Zx"},
        {"2026-11-24T09:30:00+0530"},
        {"2026-11-24T09:30:00+05:3"},
        {"2026-11-24T09:30:00+24:00"},
        {"2026-11-24T09:30:00+05:30x"},
        {"2026-13-24T09:30:00Z"},
        {"2026-02-30T09:30:00Z"},
        {" 2026-11-24T09:30:00Z"},
        {"2026-11-24T9:30:00Z"},
        {"2026-1-24T09:30:00Z"},
        {"2026-11-24T09:30: 0Z"},
        {"1795512600"},
    };
    return cr_make_param_array(struct bad, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct bad *bad, time_text, anything_else_is_refused)
{
    int64_t time_ms;
    cr_assert_not(tg_time_parse(bad->text, &time_ms), "%s", bad->text);
}

#include "worker/inbound/sizing.h"

#include "common/limits.h"

#include <criterion/criterion.h>

Test(sizing, begins_with_what_the_largest_may_take_or_one_of_each_partition)
{
    cr_assert_eq(sizing_begin(4).max, TG_INBOUND_BYTES / TG_WEBHOOK_BODY_MAX);
    cr_assert_eq(sizing_begin(64).max, 64);
}

Test(sizing, doubles_while_they_are_small_up_to_its_bound)
{
    struct sizing sizing = sizing_begin(4);
    size_t before = sizing.max;
    sizing_note(&sizing, before, before * 700);
    cr_assert_eq(sizing.max, 2 * before);
    for (int i = 0; i < 10; i++)
        sizing_note(&sizing, sizing.max, sizing.max * 700);
    cr_assert_eq(sizing.max, TG_INBOUND_WEBHOOKS_MAX);
}

Test(sizing, takes_few_after_large_ones_and_never_none)
{
    struct sizing sizing = sizing_begin(4);
    sizing_note(&sizing, 4, 4 * (size_t)TG_WEBHOOK_BODY_MAX);
    cr_assert_eq(sizing.max, TG_INBOUND_BYTES / (TG_WEBHOOK_BODY_MAX + 1));
    sizing_note(&sizing, 1, 2 * (size_t)TG_INBOUND_BYTES);
    cr_assert_eq(sizing.max, 1);
}

Test(sizing, knows_nothing_any_more_after_a_look_that_found_none)
{
    struct sizing sizing = sizing_begin(4);
    size_t first = sizing.max;
    sizing_note(&sizing, first, first * 700);
    sizing_note(&sizing, 0, 0);
    cr_assert_eq(sizing.max, first);
}

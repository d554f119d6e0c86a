#include "common/base/weight.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <string.h>

static struct tg_weight weight_of_many(const char *one, size_t length)
{
    struct tg_text body = {0};
    while (body.length + strlen(one) <= length)
        tg_text_append_string(&body, one);
    struct tg_weight weight = tg_weight_of(&body);
    tg_text_finish(&body);
    return weight;
}

Test(weight, what_stands_in_strings_is_none)
{
    struct tg_weight weight = weight_of_many("\"{[,:\\\"{[\\\\\",", 1100);
    cr_assert_eq(weight.objects, 0);
    cr_assert_eq(weight.values, 1100 / strlen("\"{[,:\\\"{[\\\\\","));
    weight = weight_of_many("{\"a\":[1,2]},", 1200);
    cr_assert_eq(weight.objects, 200);
    cr_assert_eq(weight.values, 500);
}

// As limits.h says: a batch of usual bodies is never divided, whatever they hold.
Test(weight, short_bodies_are_light)
{
    static const char *const densest[] = {"{},", "[],", "1,", "{\"\":1},", "[[]]"};
    for (size_t i = 0; i < sizeof densest / sizeof *densest; i++) {
        struct tg_weight weight = weight_of_many(densest[i], 1024);
        cr_assert_lt(TG_INBOUND_WEBHOOKS_MAX * weight.bytes, TG_INBOUND_MEMORY, "%s", densest[i]);
    }
}

Test(weight, short_bodies_hold_no_more_than_is_said)
{
    cr_assert_geq(weight_of_many("[[[[[[]]]]]]", 12).objects, 6);
    cr_assert_geq(weight_of_many("{\"\":1}", 6).values, 3);
}

Test(weight, a_body_that_may_be_parsed_takes_no_more_than_a_batch)
{
    size_t objects = TG_WEBHOOK_OBJECTS_MAX * strlen("{},");
    cr_assert_lt(weight_of_many("{},", objects).bytes, TG_INBOUND_MEMORY);
    cr_assert_gt(weight_of_many("{},", objects).bytes, TG_INBOUND_MEMORY / 2);
    cr_assert_lt(weight_of_many("1,", TG_WEBHOOK_VALUES_MAX * strlen("1,")).bytes,
                 TG_INBOUND_MEMORY);
}

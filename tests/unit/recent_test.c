#include "ingress/meta/recent.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <string.h>

static const unsigned char one[TG_SHA256_SIZE] = {1, 2, 3, 4};
static const unsigned char beside[TG_SHA256_SIZE] = {1, 2, 3, 5}; // in the same place
static const unsigned char other[TG_SHA256_SIZE] = {9};

Test(recent, what_was_added_is_known_for_minutes_and_nothing_else)
{
    struct recent *recent = recent_create();
    cr_assert_not(recent_has(recent, one, 1000));
    recent_add(recent, one, 1000);
    cr_assert(recent_has(recent, one, 1000));
    cr_assert(recent_has(recent, one, 1000 + TG_WEBHOOK_REMEMBERED_MS - 1));
    cr_assert_not(recent_has(recent, one, 1000 + TG_WEBHOOK_REMEMBERED_MS));
    cr_assert_not(recent_has(recent, beside, 1000));
    cr_assert_not(recent_has(recent, other, 1000));
    recent_destroy(recent);
}

Test(recent, of_two_in_one_place_the_later_one_is_known)
{
    struct recent *recent = recent_create();
    recent_add(recent, one, 1000);
    recent_add(recent, other, 1000);
    recent_add(recent, beside, 1000);
    cr_assert_not(recent_has(recent, one, 1000));
    cr_assert(recent_has(recent, beside, 1000));
    cr_assert(recent_has(recent, other, 1000));
    recent_destroy(recent);
}

Test(recent, everything_can_be_forgotten)
{
    struct recent *recent = recent_create();
    recent_add(recent, one, 1000);
    recent_clear(recent);
    cr_assert_not(recent_has(recent, one, 1000));
    recent_destroy(recent);
}

// However many come, the last ones of each place are known.
Test(recent, are_as_many_as_there_are_places)
{
    struct recent *recent = recent_create();
    for (unsigned n = 0; n < 20 * TG_WEBHOOKS_REMEMBERED; n++) {
        const unsigned char mac[TG_SHA256_SIZE] = {(unsigned char)(n >> 16),
                                                   (unsigned char)(n >> 8), (unsigned char)n, 1};
        recent_add(recent, mac, 1000);
    }
    for (unsigned n = 0; n < 20 * TG_WEBHOOKS_REMEMBERED; n++) {
        const unsigned char mac[TG_SHA256_SIZE] = {(unsigned char)(n >> 16),
                                                   (unsigned char)(n >> 8), (unsigned char)n, 1};
        cr_assert_eq(recent_has(recent, mac, 1000), n >= 19 * TG_WEBHOOKS_REMEMBERED, "%u", n);
    }
    recent_destroy(recent);
}

#include "ingress/who/rates.h"

#include "common/limits.h"

#include <criterion/criterion.h>

static _Atomic int64_t per_second[RATES];

static struct rates *given_rates(int64_t a_second)
{
    const _Atomic int64_t *limits[RATES];
    for (size_t i = 0; i < RATES; i++) {
        per_second[i] = a_second;
        limits[i] = &per_second[i];
    }
    return rates_create(limits);
}

static struct tg_uuid party(unsigned n)
{
    struct tg_uuid id = {0};
    for (size_t i = 0; i < 4; i++)
        id.bytes[i] = (unsigned char)(n >> (8 * i));
    return id;
}

// How many it gets at that moment before it is told to wait.
static unsigned taken(struct rates *rates, enum rate rate, struct tg_uuid who, long long now_ms)
{
    unsigned n = 0;
    while (n < 100000 && rates_take(rates, rate, who, now_ms) == 0)
        n++;
    return n;
}

Test(rates, are_a_second_s_calls_after_a_burst)
{
    struct rates *rates = given_rates(10);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 5000), 10 * TG_RATE_BURST_S);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 5000), 0);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 5099), 0);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 5100), 1);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 6100), 10);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 1000000LL), 10 * TG_RATE_BURST_S);
    rates_free(rates);
}

Test(rates, tell_when_there_is_one_again)
{
    struct rates *rates = given_rates(1);
    (void)taken(rates, RATE_FAILURES, party(1), 5000);
    cr_assert_eq(rates_wait(rates, RATE_FAILURES, party(1), 5000), 1);
    cr_assert_eq(rates_take(rates, RATE_FAILURES, party(1), 5900), 1);
    cr_assert_eq(rates_wait(rates, RATE_FAILURES, party(1), 6000), 0);
    cr_assert_eq(rates_wait(rates, RATE_FAILURES, party(1), 6000), 0); // nothing was taken
    cr_assert_eq(rates_take(rates, RATE_FAILURES, party(1), 6000), 0);
    cr_assert_eq(rates_take(rates, RATE_FAILURES, party(1), 6000), 1);
    rates_free(rates);
}

Test(rates, are_each_party_s_own_and_each_kind_s)
{
    struct rates *rates = given_rates(5);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 1), 5 * TG_RATE_BURST_S);
    cr_assert_eq(taken(rates, RATE_ORG, party(2), 1), 5 * TG_RATE_BURST_S);
    cr_assert_eq(taken(rates, RATE_ADDRESS, party(1), 1), 5 * TG_RATE_BURST_S);
    rates_free(rates);
}

Test(rates, of_nought_are_no_bound_and_others_hold_at_once)
{
    struct rates *rates = given_rates(0);
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 1), 100000);
    per_second[RATE_ORG] = 3;
    cr_assert_eq(taken(rates, RATE_ORG, party(1), 1), 3 * TG_RATE_BURST_S);
    per_second[RATE_ORG] = TG_RATE_MAX;
    cr_assert_eq(taken(rates, RATE_ORG, party(2), 1), 100000);
    rates_free(rates);
}

// Those who come once and never again do not let off one who calls too often all the time.
Test(rates, of_many_parties_are_bounded_memory)
{
    struct rates *rates = given_rates(2);
    (void)taken(rates, RATE_ADDRESS, party(0), 10000);
    for (unsigned n = 1; n < 20 * TG_RATES_REMEMBERED; n++) {
        cr_assert_eq(rates_take(rates, RATE_ADDRESS, party(n), 10000), 0);
        cr_assert(rates_take(rates, RATE_ADDRESS, party(0), 10000) > 0, "%u", n);
    }
    rates_free(rates);
}

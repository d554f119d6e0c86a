#include "ingress/who/api_key.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ASKERS = 4096 };

static struct key_asker askers[ASKERS];

static struct tg_uuid party(unsigned n)
{
    struct tg_uuid id = {0};
    memcpy(id.bytes, &n, sizeof n);
    return id;
}

// The nth to ask: with a key of its own, as a stranger from `party` or as one of its org.
static enum key_answer join(struct keys *keys, unsigned n, bool stranger, unsigned of,
                            struct tg_error *error)
{
    struct key_asker *asker = &askers[n];
    *asker = (struct key_asker){.stranger = stranger, .party = party(of)};
    memcpy(asker->key_hash, &n, sizeof n);
    return keys_join(keys, asker, party(of), error);
}

static void expect_refused(struct keys *keys, unsigned n, bool stranger, unsigned of,
                           const char *code)
{
    struct tg_error error;
    cr_assert_eq(join(keys, n, stranger, of, &error), KEY_REFUSED, "%u", n);
    cr_assert_str_eq(error.code, code);
}

// How many wait, each of a party of its own unless `of` is one of them all; the next ones are
// refused.
static unsigned given_full(struct keys *keys, bool stranger, unsigned of)
{
    struct tg_error error;
    unsigned n = 0;
    while (n < ASKERS && join(keys, n, stranger, of ? of : n + 1, &error) == KEY_TO_LOOK_UP)
        n++;
    return n;
}

static void give_up(struct keys *keys, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        keys_give_up(keys, &askers[i]);
}

// Strangers and those whose key was good have places of their own.
static void expect_places(bool strangers, unsigned places)
{
    struct keys *keys = keys_create(false, NULL);
    struct tg_error error;
    cr_assert_eq(given_full(keys, strangers, 0), places);
    for (unsigned n = places; n < ASKERS; n++)
        expect_refused(keys, n, strangers, n + 1, "overloaded");
    expect_refused(keys, places, strangers, 1, "too_many_requests");
    cr_assert_eq(join(keys, places, !strangers, 1, &error), KEY_TO_LOOK_UP);
    keys_give_up(keys, &askers[places]);
    give_up(keys, places);
    cr_assert_eq(given_full(keys, strangers, 7), places / 2);
    expect_refused(keys, places, strangers, 7, "too_many_requests");
    give_up(keys, places / 2);
    keys_free(keys);
}

Test(keys, have_places_for_so_many_whose_key_was_good)
{
    expect_places(false, TG_KEY_ASKERS_MAX);
}

Test(keys, have_places_for_so_many_strangers)
{
    expect_places(true, TG_STRANGERS_MAX);
}

#include "common/base/fair_queue.h"
#include "common/base/shares.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

static struct tg_uuid party(unsigned number)
{
    struct tg_uuid id = {{0}};
    for (int i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)(number >> (8 * i));
    return id;
}

// Takes one by one; how many those were.
static size_t take_all(struct tg_shares *shares, unsigned number, int *place)
{
    size_t taken = 0;
    int got;
    while ((got = tg_shares_take(shares, party(number), 1)) >= 0) {
        *place = got;
        taken++;
    }
    cr_assert_eq(got, taken > 0 ? TG_SHARE_USED : TG_SHARES_GONE);
    return taken;
}

Test(shares, one_alone_gets_half_and_who_comes_finds_room)
{
    struct tg_shares *shares = tg_shares_create(100, 100);
    int places[3];
    cr_assert_eq(take_all(shares, 1, &places[0]), 50);
    cr_assert_eq(take_all(shares, 2, &places[1]), 25);
    cr_assert_eq(take_all(shares, 3, &places[2]), 13);
    cr_assert_eq(tg_shares_taken(shares), 88);
    tg_shares_give(shares, places[0], 50);
    tg_shares_give(shares, places[1], 25);
    tg_shares_give(shares, places[2], 13);
    tg_shares_destroy(shares);
}

// Who had more gets no more until the others have as much.
Test(shares, come_to_the_same_for_all_that_want_all_they_can_get)
{
    enum { PARTIES = 4, CAPACITY = 500 };
    struct tg_shares *shares = tg_shares_create(CAPACITY, CAPACITY);
    int places[PARTIES];
    size_t taken[PARTIES] = {0};
    for (int round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < PARTIES; i++) {
            int got;
            for (int wanted = 0; wanted < 3; wanted++) {
                if ((got = tg_shares_take(shares, party(i), 1)) >= 0) {
                    places[i] = got;
                    taken[i]++;
                }
            }
            if (taken[i] > 0 && round < 1999) {
                tg_shares_give(shares, places[i], 1);
                taken[i]--;
            }
        }
    }
    for (unsigned i = 0; i < PARTIES; i++) {
        const size_t part = CAPACITY / (PARTIES + 1);
        cr_expect(taken[i] >= part - 3 && taken[i] <= part + 3, "%u has %zu", i, taken[i]);
        tg_shares_give(shares, places[i], taken[i]);
    }
    tg_shares_destroy(shares);
}

Test(shares, have_places_for_many_and_use_them_again)
{
    enum { PARTIES = 64 };
    struct tg_shares *shares = tg_shares_create(1000000, PARTIES);
    for (unsigned round = 0; round < 5; round++) {
        int places[PARTIES];
        bool seen[PARTIES] = {false};
        for (unsigned i = 0; i < PARTIES; i++) {
            places[i] = tg_shares_take(shares, party(round * 1000 + i), 5);
            cr_assert(places[i] >= 0 && places[i] < PARTIES && !seen[places[i]]);
            seen[places[i]] = true;
            cr_assert_eq(tg_shares_take(shares, party(round * 1000 + i), 2), places[i]);
        }
        cr_assert_eq(tg_shares_take(shares, party(999999), 1), TG_SHARES_GONE);
        cr_assert_eq(tg_shares_taken(shares), (size_t)7 * PARTIES);
        for (unsigned i = 0; i < PARTIES; i++)
            tg_shares_give(shares, places[(i * 13) % PARTIES], 7);
    }
    tg_shares_destroy(shares);
}

Test(shares, of_one_are_all_of_it_once)
{
    struct tg_shares *shares = tg_shares_create(1, 1);
    int place = tg_shares_take(shares, party(1), 1);
    cr_assert_eq(place, 0);
    cr_assert_eq(tg_shares_take(shares, party(1), 1), TG_SHARE_USED);
    cr_assert_eq(tg_shares_take(shares, party(2), 1), TG_SHARES_GONE);
    tg_shares_give(shares, place, 1);
    cr_assert_eq(tg_shares_take(shares, party(2), 1), 0);
    tg_shares_give(shares, 0, 1);
    tg_shares_destroy(shares);
}

static void *number(uintptr_t value)
{
    return (void *)value;
}

Test(fair_queue, has_who_has_cost_much_give_up_turns_while_others_have_any)
{
    struct tg_fair_queue *queue = tg_fair_queue_create(64);
    static const uintptr_t order[] = {100, 200, 201, 202, 203, 101, 204, 102, 103};
    void *item;
    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(tg_fair_queue_push(queue, party(1), number(100 + i)), TG_FAIR_ADDED);
    for (uintptr_t i = 0; i < 5; i++)
        cr_assert_eq(tg_fair_queue_push(queue, party(2), number(200 + i)), TG_FAIR_ADDED);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        cr_assert_eq(tg_fair_queue_pop(queue, &item, 1), 1);
        cr_assert_eq(item, number(order[i]), "%zu", i);
        if (i == 0 || i == 7) // beside others, and alone
            tg_fair_queue_charge(queue, party(1), 3);
        tg_fair_queue_charge(queue, party(3), 1000); // it has nothing here
    }
    // What was owed is forgotten with the last item.
    tg_fair_queue_charge(queue, party(1), 1000);
    cr_assert_eq(tg_fair_queue_push(queue, party(1), number(1)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_push(queue, party(2), number(2)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_pop(queue, &item, 1), 1);
    cr_assert_eq(item, number(1));
    cr_assert_eq(tg_fair_queue_pop(queue, &item, 1), 1);
    tg_fair_queue_destroy(queue);
}

Test(fair_queue, gives_turns_and_keeps_each_one_s_order)
{
    struct tg_fair_queue *queue = tg_fair_queue_create(64);
    for (uintptr_t i = 0; i < 6; i++)
        cr_assert_eq(tg_fair_queue_push(queue, party(1), number(100 + i)), TG_FAIR_ADDED);
    for (uintptr_t i = 0; i < 2; i++)
        cr_assert_eq(tg_fair_queue_push(queue, party(2), number(200 + i)), TG_FAIR_ADDED);
    void *items[8];
    static const uintptr_t first[] = {100, 200, 101};
    static const uintptr_t rest[] = {201, 102, 300, 103, 104, 105};
    cr_assert_eq(tg_fair_queue_pop(queue, items, 3), 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(items[i], number(first[i]));
    cr_assert_eq(tg_fair_queue_push(queue, party(3), number(300)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_pop(queue, items, 8), 6);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(items[i], number(rest[i]), "%zu: %zu", i, (size_t)items[i]);
    tg_fair_queue_destroy(queue);
}

Test(fair_queue, refuses_who_has_its_share_and_takes_from_others)
{
    struct tg_fair_queue *queue = tg_fair_queue_create(8);
    void *items[8];
    for (int i = 0; i < 4; i++)
        cr_assert_eq(tg_fair_queue_push(queue, party(1), number(1)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_push(queue, party(1), number(1)), TG_FAIR_SHARE_USED);
    cr_assert_eq(tg_fair_queue_push(queue, party(2), number(2)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_pop(queue, items, 2), 2);
    cr_assert_eq(tg_fair_queue_push(queue, party(1), number(1)), TG_FAIR_ADDED);
    cr_assert_eq(tg_fair_queue_pop(queue, items, 8), 4);
    tg_fair_queue_destroy(queue);
}

Test(fair_queue, hands_out_what_is_left_when_it_is_closed)
{
    struct tg_fair_queue *queue = tg_fair_queue_create(8);
    void *item;
    cr_assert_eq(tg_fair_queue_push(queue, party(1), number(1)), TG_FAIR_ADDED);
    tg_fair_queue_close(queue);
    tg_fair_queue_close(queue);
    cr_assert_eq(tg_fair_queue_push(queue, party(2), number(2)), TG_FAIR_FULL);
    cr_assert_eq(tg_fair_queue_pop(queue, &item, 1), 1);
    cr_assert_eq(tg_fair_queue_pop(queue, &item, 1), 0);
    tg_fair_queue_destroy(queue);
}

enum { PRODUCERS = 4, PER_PRODUCER = 20000, BATCH = 16 };

struct producer {
    struct tg_fair_queue *queue;
    unsigned number;
};

static void *produce(void *argument)
{
    const struct producer *producer = argument;
    for (uintptr_t i = 0; i < PER_PRODUCER; i++) {
        void *item = number((uintptr_t)producer->number * PER_PRODUCER + i);
        while (tg_fair_queue_push(producer->queue, party(producer->number), item) != TG_FAIR_ADDED)
            sched_yield();
    }
    return NULL;
}

Test(fair_queue, loses_nothing_between_threads)
{
    struct tg_fair_queue *queue = tg_fair_queue_create(100);
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    uintptr_t next[PRODUCERS] = {0};
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){queue, i};
        cr_assert_eq(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (size_t got = 0; got < (size_t)PRODUCERS * PER_PRODUCER;) {
        void *items[BATCH];
        size_t n = tg_fair_queue_pop(queue, items, BATCH);
        for (size_t i = 0; i < n; i++) {
            uintptr_t value = (uintptr_t)items[i];
            cr_assert_eq(value % PER_PRODUCER, next[value / PER_PRODUCER]++);
        }
        got += n;
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    tg_fair_queue_destroy(queue);
}

enum { THREADS = 4, ROUNDS = 50 * 1000 };

static void *take_and_give(void *argument)
{
    struct tg_shares *shares = argument;
    const struct tg_uuid own = tg_uuid7();
    for (int i = 0; i < ROUNDS; i++) {
        int place = tg_shares_take(shares, own, 1);
        if (place >= 0)
            tg_shares_give(shares, place, 1);
    }
    return NULL;
}

Test(shares, are_taken_by_several_threads)
{
    struct tg_shares *shares = tg_shares_create(THREADS, THREADS);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give, shares), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(tg_shares_taken(shares), 0);
    tg_shares_destroy(shares);
}

#include "common/base/queue.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    WAIT_MS = 10000,
    PRODUCERS = 4,
    CONSUMERS = 3,
    PER_PRODUCER = 20000,
    ITEMS = PRODUCERS * PER_PRODUCER,
    BATCH = 16
};

static void *number(uintptr_t value)
{
    return (void *)value;
}

// A queue that holds 1, 2, ... n.
static struct tg_queue *given_queue(size_t capacity, uintptr_t n)
{
    struct tg_queue *queue = tg_queue_create(capacity);
    for (uintptr_t i = 1; i <= n; i++)
        cr_assert(tg_queue_try_push(queue, number(i)));
    return queue;
}

Test(queue, hands_out_in_the_order_it_took_in_across_the_end_of_its_ring)
{
    struct tg_queue *queue = given_queue(3, 2);
    void *items[3];
    cr_assert_eq(tg_queue_pop(queue, items, 1, 0), 1);
    cr_assert_eq(items[0], number(1));
    cr_assert(tg_queue_try_push(queue, number(3)));
    cr_assert(tg_queue_try_push(queue, number(4)));
    cr_assert_eq(tg_queue_pop(queue, items, 3, 0), 3);
    for (uintptr_t i = 0; i < 3; i++)
        cr_assert_eq(items[i], number(i + 2));
    tg_queue_destroy(queue);
}

Test(queue, pop_takes_at_most_max)
{
    struct tg_queue *queue = given_queue(8, 5);
    void *items[5];
    cr_assert_eq(tg_queue_pop(queue, items, 3, 0), 3);
    cr_assert_eq(tg_queue_length(queue), 2);
    cr_assert_eq(tg_queue_pop(queue, items, 3, 0), 2);
    cr_assert_eq(items[1], number(5));
    tg_queue_destroy(queue);
}

Test(queue, try_push_refuses_when_full)
{
    struct tg_queue *queue = given_queue(2, 2);
    cr_assert_not(tg_queue_try_push(queue, number(3)));
    cr_assert_eq(tg_queue_length(queue), 2);
    void *items[2];
    cr_assert_eq(tg_queue_pop(queue, items, 2, 0), 2);
    cr_assert_eq(items[1], number(2));
    tg_queue_destroy(queue);
}

Test(queue, pop_gives_up_when_nothing_comes_in_time, .timeout = 30)
{
    struct tg_queue *queue = given_queue(1, 0);
    void *item;
    cr_assert_eq(tg_queue_pop(queue, &item, 1, 0), 0);
    cr_assert_eq(tg_queue_pop(queue, &item, 1, 5), 0);
    cr_assert_not(tg_queue_drained(queue), "an empty queue that is open may still get items");
    tg_queue_destroy(queue);
}

Test(queue, after_close_it_refuses_and_hands_out_the_rest, .timeout = 30)
{
    struct tg_queue *queue = given_queue(4, 2);
    tg_queue_close(queue);
    tg_queue_close(queue);
    cr_assert_not(tg_queue_push(queue, number(3)));
    cr_assert_not(tg_queue_try_push(queue, number(3)));
    cr_assert_not(tg_queue_drained(queue));
    void *items[4];
    cr_assert_eq(tg_queue_pop(queue, items, 4, -1), 2);
    cr_assert(tg_queue_drained(queue));
    cr_assert_eq(tg_queue_pop(queue, items, 4, -1), 0);
    tg_queue_destroy(queue);
}

// A thread that pushes one item, or pops one, and may have to wait for that.
struct waiter {
    struct tg_queue *queue;
    _Atomic pid_t tid;
    size_t done;
    pthread_t thread;
};

static void *push_one(void *argument)
{
    struct waiter *waiter = argument;
    waiter->tid = gettid();
    waiter->done = tg_queue_push(waiter->queue, number(2));
    return NULL;
}

static void *pop_one(void *argument)
{
    struct waiter *waiter = argument;
    void *item;
    waiter->tid = gettid();
    waiter->done = tg_queue_pop(waiter->queue, &item, 1, -1);
    return NULL;
}

static bool is_asleep(pid_t tid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    FILE *file = fopen(path, "re");
    cr_assert(file);
    char stat[256] = "";
    cr_assert(fgets(stat, sizeof stat, file));
    (void)fclose(file);
    const char *state = strrchr(stat, ')');
    return state && strncmp(state, ") S", 3) == 0;
}

// Returns when the thread sleeps: since it has nothing else to wait for, in the queue.
static void given_waiting(struct waiter *waiter, struct tg_queue *queue, void *(*run)(void *))
{
    *waiter = (struct waiter){.queue = queue};
    cr_assert_eq(pthread_create(&waiter->thread, NULL, run, waiter), 0);
    while (waiter->tid == 0 || !is_asleep(waiter->tid))
        sched_yield();
}

static size_t result_of(struct waiter *waiter)
{
    pthread_join(waiter->thread, NULL);
    return waiter->done;
}

Test(queue, push_waits_for_room, .timeout = 30)
{
    struct tg_queue *queue = given_queue(1, 1);
    struct waiter pusher;
    given_waiting(&pusher, queue, push_one);
    void *item;
    cr_assert_eq(tg_queue_pop(queue, &item, 1, WAIT_MS), 1);
    cr_assert_eq(item, number(1));
    cr_assert_eq(tg_queue_pop(queue, &item, 1, WAIT_MS), 1);
    cr_assert_eq(item, number(2));
    cr_assert_eq(result_of(&pusher), 1);
    tg_queue_destroy(queue);
}

Test(queue, a_batch_that_leaves_makes_room_for_all_who_wait, .timeout = 30)
{
    struct tg_queue *queue = given_queue(2, 2);
    struct waiter pushers[2];
    given_waiting(&pushers[0], queue, push_one);
    given_waiting(&pushers[1], queue, push_one);
    void *items[2];
    cr_assert_eq(tg_queue_pop(queue, items, 2, 0), 2);
    cr_assert_eq(result_of(&pushers[0]), 1);
    cr_assert_eq(result_of(&pushers[1]), 1);
    cr_assert_eq(tg_queue_pop(queue, items, 2, 0), 2);
    tg_queue_destroy(queue);
}

Test(queue, pop_waits_for_an_item, .timeout = 30)
{
    struct tg_queue *queue = given_queue(1, 0);
    struct waiter popper;
    given_waiting(&popper, queue, pop_one);
    cr_assert(tg_queue_try_push(queue, number(1)));
    cr_assert_eq(result_of(&popper), 1);
    tg_queue_destroy(queue);
}

Test(queue, close_wakes_every_push_that_waits, .timeout = 30)
{
    struct tg_queue *queue = given_queue(1, 1);
    struct waiter pushers[2];
    given_waiting(&pushers[0], queue, push_one);
    given_waiting(&pushers[1], queue, push_one);
    tg_queue_close(queue);
    cr_assert_eq(result_of(&pushers[0]), 0, "the item stays with the pusher");
    cr_assert_eq(result_of(&pushers[1]), 0, "the item stays with the pusher");
    void *item;
    cr_assert_eq(tg_queue_pop(queue, &item, 1, 0), 1);
    tg_queue_destroy(queue);
}

Test(queue, close_wakes_every_pop_that_waits, .timeout = 30)
{
    struct tg_queue *queue = given_queue(1, 0);
    struct waiter poppers[2];
    given_waiting(&poppers[0], queue, pop_one);
    given_waiting(&poppers[1], queue, pop_one);
    tg_queue_close(queue);
    cr_assert_eq(result_of(&poppers[0]), 0);
    cr_assert_eq(result_of(&poppers[1]), 0);
    tg_queue_destroy(queue);
}

// Items are producer * PER_PRODUCER + serial; each consumer checks that it sees those of one
// producer in order.
struct crowd {
    struct tg_queue *queue;
    _Atomic uintptr_t next_producer;
    _Atomic uintptr_t refused;
    _Atomic uintptr_t taken;
    _Atomic uintptr_t out_of_order;
    _Atomic unsigned char seen[ITEMS];
};

static void *produce(void *argument)
{
    struct crowd *crowd = argument;
    uintptr_t first = crowd->next_producer++ * PER_PRODUCER;
    for (uintptr_t i = 0; i < PER_PRODUCER; i++)
        crowd->refused += !tg_queue_push(crowd->queue, number(first + i));
    return NULL;
}

static void *consume(void *argument)
{
    struct crowd *crowd = argument;
    uintptr_t next[PRODUCERS] = {0};
    void *items[BATCH];
    while (!tg_queue_drained(crowd->queue)) {
        size_t n = tg_queue_pop(crowd->queue, items, BATCH, -1);
        for (size_t i = 0; i < n; i++) {
            uintptr_t item = (uintptr_t)items[i];
            crowd->seen[item]++;
            crowd->out_of_order += item % PER_PRODUCER < next[item / PER_PRODUCER];
            next[item / PER_PRODUCER] = item % PER_PRODUCER + 1;
        }
        crowd->taken += n;
    }
    return NULL;
}

Test(queue, a_crowd_of_threads_gets_every_item_once_and_in_order, .timeout = 60)
{
    static struct crowd crowd;
    crowd.queue = tg_queue_create(BATCH + 5);
    pthread_t producers[PRODUCERS];
    pthread_t consumers[CONSUMERS];
    for (int i = 0; i < CONSUMERS; i++)
        cr_assert_eq(pthread_create(&consumers[i], NULL, consume, &crowd), 0);
    for (int i = 0; i < PRODUCERS; i++)
        cr_assert_eq(pthread_create(&producers[i], NULL, produce, &crowd), 0);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    tg_queue_close(crowd.queue);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    cr_assert_eq(crowd.refused, 0);
    cr_assert_eq(crowd.taken, ITEMS);
    cr_assert_eq(crowd.out_of_order, 0);
    for (size_t i = 0; i < ITEMS; i++)
        cr_assert_eq(crowd.seen[i], 1);
    tg_queue_destroy(crowd.queue);
}

#include "ingress/db/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

TestSuite(pool, .timeout = 60);

enum { AT_ONCE = 4, BATCHES_MAX = 16 };

// What the pool's thread was given, and a gate at which it waits.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_is_open;
static bool at_gate;
static size_t batches;
static char seen[BATCHES_MAX][AT_ONCE + 1];

static void note(struct tg_pg *pg, void **contexts, size_t n)
{
    (void)pg;
    pthread_mutex_lock(&lock);
    cr_assert_leq(n, AT_ONCE);
    for (size_t i = 0; i < n; i++)
        seen[batches][i] = *(const char *)contexts[i];
    batches++;
    at_gate = true;
    pthread_cond_broadcast(&changed);
    while (!gate_is_open)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void wait_at_gate(void)
{
    pthread_mutex_lock(&lock);
    while (!at_gate)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void open_gate(void)
{
    pthread_mutex_lock(&lock);
    gate_is_open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void add(struct pool *pool, unsigned char party, const char *what)
{
    struct tg_uuid id = {{party}};
    cr_assert_eq(pool_add(pool, id, (void *)what), TG_FAIR_ADDED);
}

Test(pool, of_batches_takes_who_waits_in_turns_and_no_more_than_it_may)
{
    struct pool *pool = pool_start_batches("", "batches", 64, note, AT_ONCE);
    add(pool, 1, "a");
    wait_at_gate();
    for (int i = 0; i < 5; i++)
        add(pool, 1, "b");
    add(pool, 2, "c");
    open_gate();
    pool_stop(pool);
    pool_free(pool);
    cr_assert_eq(batches, 3);
    cr_assert_str_eq(seen[0], "a");
    cr_assert(strcmp(seen[1], "bcbb") == 0 || strcmp(seen[1], "cbbb") == 0, "%s", seen[1]);
    cr_assert_str_eq(seen[2], "bb");
}

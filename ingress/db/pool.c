#include "ingress/db/pool.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <assert.h>
#include <stdio.h>

struct pool {
    const char *postgres_url;
    char application[32];        // what PostgreSQL calls our connections
    struct tg_fair_queue *queue; // struct errand, or the contexts of batches
    pool_batch_work *batch_work; // NULL: each errand has its own
    size_t at_once;
    int thread_count;
    pthread_t threads[];
};

struct errand {
    struct tg_uuid party;
    pool_work *work;
    void *context;
};

static void run_batches(struct pool *pool, struct tg_pg *pg)
{
    void **contexts = tg_alloc(pool->at_once * sizeof *contexts);
    size_t n;
    while ((n = tg_fair_queue_pop(pool->queue, contexts, pool->at_once)) > 0)
        pool->batch_work(pg, contexts, n);
    free(contexts);
}

static void run_errands(struct pool *pool, struct tg_pg *pg)
{
    void *popped;
    while (tg_fair_queue_pop(pool->queue, &popped, 1) > 0) {
        struct errand *errand = popped;
        long long began_ms = tg_now_ms();
        errand->work(pg, errand->context);
        long long took_ms = tg_now_ms() - began_ms;
        if (took_ms > 0)
            tg_fair_queue_charge(pool->queue, errand->party, (unsigned)took_ms);
        free(errand);
    }
}

static void *run(void *argument)
{
    struct pool *pool = argument;
    struct tg_pg *pg = tg_pg_create(pool->postgres_url, pool->application);
    if (pool->batch_work)
        run_batches(pool, pg);
    else
        run_errands(pool, pg);
    tg_pg_destroy(pg);
    return NULL;
}

static struct pool *start(const char *postgres_url, const char *name, int threads, size_t queue_max,
                          pool_batch_work *work, size_t at_once)
{
    struct pool *pool = tg_alloc(sizeof *pool + (size_t)threads * sizeof pool->threads[0]);
    pool->postgres_url = postgres_url;
    snprintf(pool->application, sizeof pool->application, "tollgate-ingress %s", name);
    pool->queue = tg_fair_queue_create(queue_max);
    pool->batch_work = work;
    pool->at_once = at_once;
    pool->thread_count = threads;
    for (int i = 0; i < threads; i++)
        pool->threads[i] = tg_service_thread(name, run, pool);
    return pool;
}

struct pool *pool_start(const char *postgres_url, const char *name, int threads, size_t queue_max)
{
    return start(postgres_url, name, threads, queue_max, NULL, 1);
}

struct pool *pool_start_batches(const char *postgres_url, const char *name, size_t queue_max,
                                pool_batch_work *work, size_t at_once)
{
    return start(postgres_url, name, 1, queue_max, work, at_once);
}

void pool_close(struct pool *pool)
{
    tg_fair_queue_close(pool->queue);
}

void pool_stop(struct pool *pool)
{
    pool_close(pool);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    tg_fair_queue_destroy(pool->queue);
    free(pool);
}

enum tg_fair_push pool_submit(struct pool *pool, struct tg_uuid party, pool_work *work,
                              void *context)
{
    assert(!pool->batch_work);
    struct errand *errand = tg_alloc(sizeof *errand);
    *errand = (struct errand){party, work, context};
    enum tg_fair_push pushed = tg_fair_queue_push(pool->queue, party, errand);
    if (pushed != TG_FAIR_ADDED)
        free(errand);
    return pushed;
}

enum tg_fair_push pool_add(struct pool *pool, struct tg_uuid party, void *context)
{
    assert(pool->batch_work);
    return tg_fair_queue_push(pool->queue, party, context);
}

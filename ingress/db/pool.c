#include "ingress/db/pool.h"

#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/service.h"

struct pool {
    const char *postgres_url;
    struct tg_queue *queue; // struct errand
    pthread_t threads[TG_POOL_THREADS];
};

struct errand {
    pool_work *work;
    void *context;
};

static void *run(void *argument)
{
    struct pool *pool = argument;
    struct tg_pg *pg = tg_pg_create(pool->postgres_url, "tollgate-ingress pool");
    while (!tg_queue_drained(pool->queue)) {
        void *popped;
        if (tg_queue_pop(pool->queue, &popped, 1, -1) == 0)
            continue;
        struct errand *errand = popped;
        errand->work(pg, errand->context);
        free(errand);
    }
    tg_pg_destroy(pg);
    return NULL;
}

struct pool *pool_start(const char *postgres_url)
{
    struct pool *pool = tg_alloc(sizeof *pool);
    pool->postgres_url = postgres_url;
    pool->queue = tg_queue_create(TG_POOL_QUEUE_MAX);
    for (int i = 0; i < TG_POOL_THREADS; i++)
        pool->threads[i] = tg_service_thread("pool", run, pool);
    return pool;
}

void pool_close(struct pool *pool)
{
    tg_queue_close(pool->queue);
}

void pool_stop(struct pool *pool)
{
    pool_close(pool);
    for (int i = 0; i < TG_POOL_THREADS; i++)
        pthread_join(pool->threads[i], NULL);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    tg_queue_destroy(pool->queue);
    free(pool);
}

bool pool_submit(struct pool *pool, pool_work *work, void *context)
{
    struct errand *errand = tg_alloc(sizeof *errand);
    *errand = (struct errand){work, context};
    if (tg_queue_try_push(pool->queue, errand))
        return true;
    free(errand);
    return false;
}

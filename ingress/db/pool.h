// Threads with a PostgreSQL connection each, for whatever goes to the database outside a lane.
#pragma once

#include "common/pg/pg.h"

struct pool;

// Starts TG_POOL_THREADS threads.
struct pool *pool_start(const char *postgres_url);

// Refuses new work from now on.
void pool_close(struct pool *pool);
// The same, waits until what was taken is done, and ends the threads.
void pool_stop(struct pool *pool);
void pool_free(struct pool *pool); // stopped, or NULL

// Has `work(pg, context)` run on a thread of the pool. false: too much is waiting, or the pool is
// closed; nothing runs. Thread-safe.
typedef void pool_work(struct tg_pg *pg, void *context);
bool pool_submit(struct pool *pool, pool_work *work, void *context) TG_MUST_CHECK;

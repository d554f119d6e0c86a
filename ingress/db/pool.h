// Threads with a PostgreSQL connection each, for whatever goes to the database outside a lane.
#pragma once

#include "common/base/fair_queue.h"
#include "common/pg/pg.h"

struct pool;

// Starts `threads` threads of that name (at most 15 characters). At most `queue_max` may wait.
struct pool *pool_start(const char *postgres_url, const char *name, int threads, size_t queue_max);

// The same with one thread, for work that costs less for many at once: it does it for up to
// `at_once` of those who wait.
typedef void pool_batch_work(struct tg_pg *pg, void **contexts, size_t n);
struct pool *pool_start_batches(const char *postgres_url, const char *name, size_t queue_max,
                                pool_batch_work *work, size_t at_once);

// Refuses new work from now on.
void pool_close(struct pool *pool);
// The same, waits until what was taken is done, and ends the threads.
void pool_stop(struct pool *pool);
void pool_free(struct pool *pool); // stopped, or NULL

// Has `work(pg, context)` run on a thread of the pool when it is the turn of `party`, on whose
// behalf it is. Who waits gives up a turn for each millisecond that the work before has taken, so
// that who asks for much has no more of the threads' time than who asks for little. On anything but
// TG_FAIR_ADDED nothing runs. Thread-safe.
typedef void pool_work(struct tg_pg *pg, void *context);
enum tg_fair_push pool_submit(struct pool *pool, struct tg_uuid party, pool_work *work,
                              void *context) TG_MUST_CHECK;
// The same of a pool that was started for batches: its own work.
enum tg_fair_push pool_add(struct pool *pool, struct tg_uuid party, void *context) TG_MUST_CHECK;

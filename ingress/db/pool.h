// What goes to the database outside a lane, by threads with a PostgreSQL connection each: reading
// messages and wallets, cancelling, API keys that are not in the cache.
#pragma once

#include "common/pg/pg.h"
#include "common/settings/settings.h"
#include "ingress/http/server.h"
#include "ingress/who/api_key.h"

struct query_pool;

struct query_pool *query_pool_start(const struct tg_settings *settings);

// Runs what is queued, then ends the threads and frees the pool. After it, query_submit refuses.
void query_pool_stop(struct query_pool *pool);
void query_pool_free(struct query_pool *pool);

// Runs `work(pg, context)` on a thread of the pool. false: the queue is full or closed; nothing
// runs.
typedef void query_work(struct tg_pg *pg, void *context);
bool query_submit(struct query_pool *pool, query_work *work, void *context) TG_MUST_CHECK;

// The same for a copy of the `size` bytes at `context`, which `work` frees. If it cannot run,
// `request` is answered 503.
void query_submit_copy(struct query_pool *pool, query_work *work, const void *context, size_t size,
                       struct request *request);

// The handlers; each answers the request.
void query_message(struct query_pool *pool, struct request *request,
                   const struct identity *identity);
void query_cancel(struct query_pool *pool, struct request *request,
                  const struct identity *identity);
void query_wallet(struct query_pool *pool, struct request *request,
                  const struct identity *identity);
void query_transactions(struct query_pool *pool, struct request *request,
                        const struct identity *identity);

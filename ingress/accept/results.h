// `Prefer: wait=N`: requests that wait for Meta's answer. Workers publish each result that someone
// waits for to the Redis channel of that ingress; one thread listens there and answers. The
// database is asked when the time is up (a result may get lost with Redis), and in between about
// messages that were not queued at once or are tried again: their jobs do not name us.
#pragma once

#include "common/store/accept.h"
#include "common/streams/job.h"
#include "ingress/db/pool.h"

struct waiters;

struct waiters *waiters_start(const struct tg_settings *settings, struct query_pool *queries);

// Lets nobody wait from now on.
void waiters_close(struct waiters *waiters);
// After close: answers all who wait with how their messages stand, and ends the thread. The pool
// must still run.
void waiters_stop(struct waiters *waiters);
void waiters_free(struct waiters *waiters);

// The name that jobs carry so that the result finds this ingress.
const char *waiters_name(const struct waiters *waiters);

// Hands over a request to be answered with the result of the message that the verdict is about, or
// after `wait_ms` at the latest. Call before the job is published. false: too many wait, or
// stopped; the request stays the caller's.
bool waiters_add(struct waiters *waiters, struct request *request, struct tg_uuid org_id,
                 const struct tg_verdict *verdict, int wait_ms) TG_MUST_CHECK;

// Hands over a request to be answered with how the message stands, as if its time were up.
void waiters_answer(struct waiters *waiters, struct request *request, struct tg_uuid org_id,
                    const struct tg_verdict *verdict);

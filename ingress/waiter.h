// `Prefer: wait=N`: requests that wait for Meta's answer. Workers publish each result that someone
// waits for to the Redis channel of that ingress; one thread listens there and answers. A request
// whose time runs out (or whose result got lost with Redis) is answered from the database.
#pragma once

#include "common/job.h"
#include "ingress/query.h"

struct waiters;

struct waiters *waiters_start(const struct tg_settings *settings, struct query_pool *queries);

// Answers all who wait with how their messages stand, and ends the thread. The pool must still run.
void waiters_stop(struct waiters *waiters);
void waiters_free(struct waiters *waiters);

// The name that jobs carry so that the result finds this ingress.
const char *waiters_name(const struct waiters *waiters);

// Hands over a request to be answered with the result of its message, or after `wait_ms` at the
// latest. Call before the job is published. `balance` goes into a 202. false: too many wait, or
// stopped; the request stays the caller's.
bool waiters_add(struct waiters *waiters, struct request *request, struct tg_uuid org_id,
                 struct tg_uuid message_id, const char *balance, int wait_ms) TG_MUST_CHECK;

// `Prefer: wait=N`: requests that wait for Meta's answer. Workers give notice of each message that
// someone waits for, and that is settled, to that ingress by a topic of Redis; one thread listens
// there. What it hears only says of which message to ask the database, since whoever reaches Redis
// can publish. The database is also asked when the time is up (a notice may get lost with Redis),
// and in between about messages that were not queued at once or are tried again: their jobs do not
// name us.
#pragma once

#include "ingress/accept/send_answer.h"
#include "ingress/db/pool.h"

struct results;

// Starts the thread, with a Redis connection of its own.
struct results *results_start(const char *redis_url, int partitions, struct pool *pool);

// Lets nobody wait from now on.
void results_close(struct results *results);
// The same, ends the thread, and has all who wait answered with how their messages stand. The pool
// must still run: its threads do that.
void results_stop(struct results *results);
void results_free(struct results *results); // stopped, and so is the pool; or NULL

// The name that jobs carry so that the notice finds this ingress.
const char *results_name(const struct results *results);

// Hands over a sender to be told the result of the message that the verdict is about, or
// after `wait_ms` at the latest, or soon after its client has left. Call before the job is
// published. false: too many of the org's wait, or closed; the sender's request stays the caller's.
bool results_await(struct results *results, struct sender sender, struct tg_uuid org_id,
                   const struct tg_verdict *verdict, int wait_ms) TG_MUST_CHECK;

// The same for a message that others wait for, or that may be settled already: how it stands by
// now, as if the time were up, if `wait_ms` is 0.
void results_tell(struct results *results, struct sender sender, struct tg_uuid org_id,
                  const struct tg_verdict *verdict, int wait_ms);

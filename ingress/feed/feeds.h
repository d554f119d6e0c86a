// `GET /api/events?wait=N`: requests that wait until there is an event for them. Workers give a
// sign after each batch that they have committed, by one topic of Redis for all (streams/job.h); it
// says nothing of whom it concerns: the database is asked, once for all who wait. It is asked now
// and then without a sign, too: one may get lost with Redis, and what people and ingresses do gives
// none.
#pragma once

#include "common/store/events.h"
#include "ingress/db/pool.h"
#include "ingress/route/endpoint.h"

struct feeds;

// Starts the thread, with a Redis connection of its own; the pool's threads ask the database.
struct feeds *feeds_start(const char *redis_url, int partitions, struct pool *pool);

// Lets nobody wait from now on, ends the thread, and answers who waits that there is nothing. The
// pool must still run.
void feeds_stop(struct feeds *feeds);
void feeds_free(struct feeds *feeds); // stopped, and so is the pool; or NULL

// Hands over a request that found nothing in its feed (behind feed->after): it is answered with the
// page that there is then, or without one after `wait_ms`, or soon after its client has left. What
// the feed points to but for `after` is the request's own. false: too many of the org's wait, or
// closed; the request stays the caller's.
bool feeds_await(struct feeds *feeds, struct request *request, const struct tg_feed *feed,
                 int wait_ms) TG_MUST_CHECK;

// Their context is a struct feeds.
extern const struct endpoint event_endpoints[];

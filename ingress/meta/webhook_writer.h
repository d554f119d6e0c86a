// The way of webhooks to Redis, group-committed: one thread takes everything that is waiting
// and publishes it in one transaction; while that is under way, the next one forms. A webhook is
// answered only after Redis has answered for it.
#pragma once

#include "common/settings/settings.h"
#include "ingress/http/server.h"

struct publisher;

// Starts the thread, with a Redis connection of its own.
struct publisher *publisher_start(const struct tg_settings *settings);

// Refuses new ones from now on.
void publisher_close(struct publisher *publisher);
// After close: publishes and answers what is queued, and ends the thread. Once Redis has not taken
// something, what is left is refused without asking it.
void publisher_stop(struct publisher *publisher);
void publisher_free(struct publisher *publisher);

// Queues the request's body; the request is answered 200 once Redis has it, 503 if it
// has not: full, stopped, Redis away, out of memory or too slow.
void publisher_submit(struct publisher *publisher, struct request *request);

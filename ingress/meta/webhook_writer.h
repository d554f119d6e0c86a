// The way of webhooks to Redis, group-committed: one thread takes everything that is waiting and
// publishes it in one transaction; while that is under way, the next one forms. A webhook is
// answered only after Redis has answered for it. One whose bytes Redis has taken in the last
// minutes is not stored again; it is answered once Redis shows that it is there.
#pragma once

#include "ingress/http/request.h"

struct webhook_writer;

// Starts the thread, with a Redis connection of its own.
struct webhook_writer *webhook_writer_start(const char *redis_url, int partitions);

// Refuses new webhooks from now on. Once Redis has not taken something, what is left is refused
// without asking it.
void webhook_writer_close(struct webhook_writer *writer);
// The same, publishes and answers what is queued, and ends the thread.
void webhook_writer_stop(struct webhook_writer *writer);
void webhook_writer_free(struct webhook_writer *writer); // stopped, or NULL

// Queues the request's body, whose signature is right, as a webhook; the request is answered 200
// once Redis has it, 503 if it has not: full, closed, Redis away, out of memory or too slow.
// Thread-safe.
void webhook_writer_submit(struct webhook_writer *writer, struct request *request);

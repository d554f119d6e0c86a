// The stage that posts claimed messages to Meta: many requests under way on one thread.
#pragma once

#include "worker/send/graph.h"
#include "worker/send/settle.h"
#include "worker/worker.h"

struct dispatch;

// Starts its thread, which puts each message into `next`, with its outcome or to be handed back.
// What was claimed more than TG_CLAIM_FRESH_MS ago is not begun but handed back. Once stop is
// ordered nothing new is begun: what waits, and what still comes, is handed back, and what is under
// way has TG_DRAIN_MS to end.
struct dispatch *dispatch_start(const struct worker *worker, struct settle *next);

// Hands over up to TG_DISPATCH_QUEUE_MAX messages, each of which has its place. Thread-safe.
void dispatch_push(struct dispatch *dispatch, struct in_hand *const *messages, size_t n);

// Has it see at once that stop is ordered.
void dispatch_wake(struct dispatch *dispatch);
// With the stop ordered: waits until all that was handed over has gone on. Nothing may come any
// more.
void dispatch_stop(struct dispatch *dispatch);
void dispatch_free(struct dispatch *dispatch); // NULL is fine; stopped

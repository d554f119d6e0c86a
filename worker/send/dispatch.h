// The stage that posts claimed messages to Meta: many requests under way on one thread.
#pragma once

#include "common/base/queue.h"
#include "common/settings/settings.h"
#include "worker/stop.h"

struct dispatch;

// Takes dispatch_items from `in` and puts each one into `out`, with its outcome or to be handed
// back. What was claimed more than TG_CLAIM_FRESH_MS ago is not begun but handed back. There are
// never more items than settings->send_concurrency (places.h), for which `out` must have room.
// Everything given must outlive it. One per process (libcurl is initialised here).
struct dispatch *dispatch_create(const struct tg_settings *settings, struct tg_queue *in,
                                 struct tg_queue *out, struct stop *stop);
void dispatch_destroy(struct dispatch *dispatch); // NULL is fine; after dispatch_run has ended

// Call after pushing to `in`, and after the order to stop. Thread-safe.
void dispatch_wake(struct dispatch *dispatch);

// The thread; its argument is the struct dispatch. Once stop is ordered it begins nothing new: what
// waits is handed back, what is under way has TG_DRAIN_MS to end. It ends when `in` is closed and
// drained, and closes `out`.
void *dispatch_run(void *argument);

// A bounded first-in-first-out queue of pointers between threads. Items are handed over: who pops
// an item owns it. All functions but create and destroy are thread-safe.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct tg_queue;

// A queue of at most `capacity` items (at least 1).
struct tg_queue *tg_queue_create(size_t capacity);

// Frees the queue; it must be empty and no thread may be in it. NULL is fine.
void tg_queue_destroy(struct tg_queue *queue);

// Adds an item, waiting while the queue is full. false: closed, the item stays the caller's.
bool tg_queue_push(struct tg_queue *queue, void *item) TG_MUST_CHECK;

// Adds an item only if there is room at once. false: full or closed.
bool tg_queue_try_push(struct tg_queue *queue, void *item) TG_MUST_CHECK;

// Takes up to `max` items in order. Waits until there is at least one, the queue is closed, or
// `timeout_ms` has passed (negative: no limit; 0: does not wait). Returns how many; 0 means nothing
// came in time, or closed and drained: tg_queue_drained tells which.
size_t tg_queue_pop(struct tg_queue *queue, void **items, size_t max, int timeout_ms) TG_MUST_CHECK;

// After close, push refuses and pop hands out what is left without waiting. May be called twice.
void tg_queue_close(struct tg_queue *queue);

// Closed and empty: nothing will ever come again.
bool tg_queue_drained(struct tg_queue *queue);

size_t tg_queue_length(struct tg_queue *queue);

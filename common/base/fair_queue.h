// A bounded queue of pointers between threads whose room parties share (shares.h): each one's items
// come out in the order in which they went in, and the parties take turns, so that who asks for
// little does not wait behind who asks for much. Items are handed over: who pops one owns it. All
// functions but create and destroy are thread-safe.
#pragma once

#include "common/base/attributes.h"
#include "common/base/uuid7.h"

struct tg_fair_queue;

// A queue of at most `capacity` items (at least 1).
struct tg_fair_queue *tg_fair_queue_create(size_t capacity);

// Frees the queue; it must be empty and no thread may be in it. NULL is fine.
void tg_fair_queue_destroy(struct tg_fair_queue *queue);

enum tg_fair_push {
    TG_FAIR_ADDED,
    TG_FAIR_SHARE_USED, // the party has all that it may
    TG_FAIR_FULL,       // there is no room for anybody, or the queue is closed
};

// Adds an item of the party's, unless it says why not: then the item stays the caller's.
enum tg_fair_push tg_fair_queue_push(struct tg_fair_queue *queue, struct tg_uuid party,
                                     void *item) TG_MUST_CHECK;

// Takes up to `max` items. Waits until there is one, or the queue is closed. 0: closed and empty,
// nothing will ever come again.
size_t tg_fair_queue_pop(struct tg_fair_queue *queue, void **items, size_t max) TG_MUST_CHECK;

// What the party had done has cost more than usual: as long as it has items here it gives up so
// many of its turns while others have any. So parties may share time, and not only items.
void tg_fair_queue_charge(struct tg_fair_queue *queue, struct tg_uuid party, unsigned turns);

// After close, push refuses and pop hands out what is left. May be called twice.
void tg_fair_queue_close(struct tg_fair_queue *queue);

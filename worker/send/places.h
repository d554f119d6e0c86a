// The places for requests to Meta, as intake and settle share them: a message is claimed only with
// a place for it, which it keeps until it is settled. So what is claimed can also leave at once,
// nothing more is claimed while PostgreSQL settles nothing, and a worker that dies leaves no more
// messages in doubt than were on their way.
// All functions but create and destroy are thread-safe.
#pragma once

#include "common/base/attributes.h"

#include <stddef.h>

struct places;

struct places *places_create(size_t count);
// NULL is fine; all must have been given back.
void places_destroy(struct places *places);

// From now on so many of them may be taken at once (one at least; at first all). Those that are
// taken are given back in their own time.
void places_set_limit(struct places *places, size_t limit);

// How many there are, free or not.
size_t places_count(const struct places *places);

// Takes up to `max` free places, waiting up to `timeout_ms` for the first one, and then a moment
// for more, so that a busy worker claims in batches. Returns how many; 0: none came free in time.
size_t places_take(struct places *places, size_t max, int timeout_ms) TG_MUST_CHECK;

void places_give_back(struct places *places, size_t n);

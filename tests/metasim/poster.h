// The way to the gateway's webhook: at most SIM_WEBHOOKS_AT_ONCE posts under way
// (common/http/client.h).
//
// One thread uses a poster; only poster_wake may be called by others.
#pragma once

#include "tests/metasim/series.h"

struct poster;

struct poster *poster_create(void);
void poster_destroy(struct poster *poster); // nothing may be under way

// How many posts are under way, and how many more may be.
size_t poster_active(const struct poster *poster);
size_t poster_room(const struct poster *poster);

// Starts to post the next webhook of a series, signed. There must be room. The series is the
// poster's until it is given back.
void poster_post(struct poster *poster, struct series *series, const char *url, const char *secret);

// Drives the posts, waiting up to `timeout_ms` for something to happen.
void poster_run(struct poster *poster, int timeout_ms);

// Ends a poster_run that waits. Thread-safe.
void poster_wake(struct poster *poster);

// The next series whose post has ended; `acknowledged` is whether by a 200. NULL if there is none.
struct series *poster_take_finished(struct poster *poster, bool *acknowledged);

// Breaks off one post that is under way. NULL if there is none.
struct series *poster_break_off(struct poster *poster);

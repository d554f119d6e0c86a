// How the numbers are, as Meta says it (sql/core/channel_health.sql): each is asked about every
// TOLLGATE_LOOK_INTERVAL_S, under its channel's own token, a few at once. Of all workers the one
// whose janitor acts does; should two think so, each number is still asked about once. A thread of
// its own, with connections of its own: no message and no duty waits for it. An error is told to
// who looks at the channel, and pauses nothing. All that takes a struct numbers takes NULL as well.
#pragma once

#include "worker/worker.h"

#include <stdatomic.h>

struct numbers;

// Starts its thread. `acting`, whether the janitor does, is borrowed.
struct numbers *numbers_start(const struct worker *worker, const atomic_bool *acting);

// With the stop ordered: breaks off what is being asked, and waits for its end.
void numbers_stop(struct numbers *numbers);
void numbers_free(struct numbers *numbers); // stopped

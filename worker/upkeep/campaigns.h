// Recipients of campaigns become messages, piece by piece (sql/core/campaigns.sql): as many in a
// second as their numbers take. Of all workers the one whose janitor acts does it; should two think
// so, each recipient still gets one message. A thread of its own, with connections of its own: no
// duty waits for it. All that takes a struct campaigns takes NULL as well.
#pragma once

#include "worker/worker.h"

#include <stdatomic.h>

struct campaigns;

// Starts its thread. `acting`, whether the janitor does, is borrowed.
struct campaigns *campaigns_start(const struct worker *worker, const atomic_bool *acting);

// With the stop ordered: waits for the end of the piece at hand.
void campaigns_stop(struct campaigns *campaigns);
void campaigns_free(struct campaigns *campaigns); // stopped

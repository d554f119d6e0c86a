// The last stage: what came of the dispatches goes on record, then the jobs are done.
#pragma once

#include "worker/send/in_hand.h"
#include "worker/send/places.h"
#include "worker/worker.h"

struct settle;

// Starts its thread, which settles everything that has come since the last batch in one
// transaction, then publishes the jobs of what that has released, acks the jobs that are done,
// tells those who wait, and gives the places back. With PostgreSQL away it keeps the batch and
// tries again, until some time after the order to stop: settling twice changes nothing. All that is
// given must outlive it.
struct settle *settle_start(const struct worker *worker, struct places *places);

// Hands over a message that has a place, with its outcome or to be handed back. Thread-safe.
void settle_push(struct settle *settle, struct in_hand *message);

// Takes no more, waits until all that was handed over is settled or given up, and takes the
// consumer out of the groups.
void settle_stop(struct settle *settle);
void settle_free(struct settle *settle); // NULL is fine; stopped

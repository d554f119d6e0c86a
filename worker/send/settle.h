// The last stage: what came of the dispatches goes on record, then the jobs are done.
#pragma once

#include "common/base/queue.h"
#include "common/settings/settings.h"
#include "worker/send/places.h"
#include "worker/stop.h"

// All borrowed; they must outlive the thread.
struct settle {
    const struct tg_settings *settings;
    const char *consumer; // this worker's name in the consumer groups
    struct tg_queue *in;  // dispatch_items
    struct places *places;
    struct stop *stop;
};

// The thread; its argument is a struct settle. Settles everything that has come back since the last
// batch in one transaction, then publishes the jobs of what that has released, acks the jobs that
// are done, publishes results to those who wait, and gives the places back. With PostgreSQL away it
// keeps the batch and tries again: settling twice changes nothing. Ends when `in` is closed and
// drained, and then takes the consumer out of the groups.
void *settle_run(void *argument);

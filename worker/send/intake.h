// The stage that takes jobs from Redis and claims their messages.
#pragma once

#include "common/base/queue.h"
#include "common/settings/settings.h"
#include "worker/send/dispatch.h"
#include "worker/send/places.h"
#include "worker/stop.h"

// All borrowed; they must outlive the thread.
struct intake {
    const struct tg_settings *settings;
    const char *consumer;  // this worker's name in the consumer groups
    struct places *places; // each message that goes to `out` has one
    struct tg_queue *out;  // dispatch_items
    struct dispatch *next; // to be woken
    struct stop *stop;
};

// The thread; its argument is a struct intake. Reads only as many jobs as there are free places:
// what is claimed can leave at once. With PostgreSQL away it keeps the jobs it has and tries again.
// Now and then it takes over jobs that other workers have left lying, and fails the messages of
// those that ended one worker after the other. Once stop is ordered it reads no more, gives back
// jobs whose messages it could not claim, closes `out` and ends.
void *intake_run(void *argument);

// The stage that takes jobs from Redis and claims their messages.
#pragma once

#include "common/queue.h"
#include "common/settings.h"
#include "worker/dispatch.h"
#include "worker/stop.h"

// All borrowed; they must outlive the thread.
struct intake {
    const struct tg_settings *settings;
    const char *consumer;  // this worker's name in the consumer groups
    struct tg_queue *out;  // dispatch_items
    struct dispatch *next; // to be woken
    struct stop *stop;
};

// The thread; its argument is a struct intake. Reads only as many jobs as `out` has room for. With
// PostgreSQL away it keeps the jobs it has and tries again. Once stop is ordered it reads no more,
// gives back jobs whose messages it could not claim, closes `out` and ends.
void *intake_run(void *argument);

// The stage that applies webhooks: events from Redis become items, items are applied, messages are
// replied to, and then the events are done.
#pragma once

#include "common/settings/settings.h"
#include "worker/stop.h"

// All borrowed; they must outlive the thread.
struct inbound {
    const struct tg_settings *settings;
    const char *consumer; // this worker's name in the consumer groups
    struct stop *stop;
};

// The thread; its argument is a struct inbound. Reads the event streams alone, so that it never
// waits behind sends. Also takes over what other workers have left lying, and tries dead letters
// again whose time has come. With PostgreSQL away it keeps the batch it has and tries again:
// applying twice changes nothing. Once stop is ordered it ends after the batch at hand, or with it
// undone if PostgreSQL is away: its events stay pending, for whoever takes over.
void *inbound_run(void *argument);

// All periodic upkeep (duty.h). One janitor of all workers acts at a time, by an advisory lock of
// its PostgreSQL session.
#pragma once

#include "common/settings/settings.h"
#include "worker/stop.h"

// All borrowed; they must outlive the thread.
struct janitor {
    const struct tg_settings *settings;
    struct stop *stop;
};

// The thread; its argument is a struct janitor. Ends once stop is ordered.
void *janitor_run(void *argument);

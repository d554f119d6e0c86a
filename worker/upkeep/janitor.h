// All periodic upkeep (duty.h). One janitor of all workers acts at a time, by an advisory lock of
// its PostgreSQL session. All that takes a struct janitor takes NULL as well.
#pragma once

#include "worker/servers.h"

#include <stdint.h>

struct janitor;

// How long things may take before the janitor ends them.
struct janitor_times {
    int64_t graph_timeout_ms;      // a request to Meta
    int64_t confirmation_window_s; // a message that stays unconfirmed
};

// Starts its thread. `servers` must outlive it.
struct janitor *janitor_start(const struct servers *servers, const struct janitor_times *times);

// Begins no further duty from now on.
void janitor_close(struct janitor *janitor);

// The same, and waits until the batch at hand is done.
void janitor_stop(struct janitor *janitor);
void janitor_free(struct janitor *janitor); // stopped

// All periodic upkeep (duty.h). One janitor of all workers acts at a time, by an advisory lock of
// its PostgreSQL session. All that takes a struct janitor takes NULL as well.
#pragma once

#include "worker/worker.h"

struct janitor;

// Starts its thread, and those of the figures, the numbers and the templates.
struct janitor *janitor_start(const struct worker *worker);

// Once stop is ordered no further duty is begun. Waits until the batch at hand is done.
void janitor_stop(struct janitor *janitor);
void janitor_free(struct janitor *janitor); // stopped

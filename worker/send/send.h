// The room of sends: intake, dispatch and settle, each a thread, joined by bounded queues. All that
// takes a struct send takes NULL as well.
#pragma once

#include "worker/worker.h"

struct send;

// Starts the three.
struct send *send_start(const struct worker *worker);

// Once stop is ordered no further jobs are taken, and nothing more of what was taken is begun.
// Waits until it is settled or handed back; what is under way at Meta has TG_DRAIN_MS.
void send_stop(struct send *send);
void send_free(struct send *send); // stopped

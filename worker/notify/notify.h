// The room of what tenants are told: a thread that finds what is due (take.h), one that posts it,
// and one that records what came of it (record.h), joined by queues; and one that hears of new
// events. A worker that dies loses nothing: what it had is due again when its lease ends. All that
// takes a struct notify takes NULL as well.
#pragma once

#include "worker/worker.h"

struct notify;

struct notify *notify_start(const struct worker *worker);

// Once stop is ordered nothing more is begun; what is under way has TG_NOTIFY_DRAIN_MS.
void notify_stop(struct notify *notify);
void notify_free(struct notify *notify); // stopped

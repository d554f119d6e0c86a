// The thread that records what came of attempts, of those that ended since the last time together.
#pragma once

#include "common/base/queue.h"
#include "worker/notify/bell.h"
#include "worker/notify/rooms.h"
#include "worker/worker.h"

struct record;

// All borrowed. `from` has struct telling; they are freed when they are recorded, and their places
// given back: `bell` is rung then.
struct record *record_start(const struct worker *worker, struct tg_queue *from, struct rooms *rooms,
                            struct bell *bell);

// Waits until the queue, which is closed, is drained. With PostgreSQL away what is left is lost: it
// is due again when its lease ends.
void record_stop(struct record *record);
void record_free(struct record *record); // stopped; NULL is fine

#include "worker/duty.h"

enum {
    BATCH = 1024,
    // Somebody may have scheduled something nearer meanwhile, of which nobody tells us.
    INTERVAL_MAX_MS = 250,
    // A number takes 80 messages a second: with this at most two of one number wait for a look.
    INTERVAL_MIN_MS = 20,
};

static int until_next(struct upkeep *upkeep)
{
    int64_t ms = -1;
    if (tg_store_next_due(upkeep->pg, &ms) != TG_PG_OK || ms < 0 || ms > INTERVAL_MAX_MS)
        return INTERVAL_MAX_MS;
    return ms > INTERVAL_MIN_MS ? (int)ms : INTERVAL_MIN_MS;
}

int duty_due(struct upkeep *upkeep)
{
    struct tg_due due[BATCH];
    size_t n = BATCH;
    while (n == BATCH && !stop_ordered(upkeep->stop)) {
        if (tg_store_release_due_sends(upkeep->pg, BATCH, due, &n) != TG_PG_OK)
            return INTERVAL_MAX_MS;
        duty_publish(upkeep, "due", due, n);
    }
    return until_next(upkeep);
}

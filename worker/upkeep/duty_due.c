#include "worker/upkeep/duty.h"

enum {
    BATCH = 2048,
    // Somebody may have scheduled something nearer meanwhile, of which nobody tells us.
    INTERVAL_MAX_MS = 250,
    // A number takes 80 messages a second: with this at most two of one number wait for a look.
    INTERVAL_MIN_MS = 20,
    AFTER_FAILURE_MS = 500,
};

static int until_next(struct upkeep *upkeep)
{
    int64_t ms = -1;
    if (tg_store_next_due(upkeep->pg, &ms) != TG_PG_OK || ms < 0 || ms > INTERVAL_MAX_MS)
        return INTERVAL_MAX_MS;
    return ms > INTERVAL_MIN_MS ? (int)ms : INTERVAL_MIN_MS;
}

static enum tg_pg_status release(struct upkeep *upkeep, struct tg_slice slice, size_t *n)
{
    struct tg_message_key due[BATCH];
    enum tg_pg_status status = tg_store_release_due_sends(upkeep->pg, slice, due, n);
    if (status == TG_PG_OK)
        duty_publish(upkeep, "due", due, *n);
    return status;
}

int duty_due(struct upkeep *upkeep)
{
    return duty_do_all(upkeep, "due", release, BATCH) ? until_next(upkeep) : AFTER_FAILURE_MS;
}

#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // Beside the time that Meta has to answer a moment; what was abandoned holds up what follows it
    // to the same contact.
    INTERVAL_MS = 2000,
};

// Somebody should know: a worker was killed, or a machine has died.
static const struct duty_ending ending = {"abandoned", "send_abandoned", TG_LOG_WARN};

static enum tg_pg_status unconfirm(struct upkeep *upkeep, struct tg_slice slice, size_t *n)
{
    struct tg_ended ended[BATCH];
    enum tg_pg_status status = tg_store_unconfirm_sends(
        upkeep->pg, upkeep->worker->settings->graph_timeout_ms + TG_SENDING_GRACE_MS, slice, ended,
        n);
    if (status == TG_PG_OK)
        duty_conclude(upkeep, &ending, ended, *n);
    return status;
}

int duty_abandoned(struct upkeep *upkeep)
{
    (void)duty_do_all(upkeep, ending.duty, unconfirm, BATCH);
    return INTERVAL_MS;
}

#include "common/limits.h"
#include "worker/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // Beside the time that Meta has to answer a moment; what was abandoned holds up what follows it
    // to the same contact.
    INTERVAL_MS = 2000,
};

// Somebody should know: a worker was killed, or a machine has died.
static const struct duty_ending ending = {"abandoned", "send_abandoned", TG_LOG_WARN};

int duty_abandoned(struct upkeep *upkeep)
{
    int64_t age_ms = upkeep->settings->graph_timeout_ms + TG_SENDING_GRACE_MS;
    struct tg_ended ended[BATCH];
    size_t n = BATCH;
    while (n == BATCH && !stop_ordered(upkeep->stop)) {
        if (tg_store_unconfirm_sends(upkeep->pg, age_ms, BATCH, ended, &n) != TG_PG_OK)
            break;
        duty_conclude(upkeep, &ending, ended, n);
    }
    return INTERVAL_MS;
}

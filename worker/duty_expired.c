#include "common/limits.h"
#include "worker/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // How much later than its not_after a message may fail: nobody waits for that.
    INTERVAL_MS = 1000,
};

static const struct duty_ending ending = {"expired", "send_expired", TG_LOG_INFO};

int duty_expired(struct upkeep *upkeep)
{
    struct tg_ended ended[BATCH];
    size_t n = BATCH;
    while (n == BATCH && !stop_ordered(upkeep->stop)) {
        if (tg_store_expire_sends(upkeep->pg, BATCH, ended, &n) != TG_PG_OK)
            break;
        duty_conclude(upkeep, &ending, ended, n);
    }
    return INTERVAL_MS;
}

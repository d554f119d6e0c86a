#include "common/limits.h"
#include "worker/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // Beside the window, which is a day, nothing.
    INTERVAL_MS = 5000,
};

static const struct duty_ending ending = {"unheard", "send_unheard", TG_LOG_INFO};

int duty_unheard(struct upkeep *upkeep)
{
    int64_t window_s = upkeep->settings->confirmation_window_s;
    struct tg_ended ended[BATCH];
    size_t n = BATCH;
    while (n == BATCH && !stop_ordered(upkeep->stop)) {
        if (tg_store_fail_unheard_sends(upkeep->pg, window_s, BATCH, ended, &n) != TG_PG_OK)
            break;
        duty_conclude(upkeep, &ending, ended, n);
    }
    return INTERVAL_MS;
}

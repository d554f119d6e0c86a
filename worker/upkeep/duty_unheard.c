#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // Beside the window, which is a day, nothing.
    INTERVAL_MS = 5000,
};

static const struct duty_ending ending = {"unheard", "send_unheard", TG_LOG_INFO};

static enum tg_pg_status fail(struct upkeep *upkeep, struct tg_slice slice, size_t *n)
{
    struct tg_ended ended[BATCH];
    enum tg_pg_status status = tg_store_fail_unheard_sends(
        upkeep->pg, upkeep->worker->settings->confirmation_window_s, slice, ended, n);
    if (status == TG_PG_OK)
        duty_conclude(upkeep, &ending, ended, *n);
    return status;
}

int duty_unheard(struct upkeep *upkeep)
{
    (void)duty_do_all(upkeep, ending.duty, fail, BATCH);
    return INTERVAL_MS;
}

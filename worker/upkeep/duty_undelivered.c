#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // Beside what orgs wait, which is hours, nothing.
    INTERVAL_MS = 5000,
};

static const struct duty_ending ending = {"undelivered", "send_undelivered", TG_LOG_INFO};

static enum tg_pg_status fail(struct upkeep *upkeep, struct tg_slice slice, size_t *n)
{
    struct tg_ended ended[BATCH];
    enum tg_pg_status status = tg_store_fail_undelivered_sends(upkeep->pg, slice, ended, n);
    if (status == TG_PG_OK)
        duty_conclude(upkeep, &ending, ended, *n);
    return status;
}

int duty_undelivered(struct upkeep *upkeep)
{
    (void)duty_do_all(upkeep, ending.duty, fail, BATCH);
    return INTERVAL_MS;
}

#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = TG_BATCH_MAX,
    // How much later than its not_after a message may fail: nobody waits for that.
    INTERVAL_MS = 1000,
};

static const struct duty_ending ending = {"expired", "send_expired", TG_LOG_INFO};

static enum tg_pg_status expire(struct upkeep *upkeep, struct tg_slice slice, size_t *n)
{
    struct tg_ended ended[BATCH];
    enum tg_pg_status status = tg_store_expire_sends(upkeep->pg, slice, ended, n);
    if (status == TG_PG_OK)
        duty_conclude(upkeep, &ending, ended, *n);
    return status;
}

int duty_expired(struct upkeep *upkeep)
{
    (void)duty_do_all(upkeep, ending.duty, expire, BATCH);
    return INTERVAL_MS;
}

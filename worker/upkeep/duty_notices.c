#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 100,
    // Numbers that are banned are not to be tried for long, and there are few notices.
    INTERVAL_MS = 2000,
};

int duty_notices(struct upkeep *upkeep)
{
    int64_t followed = 0;
    if (tg_store_follow_notices(upkeep->pg, BATCH, &followed) == TG_PG_OK && followed > 0) {
        tg_count(TG_JANITOR, "notices", (uint64_t)followed);
        tg_log(TG_LOG_INFO, "account_notices_followed", TG_LOG_NUMBER("notices", followed));
    }
    return INTERVAL_MS;
}

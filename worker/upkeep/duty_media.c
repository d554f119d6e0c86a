#include "worker/upkeep/duty.h"

#include "common/service/metrics.h"
#include "common/store/media.h"

enum {
    BATCH = 500,
    INTERVAL_MS = 10 * 1000,
};

// A worker of the role media removes them from the store.
int duty_media(struct upkeep *upkeep)
{
    int64_t expired;
    do {
        expired = 0;
        if (tg_store_expire_media(upkeep->pg, BATCH, &expired) != TG_PG_OK)
            break;
        tg_count(TG_JANITOR, "media", (uint64_t)expired);
    } while (expired == BATCH && !stop_ordered(upkeep->worker->stop));
    return INTERVAL_MS;
}

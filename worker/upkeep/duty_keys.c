#include "common/limits.h"
#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
};

int duty_keys(struct upkeep *upkeep)
{
    int64_t deleted = BATCH;
    while (deleted == BATCH && !stop_ordered(upkeep->worker->stop)) {
        if (tg_store_delete_idempotency_keys(upkeep->pg, TG_IDEMPOTENCY_KEPT_S, BATCH, &deleted) !=
            TG_PG_OK)
            break;
        tg_count(TG_JANITOR, "keys", (uint64_t)deleted);
    }
    return INTERVAL_MS;
}

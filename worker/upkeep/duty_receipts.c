#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
    // So long their end can be asked for.
    AGE_S = 3600,
};

int duty_receipts(struct upkeep *upkeep)
{
    int64_t deleted = BATCH;
    while (deleted == BATCH && !stop_ordered(upkeep->worker->stop)) {
        if (tg_store_delete_receipts(upkeep->pg, AGE_S, BATCH, &deleted) != TG_PG_OK)
            break;
        tg_count(TG_JANITOR, "receipts", (uint64_t)deleted);
    }
    return INTERVAL_MS;
}

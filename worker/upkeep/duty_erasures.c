#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    ORGS = 1, // all that a contact has said is looked for, in one transaction
    INTERVAL_MS = 5 * 1000,
};

int duty_erasures(struct upkeep *upkeep)
{
    int64_t finished = 0;
    if (tg_store_finish_open_erasures(upkeep->pg, ORGS, &finished) == TG_PG_OK)
        tg_count(TG_JANITOR, "erasures", (uint64_t)finished);
    return INTERVAL_MS;
}

#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    // Beside what orgs keep bodies for, which is days, nothing.
    INTERVAL_MS = 60 * 1000,
};

int duty_bodies(struct upkeep *upkeep)
{
    struct tg_deleted_bodies done = {.more = true};
    while (done.more && !stop_ordered(upkeep->worker->stop)) {
        if (tg_store_delete_bodies(upkeep->pg, BATCH, &done) != TG_PG_OK)
            break;
        tg_count(TG_JANITOR, "bodies", (uint64_t)done.deleted);
    }
    return INTERVAL_MS;
}

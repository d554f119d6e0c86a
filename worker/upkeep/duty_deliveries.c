#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
    DAY_S = 86400,
};

// As long as the events.
int duty_deliveries(struct upkeep *upkeep)
{
    int64_t kept_days = upkeep->worker->settings->events_kept_days;
    duty_delete_all(upkeep, "deliveries", tg_store_delete_deliveries, kept_days * DAY_S, BATCH);
    return INTERVAL_MS;
}

#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
    // So long their end can be asked for.
    AGE_S = 3600,
};

int duty_receipts(struct upkeep *upkeep)
{
    duty_delete_all(upkeep, "receipts", tg_store_delete_receipts, AGE_S, BATCH);
    return INTERVAL_MS;
}

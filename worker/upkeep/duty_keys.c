#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
};

int duty_keys(struct upkeep *upkeep)
{
    duty_delete_all(upkeep, "keys", tg_store_delete_idempotency_keys, TG_IDEMPOTENCY_KEPT_S, BATCH);
    return INTERVAL_MS;
}

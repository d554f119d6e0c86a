#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    // An inbound worker checks a rule within a second.
    AGE_S = 5,
    INTERVAL_MS = 5000,
};

int duty_rules(struct upkeep *upkeep)
{
    int64_t raised = 0;
    if (tg_store_alert_unchecked_rules(upkeep->pg, AGE_S, &raised) == TG_PG_OK && raised > 0) {
        tg_count(TG_JANITOR, "rules", (uint64_t)raised);
        tg_log(TG_LOG_WARN, "rules_unchecked", TG_LOG_NUMBER("rules", raised));
    }
    return INTERVAL_MS;
}

#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1000,
    INTERVAL_MS = 60 * 1000,
};

int duty_sessions(struct upkeep *upkeep)
{
    duty_delete_all(upkeep, "sessions", tg_store_delete_sessions, TG_SESSIONS_KEPT_S, BATCH);
    duty_delete_all(upkeep, "console_links", tg_store_delete_console_links, TG_SESSIONS_KEPT_S,
                    BATCH);
    return INTERVAL_MS;
}

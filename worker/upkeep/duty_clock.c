#include "common/base/clock.h"
#include "worker/upkeep/duty.h"

// Beside this, what is late for as long is nothing.
enum { INTERVAL_MS = 1000 };

// What the database's clock says if it goes as ours does. 0: we have not seen it yet.
static int64_t expected_ms(const struct upkeep *upkeep)
{
    const struct tg_clock *seen = &upkeep->clock;
    return seen->now_ms == 0 ? 0 : seen->now_ms + tg_boottime_ms() - upkeep->clock_seen_ms;
}

int duty_clock(struct upkeep *upkeep)
{
    struct tg_clock *seen = &upkeep->clock;
    do {
        int64_t expected = expected_ms(upkeep);
        if (tg_store_follow_clock(upkeep->pg, expected, seen) != TG_PG_OK)
            break;
        upkeep->clock_seen_ms = tg_boottime_ms();
        if (seen->back_ms > 0)
            tg_log(TG_LOG_WARN, "database_clock_set_back", TG_LOG_NUMBER("ms", seen->back_ms));
    } while (seen->more && !stop_ordered(upkeep->worker->stop));
    return INTERVAL_MS;
}

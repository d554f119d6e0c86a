#include "common/base/clock.h"
#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 2000,
    // So long at a time, and then so long not: the other duties have their turns, and a history of
    // years is counted beside the work.
    ROUND_MS = 50,
    BETWEEN_MS = 150,
    // (SQL says when something is due: mostly after a minute.)
    INTERVAL_MS = 5 * 1000,
};

typedef enum tg_pg_status duty_roll_up(struct tg_pg *pg, int64_t limit, struct tg_rolled_up *done);

// Does a batch. Is there more to do now?
static bool roll_up(struct upkeep *upkeep, duty_roll_up *go_on)
{
    struct tg_rolled_up done = {0};
    if (go_on(upkeep->pg, BATCH, &done) != TG_PG_OK)
        return false;
    tg_count(TG_JANITOR, "usage", (uint64_t)done.counted);
    return done.more;
}

int duty_usage(struct upkeep *upkeep)
{
    long long end_ms = tg_now_ms() + ROUND_MS;
    bool money = true;
    bool messages = true;
    while ((money || messages) && tg_now_ms() < end_ms && !stop_ordered(upkeep->worker->stop)) {
        money = money && roll_up(upkeep, tg_store_sum_ledgers);
        messages = messages && roll_up(upkeep, tg_store_count_usage);
    }
    return money || messages ? BETWEEN_MS : INTERVAL_MS;
}

#include "common/limits.h"
#include "worker/upkeep/duty.h"

enum {
    BATCH = 1024,
    // A lost job is the rare aftermath of a crash, and the look costs a query of all that waits.
    INTERVAL_MS = 2000,
    // Between commit and publish an ingress may take so long: a Redis command that times out, and
    // some. Publishing too early is harmless, but each one costs a claim for nothing.
    MARGIN_MS = TG_REDIS_COMMAND_TIMEOUT_MS + 2000,
};

// What has been queued for longer than the oldest job of its partition has lost its own. Ages are
// compared, never clocks. A partition that cannot be looked at is left alone.
static void find_ages(struct upkeep *upkeep, int64_t *ages_ms, size_t partitions)
{
    for (size_t i = 0; i < partitions; i++) {
        long long age_ms = 0;
        ages_ms[i] = -1;
        if (tg_stream_oldest_age(upkeep->sends, (int)i, &age_ms))
            ages_ms[i] = (age_ms > 0 ? age_ms : 0) + MARGIN_MS;
    }
}

int duty_lost(struct upkeep *upkeep)
{
    int64_t ages_ms[TG_PARTITIONS_MAX];
    size_t partitions = (size_t)tg_stream_partitions(upkeep->sends);
    struct tg_message_key lost[BATCH];
    size_t n = BATCH;
    find_ages(upkeep, ages_ms, partitions);
    while (n == BATCH && !stop_ordered(upkeep->worker->stop)) {
        if (tg_store_find_lost_sends(upkeep->pg, ages_ms, partitions, BATCH, lost, &n) != TG_PG_OK)
            break;
        duty_publish(upkeep, "lost", lost, n);
    }
    return INTERVAL_MS;
}

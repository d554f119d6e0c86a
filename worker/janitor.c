#include "worker/janitor.h"

#include "common/job.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/service.h"
#include "common/store.h"

#include <stdlib.h>

enum {
    // How late a scheduled message may leave for want of a look; one indexed query each.
    DUE_INTERVAL_MS = 500,
    // A lost job is the rare aftermath of a crash, and the look costs a query per partition.
    LOST_INTERVAL_MS = 2000,
    // Between commit and publish an ingress may take so long: a Redis command that times out, and
    // some.
    // Publishing too early is harmless, but each one costs a claim for nothing.
    LOST_MARGIN_MS = TG_REDIS_COMMAND_TIMEOUT_MS + 2000,
    // How soon another janitor takes over when the acting one is gone.
    LOCK_INTERVAL_MS = 2000,
};

struct work {
    const struct janitor *janitor;
    struct tg_pg *pg;
    struct tg_stream *stream;
    bool acting;
    struct tg_due found[TG_BATCH_MAX];
    struct tg_job jobs[TG_BATCH_MAX];
};

// Asked for again in each round, since a connection that was lost has lost the lock too.
static bool hold_lock(struct work *work)
{
    bool taken = false;
    if (tg_store_take_scheduler_lock(work->pg, &taken) != TG_PG_OK)
        taken = false;
    if (taken != work->acting)
        tg_log(TG_LOG_INFO, taken ? "scheduler_lock_taken" : "scheduler_lock_lost");
    work->acting = taken;
    return taken;
}

// What Redis does not take is queued without a job: the duty `lost` finds it.
static void publish(struct work *work, size_t n, const char *why)
{
    for (size_t i = 0; i < n; i++)
        work->jobs[i] = (struct tg_job){.org_id = work->found[i].org_id,
                                        .message_id = work->found[i].message_id};
    size_t published = tg_job_publish(work->stream, work->jobs, n);
    tg_count(TG_JOBS_REPUBLISHED, why, published);
    tg_log(TG_LOG_INFO, "jobs_republished", TG_LOG_TEXT("why", why), TG_LOG_NUMBER("found", n),
           TG_LOG_NUMBER("published", published));
}

// Scheduled messages that are due become queued and get their jobs.
static void release_due(struct work *work)
{
    size_t n = TG_BATCH_MAX;
    while (n == TG_BATCH_MAX && !stop_ordered(work->janitor->stop)) {
        if (tg_store_release_due_sends(work->pg, TG_BATCH_MAX, work->found, &n) != TG_PG_OK)
            return;
        if (n > 0)
            publish(work, n, "due");
    }
}

// Messages that have been queued for longer than the oldest job of their partition (ages are
// compared, never clocks) have lost theirs.
static void find_lost(struct work *work)
{
    int64_t ages_ms[TG_PARTITIONS_MAX];
    size_t partitions = (size_t)work->janitor->settings->partitions;
    for (size_t i = 0; i < partitions; i++) {
        long long age_ms = 0;
        if (tg_stream_oldest_age(work->stream, (int)i, &age_ms))
            ages_ms[i] = (age_ms > 0 ? age_ms : 0) + LOST_MARGIN_MS;
        else
            ages_ms[i] = -1;
    }
    size_t n = TG_BATCH_MAX;
    while (n == TG_BATCH_MAX && !stop_ordered(work->janitor->stop)) {
        if (tg_store_find_lost_sends(work->pg, ages_ms, partitions, TG_BATCH_MAX, work->found,
                                     &n) != TG_PG_OK)
            return;
        if (n > 0)
            publish(work, n, "lost");
    }
}

static void act(struct work *work)
{
    struct stop *stop = work->janitor->stop;
    long long next_lost_ms = 0;
    while (!stop_ordered(stop)) {
        if (!hold_lock(work)) {
            stop_wait(stop, LOCK_INTERVAL_MS);
            continue;
        }
        release_due(work);
        if (tg_now_ms() >= next_lost_ms) {
            find_lost(work);
            next_lost_ms = tg_now_ms() + LOST_INTERVAL_MS;
        }
        stop_wait(stop, DUE_INTERVAL_MS);
    }
}

void *janitor_run(void *argument)
{
    const struct janitor *janitor = argument;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->janitor = janitor;
    work->pg = tg_pg_create(janitor->settings->postgres_url, "tollgate-worker janitor");
    work->stream = tg_stream_create(janitor->settings->redis_url,
                                    (int)janitor->settings->partitions, tg_job_work);
    act(work);
    tg_stream_destroy(work->stream);
    tg_pg_destroy(work->pg);
    free(work);
    return NULL;
}

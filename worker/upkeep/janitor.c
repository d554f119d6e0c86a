#include "worker/upkeep/janitor.h"

#include "common/base/clock.h"
#include "common/service/log.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"
#include "worker/upkeep/duty.h"

#include <stdlib.h>

// How soon another janitor takes over when the acting one is gone.
enum { LOCK_INTERVAL_MS = 2000 };

static duty_round *const duties[] = {
    duty_due, duty_lost, duty_expired, duty_abandoned, duty_unheard, duty_keys, duty_consumers,
};
enum { DUTIES = sizeof duties / sizeof *duties };

struct work {
    struct upkeep upkeep;
    bool acting;
    long long next_ms[DUTIES]; // when each duty wants to be called again
};

// Asked for again before each duty, since a connection that was lost has lost the lock too.
static bool hold_lock(struct work *work)
{
    bool taken = false;
    if (tg_store_take_janitor_lock(work->upkeep.pg, &taken) != TG_PG_OK)
        taken = false;
    if (taken != work->acting)
        tg_log(TG_LOG_INFO, taken ? "janitor_lock_taken" : "janitor_lock_lost");
    work->acting = taken;
    return taken;
}

// Does the duties whose time has come. Returns how many milliseconds there is nothing to do.
static int do_duties(struct work *work)
{
    long long wait_ms = LOCK_INTERVAL_MS;
    for (size_t i = 0; i < DUTIES && !stop_ordered(work->upkeep.stop); i++) {
        if (tg_now_ms() >= work->next_ms[i]) {
            if (!hold_lock(work))
                return LOCK_INTERVAL_MS;
            int interval_ms = duties[i](&work->upkeep);
            work->next_ms[i] = tg_now_ms() + interval_ms;
        }
    }
    for (size_t i = 0; i < DUTIES; i++) {
        long long left_ms = work->next_ms[i] - tg_now_ms();
        if (left_ms < wait_ms)
            wait_ms = left_ms > 0 ? left_ms : 0;
    }
    return (int)wait_ms;
}

void *janitor_run(void *argument)
{
    const struct janitor *janitor = argument;
    const struct tg_settings *settings = janitor->settings;
    int partitions = (int)settings->partitions;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    struct upkeep *upkeep = &work->upkeep;
    upkeep->settings = settings;
    upkeep->stop = janitor->stop;
    upkeep->pg = tg_pg_create(settings->postgres_url, "tollgate-worker janitor");
    upkeep->sends = tg_stream_create(settings->redis_url, partitions, tg_job_work);
    upkeep->webhooks = tg_stream_create(settings->redis_url, partitions, tg_webhook_work);
    upkeep->former_webhooks =
        tg_stream_create(settings->redis_url, partitions, tg_webhook_former_work);

    while (!stop_wait(janitor->stop, do_duties(work)))
        ;

    tg_stream_destroy(upkeep->former_webhooks);
    tg_stream_destroy(upkeep->webhooks);
    tg_stream_destroy(upkeep->sends);
    tg_pg_destroy(upkeep->pg);
    free(work);
    return NULL;
}

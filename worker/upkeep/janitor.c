#include "worker/upkeep/janitor.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"
#include "worker/upkeep/campaigns.h"
#include "worker/upkeep/duty.h"
#include "worker/upkeep/figures.h"
#include "worker/upkeep/numbers.h"
#include "worker/upkeep/templates.h"

// How soon another janitor takes over when the acting one is gone.
enum { LOCK_INTERVAL_MS = 2000 };

static duty_round *const duties[] = {
    duty_clock,     duty_due,         duty_lost,       duty_expired,  duty_abandoned,
    duty_unheard,   duty_undelivered, duty_keys,       duty_receipts, duty_sessions,
    duty_bodies,    duty_erasures,    duty_rules,      duty_notices,  duty_seal,
    duty_consumers, duty_usage,       duty_deliveries, duty_events,   duty_media,
};
enum { DUTIES = sizeof duties / sizeof *duties };

struct janitor {
    struct upkeep upkeep;
    pthread_t thread;
    atomic_bool acting;
    struct figures *figures;
    struct numbers *numbers;
    struct campaigns *campaigns;
    struct templates *templates;
    // The thread's own.
    long long next_ms[DUTIES]; // when each duty wants to be called again
};

// Asked for again before each duty, since a connection that was lost has lost the lock too.
static bool hold_lock(struct janitor *janitor)
{
    bool taken = false;
    if (tg_store_take_janitor_lock(janitor->upkeep.pg, &taken) != TG_PG_OK)
        taken = false;
    if (taken != atomic_exchange(&janitor->acting, taken))
        tg_log(TG_LOG_INFO, taken ? "janitor_lock_taken" : "janitor_lock_lost");
    return taken;
}

// Does the duties whose time has come. Returns how many milliseconds there is nothing to do.
static int do_duties(struct janitor *janitor)
{
    long long wait_ms = LOCK_INTERVAL_MS;
    for (size_t i = 0; i < DUTIES && !stop_ordered(janitor->upkeep.worker->stop); i++) {
        if (tg_now_ms() >= janitor->next_ms[i]) {
            if (!hold_lock(janitor))
                return LOCK_INTERVAL_MS;
            int interval_ms = duties[i](&janitor->upkeep);
            janitor->next_ms[i] = tg_now_ms() + interval_ms;
        }
    }
    for (size_t i = 0; i < DUTIES; i++) {
        long long left_ms = janitor->next_ms[i] - tg_now_ms();
        if (left_ms < wait_ms)
            wait_ms = left_ms > 0 ? left_ms : 0;
    }
    return (int)wait_ms;
}

static void *run(void *argument)
{
    struct janitor *janitor = argument;
    struct upkeep *upkeep = &janitor->upkeep;
    const struct worker *worker = upkeep->worker;
    upkeep->pg = tg_pg_create(worker->settings->postgres_url, "tollgate-worker janitor");
    upkeep->sends = worker_stream(worker, tg_job_work);
    upkeep->webhooks = worker_stream(worker, tg_webhook_work);
    upkeep->former_webhooks = worker_stream(worker, tg_webhook_former_work);

    while (!stop_wait(worker->stop, do_duties(janitor)))
        ;

    tg_stream_destroy(upkeep->former_webhooks);
    tg_stream_destroy(upkeep->webhooks);
    tg_stream_destroy(upkeep->sends);
    tg_pg_destroy(upkeep->pg);
    return NULL;
}

struct janitor *janitor_start(const struct worker *worker)
{
    struct janitor *janitor = tg_alloc(sizeof *janitor);
    janitor->upkeep.worker = worker;
    janitor->thread = tg_service_thread("janitor", run, janitor);
    janitor->figures = figures_start(worker, &janitor->acting);
    janitor->numbers = numbers_start(worker, &janitor->acting);
    janitor->campaigns = campaigns_start(worker, &janitor->acting);
    janitor->templates = templates_start(worker, &janitor->acting);
    return janitor;
}

void janitor_stop(struct janitor *janitor)
{
    if (!janitor)
        return;
    pthread_join(janitor->thread, NULL);
    figures_stop(janitor->figures);
    numbers_stop(janitor->numbers);
    campaigns_stop(janitor->campaigns);
    templates_stop(janitor->templates);
}

void janitor_free(struct janitor *janitor)
{
    if (!janitor)
        return;
    figures_free(janitor->figures);
    numbers_free(janitor->numbers);
    campaigns_free(janitor->campaigns);
    templates_free(janitor->templates);
    free(janitor);
}

#include "worker/upkeep/campaigns.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "common/store/campaigns.h"
#include "common/streams/job.h"

#include <stdlib.h>

enum {
    // How soon one is noticed that was just started. A piece has what leaves in a second, so that
    // it is there before the one before has left.
    INTERVAL_MS = 200,
    // There is more to do.
    SOON_MS = 10,
    AFTER_FAILURE_MS = 500,
    // While there is nobody to delete.
    CLEAR_INTERVAL_MS = 2000,
    // Recipients that are deleted at once, in the time of a piece.
    CLEARED_MAX = 2000,
};

struct campaigns {
    const struct worker *worker;
    const atomic_bool *acting;
    pthread_t thread;
    // The thread's own.
    struct tg_pg *pg;
    struct tg_stream *sends;
    long long clear_at_ms; // by tg_now_ms
};

static void publish(struct campaigns *campaigns, const struct tg_message_key *queued, size_t n)
{
    struct tg_job jobs[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        jobs[i] = (struct tg_job){.org_id = queued[i].org_id, .message_id = queued[i].message_id};
    size_t published = n > 0 ? tg_job_publish(campaigns->sends, jobs, n) : 0;
    tg_count(TG_JANITOR, "campaigns", n);
    tg_count(TG_JOBS_UNPUBLISHED, NULL, n - published);
}

static bool pass(struct campaigns *campaigns, const struct tg_campaign_key *campaign)
{
    struct tg_uuid ids[TG_BATCH_MAX];
    struct tg_message_key queued[TG_BATCH_MAX];
    size_t n = 0;
    for (size_t i = 0; i < TG_BATCH_MAX; i++)
        ids[i] = tg_uuid7();
    if (tg_store_pass_campaign(campaigns->pg, campaign, ids, TG_BATCH_MAX, queued, &n) != TG_PG_OK)
        return false;
    TG_STOP_POINT("after_piece");
    publish(campaigns, queued, n);
    return true;
}

// Whatever fails is left to the next round, and keeps no other from its turn.
static bool pass_all(struct campaigns *campaigns, size_t *n)
{
    struct tg_campaign_key due[TG_CAMPAIGNS_DUE_MAX];
    bool good = true;
    if (tg_store_list_due_campaigns(campaigns->pg, TG_CAMPAIGNS_DUE_MAX, due, n) != TG_PG_OK)
        return false;
    for (size_t i = 0; i < *n && !stop_ordered(campaigns->worker->stop); i++)
        good = pass(campaigns, &due[i]) && good;
    return good;
}

static bool clear(struct campaigns *campaigns, int64_t *cleared)
{
    *cleared = 0;
    if (tg_now_ms() < campaigns->clear_at_ms)
        return true;
    if (tg_store_clear_campaigns(campaigns->pg, TG_CAMPAIGN_REFUSED_KEPT_S, CLEARED_MAX, cleared) !=
        TG_PG_OK)
        return false;
    if (*cleared == 0)
        campaigns->clear_at_ms = tg_now_ms() + CLEAR_INTERVAL_MS;
    return true;
}

// Returns for how long there is nothing to do.
static int look(struct campaigns *campaigns)
{
    size_t passed = 0;
    int64_t cleared = 0;
    if (!atomic_load(campaigns->acting))
        return INTERVAL_MS;
    if (!pass_all(campaigns, &passed) || !clear(campaigns, &cleared))
        return AFTER_FAILURE_MS;
    return passed > 0 || cleared > 0 ? SOON_MS : INTERVAL_MS;
}

static void *run(void *argument)
{
    struct campaigns *campaigns = argument;
    const struct worker *worker = campaigns->worker;
    campaigns->pg = tg_pg_create(worker->settings->postgres_url, "tollgate-worker campaigns");
    campaigns->sends = worker_stream(worker, tg_job_work);
    while (!stop_wait(worker->stop, look(campaigns)))
        ;
    tg_stream_destroy(campaigns->sends);
    tg_pg_destroy(campaigns->pg);
    return NULL;
}

struct campaigns *campaigns_start(const struct worker *worker, const atomic_bool *acting)
{
    struct campaigns *campaigns = tg_alloc(sizeof *campaigns);
    campaigns->worker = worker;
    campaigns->acting = acting;
    campaigns->thread = tg_service_thread("campaigns", run, campaigns);
    return campaigns;
}

void campaigns_stop(struct campaigns *campaigns)
{
    if (campaigns)
        pthread_join(campaigns->thread, NULL);
}

void campaigns_free(struct campaigns *campaigns)
{
    free(campaigns);
}

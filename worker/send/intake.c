#include "worker/send/intake.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/streams/job.h"
#include "worker/pg_wait.h"
#include "worker/send/ack.h"
#include "worker/send/claim.h"

enum {
    // While there is no free place, so often to look whether to stop.
    PLACE_WAIT_MS = 500,
    // Between two looks for jobs that were left lying.
    TAKE_OVER_INTERVAL_MS = 1000,
    // Between attempts while Redis is away.
    RETRY_MS = TG_RECONNECT_MS,
};

struct intake {
    const struct worker *worker;
    struct places *places;
    pthread_t thread;
    // The thread's own.
    struct claimer claimer;
    long long next_take_over_ms;
    int64_t concurrency; // of the settings, as it was looked at last
    struct tg_job jobs[TG_BATCH_MAX];
};

// Up to `max` jobs that their workers, ourselves among them, have left lying. Returns how many
// there were.
static int take_over(struct intake *intake, int max)
{
    if (tg_now_ms() < intake->next_take_over_ms)
        return 0;
    int n = 0;
    if (claim_works(intake->claimer.pg))
        n = tg_job_take_over(intake->claimer.stream, intake->worker->consumer, intake->jobs, max,
                             TG_JOB_TAKEOVER_MS);
    if (n <= 0) {
        intake->next_take_over_ms = tg_now_ms() + TAKE_OVER_INTERVAL_MS;
        return 0;
    }
    tg_count(TG_JOBS_TAKEN_OVER, NULL, (uint64_t)n);
    tg_log(TG_LOG_INFO, "jobs_taken_over", TG_LOG_NUMBER("jobs", n));
    return n;
}

// Up to `max` jobs, old ones before new ones. -1: Redis is away.
static int next_jobs(struct intake *intake, int max)
{
    int n = take_over(intake, max);
    if (n > 0)
        return n;
    n = tg_job_take(intake->claimer.stream, intake->worker->consumer, intake->jobs, max,
                    TG_STREAM_BLOCK_MS);
    if (n >= 0)
        ack_late(intake->claimer.ack);
    return n;
}

static void follow_settings(struct intake *intake)
{
    const struct tg_settings *settings = intake->worker->settings;
    int64_t concurrency = settings->send_concurrency;
    if (concurrency == intake->concurrency)
        return;
    places_set_limit(intake->places, (size_t)tg_settings_places(settings));
    intake->concurrency = concurrency;
}

static void take_jobs(struct intake *intake)
{
    struct stop *stop = intake->claimer.stop;
    while (!stop_ordered(stop)) {
        follow_settings(intake);
        size_t places = places_take(intake->places, TG_BATCH_MAX, PLACE_WAIT_MS);
        int n = places > 0 ? next_jobs(intake, (int)places) : 0;
        if (n > 0)
            places -= claim_jobs(&intake->claimer, intake->jobs, (size_t)n);
        places_give_back(intake->places, places);
        if (n < 0)
            stop_wait(stop, RETRY_MS);
    }
}

// Jobs are not taken before their messages can be claimed.
static void *run(void *argument)
{
    struct intake *intake = argument;
    struct claimer *claimer = &intake->claimer;
    claimer->pg = tg_pg_create(intake->worker->settings->postgres_url, "tollgate-worker intake");
    claimer->stream = worker_stream(intake->worker, tg_job_work);
    claimer->ack = ack_create(claimer->stream);

    if (pg_wait_for_schema(claimer->pg, claimer->stop))
        take_jobs(intake);

    ack_destroy(claimer->ack);
    tg_stream_destroy(claimer->stream);
    tg_pg_destroy(claimer->pg);
    return NULL;
}

struct intake *intake_start(const struct worker *worker, struct places *places,
                            struct dispatch *next)
{
    struct intake *intake = tg_alloc(sizeof *intake);
    intake->worker = worker;
    intake->places = places;
    intake->claimer.next = next;
    intake->claimer.stop = worker->stop;
    intake->thread = tg_service_thread("intake", run, intake);
    return intake;
}

void intake_stop(struct intake *intake)
{
    pthread_join(intake->thread, NULL);
}

void intake_free(struct intake *intake)
{
    free(intake);
}

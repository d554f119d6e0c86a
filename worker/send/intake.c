#include "worker/send/intake.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "common/store/schema.h"
#include "common/store/upkeep.h"
#include "worker/send/ack.h"
#include "worker/send/in_hand.h"
#include "worker/successors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    // While there is no free place, so often to look whether to stop.
    PLACE_WAIT_MS = 500,
    // Between two looks for jobs that were left lying.
    TAKE_OVER_INTERVAL_MS = 1000,
    // Between attempts while a server is away, and after a refusal.
    RETRY_MS = TG_RECONNECT_MS,
    // Once asked to stop, so long a claim that may have been committed is still cleared up.
    CLEAR_UP_MS = 5000,
};

// What the thread works with. A batch of jobs is sorted by message and holds each message once.
struct work {
    const struct intake *intake;
    struct tg_pg *pg;
    struct tg_stream *stream;
    struct ack *ack;
    size_t places; // free ones in our hands
    long long next_take_over_ms;
    struct tg_job jobs[TG_BATCH_MAX];
    struct tg_claim claims[TG_BATCH_MAX];
};

static int compare_jobs(const void *a, const void *b)
{
    const struct tg_job *left = a;
    const struct tg_job *right = b;
    return memcmp(&left->message_id, &right->message_id, sizeof left->message_id);
}

// Sorts the jobs and finishes those that name a message for a second time. Returns how many are
// left.
static size_t sort_jobs(struct work *work, size_t n)
{
    struct tg_job again[TG_BATCH_MAX];
    const struct tg_job *finished[TG_BATCH_MAX];
    size_t kept = 0;
    size_t twice = 0;
    qsort(work->jobs, n, sizeof work->jobs[0], compare_jobs);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && compare_jobs(&work->jobs[kept - 1], &work->jobs[i]) == 0) {
            struct tg_job *first = &work->jobs[kept - 1];
            if (first->waiter[0] == '\0')
                memcpy(first->waiter, work->jobs[i].waiter, sizeof first->waiter);
            again[twice] = work->jobs[i];
            finished[twice] = &again[twice];
            twice++;
        } else {
            work->jobs[kept++] = work->jobs[i];
        }
    }
    ack_jobs(work->ack, finished, NULL, twice);
    return kept;
}

// Hands on what was claimed and finishes the jobs of the rest: whoever settled or holds those
// messages does without them.
static void hand_on(struct work *work, const struct tg_job *jobs, size_t n, size_t claimed,
                    long long claimed_at_ms)
{
    bool taken[TG_BATCH_MAX] = {false};
    assert(claimed <= work->places);
    work->places -= claimed;
    for (size_t i = 0; i < claimed; i++) {
        struct tg_job key = {.message_id = work->claims[i].message_id};
        const struct tg_job *job = bsearch(&key, jobs, n, sizeof *jobs, compare_jobs);
        if (!job)
            abort(); // claim_sends answered what it was not asked
        taken[job - jobs] = true;
        struct dispatch_item *item = dispatch_item_create(&work->claims[i], job, claimed_at_ms);
        if (!tg_queue_push(work->intake->out, item))
            abort(); // nobody but intake_run closes this queue
    }
    if (claimed > 0)
        dispatch_wake(work->intake->next);
    tg_count(TG_SENDS_CLAIMED, NULL, claimed);
    tg_gauge_set(TG_DISPATCH_QUEUE, (int64_t)tg_queue_length(work->intake->out));

    const struct tg_job *finished[TG_BATCH_MAX];
    size_t unclaimed = 0;
    for (size_t i = 0; i < n; i++)
        if (!taken[i])
            finished[unclaimed++] = &jobs[i];
    ack_jobs(work->ack, finished, NULL, unclaimed);
}

// Jobs whose messages this worker will not claim: other workers get them anew. The old entries go
// in any case: a message without a job is found by the janitor, but an old entry would keep it
// from looking (tg_stream_oldest_age).
static void give_back(struct work *work, const struct tg_job *jobs, size_t n)
{
    const struct tg_job *finished[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        finished[i] = &jobs[i];
    size_t published = tg_job_publish(work->stream, jobs, n);
    ack_jobs(work->ack, finished, NULL, n);
    tg_log(TG_LOG_INFO, "jobs_given_back", TG_LOG_NUMBER("jobs", n),
           TG_LOG_NUMBER("published", published));
}

// Claims until PostgreSQL has answered or the worker stops. `jobs` is a sorted part of work->jobs.
// false: PostgreSQL refuses, and the jobs are as they were.
static bool claim(struct work *work, const struct tg_job *jobs, size_t n)
{
    struct stop *stop = work->intake->stop;
    struct tg_uuid claim_id = tg_uuid7();
    struct tg_message_key messages[TG_BATCH_MAX];
    struct tg_claim_key claims[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++) {
        messages[i] = (struct tg_message_key){jobs[i].org_id, jobs[i].message_id};
        claims[i] = (struct tg_claim_key){jobs[i].org_id, jobs[i].message_id, claim_id};
    }
    // A claim of which the answer was lost may have been committed: repeated under its own id it
    // finds what it did, and released under it nothing is left `sending` without a sender.
    bool maybe_claimed = false;
    while (!stop_ordered(stop)) {
        size_t claimed = 0;
        long long began_ms = tg_boottime_ms();
        enum tg_pg_status status =
            tg_store_claim_sends(work->pg, claim_id, messages, n, work->claims, &claimed);
        if (status == TG_PG_REFUSED)
            return false;
        if (status == TG_PG_OK) {
            TG_STOP_POINT("after_claim");
            hand_on(work, jobs, n, claimed, began_ms);
            return true;
        }
        maybe_claimed |= status == TG_PG_UNKNOWN;
        tg_sleep_ms(RETRY_MS);
    }
    while (maybe_claimed && tg_store_release_sends(work->pg, claims, n) != TG_PG_OK) {
        if (stop_age_ms(stop) > CLEAR_UP_MS) {
            tg_log(TG_LOG_ERROR, "claim_left_unknown", TG_LOG_NUMBER("jobs", n));
            return true;
        }
        tg_sleep_ms(RETRY_MS);
    }
    give_back(work, jobs, n);
    return true;
}

// Claims all jobs. What PostgreSQL refuses is halved until the one message is found that it will
// not let us claim: that one must not hold up the others. Its job stays pending.
static void claim_all(struct work *work, const struct tg_job *jobs, size_t n)
{
    size_t size = n;
    for (size_t i = 0; i < n;) {
        size = size < n - i ? size : n - i;
        bool refused = !claim(work, jobs + i, size);
        if (refused && size > 1) {
            size /= 2;
            continue;
        }
        if (refused) {
            tg_log(TG_LOG_ERROR, "claim_refused", TG_LOG_ID("message_id", jobs[i].message_id),
                   TG_LOG_ID("org_id", jobs[i].org_id), TG_LOG_TEXT("entry", jobs[i].entry.id));
            stop_wait(work->intake->stop, RETRY_MS);
        }
        i += size;
        size *= 2;
    }
}

// Waits until the schema is there: jobs are not taken before their messages can be claimed.
static bool schema_is_ready(struct work *work)
{
    struct tg_misfit misfit;
    bool said = false;
    for (;;) {
        enum tg_pg_status status = tg_store_check_schema(work->pg, TG_CALLS_OF_WORKER, &misfit);
        if (status == TG_PG_OK && misfit.call[0] == '\0')
            return true;
        if (!said && (status == TG_PG_OK || status == TG_PG_REFUSED)) {
            tg_log(TG_LOG_WARN, "schema_missed", TG_LOG_TEXT("call", misfit.call),
                   TG_LOG_TEXT("misfit", misfit.what));
            said = true;
        }
        if (stop_wait(work->intake->stop, RETRY_MS))
            return false;
    }
}

// Does claiming work at all? Jobs that others have for long because it does not are no worse for
// it, and must not be counted as given away once more by each worker that waits like them.
static bool claiming_works(struct work *work)
{
    size_t claimed = 0;
    return tg_store_claim_sends(work->pg, tg_uuid7(), NULL, 0, work->claims, &claimed) == TG_PG_OK;
}

// Fails the message of a job that has ended one worker after the other. False: PostgreSQL could not
// be asked, and the job stays pending.
static bool fail_poison(struct work *work, const struct tg_job *job)
{
    struct tg_message_key message = {job->org_id, job->message_id};
    struct tg_ended ended;
    size_t n = 0;
    if (tg_store_fail_poison_sends(work->pg, &message, 1, &ended, &n) != TG_PG_OK)
        return false;
    struct successors successors = {0};
    if (n > 0) {
        successors_add(&successors, ended.org_id, &ended.released);
        tg_count(TG_REFUNDS, NULL, ended.refunded);
    }
    successors_publish(&successors, work->stream);
    ack_jobs(work->ack, &job, NULL, 1);
    tg_log(TG_LOG_ERROR, "poison_job", TG_LOG_ID("message_id", job->message_id),
           TG_LOG_ID("org_id", job->org_id), TG_LOG_TEXT("entry", job->entry.id),
           TG_LOG_NUMBER("deliveries", job->entry.deliveries), TG_LOG_NUMBER("failed", n),
           TG_LOG_NUMBER("refunded", n > 0 && ended.refunded));
    return true;
}

// Deals with the poison among the jobs. Returns how many others are left.
static size_t sort_out_poison(struct work *work, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (work->jobs[i].entry.deliveries <= TG_DELIVERIES_MAX)
            work->jobs[kept++] = work->jobs[i];
        else if (!fail_poison(work, &work->jobs[i]))
            tg_log(TG_LOG_WARN, "poison_left", TG_LOG_TEXT("entry", work->jobs[i].entry.id));
    }
    return kept;
}

// Jobs that their workers, ourselves among them, have left lying. Returns how many there were.
static int take_over(struct work *work)
{
    if (tg_now_ms() < work->next_take_over_ms)
        return 0;
    int n = 0;
    if (claiming_works(work))
        n = tg_job_take_over(work->stream, work->intake->consumer, work->jobs, (int)work->places,
                             TG_JOB_TAKEOVER_MS);
    if (n <= 0) {
        work->next_take_over_ms = tg_now_ms() + TAKE_OVER_INTERVAL_MS;
        return 0;
    }
    tg_count(TG_JOBS_TAKEN_OVER, NULL, (uint64_t)n);
    tg_log(TG_LOG_INFO, "jobs_taken_over", TG_LOG_NUMBER("jobs", n));
    return n;
}

// Jobs for the places in our hands, old ones before new ones. -1: Redis is away.
static int next_jobs(struct work *work)
{
    int n = take_over(work);
    if (n > 0)
        return (int)sort_out_poison(work, (size_t)n);
    n = tg_job_take(work->stream, work->intake->consumer, work->jobs, (int)work->places,
                    TG_STREAM_BLOCK_MS);
    if (n >= 0)
        ack_late(work->ack);
    return n;
}

static void take_jobs(struct work *work)
{
    const struct intake *intake = work->intake;
    while (!stop_ordered(intake->stop)) {
        work->places = places_take(intake->places, TG_BATCH_MAX, PLACE_WAIT_MS);
        int n = work->places > 0 ? next_jobs(work) : 0;
        if (n > 0)
            claim_all(work, work->jobs, sort_jobs(work, (size_t)n));
        places_give_back(intake->places, work->places);
        if (n < 0)
            stop_wait(intake->stop, RETRY_MS);
    }
}

void *intake_run(void *argument)
{
    const struct intake *intake = argument;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->intake = intake;
    work->pg = tg_pg_create(intake->settings->postgres_url, "tollgate-worker intake");
    work->stream = tg_stream_create(intake->settings->redis_url, (int)intake->settings->partitions,
                                    tg_job_work);
    work->ack = ack_create(work->stream);

    if (schema_is_ready(work))
        take_jobs(work);

    tg_queue_close(intake->out);
    dispatch_wake(intake->next);
    ack_destroy(work->ack);
    tg_stream_destroy(work->stream);
    tg_pg_destroy(work->pg);
    free(work);
    return NULL;
}

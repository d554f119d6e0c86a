#include "worker/send/claim.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "common/store/upkeep.h"
#include "worker/send/in_hand.h"
#include "worker/successors.h"

#include <stdlib.h>
#include <string.h>

enum {
    // Between attempts while PostgreSQL is away, and after a refusal.
    RETRY_MS = TG_RECONNECT_MS,
    // Once asked to stop, so long a claim that may have been committed is still cleared up.
    CLEAR_UP_MS = 5000,
};

static int compare_jobs(const void *a, const void *b)
{
    const struct tg_job *left = a;
    const struct tg_job *right = b;
    return memcmp(&left->message_id, &right->message_id, sizeof left->message_id);
}

// Sorts the jobs by message and ends those that name one for a second time. Returns how many are
// left.
static size_t sort_jobs(const struct claimer *claimer, struct tg_job *jobs, size_t n)
{
    struct tg_job again[TG_BATCH_MAX];
    size_t kept = 0;
    size_t twice = 0;
    qsort(jobs, n, sizeof *jobs, compare_jobs);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && compare_jobs(&jobs[kept - 1], &jobs[i]) == 0) {
            struct tg_job *first = &jobs[kept - 1];
            if (first->ingress[0] == '\0')
                memcpy(first->ingress, jobs[i].ingress, sizeof first->ingress);
            again[twice++] = jobs[i];
        } else {
            jobs[kept++] = jobs[i];
        }
    }
    ack_jobs(claimer->ack, again, twice);
    return kept;
}

static void log_claimed(struct in_hand *const *messages, size_t n)
{
    tg_log_gather();
    for (size_t i = 0; i < n; i++)
        tg_log_step("send_claimed", IN_HAND_FIELDS(messages[i]),
                    TG_LOG_TEXT("phone_number_id", messages[i]->claim.phone_number_id),
                    TG_LOG_NUMBER("duration_ms", in_hand_age_ms(messages[i])));
    tg_log_let_go();
}

// What was claimed of the jobs goes on, the other jobs are done.
static void hand_on(const struct claimer *claimer, const struct tg_job *jobs, size_t n,
                    const struct tg_claim *claims, size_t claimed, long long claimed_at_ms)
{
    bool taken[TG_BATCH_MAX] = {false};
    struct in_hand *messages[TG_BATCH_MAX];
    struct tg_job unclaimed[TG_BATCH_MAX];
    size_t unclaimed_count = 0;
    for (size_t i = 0; i < claimed; i++) {
        struct tg_job key = {.message_id = claims[i].message_id};
        const struct tg_job *job = bsearch(&key, jobs, n, sizeof *jobs, compare_jobs);
        if (!job)
            abort(); // claim_sends answered what it was not asked
        taken[job - jobs] = true;
        messages[i] = in_hand_create(&claims[i], job, claimed_at_ms);
    }
    for (size_t i = 0; i < n; i++) {
        if (!taken[i])
            unclaimed[unclaimed_count++] = jobs[i];
    }
    log_claimed(messages, claimed);
    if (claimed > 0)
        dispatch_push(claimer->next, messages, claimed);
    tg_count(TG_SENDS_CLAIMED, NULL, claimed);
    ack_jobs(claimer->ack, unclaimed, unclaimed_count);
}

// Stop is ordered, and PostgreSQL has not answered. A claim of which the answer was lost may have
// been committed: released under its own id it leaves nothing `sending` without a sender.
static void clear_up(const struct claimer *claimer, struct tg_uuid claim_id, bool maybe_claimed,
                     const struct tg_job *jobs, size_t n)
{
    if (!maybe_claimed) {
        hand_back_jobs(claimer->ack, jobs, n);
        return;
    }
    struct tg_claim_key claims[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        claims[i] = (struct tg_claim_key){jobs[i].org_id, jobs[i].message_id, claim_id};
    while (hand_back_claims(claimer->pg, claimer->ack, claims, jobs, n) != TG_PG_OK) {
        if (stop_age_ms(claimer->stop) > CLEAR_UP_MS) {
            tg_log(TG_LOG_ERROR, "claim_left_unknown", TG_LOG_NUMBER("jobs", n));
            return;
        }
        tg_sleep_ms(RETRY_MS);
    }
}

// Claims until PostgreSQL has answered or the worker stops. The jobs are sorted. False: PostgreSQL
// refuses, and they are as they were.
static bool claim(const struct claimer *claimer, const struct tg_job *jobs, size_t n,
                  size_t *claimed)
{
    struct tg_uuid claim_id = tg_uuid7();
    struct tg_message_key messages[TG_BATCH_MAX];
    struct tg_claim claims[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        messages[i] = (struct tg_message_key){jobs[i].org_id, jobs[i].message_id};
    bool maybe_claimed = false;
    *claimed = 0;
    while (!stop_ordered(claimer->stop)) {
        long long began_ms = tg_boottime_ms();
        // Repeated under its own id, a claim finds what it did before.
        enum tg_pg_status status =
            tg_store_claim_sends(claimer->pg, claim_id, messages, n, claims, claimed);
        if (status == TG_PG_REFUSED)
            return false;
        if (status == TG_PG_OK) {
            TG_STOP_POINT("after_claim");
            hand_on(claimer, jobs, n, claims, *claimed, began_ms);
            return true;
        }
        maybe_claimed |= status == TG_PG_UNKNOWN;
        tg_sleep_ms(RETRY_MS);
    }
    clear_up(claimer, claim_id, maybe_claimed, jobs, n);
    return true;
}

// Fails a message that PostgreSQL has refused to let us claim, and others before us. False: it
// could not be asked, and the job stays pending.
static bool fail_poison(const struct claimer *claimer, const struct tg_job *job)
{
    struct tg_message_key message = {job->org_id, job->message_id};
    struct tg_ended ended;
    size_t n = 0;
    if (tg_store_fail_poison_sends(claimer->pg, &message, 1, &ended, &n) != TG_PG_OK)
        return false;
    struct successors successors = {0};
    if (n > 0) {
        successors_add(&successors, ended.org_id, &ended.released);
        tg_count(TG_REFUNDS, NULL, ended.refunded);
    }
    successors_publish(&successors, claimer->stream);
    ack_jobs(claimer->ack, job, 1);
    tg_log(TG_LOG_ERROR, "poison_job", TG_LOG_MESSAGE(job), TG_LOG_TEXT("entry", job->entry.id),
           TG_LOG_NUMBER("deliveries", job->entry.deliveries), TG_LOG_NUMBER("failed", n),
           TG_LOG_NUMBER("refunded", n > 0 && ended.refunded));
    return true;
}

// The one message that PostgreSQL will not let us claim must not hold up the others. Its job stays
// pending until workers enough have tried: how many have is Redis's word, which alone fails
// nothing.
static void leave(const struct claimer *claimer, const struct tg_job *job)
{
    tg_log(TG_LOG_ERROR, "claim_refused", TG_LOG_MESSAGE(job), TG_LOG_TEXT("entry", job->entry.id));
    if (job->entry.deliveries <= TG_DELIVERIES_MAX || !fail_poison(claimer, job))
        stop_wait(claimer->stop, RETRY_MS);
}

size_t claim_jobs(const struct claimer *claimer, struct tg_job *jobs, size_t n)
{
    size_t claimed = 0;
    struct tg_batch batch = tg_batch_of(sort_jobs(claimer, jobs, n), TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        const struct tg_job *of_batch = jobs + batch.first;
        size_t count = 0;
        bool done = claim(claimer, of_batch, batch.size, &count);
        claimed += count;
        if (!done && !tg_batch_halve(&batch))
            leave(claimer, of_batch);
    }
    return claimed;
}

bool claim_works(struct tg_pg *pg)
{
    struct tg_claim none;
    size_t claimed = 0;
    return tg_store_claim_sends(pg, tg_uuid7(), NULL, 0, &none, &claimed) == TG_PG_OK;
}

#include "worker/send/settle.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "common/store/wallets.h"
#include "worker/send/ack.h"
#include "worker/successors.h"

#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MS = 1000,
    // Between attempts while PostgreSQL is away.
    RETRY_MS = TG_RECONNECT_MS,
    // So long after the order to stop no further attempt is made; what is left stays `sending`, and
    // its jobs pending, for whoever takes over. Behind TG_DRAIN_MS, within the 10 s of a stop.
    GIVE_UP_MS = 9000,
    // Between attempts to settle what waits for a wallet.
    ASIDE_MS = 250,
};

struct settle {
    const struct worker *worker;
    struct places *places;
    struct tg_queue *queue; // of struct in_hand
    pthread_t thread;
    // The thread's own.
    struct tg_pg *pg;
    struct tg_stream *stream;
    struct ack *ack;
    // Messages whose org's wallet somebody holds. They keep their places, so that there is room for
    // all that may come.
    struct in_hand **aside;
    size_t aside_count;
    struct tg_settled settled[TG_BATCH_MAX];
};

// Is it worth another attempt? Waits before it says yes.
static bool try_again(struct settle *settle)
{
    if (stop_age_ms(settle->worker->stop) > GIVE_UP_MS)
        return false;
    tg_sleep_ms(RETRY_MS);
    return true;
}

// By how it stands now.
static void log_settled(const struct in_hand *message, const struct tg_settled *settled)
{
    static const struct {
        const char *event;
        enum tg_log_level level;
    } events[TG_STATUSES] = {
        [TG_STATUS_SCHEDULED] = {"send_put_off", TG_LOG_INFO},
        [TG_STATUS_UNCONFIRMED] = {"send_unconfirmed", TG_LOG_WARN},
        [TG_STATUS_FAILED] = {"send_failed", TG_LOG_INFO},
    };
    if (settled->status == TG_STATUS_SENT)
        tg_log_step("send_sent", IN_HAND_FIELDS(message),
                    TG_LOG_NUMBER("duration_ms", in_hand_age_ms(message)));
    else if (events[settled->status].event)
        tg_log(events[settled->status].level, events[settled->status].event,
               IN_HAND_FIELDS(message), TG_LOG_TEXT("outcome", message->outcome.key),
               TG_LOG_TEXT("class", settled->error_class),
               TG_LOG_NUMBER("refunded", settled->refunded),
               TG_LOG_NUMBER("duration_ms", in_hand_age_ms(message)));
}

static void record(const struct in_hand *message, const struct tg_settled *settled)
{
    const struct tg_outcome *outcome = &message->outcome;
    tg_count(TG_OUTCOMES, outcome->key, 1);
    if (!settled->settled) {
        // Also how a batch looks whose first attempt was committed without our hearing of it.
        tg_log(TG_LOG_INFO, "send_found_settled", TG_LOG_MESSAGE(outcome),
               TG_LOG_TEXT("status", tg_status_names[settled->status]),
               TG_LOG_TEXT("outcome", outcome->key));
        return;
    }
    tg_count(TG_SENDS_SETTLED, tg_status_names[settled->status], 1);
    tg_count(TG_REFUNDS, NULL, settled->refunded);
    if (settled->unknown_code) {
        tg_count(TG_UNKNOWN_ERROR_CODES, outcome->key, 1);
        tg_log(TG_LOG_WARN, "unknown_error_code", TG_LOG_TEXT("code", outcome->key),
               TG_LOG_MESSAGE(outcome));
    }
    log_settled(message, settled);
    if (settled->paused) {
        tg_count(TG_CHANNELS_PAUSED, outcome->key, 1);
        tg_log(TG_LOG_WARN, "channel_paused", TG_LOG_MESSAGE(outcome),
               TG_LOG_TEXT("outcome", outcome->key));
    }
}

// What follows from a batch that is settled.
static void conclude(struct settle *settle, struct in_hand *const *messages, size_t n)
{
    struct successors successors = {0};
    struct tg_job jobs[TG_BATCH_MAX];
    tg_log_gather();
    for (size_t i = 0; i < n; i++) {
        const struct tg_outcome *outcome = &messages[i]->outcome;
        record(messages[i], &settle->settled[i]);
        successors_add(&successors, outcome->org_id, &settle->settled[i].released);
        jobs[i] = messages[i]->job;
    }
    tg_log_let_go();
    successors_publish(&successors, settle->stream);
    TG_STOP_POINT("before_ack");
    ack_jobs(settle->ack, jobs, n);
}

// Marks those of a batch whose org's wallet somebody holds: the others are settled without them.
static void set_held_aside(struct settle *settle, struct in_hand *const *messages, size_t n)
{
    struct tg_uuid org_ids[TG_BATCH_MAX];
    bool is_free[TG_BATCH_MAX];
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        org_ids[i] = messages[i]->outcome.org_id;
    if (tg_store_find_free_wallets(settle->pg, org_ids, n, is_free) != TG_PG_OK)
        return;
    for (size_t i = 0; i < n; i++)
        messages[i]->is_aside = !is_free[i];
}

static enum tg_pg_status settle_outcomes(struct settle *settle, struct in_hand *const *of_batch,
                                         size_t count)
{
    const struct tg_outcome *outcomes[TG_BATCH_MAX];
    struct in_hand *messages[TG_BATCH_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (of_batch[i]->is_aside)
            continue;
        messages[n] = of_batch[i];
        outcomes[n++] = &of_batch[i]->outcome;
    }
    if (n == 0)
        return TG_PG_OK;
    long long began_ms = tg_now_ms();
    enum tg_pg_status status = tg_store_settle_sends(settle->pg, outcomes, n, settle->settled);
    if (status == TG_PG_RETRY)
        set_held_aside(settle, messages, n);
    if (status != TG_PG_OK)
        return status;
    tg_observe(TG_SETTLE_BATCH, (double)n);
    tg_observe(TG_SETTLE_SECONDS, (double)(tg_now_ms() - began_ms) / 1e3);
    conclude(settle, messages, n);
    return TG_PG_OK;
}

static enum tg_pg_status hand_back(struct settle *settle, struct in_hand *const *messages, size_t n)
{
    struct tg_claim_key claims[TG_BATCH_MAX];
    struct tg_job jobs[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++) {
        jobs[i] = messages[i]->job;
        claims[i] =
            (struct tg_claim_key){jobs[i].org_id, jobs[i].message_id, messages[i]->claim.claim_id};
    }
    return hand_back_claims(settle->pg, settle->ack, claims, jobs, n);
}

static void log_left(const char *event, struct in_hand *const *messages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tg_log(TG_LOG_ERROR, event, TG_LOG_MESSAGE(&messages[i]->outcome),
               TG_LOG_TEXT("outcome", messages[i]->outcome.key));
}

typedef enum tg_pg_status batch_fn(struct settle *settle, struct in_hand *const *messages,
                                   size_t n);

// Does all messages. One that PostgreSQL will not take must not fail its neighbours; its job stays
// pending.
static void do_all(struct settle *settle, batch_fn *do_batch, struct in_hand *const *messages,
                   size_t n)
{
    struct tg_batch batch = tg_batch_of(n, TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        struct in_hand *const *of_batch = messages + batch.first;
        enum tg_pg_status status = do_batch(settle, of_batch, batch.size);
        if (status == TG_PG_REFUSED && !tg_batch_halve(&batch))
            log_left("settle_refused", of_batch, 1);
        if (status == TG_PG_OK || status == TG_PG_REFUSED)
            continue;
        if (!try_again(settle)) {
            log_left("settle_given_up", of_batch, n - batch.first);
            return;
        }
        tg_batch_repeat(&batch);
    }
}

static void settle_all(struct settle *settle, struct in_hand *const *messages, size_t n)
{
    struct in_hand *dispatched[TG_BATCH_MAX];
    struct in_hand *undone[TG_BATCH_MAX];
    size_t dispatched_count = 0;
    size_t undone_count = 0;
    for (size_t i = 0; i < n; i++) {
        if (messages[i]->hand_back)
            undone[undone_count++] = messages[i];
        else
            dispatched[dispatched_count++] = messages[i];
    }
    do_all(settle, settle_outcomes, dispatched, dispatched_count);
    do_all(settle, hand_back, undone, undone_count);
}

// Those that are done go, and give their places back; those that wait for a wallet stay.
static void let_go(struct settle *settle, struct in_hand *const *messages, size_t n)
{
    size_t gone = 0;
    for (size_t i = 0; i < n; i++) {
        if (messages[i]->is_aside) {
            settle->aside[settle->aside_count++] = messages[i];
        } else {
            in_hand_destroy(messages[i]);
            gone++;
        }
    }
    places_give_back(settle->places, gone);
}

// Once more for what waits for a wallet, org by org, so that one does not wait for another's.
static void settle_aside(struct settle *settle)
{
    struct in_hand *messages[TG_BATCH_MAX];
    for (size_t left = settle->aside_count; left > 0;) {
        const struct tg_uuid org_id = settle->aside[0]->outcome.org_id;
        size_t n = 0;
        size_t others = 0;
        for (size_t i = 0; i < settle->aside_count; i++) {
            bool is_next = i < left && n < TG_BATCH_MAX &&
                           tg_uuid_equal(settle->aside[i]->outcome.org_id, org_id);
            if (is_next)
                messages[n++] = settle->aside[i];
            else
                settle->aside[others++] = settle->aside[i];
        }
        left -= n;
        settle->aside_count = others;
        for (size_t i = 0; i < n; i++)
            messages[i]->is_aside = false;
        set_held_aside(settle, messages, n);
        (void)settle_outcomes(settle, messages, n);
        let_go(settle, messages, n);
    }
}

static void give_up_aside(struct settle *settle)
{
    log_left("settle_given_up", settle->aside, settle->aside_count);
    for (size_t i = 0; i < settle->aside_count; i++)
        in_hand_destroy(settle->aside[i]);
    places_give_back(settle->places, settle->aside_count);
}

static void *run(void *argument)
{
    struct settle *settle = argument;
    const struct worker *worker = settle->worker;
    settle->pg = tg_pg_create(worker->settings->postgres_url, "tollgate-worker settle");
    settle->stream = worker_stream(worker, tg_job_work);
    settle->ack = ack_create(settle->stream);

    while (!tg_queue_drained(settle->queue) ||
           (settle->aside_count > 0 && stop_age_ms(worker->stop) <= GIVE_UP_MS)) {
        struct in_hand *messages[TG_BATCH_MAX];
        size_t n = tg_queue_pop(settle->queue, (void **)messages, TG_BATCH_MAX,
                                settle->aside_count > 0 ? ASIDE_MS : IDLE_MS);
        tg_gauge_set(TG_SETTLE_QUEUE, (int64_t)tg_queue_length(settle->queue));
        ack_late(settle->ack);
        settle_all(settle, messages, n);
        settle_aside(settle);
        let_go(settle, messages, n);
    }
    give_up_aside(settle);

    ack_destroy(settle->ack);
    tg_stream_leave(settle->stream, worker->consumer);
    tg_stream_destroy(settle->stream);
    tg_pg_destroy(settle->pg);
    return NULL;
}

struct settle *settle_start(const struct worker *worker, struct places *places)
{
    struct settle *settle = tg_alloc(sizeof *settle);
    settle->worker = worker;
    settle->places = places;
    settle->queue = tg_queue_create(places_count(places));
    settle->aside = tg_alloc(places_count(places) * sizeof(struct in_hand *));
    settle->thread = tg_service_thread("settle", run, settle);
    return settle;
}

void settle_push(struct settle *settle, struct in_hand *message)
{
    // There are no more messages than places, and nobody hands anything over after the end.
    if (!tg_queue_try_push(settle->queue, message))
        abort();
}

void settle_stop(struct settle *settle)
{
    tg_queue_close(settle->queue);
    pthread_join(settle->thread, NULL);
}

void settle_free(struct settle *settle)
{
    if (!settle)
        return;
    tg_queue_destroy(settle->queue);
    free(settle->aside);
    free(settle);
}

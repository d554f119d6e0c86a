#include "worker/send/settle.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "worker/send/ack.h"
#include "worker/send/in_hand.h"
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
};

struct work {
    const struct settle *settle;
    struct tg_pg *pg;
    struct tg_stream *stream;
    struct ack *ack;
    struct tg_settled settled[TG_BATCH_MAX];
    struct tg_text results[TG_BATCH_MAX];
};

// What an attempt came to.
enum attempt { DONE, REFUSED, GIVEN_UP };

// Is it worth another attempt? Waits before it says yes.
static bool try_again(struct work *work)
{
    if (stop_age_ms(work->settle->stop) > GIVE_UP_MS)
        return false;
    tg_sleep_ms(RETRY_MS);
    return true;
}

static void finish_jobs(struct work *work, struct dispatch_item *const *items,
                        const char *const *results, size_t n)
{
    const struct tg_job *jobs[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        jobs[i] = &items[i]->job;
    ack_jobs(work->ack, jobs, results, n);
}

// The line that the waiting ingress gets. What somebody else has settled (a status webhook that was
// faster) is told by the record alone, so that nothing but the id goes.
static void write_result(const struct tg_outcome *outcome, const struct tg_settled *settled,
                         struct tg_text *json)
{
    struct tg_result result = {.message_id = outcome->message_id};
    if (settled->settled) {
        result.status = settled->status;
        result.refunded = settled->refunded;
    }
    if (result.status == TG_STATUS_SENT) {
        memcpy(result.wamid, outcome->wamid, sizeof result.wamid);
    } else {
        memcpy(result.error_code, outcome->key, sizeof result.error_code);
        memcpy(result.error_message, outcome->error_message, sizeof result.error_message);
    }
    tg_result_write(&result, json);
}

// What is not sent, by how it stands.
static void log_unsent(const struct tg_outcome *outcome, const struct tg_settled *settled)
{
    static const struct {
        const char *event;
        enum tg_log_level level;
    } events[TG_STATUSES] = {
        [TG_STATUS_SCHEDULED] = {"send_put_off", TG_LOG_INFO},
        [TG_STATUS_UNCONFIRMED] = {"send_unconfirmed", TG_LOG_WARN},
        [TG_STATUS_FAILED] = {"send_failed", TG_LOG_INFO},
    };
    if (events[settled->status].event)
        tg_log(events[settled->status].level, events[settled->status].event,
               TG_LOG_ID("message_id", outcome->message_id), TG_LOG_ID("org_id", outcome->org_id),
               TG_LOG_TEXT("outcome", outcome->key), TG_LOG_TEXT("class", settled->error_class),
               TG_LOG_NUMBER("refunded", settled->refunded));
}

static void record(const struct tg_outcome *outcome, const struct tg_settled *settled)
{
    tg_count(TG_OUTCOMES, outcome->key, 1);
    if (!settled->settled) {
        // Also how a batch looks whose first attempt was committed without our hearing of it.
        tg_log(TG_LOG_INFO, "send_found_settled", TG_LOG_ID("message_id", outcome->message_id),
               TG_LOG_ID("org_id", outcome->org_id),
               TG_LOG_TEXT("status", tg_status_names[settled->status]),
               TG_LOG_TEXT("outcome", outcome->key));
        return;
    }
    tg_count(TG_SENDS_SETTLED, tg_status_names[settled->status], 1);
    if (settled->refunded)
        tg_count(TG_REFUNDS, NULL, 1);
    if (settled->unknown_code) {
        tg_count(TG_UNKNOWN_ERROR_CODES, outcome->key, 1);
        tg_log(TG_LOG_WARN, "unknown_error_code", TG_LOG_TEXT("code", outcome->key),
               TG_LOG_ID("message_id", outcome->message_id), TG_LOG_ID("org_id", outcome->org_id));
    }
    log_unsent(outcome, settled);
    if (settled->paused) {
        tg_count(TG_CHANNELS_PAUSED, outcome->key, 1);
        tg_log(TG_LOG_WARN, "channel_paused", TG_LOG_ID("org_id", outcome->org_id),
               TG_LOG_ID("message_id", outcome->message_id), TG_LOG_TEXT("outcome", outcome->key));
    }
}

static enum attempt settle_items(struct work *work, struct dispatch_item *const *items, size_t n)
{
    const struct tg_outcome *outcomes[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        outcomes[i] = &items[i]->outcome;

    for (;;) {
        long long began_ms = tg_now_ms();
        enum tg_pg_status status = tg_store_settle_sends(work->pg, outcomes, n, work->settled);
        if (status == TG_PG_OK) {
            tg_observe(TG_SETTLE_BATCH, (double)n);
            tg_observe(TG_SETTLE_SECONDS, (double)(tg_now_ms() - began_ms) / 1e3);
            break;
        }
        if (status == TG_PG_REFUSED)
            return REFUSED;
        if (!try_again(work))
            return GIVEN_UP;
    }

    struct successors successors = {0};
    const char *results[TG_BATCH_MAX] = {NULL};
    for (size_t i = 0; i < n; i++) {
        record(outcomes[i], &work->settled[i]);
        successors_add(&successors, outcomes[i]->org_id, &work->settled[i].released);
        if (items[i]->job.waiter[0] == '\0')
            continue;
        tg_text_clear(&work->results[i]);
        write_result(outcomes[i], &work->settled[i], &work->results[i]);
        results[i] = tg_text_string(&work->results[i]);
    }
    successors_publish(&successors, work->stream);
    TG_STOP_POINT("before_ack");
    finish_jobs(work, items, results, n);
    return DONE;
}

// Messages that were claimed and certainly not dispatched: queued again, with a new job for whoever
// comes first.
static enum attempt hand_back(struct work *work, struct dispatch_item *const *items, size_t n)
{
    struct tg_claim_key claims[TG_BATCH_MAX];
    struct tg_job jobs[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct tg_claim *claim = &items[i]->claim;
        claims[i] = (struct tg_claim_key){claim->org_id, claim->message_id, claim->claim_id};
        jobs[i] = items[i]->job;
    }
    for (;;) {
        enum tg_pg_status status = tg_store_release_sends(work->pg, claims, n);
        if (status == TG_PG_OK)
            break;
        if (status == TG_PG_REFUSED)
            return REFUSED;
        if (!try_again(work))
            return GIVEN_UP;
    }
    // The old entries go in any case: a message without a job is found by the janitor, but an old
    // entry would keep it from looking (tg_stream_oldest_age).
    size_t published = tg_job_publish(work->stream, jobs, n);
    finish_jobs(work, items, NULL, n);
    tg_log(TG_LOG_INFO, "sends_handed_back", TG_LOG_NUMBER("sends", n),
           TG_LOG_NUMBER("published", published));
    return DONE;
}

static void log_left(const char *event, struct dispatch_item *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tg_log(TG_LOG_ERROR, event, TG_LOG_ID("message_id", items[i]->outcome.message_id),
               TG_LOG_ID("org_id", items[i]->outcome.org_id),
               TG_LOG_TEXT("outcome", items[i]->outcome.key));
}

typedef enum attempt attempt_fn(struct work *work, struct dispatch_item *const *items, size_t n);

// Does all items. What PostgreSQL refuses is halved until the one item is found that it will not
// take: that one must not fail its neighbours. Its job stays pending.
static void do_all(struct work *work, attempt_fn *stage, struct dispatch_item *const *items,
                   size_t n)
{
    size_t size = n;
    for (size_t i = 0; i < n;) {
        size = size < n - i ? size : n - i;
        enum attempt attempt = stage(work, items + i, size);
        if (attempt == GIVEN_UP) {
            log_left("settle_given_up", items + i, n - i);
            return;
        }
        if (attempt == REFUSED && size > 1) {
            size /= 2;
            continue;
        }
        if (attempt == REFUSED)
            log_left("settle_refused", items + i, 1);
        i += size;
        size *= 2;
    }
}

static void settle_batch(struct work *work, struct dispatch_item *const *items, size_t n)
{
    struct dispatch_item *outcomes[TG_BATCH_MAX];
    struct dispatch_item *undone[TG_BATCH_MAX];
    size_t outcome_count = 0;
    size_t undone_count = 0;
    for (size_t i = 0; i < n; i++) {
        if (items[i]->hand_back)
            undone[undone_count++] = items[i];
        else
            outcomes[outcome_count++] = items[i];
    }
    do_all(work, settle_items, outcomes, outcome_count);
    do_all(work, hand_back, undone, undone_count);
}

void *settle_run(void *argument)
{
    const struct settle *settle = argument;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->settle = settle;
    work->pg = tg_pg_create(settle->settings->postgres_url, "tollgate-worker settle");
    work->stream = tg_stream_create(settle->settings->redis_url, (int)settle->settings->partitions,
                                    tg_job_work);
    work->ack = ack_create(work->stream);

    while (!tg_queue_drained(settle->in)) {
        void *popped[TG_BATCH_MAX];
        struct dispatch_item *items[TG_BATCH_MAX];
        size_t n = tg_queue_pop(settle->in, popped, TG_BATCH_MAX, IDLE_MS);
        tg_gauge_set(TG_SETTLE_QUEUE, (int64_t)tg_queue_length(settle->in));
        for (size_t i = 0; i < n; i++)
            items[i] = popped[i];
        ack_late(work->ack);
        settle_batch(work, items, n);
        for (size_t i = 0; i < n; i++)
            dispatch_item_destroy(items[i]);
        places_give_back(settle->places, n);
    }

    ack_destroy(work->ack);
    tg_stream_leave(work->stream, settle->consumer);
    for (size_t i = 0; i < TG_BATCH_MAX; i++)
        tg_text_finish(&work->results[i]);
    tg_stream_destroy(work->stream);
    tg_pg_destroy(work->pg);
    free(work);
    return NULL;
}

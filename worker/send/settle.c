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

static void append_text_or_null(struct tg_text *json, const char *text, bool present)
{
    if (present)
        tg_text_append_json(json, text, strlen(text));
    else
        tg_text_append_string(json, "null");
}

// The line that the waiting ingress gets: names as in get_message. What somebody else has settled
// (a status webhook that was faster) is told by the record alone, so that nothing but the id goes.
static void append_result(struct tg_text *json, const struct tg_outcome *outcome,
                          const struct tg_settled *settled)
{
    bool sent = strcmp(settled->status, "sent") == 0;
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(outcome->message_id, id);
    if (!settled->settled) {
        tg_text_append_format(json, "{\"message_id\":\"%s\"}", id);
        return;
    }
    tg_text_append_format(json, "{\"message_id\":\"%s\",\"status\":\"%s\",\"wamid\":", id,
                          settled->status);
    append_text_or_null(json, outcome->wamid, sent && outcome->wamid[0] != '\0');
    tg_text_append_format(json,
                          ",\"refunded\":%s,\"error\":", settled->refunded ? "true" : "false");
    if (sent) {
        tg_text_append_string(json, "null}");
        return;
    }
    tg_text_append_string(json, "{\"code\":");
    append_text_or_null(json, outcome->key, true);
    tg_text_append_string(json, ",\"message\":");
    append_text_or_null(json, outcome->error_message, outcome->error_message[0] != '\0');
    tg_text_append_string(json, "}}");
}

// What is not sent, by how it stands.
static void log_unsent(const struct tg_outcome *outcome, const struct tg_settled *settled)
{
    static const struct {
        const char *status;
        const char *event;
        enum tg_log_level level;
    } events[] = {
        {"scheduled", "send_put_off", TG_LOG_INFO},
        {"unconfirmed", "send_unconfirmed", TG_LOG_WARN},
        {"failed", "send_failed", TG_LOG_INFO},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(settled->status, events[i].status) == 0)
            tg_log(events[i].level, events[i].event, TG_LOG_ID("message_id", outcome->message_id),
                   TG_LOG_ID("org_id", outcome->org_id), TG_LOG_TEXT("outcome", outcome->key),
                   TG_LOG_TEXT("class", settled->error_class),
                   TG_LOG_NUMBER("refunded", settled->refunded));
    }
}

static void record(const struct tg_outcome *outcome, const struct tg_settled *settled)
{
    tg_count(TG_OUTCOMES, outcome->key, 1);
    if (!settled->settled) {
        // Also how a batch looks whose first attempt was committed without our hearing of it.
        tg_log(TG_LOG_INFO, "send_found_settled", TG_LOG_ID("message_id", outcome->message_id),
               TG_LOG_ID("org_id", outcome->org_id), TG_LOG_TEXT("status", settled->status),
               TG_LOG_TEXT("outcome", outcome->key));
        return;
    }
    tg_count(TG_SENDS_SETTLED, settled->status, 1);
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
        append_result(&work->results[i], outcomes[i], &work->settled[i]);
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

#include "worker/inbound/take.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/store/dead_letters.h"
#include "common/store/schema.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"
#include "worker/inbound/apply.h"
#include "worker/inbound/reply.h"
#include "worker/inbound/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Between attempts while a server is away.
enum { RETRY_MS = TG_RECONNECT_MS };

struct work {
    const struct inbound *inbound;
    struct tg_pg *pg;
    struct tg_stream *webhooks;
    struct tg_stream *former; // webhooks of an ingress that still adds them under the old name
    struct tg_stream *sends;  // jobs of replies, and of what statuses have released
    struct rules *rules;
    size_t max; // so many events, or dead ones, are taken next
    struct tg_webhook event[TG_INBOUND_WEBHOOKS_MAX];
    struct tg_taken_letter taken[TG_INBOUND_WEBHOOKS_MAX];
    struct items items;
    char source[TG_INBOUND_WEBHOOKS_MAX][TG_ENTRY_ID_SIZE]; // names an event in the log
    bool refused[TG_INBOUND_WEBHOOKS_MAX]; // PostgreSQL would not even record them as dead
    struct tg_received received[TG_BATCH_MAX];
    struct successors successors;
};

// Is it worth another attempt? Waits before it says yes, unless nothing is away.
static bool try_again(struct work *work, enum tg_pg_status status)
{
    if (status == TG_PG_RETRY)
        return !stop_ordered(work->inbound->stop);
    return !stop_wait(work->inbound->stop, RETRY_MS);
}

// Replies to the messages of a batch that was applied. False: the worker stops before it is done.
static bool reply_to_batch(struct work *work, const struct item *items, size_t n)
{
    struct reply_cause causes[TG_BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (items[i].kind == ITEM_MESSAGE && work->received[i].rules_version > 0 &&
            reply_is_due(items[i].message.type))
            causes[count++] = (struct reply_cause){&items[i].message, &work->received[i]};
    }
    size_t size = count;
    for (size_t i = 0; i < count;) {
        size = size < count - i ? size : count - i;
        enum tg_pg_status status = reply_to(work->rules, work->pg, work->sends, causes + i, size);
        if (status == TG_PG_REFUSED && size > 1) {
            size /= 2;
            continue;
        }
        if (status != TG_PG_OK && status != TG_PG_REFUSED) {
            if (!try_again(work, status))
                return false;
            continue;
        }
        if (status == TG_PG_REFUSED)
            tg_log(TG_LOG_ERROR, "reply_refused", TG_LOG_ID("org_id", causes[i].received->org_id),
                   TG_LOG_ID("message_id", causes[i].received->message_id));
        i += size;
        size *= 2;
    }
    return true;
}

// What PostgreSQL refuses of one item alone: it is dead, and if not even that can be recorded its
// event stays where it is. Returns how many items are done with.
static size_t refuse(struct work *work, struct item *item)
{
    if (item->kind != ITEM_DEAD) {
        item_kill(item, "refused");
        return 0;
    }
    tg_log(TG_LOG_ERROR, "dead_letter_refused", TG_LOG_TEXT("reason", item->reason),
           TG_LOG_TEXT("event", work->source[item->event]));
    work->refused[item->event] = true;
    return 1;
}

// Applies all items, batch by batch, and what follows from them. What PostgreSQL refuses is halved
// until the one item is found: that one must not stop its neighbours. False: the worker stops
// before it is done.
static bool apply_all(struct work *work, size_t taken_count)
{
    int64_t taken[TG_INBOUND_WEBHOOKS_MAX];
    for (size_t i = 0; i < taken_count; i++)
        taken[i] = work->taken[i].id;
    struct item *items = work->items.item;
    size_t n = work->items.count;
    size_t size = TG_BATCH_MAX;
    for (size_t i = 0; i < n;) {
        size = size < TG_BATCH_MAX ? size : TG_BATCH_MAX;
        size = size < n - i ? size : n - i;
        enum tg_pg_status status = apply_items(work->pg, items + i, size, taken, taken_count,
                                               work->received, &work->successors);
        if (status == TG_PG_OK) {
            successors_publish(&work->successors, work->sends);
            bool replied = reply_to_batch(work, items + i, size);
            for (size_t j = 0; j < size; j++)
                tg_received_finish(&work->received[j]);
            if (!replied)
                return false;
            i += size;
            size *= 2;
        } else if (status == TG_PG_REFUSED && size > 1) {
            size /= 2;
        } else if (status == TG_PG_REFUSED) {
            i += refuse(work, &items[i]);
        } else if (!try_again(work, status)) {
            return false;
        }
    }
    return true;
}

// Ends the dead letters that were taken and applied, but not those that could not even be recorded
// anew. What PostgreSQL will not delete comes again, which changes nothing. False: the worker stops
// before it is done.
static bool end_dead(struct work *work, size_t taken_count)
{
    const struct tg_taken_letter *done[TG_INBOUND_WEBHOOKS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < taken_count; i++) {
        if (!work->refused[i])
            done[n++] = &work->taken[i];
    }
    while (n > 0) {
        enum tg_pg_status status = tg_store_end_dead_letters(work->pg, done, n);
        if (status == TG_PG_OK)
            break;
        if (status == TG_PG_REFUSED) {
            tg_log(TG_LOG_ERROR, "dead_letters_left", TG_LOG_NUMBER("events", n));
            break;
        }
        if (!try_again(work, status))
            return false;
    }
    return true;
}

// Says of the items since `before` which of the batch's bodies they came from.
static void name_items(struct work *work, size_t before, size_t event, int64_t tries)
{
    for (size_t i = before; i < work->items.count; i++) {
        work->items.item[i].event = event;
        work->items.item[i].tries = tries;
    }
}

// An event that has ended one worker after the other is not even looked at: it is dead as it is.
static void read_event(struct work *work, size_t event)
{
    const struct tg_webhook *taken = &work->event[event];
    size_t before = work->items.count;
    memcpy(work->source[event], taken->entry.id, sizeof work->source[event]);
    if (taken->entry.deliveries > TG_DELIVERIES_MAX) {
        items_add_dead(&work->items, &taken->body, "poison");
        tg_log(TG_LOG_ERROR, "poison_webhook", TG_LOG_TEXT("entry", taken->entry.id),
               TG_LOG_NUMBER("partition", taken->entry.partition),
               TG_LOG_NUMBER("deliveries", taken->entry.deliveries));
    } else {
        items_read(&work->items, &taken->body);
    }
    name_items(work, before, event, 0);
}

static void read_dead_letter(struct work *work, size_t event)
{
    const struct tg_taken_letter *taken = &work->taken[event];
    size_t before = work->items.count;
    snprintf(work->source[event], sizeof work->source[event], "dead letter %" PRId64, taken->id);
    items_read(&work->items, &taken->body);
    name_items(work, before, event, taken->tries);
}

// How many events to take while nothing is known of their size: as many as the bytes allow of the
// largest, but one of each partition, or only some partitions would be read.
static size_t first_max(const struct work *work)
{
    size_t max = TG_INBOUND_BYTES / TG_WEBHOOK_BODY_MAX;
    size_t partitions = (size_t)work->inbound->settings->partitions;
    return max > partitions ? max : partitions;
}

// How many to take after n of so many bytes. Twice as many as before at most: the next ones may be
// of another kind.
static size_t next_max(const struct work *work, size_t n, size_t bytes)
{
    if (n == 0)
        return first_max(work);
    size_t max = TG_INBOUND_BYTES / (bytes / n + 1);
    if (max > 2 * work->max)
        max = 2 * work->max;
    if (max > TG_INBOUND_WEBHOOKS_MAX)
        max = TG_INBOUND_WEBHOOKS_MAX;
    return max > 0 ? max : 1;
}

// Applies the events that were taken and takes them off their streams.
static void apply_events(struct work *work, struct tg_stream *from, size_t n)
{
    struct tg_webhook done[TG_INBOUND_WEBHOOKS_MAX];
    size_t count = 0;
    size_t bytes = 0;
    memset(work->refused, 0, sizeof work->refused);
    for (size_t i = 0; i < n; i++) {
        read_event(work, i);
        bytes += work->event[i].body.length;
    }
    work->max = next_max(work, n, bytes);
    bool applied = apply_all(work, 0);
    for (size_t i = 0; applied && i < n; i++) {
        if (!work->refused[i])
            done[count++] = work->event[i];
    }
    // Those that Redis does not take off come again, which changes nothing.
    if (count > 0 && !tg_webhook_done(from, done, count))
        tg_log(TG_LOG_WARN, "webhooks_left_pending", TG_LOG_NUMBER("webhooks", count));
    items_finish(&work->items);
    for (size_t i = 0; i < n; i++)
        tg_webhook_finish(&work->event[i]);
}

// Dead events whose time has come: statuses that were too early, and what is replayed. False: not
// even that can be asked for.
static bool retry_dead(struct work *work)
{
    size_t max = work->max;
    size_t n = max;
    while (n == max && !stop_ordered(work->inbound->stop)) {
        size_t bytes = 0;
        max = work->max;
        if (tg_store_take_dead_letters(work->pg, (int64_t)max, work->taken, &n) != TG_PG_OK)
            return false;
        memset(work->refused, 0, sizeof work->refused);
        for (size_t i = 0; i < n; i++) {
            read_dead_letter(work, i);
            bytes += work->taken[i].body.length;
        }
        if (n > 0)
            work->max = next_max(work, n, bytes);
        bool applied = apply_all(work, n) && end_dead(work, n);
        items_finish(&work->items);
        for (size_t i = 0; i < n; i++)
            tg_text_finish(&work->taken[i].body);
        if (!applied)
            return false;
    }
    return true;
}

// Events that a worker took and did not finish, ourselves among them. Not while PostgreSQL is away:
// those that others have for long because of that are no worse for it, and must not be counted as
// given away once more by each worker that waits like them.
static void take_over(struct work *work, struct tg_stream *from)
{
    int n = 1;
    while (n > 0 && !stop_ordered(work->inbound->stop)) {
        n = tg_webhook_take_over(from, work->inbound->consumer, work->event, (int)work->max,
                                 TG_WEBHOOK_TAKEOVER_MS);
        if (n > 0) {
            tg_log(TG_LOG_WARN, "webhooks_taken_over", TG_LOG_NUMBER("webhooks", n));
            apply_events(work, from, (size_t)n);
        }
    }
}

// They are older than what comes under the new name, so all of them come first.
static void take_former(struct work *work)
{
    if (!tg_webhook_waits(work->former))
        return;
    int n = 1;
    while (n > 0 && !stop_ordered(work->inbound->stop)) {
        n = tg_webhook_take(work->former, work->inbound->consumer, work->event, (int)work->max, 1);
        if (n > 0)
            apply_events(work, work->former, (size_t)n);
    }
    take_over(work, work->former);
}

static void take_events(struct work *work)
{
    struct stop *stop = work->inbound->stop;
    long long next_look_ms = 0;
    work->max = first_max(work);
    while (!stop_ordered(stop)) {
        if (tg_now_ms() >= next_look_ms) {
            if (retry_dead(work)) {
                take_former(work);
                take_over(work, work->webhooks);
            }
            next_look_ms = tg_now_ms() + TG_INBOUND_LOOK_MS;
        }
        int n = tg_webhook_take(work->webhooks, work->inbound->consumer, work->event,
                                (int)work->max, TG_STREAM_BLOCK_MS);
        if (n < 0)
            stop_wait(stop, RETRY_MS);
        else
            apply_events(work, work->webhooks, (size_t)n);
    }
}

// Waits until the schema is there: events are not taken before they can be applied.
static bool schema_is_ready(struct work *work)
{
    struct tg_misfit misfit;
    while (tg_store_check_schema(work->pg, TG_CALLS_OF_WORKER, &misfit) != TG_PG_OK ||
           misfit.call[0] != '\0') {
        if (stop_wait(work->inbound->stop, RETRY_MS))
            return false;
    }
    return true;
}

void *inbound_run(void *argument)
{
    const struct inbound *inbound = argument;
    const struct tg_settings *settings = inbound->settings;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->inbound = inbound;
    work->pg = tg_pg_create(settings->postgres_url, "tollgate-worker inbound");
    work->webhooks =
        tg_stream_create(settings->redis_url, (int)settings->partitions, tg_webhook_work);
    work->former =
        tg_stream_create(settings->redis_url, (int)settings->partitions, tg_webhook_former_work);
    work->sends = tg_stream_create(settings->redis_url, (int)settings->partitions, tg_job_work);
    work->rules = rules_create();

    if (schema_is_ready(work))
        take_events(work);

    rules_destroy(work->rules);
    tg_stream_leave(work->webhooks, inbound->consumer);
    tg_stream_leave(work->former, inbound->consumer);
    tg_stream_destroy(work->sends);
    tg_stream_destroy(work->former);
    tg_stream_destroy(work->webhooks);
    tg_pg_destroy(work->pg);
    free(work);
    return NULL;
}

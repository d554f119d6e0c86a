#include "worker/inbound/inbound.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/crypto/signature.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"
#include "worker/inbound/apply.h"
#include "worker/inbound/dead_letters.h"
#include "worker/inbound/rule_check.h"
#include "worker/pg_wait.h"

struct inbound {
    const struct worker *worker;
    pthread_t thread;
    // The thread's own.
    struct means means;
    struct tg_stream *webhooks;
    struct tg_stream *former; // webhooks of an ingress that still adds them under the old name
};

// Why it need not be Meta's: an ingress has stored none but those, but so can whoever reaches
// Redis. NULL: it is.
static const char *find_suspicion(const struct tg_settings *settings,
                                  const struct tg_webhook *webhook)
{
    const struct tg_text *body = &webhook->body;
    if (webhook->signature[0] != '\0')
        return tg_signature_is_right_now(webhook->signature, settings->app_secrets,
                                         tg_text_string(body), body->length)
                   ? NULL
                   : "bad_signature";
    if (settings->unsigned_webhooks != TG_UNSIGNED_ACCEPT)
        return "no_signature";
    tg_log_rarely(TG_LOG_WARN, "unsigned_webhook_accepted");
    return NULL;
}

// One that is not Meta's is dead, whatever it holds; and one that has ended one worker after the
// other is not even looked at.
static void read_webhook(const struct inbound *inbound, struct items *items,
                         const struct tg_webhook *webhook)
{
    const struct item_body body = {.text = &webhook->body};
    const struct tg_entry *entry = &webhook->entry;
    const char *suspicion = find_suspicion(inbound->worker->settings, webhook);
    if (suspicion) {
        items_add_dead(items, body, suspicion);
        return;
    }
    if (entry->deliveries <= TG_DELIVERIES_MAX) {
        items_read(items, body);
        return;
    }
    items_add_dead(items, body, "poison");
    tg_log(TG_LOG_ERROR, "poison_webhook", TG_LOG_TEXT("entry", entry->id),
           TG_LOG_NUMBER("partition", entry->partition),
           TG_LOG_NUMBER("deliveries", entry->deliveries));
}

// Takes those off their stream that are applied or recorded as dead. Those that Redis does not take
// off come again, which changes nothing.
static void end(struct tg_stream *from, const struct tg_webhook *webhooks,
                const struct item_body *bodies, size_t n)
{
    struct tg_webhook done[TG_INBOUND_WEBHOOKS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!bodies[i].refused)
            done[count++] = webhooks[i];
        else
            tg_log(TG_LOG_ERROR, "webhook_refused", TG_LOG_TEXT("entry", webhooks[i].entry.id),
                   TG_LOG_TEXT("reason", bodies[i].refused));
    }
    if (count > 0 && !tg_webhook_end(from, done, count))
        tg_log(TG_LOG_WARN, "webhooks_left_pending", TG_LOG_NUMBER("webhooks", count));
}

// Applies the first of these, as many as may be parsed at the same time. Returns how many; 0: stop
// was ordered before it was done.
static size_t apply_some(struct inbound *inbound, struct tg_stream *from,
                         const struct tg_webhook *webhooks, size_t n)
{
    struct items items = {0};
    size_t count = 0;
    while (count < n && items.memory < TG_INBOUND_MEMORY)
        read_webhook(inbound, &items, &webhooks[count++]);
    bool applied = apply_all(&inbound->means, &items);
    if (applied)
        end(from, webhooks, items.body, count);
    items_finish(&items);
    return applied ? count : 0;
}

static void apply(struct inbound *inbound, struct tg_stream *from, struct tg_webhook *webhooks,
                  size_t n)
{
    size_t done = 0;
    size_t count = n;
    while (count > 0 && done < n)
        done += count = apply_some(inbound, from, webhooks + done, n - done);
    for (size_t i = 0; i < n; i++)
        tg_text_finish(&webhooks[i].body);
}

// Takes what is new, waiting up to `block_ms` for it, and applies it. Returns how many there were;
// -1: Redis is away.
static int take_new(struct inbound *inbound, struct tg_stream *from, int block_ms)
{
    struct tg_webhook webhooks[TG_INBOUND_WEBHOOKS_MAX];
    int n = tg_webhook_take(from, inbound->worker->consumer, webhooks,
                            (int)inbound->means.sizing.max, block_ms);
    if (n >= 0)
        apply(inbound, from, webhooks, (size_t)n);
    return n;
}

// Takes what a worker took and did not finish, ourselves among them, and applies it. Not while
// PostgreSQL is away: what others have for long because of that is no worse for it, and must not be
// counted as given away once more by each worker that waits like them.
static void take_over(struct inbound *inbound, struct tg_stream *from)
{
    struct tg_webhook webhooks[TG_INBOUND_WEBHOOKS_MAX];
    int n = 1;
    while (n > 0 && !stop_ordered(inbound->means.stop)) {
        n = tg_webhook_take_over(from, inbound->worker->consumer, webhooks,
                                 (int)inbound->means.sizing.max, TG_WEBHOOK_TAKEOVER_MS);
        if (n > 0) {
            tg_log(TG_LOG_WARN, "webhooks_taken_over", TG_LOG_NUMBER("webhooks", n));
            apply(inbound, from, webhooks, (size_t)n);
        }
    }
}

// They are older than what comes under the new name, so all of them come first.
static void take_former(struct inbound *inbound)
{
    if (!tg_webhook_waits(inbound->former))
        return;
    while (!stop_ordered(inbound->means.stop) && take_new(inbound, inbound->former, 1) > 0)
        ;
    take_over(inbound, inbound->former);
}

static void look(struct inbound *inbound)
{
    if (!rules_check(&inbound->means) || !dead_letters_retry(&inbound->means))
        return;
    take_former(inbound);
    take_over(inbound, inbound->webhooks);
}

static void work(struct inbound *inbound)
{
    long long next_look_ms = 0;
    while (!stop_ordered(inbound->means.stop)) {
        if (tg_now_ms() >= next_look_ms) {
            look(inbound);
            next_look_ms = tg_now_ms() + TG_INBOUND_LOOK_MS;
        }
        if (take_new(inbound, inbound->webhooks, TG_STREAM_BLOCK_MS) < 0)
            stop_wait(inbound->means.stop, TG_RECONNECT_MS);
    }
}

static void *run(void *argument)
{
    struct inbound *inbound = argument;
    const struct worker *worker = inbound->worker;
    struct means *means = &inbound->means;
    means->pg = tg_pg_create(worker->settings->postgres_url, "tollgate-worker inbound");
    means->sends = worker_stream(worker, tg_job_work);
    means->rules = rules_create();
    means->words = words_create();
    means->reply_within_s = &worker->settings->reply_within_s;
    means->sizing = sizing_begin((int)worker->settings->partitions);
    inbound->webhooks = worker_stream(worker, tg_webhook_work);
    inbound->former = worker_stream(worker, tg_webhook_former_work);

    if (pg_wait_for_schema(means->pg, inbound->means.stop))
        work(inbound);

    tg_stream_leave(inbound->webhooks, worker->consumer);
    tg_stream_leave(inbound->former, worker->consumer);
    tg_stream_destroy(inbound->former);
    tg_stream_destroy(inbound->webhooks);
    words_destroy(means->words);
    rules_destroy(means->rules);
    tg_stream_destroy(means->sends);
    tg_pg_destroy(means->pg);
    return NULL;
}

struct inbound *inbound_start(const struct worker *worker)
{
    struct inbound *inbound = tg_alloc(sizeof *inbound);
    inbound->worker = worker;
    inbound->means.stop = worker->stop;
    inbound->thread = tg_service_thread("inbound", run, inbound);
    return inbound;
}

void inbound_stop(struct inbound *inbound)
{
    if (inbound)
        pthread_join(inbound->thread, NULL);
}

void inbound_free(struct inbound *inbound)
{
    free(inbound);
}

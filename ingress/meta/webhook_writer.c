#include "ingress/meta/webhook_writer.h"

#include "common/base/clock.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/streams/webhook.h"
#include "ingress/http/answer.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    // How often to look whether partitions are full: even at the fastest rate there ever is, few
    // webhooks more than the bound get in between.
    LOOK_MS = 1000,
    // What failed within this time is tried once more.
    TRY_AGAIN_MS = 500,
};

struct publisher {
    const struct tg_settings *settings;
    struct tg_queue *queue;
    atomic_size_t bytes; // of the webhooks that are not answered yet
    pthread_t thread;
    struct tg_stream *stream;
    int partition; // the last one that was published to
    long long next_look_ms;
    atomic_bool closing;
    bool gave_up; // closing, and Redis does not take what is left
    bool full[TG_PARTITIONS_MAX];
};

static void answer_stored(struct request *request)
{
    tg_count(TG_WEBHOOKS, "stored", 1);
    struct answer answer = {.status = 200};
    request_answer(request, &answer);
}

static void answer_refused(struct request *request, const char *result, const char *message)
{
    tg_count(TG_WEBHOOKS, result, 1);
    struct tg_error error;
    tg_error_set(&error, result, NULL, "%s", message);
    answer_error(request, &error);
}

// What waits in Redis is bounded. A length that cannot be told changes nothing: Redis is away, and
// publishing will tell.
static void look_for_full(struct publisher *publisher)
{
    if (tg_now_ms() < publisher->next_look_ms)
        return;
    publisher->next_look_ms = tg_now_ms() + LOOK_MS;
    long long lengths[TG_PARTITIONS_MAX];
    if (!tg_stream_lengths(publisher->stream, lengths))
        return;
    for (int i = 0; i < publisher->settings->partitions; i++) {
        bool full = lengths[i] >= TG_WEBHOOKS_PER_PARTITION_MAX;
        if (full && !publisher->full[i])
            tg_log(TG_LOG_ERROR, "webhook_stream_full", TG_LOG_NUMBER("partition", i),
                   TG_LOG_NUMBER("webhooks", lengths[i]));
        publisher->full[i] = full;
    }
}

// Partitions take turns from pipeline to pipeline. -1: all are full.
static int next_partition(struct publisher *publisher)
{
    int partitions = (int)publisher->settings->partitions;
    for (int i = 0; i < partitions; i++) {
        publisher->partition = (publisher->partition + 1) % partitions;
        if (!publisher->full[publisher->partition])
            return publisher->partition;
    }
    return -1;
}

static bool publish(struct publisher *publisher, int partition, struct request *const *requests,
                    size_t n)
{
    const struct tg_text *bodies[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        bodies[i] = request_body(requests[i]);
    return tg_webhook_publish(publisher->stream, partition, bodies, n);
}

static bool store(struct publisher *publisher, int partition, struct request *const *requests,
                  size_t n)
{
    long long began_ms = tg_now_ms();
    bool stored = publish(publisher, partition, requests, n);
    // A connection that has died since the last one tells only when it is used. What may have been
    // taken comes twice then, which is harmless: each item is applied once. But a Redis that let us
    // wait is not asked twice.
    if (!stored && tg_now_ms() - began_ms < TRY_AGAIN_MS)
        stored = publish(publisher, partition, requests, n);
    tg_observe(TG_WEBHOOK_BATCH, (double)n);
    tg_observe(TG_WEBHOOK_SECONDS, (double)(tg_now_ms() - began_ms) / 1000);
    return stored;
}

static void publish_batch(struct publisher *publisher, struct request *const *requests, size_t n)
{
    int partition = next_partition(publisher);
    bool stored = partition >= 0 && !publisher->gave_up && store(publisher, partition, requests, n);
    publisher->gave_up = !stored && atomic_load(&publisher->closing);
    for (size_t i = 0; i < n; i++) {
        if (stored)
            answer_stored(requests[i]);
        else
            answer_refused(requests[i], "unavailable", "The webhook could not be stored");
    }
    // After the answers, which it must not delay; and not while Redis is away.
    if (stored || (partition < 0 && !publisher->gave_up))
        look_for_full(publisher);
}

// As many as one pipeline may carry, at least one. *bytes is what their bodies have.
static size_t fitting(struct request *const *requests, size_t n, size_t *bytes)
{
    *bytes = request_body(requests[0])->length;
    size_t count = 1;
    while (count < n && *bytes + request_body(requests[count])->length <= TG_WEBHOOK_PIPELINE_BYTES)
        *bytes += request_body(requests[count++])->length;
    return count;
}

static void *run(void *argument)
{
    struct publisher *publisher = argument;
    publisher->stream = tg_stream_create(publisher->settings->redis_url,
                                         (int)publisher->settings->partitions, tg_webhook_work);
    while (!tg_queue_drained(publisher->queue)) {
        struct request *requests[TG_BATCH_MAX];
        size_t n = tg_queue_pop(publisher->queue, (void **)requests, TG_BATCH_MAX, -1);
        tg_gauge_add(TG_WEBHOOK_QUEUE, -(int64_t)n);
        for (size_t i = 0; i < n;) {
            size_t bytes;
            size_t count = fitting(requests + i, n - i, &bytes);
            publish_batch(publisher, requests + i, count);
            atomic_fetch_sub_explicit(&publisher->bytes, bytes, memory_order_relaxed);
            i += count;
        }
    }
    tg_stream_destroy(publisher->stream);
    return NULL;
}

struct publisher *publisher_start(const struct tg_settings *settings)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        abort();
    publisher->settings = settings;
    publisher->queue = tg_queue_create(TG_WEBHOOK_QUEUE_MAX);
    publisher->thread = tg_service_thread("publisher", run, publisher);
    return publisher;
}

void publisher_close(struct publisher *publisher)
{
    atomic_store(&publisher->closing, true);
    tg_queue_close(publisher->queue);
}

void publisher_stop(struct publisher *publisher)
{
    pthread_join(publisher->thread, NULL);
}

void publisher_free(struct publisher *publisher)
{
    tg_queue_destroy(publisher->queue);
    free(publisher);
}

void publisher_submit(struct publisher *publisher, struct request *request)
{
    size_t bytes = request_body(request)->length;
    size_t before = atomic_fetch_add_explicit(&publisher->bytes, bytes, memory_order_relaxed);
    tg_gauge_add(TG_WEBHOOK_QUEUE, 1);
    if (before + bytes <= TG_WEBHOOK_QUEUE_BYTES_MAX &&
        tg_queue_try_push(publisher->queue, request))
        return;
    tg_gauge_add(TG_WEBHOOK_QUEUE, -1);
    atomic_fetch_sub_explicit(&publisher->bytes, bytes, memory_order_relaxed);
    answer_refused(request, "overloaded", "Too many webhooks are waiting to be stored");
}

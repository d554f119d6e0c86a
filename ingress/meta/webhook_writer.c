#include "ingress/meta/webhook_writer.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/crypto/signature.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/streams/webhook.h"
#include "ingress/http/answer.h"
#include "ingress/meta/recent.h"

#include <assert.h>
#include <stdatomic.h>

enum {
    // How often to look whether partitions are full: even at the fastest rate there ever is, few
    // webhooks more than the bound get in between.
    LOOK_MS = 1000,
    // What failed within this time is tried once more.
    TRY_AGAIN_MS = 500,
};

struct webhook_writer {
    int partitions;
    struct tg_queue *queue;
    atomic_size_t bytes; // of the webhooks that are not answered yet
    pthread_t thread;
    struct tg_stream *stream;
    struct recent *recent; // forgotten when Redis was away: it may have lost what it had
    int partition;         // the last one that was published to
    long long next_look_ms;
    atomic_bool closed;
    bool gave_up; // closed, and Redis does not take what is left
    bool full[TG_PARTITIONS_MAX];
    long long held[TG_PARTITIONS_MAX]; // bytes at the last look, and what was published since
};

static void answer_refused(struct request *request, const char *result, const char *message)
{
    tg_count(TG_WEBHOOKS, result, 1);
    answer_refusal(request, result, NULL, message);
}

static bool is_full(const struct webhook_writer *writer, int partition)
{
    return writer->full[partition] || writer->held[partition] >= TG_WEBHOOK_BYTES_PER_PARTITION_MAX;
}

// What waits in Redis is bounded. A length that cannot be told changes nothing: Redis is away, and
// publishing will tell.
static void look_for_full(struct webhook_writer *writer)
{
    if (tg_now_ms() < writer->next_look_ms)
        return;
    writer->next_look_ms = tg_now_ms() + LOOK_MS;
    long long lengths[TG_PARTITIONS_MAX];
    long long bytes[TG_PARTITIONS_MAX];
    if (!tg_stream_lengths(writer->stream, lengths) || !tg_stream_bytes(writer->stream, bytes))
        return;
    for (int i = 0; i < writer->partitions; i++) {
        bool was_full = writer->full[i];
        writer->held[i] = bytes[i];
        writer->full[i] = lengths[i] >= TG_WEBHOOKS_PER_PARTITION_MAX;
        writer->full[i] = is_full(writer, i);
        if (writer->full[i] && !was_full)
            tg_log(TG_LOG_ERROR, "webhook_stream_full", TG_LOG_NUMBER("partition", i),
                   TG_LOG_NUMBER("webhooks", lengths[i]), TG_LOG_NUMBER("bytes", bytes[i]));
    }
}

// Partitions take turns from pipeline to pipeline. -1: all are full.
static int next_partition(struct webhook_writer *writer)
{
    for (int i = 0; i < writer->partitions; i++) {
        writer->partition = (writer->partition + 1) % writer->partitions;
        if (!is_full(writer, writer->partition))
            return writer->partition;
    }
    return -1;
}

// What a webhook is signed with: it was found to be right.
struct signature {
    const char *text; // the request's
    unsigned char mac[TG_SHA256_SIZE];
};

static struct signature read_signature(const struct request *request)
{
    struct signature signature = {.text = request_header(request, TG_SIGNATURE_HEADER, NULL)};
    bool is_read = signature.text && tg_signature_read(signature.text, signature.mac);
    assert(is_read);
    (void)is_read;
    return signature;
}

static bool publish(struct webhook_writer *writer, int partition, struct request *const *requests,
                    const struct signature *signatures, size_t n)
{
    struct tg_new_webhook webhooks[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++) {
        webhooks[i] = (struct tg_new_webhook){&requests[i]->body.bytes, signatures[i].text};
        writer->held[partition] += (long long)webhooks[i].body->length;
    }
    return tg_webhook_publish(writer->stream, partition, webhooks, n);
}

static bool store(struct webhook_writer *writer, int partition, struct request *const *requests,
                  const struct signature *signatures, size_t n)
{
    long long began_ms = tg_now_ms();
    bool stored = publish(writer, partition, requests, signatures, n);
    // A connection that has died since the last one tells only when it is used. What may have been
    // taken comes twice then, which is harmless: each item is applied once. But a Redis that let us
    // wait is not asked twice.
    if (!stored && tg_now_ms() - began_ms < TRY_AGAIN_MS)
        stored = publish(writer, partition, requests, signatures, n);
    tg_observe(TG_WEBHOOK_BATCH, (double)n);
    tg_observe(TG_WEBHOOK_SECONDS, (double)(tg_now_ms() - began_ms) / 1000);
    return stored;
}

static void answer_all(struct request *const *requests, size_t n, const char *result)
{
    if (result)
        tg_count(TG_WEBHOOKS, result, n);
    for (size_t i = 0; i < n; i++) {
        if (result)
            request_answer(requests[i], &(struct answer){.status = 200});
        else
            answer_refused(requests[i], "unavailable", "The webhook could not be stored");
    }
}

// Stores what is new. False: Redis has not taken it.
static bool publish_new(struct webhook_writer *writer, struct request *const *requests,
                        const struct signature *signatures, size_t n)
{
    int partition = next_partition(writer);
    long long began_ms = tg_now_ms();
    bool stored =
        partition >= 0 && !writer->gave_up && store(writer, partition, requests, signatures, n);
    writer->gave_up = !stored && atomic_load(&writer->closed);
    for (size_t i = 0; stored && i < n; i++)
        recent_add(writer->recent, signatures[i].mac, tg_now_ms());
    if (!stored && partition >= 0)
        recent_clear(writer->recent);
    answer_all(requests, n, stored ? "stored" : NULL);
    if (stored)
        tg_log_step("webhooks_stored", TG_LOG_NUMBER("webhooks", n),
                    TG_LOG_NUMBER("partition", partition),
                    TG_LOG_NUMBER("duration_ms", tg_now_ms() - began_ms));
    // After the answers, which it must not delay; and not while Redis is away.
    if (stored || (partition < 0 && !writer->gave_up))
        look_for_full(writer);
    return stored;
}

// What Redis has already is not stored again, but answered only if Redis is there.
static void answer_repeated(struct webhook_writer *writer, struct request *const *requests,
                            size_t n, bool redis_is_there)
{
    if (!redis_is_there)
        redis_is_there = !writer->gave_up && tg_stream_ping(writer->stream);
    if (!redis_is_there)
        recent_clear(writer->recent);
    answer_all(requests, n, redis_is_there ? "repeated" : NULL);
}

static void publish_batch(struct webhook_writer *writer, struct request *const *requests, size_t n)
{
    struct request *new[TG_BATCH_MAX];
    struct signature signatures[TG_BATCH_MAX]; // of what is new
    struct request *repeated[TG_BATCH_MAX];
    size_t new_count = 0;
    size_t repeated_count = 0;
    for (size_t i = 0; i < n; i++) {
        signatures[new_count] = read_signature(requests[i]);
        if (recent_has(writer->recent, signatures[new_count].mac, tg_now_ms()))
            repeated[repeated_count++] = requests[i];
        else
            new[new_count++] = requests[i];
    }
    bool stored = new_count > 0 && publish_new(writer, new, signatures, new_count);
    if (repeated_count > 0)
        answer_repeated(writer, repeated, repeated_count, stored);
}

// As many as one pipeline may carry, at least one. *bytes is what their bodies have.
static size_t fitting(struct request *const *requests, size_t n, size_t *bytes)
{
    *bytes = requests[0]->body.held;
    size_t count = 1;
    while (count < n && *bytes + requests[count]->body.held <= TG_WEBHOOK_PIPELINE_BYTES)
        *bytes += requests[count++]->body.held;
    return count;
}

static void *run(void *argument)
{
    struct webhook_writer *writer = argument;
    while (!tg_queue_drained(writer->queue)) {
        struct request *requests[TG_BATCH_MAX];
        size_t n = tg_queue_pop(writer->queue, (void **)requests, TG_BATCH_MAX, -1);
        tg_gauge_add(TG_WEBHOOK_QUEUE, -(int64_t)n);
        for (size_t i = 0; i < n;) {
            size_t bytes;
            size_t count = fitting(requests + i, n - i, &bytes);
            publish_batch(writer, requests + i, count);
            atomic_fetch_sub_explicit(&writer->bytes, bytes, memory_order_relaxed);
            i += count;
        }
    }
    return NULL;
}

struct webhook_writer *webhook_writer_start(const char *redis_url, int partitions)
{
    struct webhook_writer *writer = tg_alloc(sizeof *writer);
    writer->partitions = partitions;
    writer->stream = tg_stream_create(redis_url, partitions, tg_webhook_work);
    writer->queue = tg_queue_create(TG_WEBHOOK_QUEUE_MAX);
    writer->recent = recent_create();
    writer->thread = tg_service_thread("webhooks", run, writer);
    return writer;
}

void webhook_writer_close(struct webhook_writer *writer)
{
    atomic_store(&writer->closed, true);
    tg_queue_close(writer->queue);
}

void webhook_writer_stop(struct webhook_writer *writer)
{
    webhook_writer_close(writer);
    pthread_join(writer->thread, NULL);
}

void webhook_writer_free(struct webhook_writer *writer)
{
    if (!writer)
        return;
    tg_queue_destroy(writer->queue);
    tg_stream_destroy(writer->stream);
    recent_destroy(writer->recent);
    free(writer);
}

void webhook_writer_submit(struct webhook_writer *writer, struct request *request)
{
    size_t bytes = request->body.held;
    size_t before = atomic_fetch_add_explicit(&writer->bytes, bytes, memory_order_relaxed);
    tg_gauge_add(TG_WEBHOOK_QUEUE, 1);
    if (before + bytes <= TG_WEBHOOK_QUEUE_BYTES_MAX && tg_queue_try_push(writer->queue, request))
        return;
    tg_gauge_add(TG_WEBHOOK_QUEUE, -1);
    atomic_fetch_sub_explicit(&writer->bytes, bytes, memory_order_relaxed);
    answer_refused(request, "overloaded", "Too many webhooks are waiting to be stored");
}

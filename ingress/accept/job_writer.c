#include "ingress/accept/job_writer.h"

#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"

#include <stdatomic.h>

struct job_writer {
    struct tg_stream *stream; // the thread's own
    struct tg_queue *queue;   // struct job_batch
    atomic_size_t waiting;    // jobs in the queue
    pthread_t thread;
    atomic_bool closed;
    bool gave_up; // closed, and Redis does not take jobs
};

static void leave_to_janitor(size_t n)
{
    tg_count(TG_JOBS_UNPUBLISHED, NULL, n);
    tg_log(TG_LOG_WARN, "jobs_not_published", TG_LOG_NUMBER("jobs", n));
}

static void publish(struct job_writer *writer, const struct tg_job *jobs, size_t n)
{
    size_t published = writer->gave_up ? 0 : tg_job_publish(writer->stream, jobs, n);
    tg_count(TG_JOBS_PUBLISHED, NULL, published);
    if (published == n)
        return;
    leave_to_janitor(n - published);
    writer->gave_up = atomic_load(&writer->closed);
}

// Publishes what was popped in as few pipelines as there may be, and frees it.
static void publish_all(struct job_writer *writer, void *const *popped, size_t n)
{
    struct tg_job jobs[TG_BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct job_batch *batch = popped[i];
        for (size_t j = 0; j < batch->n; j++) {
            if (count == TG_BATCH_MAX) {
                publish(writer, jobs, count);
                count = 0;
            }
            jobs[count++] = batch->job[j];
        }
        atomic_fetch_sub(&writer->waiting, batch->n);
        tg_gauge_add(TG_JOB_QUEUE, -(int64_t)batch->n);
        free(batch);
    }
    if (count > 0)
        publish(writer, jobs, count);
}

static void *run(void *argument)
{
    struct job_writer *writer = argument;
    while (!tg_queue_drained(writer->queue)) {
        void *popped[TG_BATCH_MAX];
        size_t n = tg_queue_pop(writer->queue, popped, TG_BATCH_MAX, -1);
        publish_all(writer, popped, n);
    }
    return NULL;
}

struct job_writer *job_writer_start(const char *redis_url, int partitions)
{
    struct job_writer *writer = tg_alloc(sizeof *writer);
    writer->stream = tg_stream_create(redis_url, partitions, tg_job_work);
    writer->queue = tg_queue_create(TG_JOB_QUEUE_MAX);
    writer->thread = tg_service_thread("jobs", run, writer);
    return writer;
}

void job_writer_close(struct job_writer *writer)
{
    atomic_store(&writer->closed, true);
    tg_queue_close(writer->queue);
}

void job_writer_stop(struct job_writer *writer)
{
    job_writer_close(writer);
    pthread_join(writer->thread, NULL);
}

void job_writer_free(struct job_writer *writer)
{
    if (!writer)
        return;
    tg_queue_destroy(writer->queue);
    tg_stream_destroy(writer->stream);
    free(writer);
}

struct job_batch *job_batch_create(size_t max)
{
    struct job_batch *batch = tg_alloc(sizeof *batch + max * sizeof batch->job[0]);
    batch->n = 0;
    return batch;
}

void job_writer_submit(struct job_writer *writer, struct job_batch *batch)
{
    size_t n = batch->n;
    if (n == 0) {
        free(batch);
        return;
    }
    size_t before = atomic_fetch_add(&writer->waiting, n);
    tg_gauge_add(TG_JOB_QUEUE, (int64_t)n);
    if (before + n <= TG_JOB_QUEUE_MAX && tg_queue_try_push(writer->queue, batch))
        return;
    atomic_fetch_sub(&writer->waiting, n);
    tg_gauge_add(TG_JOB_QUEUE, -(int64_t)n);
    free(batch);
    leave_to_janitor(n);
}

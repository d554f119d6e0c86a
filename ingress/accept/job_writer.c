#include "ingress/accept/job_writer.h"

#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct jobs {
    const struct tg_settings *settings;
    struct tg_queue *queue; // struct tg_job
    pthread_t thread;
    atomic_bool closing;
};

static void leave_to_janitor(size_t n)
{
    tg_count(TG_JOBS_UNPUBLISHED, NULL, n);
    tg_log(TG_LOG_WARN, "jobs_not_published", TG_LOG_NUMBER("jobs", n));
}

// Publishes what was popped, which is freed. false: Redis has not taken all of it.
static bool publish(struct tg_stream *stream, void *const *popped, size_t n)
{
    struct tg_job batch[TG_BATCH_MAX];
    assert(n >= 1 && n <= TG_BATCH_MAX);
    for (size_t i = 0; i < n; i++) {
        batch[i] = *(struct tg_job *)popped[i];
        free(popped[i]);
    }
    size_t published = stream ? tg_job_publish(stream, batch, n) : 0;
    tg_count(TG_JOBS_PUBLISHED, NULL, published);
    if (published < n)
        leave_to_janitor(n - published);
    return published == n;
}

static void *run(void *argument)
{
    struct jobs *jobs = argument;
    struct tg_stream *stream =
        tg_stream_create(jobs->settings->redis_url, (int)jobs->settings->partitions, tg_job_work);
    bool gave_up = false; // closing, and Redis does not take jobs
    while (!tg_queue_drained(jobs->queue)) {
        void *popped[TG_BATCH_MAX];
        size_t n = tg_queue_pop(jobs->queue, popped, TG_BATCH_MAX, -1);
        tg_gauge_add(TG_JOB_QUEUE, -(int64_t)n);
        if (n > 0 && !publish(gave_up ? NULL : stream, popped, n))
            gave_up = atomic_load(&jobs->closing);
    }
    tg_stream_destroy(stream);
    return NULL;
}

struct jobs *jobs_start(const struct tg_settings *settings)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        abort();
    jobs->settings = settings;
    jobs->queue = tg_queue_create(TG_JOB_QUEUE_MAX);
    jobs->thread = tg_service_thread("jobs", run, jobs);
    return jobs;
}

void jobs_close(struct jobs *jobs)
{
    atomic_store(&jobs->closing, true);
}

void jobs_stop(struct jobs *jobs)
{
    tg_queue_close(jobs->queue);
    pthread_join(jobs->thread, NULL);
}

void jobs_free(struct jobs *jobs)
{
    tg_queue_destroy(jobs->queue);
    free(jobs);
}

void jobs_submit(struct jobs *jobs, const struct tg_job *batch, size_t n)
{
    size_t queued = 0;
    tg_gauge_add(TG_JOB_QUEUE, (int64_t)n);
    for (; queued < n; queued++) {
        struct tg_job *copy = malloc(sizeof *copy);
        if (!copy)
            abort();
        *copy = batch[queued];
        if (!tg_queue_try_push(jobs->queue, copy)) {
            free(copy);
            break;
        }
    }
    tg_gauge_add(TG_JOB_QUEUE, (int64_t)queued - (int64_t)n);
    if (queued < n)
        leave_to_janitor(n - queued);
}

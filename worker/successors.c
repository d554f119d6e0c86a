#include "worker/successors.h"

#include "common/service/log.h"
#include "common/service/metrics.h"

#include <assert.h>

void log_queued(const struct tg_job *jobs, size_t n, const char *why)
{
    tg_log_gather();
    for (size_t i = 0; i < n; i++)
        tg_log_step("send_queued", TG_LOG_MESSAGE(&jobs[i]), TG_LOG_TEXT("why", why));
    tg_log_let_go();
}

void successors_add(struct successors *successors, struct tg_uuid org_id,
                    const struct tg_released *released)
{
    if (!released->any)
        return;
    assert(successors->n < TG_BATCH_MAX);
    successors->jobs[successors->n++] =
        (struct tg_job){.org_id = org_id, .message_id = released->message_id};
}

void successors_publish(const struct successors *successors, struct tg_stream *sends)
{
    if (successors->n == 0)
        return;
    log_queued(successors->jobs, successors->n, "released");
    size_t published = tg_job_publish(sends, successors->jobs, successors->n);
    tg_count(TG_JOBS_REPUBLISHED, "released", published);
    tg_count(TG_JOBS_UNPUBLISHED, NULL, successors->n - published);
}

#include "worker/upkeep/duty.h"

#include "common/base/batch.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/streams/job.h"
#include "worker/successors.h"

// A round passes over so many; with more of them, something is wrong with all.
enum { SKIPPED_MAX = 16 };

bool duty_do_all(struct upkeep *upkeep, const char *duty, duty_batch *do_batch, int64_t size)
{
    struct tg_slice slice = {0};
    struct tg_batch batch = tg_batch_of(SIZE_MAX, (size_t)size);
    while (!stop_ordered(upkeep->worker->stop) && tg_batch_next(&batch)) {
        size_t n = 0;
        slice.limit = (int64_t)batch.size;
        enum tg_pg_status status = do_batch(upkeep, slice, &n);
        if (status == TG_PG_OK) {
            // A smaller batch may have found nothing, and the next one something.
            if (n < batch.size && slice.limit == size)
                break;
        } else if (status != TG_PG_REFUSED || slice.skip == SKIPPED_MAX) {
            return false;
        } else if (!tg_batch_halve(&batch)) {
            slice.skip++;
            tg_log(TG_LOG_ERROR, "duty_refused", TG_LOG_TEXT("duty", duty),
                   TG_LOG_NUMBER("passed_over", slice.skip));
        }
    }
    return slice.skip == 0;
}

void duty_delete_all(struct upkeep *upkeep, const char *duty, duty_delete *delete_old,
                     int64_t age_s, int64_t size)
{
    int64_t deleted = size;
    while (deleted == size && !stop_ordered(upkeep->worker->stop)) {
        if (delete_old(upkeep->pg, age_s, size, &deleted) != TG_PG_OK)
            break;
        tg_count(TG_JANITOR, duty, (uint64_t)deleted);
    }
}

void duty_publish(struct upkeep *upkeep, const char *duty, const struct tg_message_key *due,
                  size_t n)
{
    size_t published = 0;
    for (size_t i = 0; i < n;) {
        struct tg_job jobs[TG_BATCH_MAX];
        size_t count = 0;
        for (; count < TG_BATCH_MAX && i < n; i++)
            jobs[count++] =
                (struct tg_job){.org_id = due[i].org_id, .message_id = due[i].message_id};
        log_queued(jobs, count, duty);
        published += tg_job_publish(upkeep->sends, jobs, count);
    }
    tg_count(TG_JANITOR, duty, n);
    tg_count(TG_JOBS_REPUBLISHED, duty, published);
    tg_count(TG_JOBS_UNPUBLISHED, NULL, n - published);
    if (n > 0)
        tg_log(TG_LOG_INFO, "jobs_republished", TG_LOG_TEXT("why", duty), TG_LOG_NUMBER("found", n),
               TG_LOG_NUMBER("published", published));
}

void duty_conclude(struct upkeep *upkeep, const struct duty_ending *ending,
                   const struct tg_ended *ended, size_t n)
{
    struct successors successors = {0};
    tg_log_gather();
    for (size_t i = 0; i < n; i++) {
        successors_add(&successors, ended[i].org_id, &ended[i].released);
        tg_count(TG_REFUNDS, NULL, ended[i].refunded);
        tg_log(ending->level, ending->event, TG_LOG_MESSAGE(&ended[i]),
               TG_LOG_NUMBER("refunded", ended[i].refunded));
    }
    tg_log_let_go();
    tg_count(TG_JANITOR, ending->duty, n);
    successors_publish(&successors, upkeep->sends);
}

#include "worker/send/ack.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "worker/successors.h"

// More jobs than this are not on their way through a worker (all its places, beside the batches in
// two threads' hands), and while Redis is away none is added.
enum { KEPT_MAX = TG_SEND_CONCURRENCY_MAX + 2 * TG_BATCH_MAX };

struct ack {
    struct tg_stream *stream;
    size_t kept;
    struct tg_job jobs[KEPT_MAX];
};

struct ack *ack_create(struct tg_stream *stream)
{
    struct ack *ack = tg_alloc(sizeof *ack);
    ack->stream = stream;
    return ack;
}

void ack_destroy(struct ack *ack)
{
    if (!ack)
        return;
    ack_late(ack);
    if (ack->kept > 0)
        tg_log(TG_LOG_WARN, "jobs_left_pending", TG_LOG_NUMBER("jobs", ack->kept));
    free(ack);
}

static void keep(struct ack *ack, const struct tg_job *jobs, size_t n)
{
    bool first = ack->kept == 0;
    size_t i = 0;
    while (i < n && ack->kept < KEPT_MAX)
        ack->jobs[ack->kept++] = jobs[i++];
    if (first || i < n)
        tg_log(TG_LOG_WARN, "acks_put_off", TG_LOG_NUMBER("jobs", n),
               TG_LOG_NUMBER("left_pending", n - i));
}

void ack_late(struct ack *ack)
{
    size_t before = ack->kept;
    while (ack->kept > 0) {
        size_t n = ack->kept < TG_BATCH_MAX ? ack->kept : TG_BATCH_MAX;
        if (!tg_job_end(ack->stream, ack->jobs + ack->kept - n, n))
            break;
        ack->kept -= n;
    }
    if (ack->kept < before)
        tg_log(TG_LOG_INFO, "acks_made_up", TG_LOG_NUMBER("jobs", before - ack->kept),
               TG_LOG_NUMBER("kept", ack->kept));
}

void ack_jobs(struct ack *ack, const struct tg_job *jobs, size_t n)
{
    if (n == 0)
        return;
    ack_late(ack);
    if (!tg_job_end(ack->stream, jobs, n))
        keep(ack, jobs, n);
}

// The old entries go in any case: a message without a job is found by the janitor, but an old entry
// would keep it from looking (tg_stream_oldest_age).
void hand_back_jobs(struct ack *ack, const struct tg_job *jobs, size_t n)
{
    log_queued(jobs, n, "handed_back");
    size_t published = tg_job_publish(ack->stream, jobs, n);
    ack_jobs(ack, jobs, n);
    tg_log(TG_LOG_INFO, "sends_handed_back", TG_LOG_NUMBER("sends", n),
           TG_LOG_NUMBER("published", published));
}

enum tg_pg_status hand_back_claims(struct tg_pg *pg, struct ack *ack,
                                   const struct tg_claim_key *claims, const struct tg_job *jobs,
                                   size_t n)
{
    enum tg_pg_status status = tg_store_release_sends(pg, claims, n);
    if (status == TG_PG_OK)
        hand_back_jobs(ack, jobs, n);
    return status;
}

#include "worker/send/hand_back.h"

#include "common/service/log.h"

// The old entries go in any case: a message without a job is found by the janitor, but an old entry
// would keep it from looking (tg_stream_oldest_age).
void hand_back_jobs(struct tg_stream *stream, struct ack *ack, const struct tg_job *jobs, size_t n)
{
    size_t published = tg_job_publish(stream, jobs, n);
    ack_jobs(ack, jobs, NULL, n);
    tg_log(TG_LOG_INFO, "sends_handed_back", TG_LOG_NUMBER("sends", n),
           TG_LOG_NUMBER("published", published));
}

enum tg_pg_status hand_back_claims(struct tg_pg *pg, struct tg_stream *stream, struct ack *ack,
                                   const struct tg_claim_key *claims, const struct tg_job *jobs,
                                   size_t n)
{
    enum tg_pg_status status = tg_store_release_sends(pg, claims, n);
    if (status == TG_PG_OK)
        hand_back_jobs(stream, ack, jobs, n);
    return status;
}

// The end of jobs: they go out of their streams, now or when Redis is back.
//
// A job that stays in its stream is harmless to its own message, which is no longer queued. But the
// first entry of a partition is taken for its oldest live job, and as long as one stands there that
// has long been done, the janitor does not see that later jobs are lost.
#pragma once

#include "common/store/dispatch.h"
#include "common/streams/job.h"

struct ack;

// `stream` is borrowed; both belong to one thread.
struct ack *ack_create(struct tg_stream *stream);
void ack_destroy(struct ack *ack); // NULL is fine; says what is left

// tg_job_end for up to TG_BATCH_MAX jobs. What Redis does not take is kept for ack_late.
void ack_jobs(struct ack *ack, const struct tg_job *jobs, size_t n);

// Ends what was kept, if there is anything and Redis is back. Cheap: call it now and then.
void ack_late(struct ack *ack);

// Messages that this worker will certainly not dispatch are queued again, up to TG_BATCH_MAX at
// once. Of those that are not claimed: publishes their jobs anew, for whoever comes first, and ends
// the old ones.
void hand_back_jobs(struct ack *ack, const struct tg_job *jobs, size_t n);

// Of those that are claimed, or may be: releases the claims first. On anything
// but TG_PG_OK nothing was released, or it is open; their jobs are as they were. May be repeated.
enum tg_pg_status hand_back_claims(struct tg_pg *pg, struct ack *ack,
                                   const struct tg_claim_key *claims, const struct tg_job *jobs,
                                   size_t n) TG_MUST_CHECK;

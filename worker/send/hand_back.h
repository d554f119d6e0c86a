// Giving back: messages that this worker will certainly not dispatch are queued again, with new
// jobs for whoever comes first. Up to TG_BATCH_MAX at once.
#pragma once

#include "common/store/dispatch.h"
#include "worker/send/ack.h"

// Of messages that are claimed, or may be: releases the claims, then as below. On anything but
// TG_PG_OK nothing was released, or it is open; their jobs are as they were. May be repeated.
enum tg_pg_status hand_back_claims(struct tg_pg *pg, struct tg_stream *stream, struct ack *ack,
                                   const struct tg_claim_key *claims, const struct tg_job *jobs,
                                   size_t n) TG_MUST_CHECK;

// Of messages that are not claimed: publishes their jobs anew and ends the old ones.
void hand_back_jobs(struct tg_stream *stream, struct ack *ack, const struct tg_job *jobs, size_t n);

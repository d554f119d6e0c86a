// Claiming: the messages that jobs name become this worker's, or are somebody else's.
#pragma once

#include "common/streams/job.h"
#include "worker/send/ack.h"
#include "worker/send/dispatch.h"
#include "worker/stop.h"

// What it takes; all borrowed, and of one thread.
struct claimer {
    struct tg_pg *pg;
    struct tg_stream *stream; // of jobs
    struct ack *ack;
    struct dispatch *next;
    struct stop *stop;
};

// Claims the messages of up to TG_BATCH_MAX jobs, hands them on to `next`, and ends the jobs of the
// others: whoever settled or holds those messages does without them. One that PostgreSQL refuses to
// let anybody claim is failed in the end. Sorts the jobs. With PostgreSQL away it tries again until
// stop is ordered, and then hands the jobs back. Returns how many went on: so many of the places
// are theirs now.
size_t claim_jobs(const struct claimer *claimer, struct tg_job *jobs, size_t n) TG_MUST_CHECK;

// Does claiming work at all? Jobs that others have for long because it does not are no worse for
// it, and must not be counted as given away once more by each worker that waits like them.
bool claim_works(struct tg_pg *pg);

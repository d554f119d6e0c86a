// What is let go when a message is settled or ended: the next one to the same contact is queued
// then (struct tg_released), and needs a job.
#pragma once

#include "common/limits.h"
#include "common/streams/job.h"
#include "common/words/ids.h"

// Those of one batch. Zero-initialised is empty.
struct successors {
    size_t n;
    struct tg_job jobs[TG_BATCH_MAX];
};

// A step of each of these messages: it is queued now, and why.
void log_queued(const struct tg_job *jobs, size_t n, const char *why);

// Adds the one that was released, if any.
void successors_add(struct successors *successors, struct tg_uuid org_id,
                    const struct tg_released *released);

// Publishes their jobs in one pipeline. Call after the commit that has released them; what Redis
// does not take is the janitor's to find.
void successors_publish(const struct successors *successors, struct tg_stream *sends);

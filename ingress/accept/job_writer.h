// The way of jobs to Redis: one thread publishes what the lanes hand it, everything that is waiting
// in one pipeline. So a Redis that is slow, or hangs, delays no lane; a job that it does not take
// is the janitor's to find, as its message is on record.
#pragma once

#include "common/settings/settings.h"
#include "common/streams/job.h"

struct jobs;

// Starts the thread, with a Redis connection of its own.
struct jobs *jobs_start(const struct tg_settings *settings);

// From now on Redis is asked no more once it has not taken a job.
void jobs_close(struct jobs *jobs);
// After the last submit: publishes what is queued and ends the thread.
void jobs_stop(struct jobs *jobs);
void jobs_free(struct jobs *jobs);

// Queues copies. What finds no room is left to the janitor, too. Thread-safe.
void jobs_submit(struct jobs *jobs, const struct tg_job *batch, size_t n);

// The way of jobs to Redis: one thread publishes what the lanes hand it, everything that is waiting
// in one pipeline. So a Redis that is slow, or hangs, delays no lane; a job that it does not take
// is the janitor's to find, as its message is on record.
#pragma once

#include "common/streams/job.h"

struct job_writer;

// Starts the thread, with a Redis connection of its own.
struct job_writer *job_writer_start(const char *redis_url, int partitions);

// Refuses new jobs from now on. Once Redis has not taken one, it is asked no more.
void job_writer_close(struct job_writer *writer);
// The same, publishes what is queued and ends the thread.
void job_writer_stop(struct job_writer *writer);
void job_writer_free(struct job_writer *writer); // stopped, or NULL

struct job_batch {
    size_t n;
    struct tg_job job[];
};

// An empty batch with room for so many.
struct job_batch *job_batch_create(size_t max);

// Queues a batch, which is the writer's then. One that finds no room is left to the janitor, too.
// Thread-safe.
void job_writer_submit(struct job_writer *writer, struct job_batch *batch);

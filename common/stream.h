// Redis streams: jobs that name messages, and who waits for them. With redis.c the only file that
// knows hiredis.
//
// A connection belongs to one thread. Every function connects by itself if there is no connection,
// at most once in TG_RECONNECT_MS, and returns false when Redis could not be reached or the
// connection broke: then it is open which of the commands ran, and everything here is safe to
// repeat. Errors are logged here (once per outage) and counted.
#pragma once

#include "common/error.h"
#include "common/uuid7.h"

struct tg_stream;

// A job: a stream entry that names a message. `waiter` names the ingress that waits for the result,
// "" if none does.
enum { TG_WAITER_SIZE = 24, TG_ENTRY_ID_SIZE = 44 };
struct tg_job {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    char waiter[TG_WAITER_SIZE];
    int partition;                   // set by reading
    char entry_id[TG_ENTRY_ID_SIZE]; // set by reading
};

// Does not connect yet. `url` is redis://[[user]:password@]host[:port][/database]; `partitions`
// must be the same for all daemons of one deployment. false from parse: see tg_stream_url_check.
struct tg_stream *tg_stream_create(const char *url, int partitions);
void tg_stream_destroy(struct tg_stream *stream);

// Is this a URL that tg_stream_create takes?
bool tg_stream_url_check(const char *url);

// Is Redis there? Connects if need be, PINGs. On the first connection also warns when
// maxmemory-policy may evict streams or appendonly is off.
bool tg_stream_ping(struct tg_stream *stream) TG_MUST_CHECK;

// The partition of a message: the same for everybody.
int tg_stream_partition(struct tg_uuid message_id, int partitions);

// XADD of all jobs in one pipeline; reads every reply. Returns how many of them Redis took (n if
// all is well); the rest are the scheduler's to find.
size_t tg_stream_publish(struct tg_stream *stream, const struct tg_job *jobs,
                         size_t n) TG_MUST_CHECK;

// Takes new jobs for `consumer` from all partitions: XREADGROUP, waiting up to `block_ms`. Makes
// the consumer group ("workers", from entry 0) where it is missing. Returns how many, -1 if Redis
// is away. An entry that is no job of ours is acked, deleted and logged.
int tg_stream_take(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                   int block_ms) TG_MUST_CHECK;

// XACK and XDEL of jobs, and PUBLISH of results, in one pipeline. `results` may be NULL or hold
// NULLs; results[i] is published to the ingress named by jobs[i].waiter, if it has one.
bool tg_stream_finish(struct tg_stream *stream, const struct tg_job *const *jobs,
                      const char *const *results, size_t n) TG_MUST_CHECK;

// XGROUP DELCONSUMER in every partition where this consumer has nothing pending.
void tg_stream_leave(struct tg_stream *stream, const char *consumer);

// The age of the oldest live job of a partition in milliseconds by Redis's clock; -1 if the
// partition is empty. What is acked is deleted too, so the first entry is the oldest.
bool tg_stream_oldest_age(struct tg_stream *stream, int partition, long long *age_ms) TG_MUST_CHECK;

// SUBSCRIBE to the results for `waiter`. The connection is then for tg_stream_listen only.
bool tg_stream_subscribe(struct tg_stream *stream, const char *waiter) TG_MUST_CHECK;

// Waits up to `timeout_ms` for a result and copies it to `result` (cut to size). Returns 1 for a
// result, 0 when none came, -1 when the connection is lost: subscribe again.
int tg_stream_listen(struct tg_stream *stream, char *result, size_t size,
                     int timeout_ms) TG_MUST_CHECK;

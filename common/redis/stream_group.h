// The consumer group "workers" of a stream (stream.h, which tells of connections and errors): each
// entry is given to one consumer, who ends it, or leaves it lying for another one to take over.
#pragma once

#include "common/redis/stream.h"

// Is called with each entry that was read; what it points to lives until it returns. false: no
// entry of this kind of work, which is then acked, deleted and logged, or it would come back for
// ever.
typedef bool tg_stream_visit(void *context, const struct tg_entry *entry,
                             const struct tg_entry_field *fields, size_t n);

// Takes new entries for `consumer` from all partitions: XREADGROUP, waiting up to `block_ms`; with
// `max` below the number of partitions only from as many, and waiting less, so that the others have
// their turn at the next call. Makes the group (from entry 0) where it is missing. Returns how many
// `visit` has taken, at most `max`; -1 if Redis is away. `max` and `block_ms` are at least 1, and
// `block_ms` is less than TG_REDIS_COMMAND_TIMEOUT_MS.
int tg_stream_take(struct tg_stream *stream, const char *consumer, int max, int block_ms,
                   tg_stream_visit *visit, void *context) TG_MUST_CHECK;

// Takes over entries that their consumer has had for longer than `idle_ms` without ending them.
// Returns like tg_stream_take; does not wait.
//
// An entry that was given away TG_DELIVERIES_SUSPECT times or more may be what ends the workers
// that get it. It is taken alone, with nothing else in the same call, so that the count of nothing
// but the culprit goes on rising. Call again at once while something comes: the rest waits.
int tg_stream_take_over(struct tg_stream *stream, const char *consumer, int max, int idle_ms,
                        tg_stream_visit *visit, void *context) TG_MUST_CHECK;

// A text for whoever has subscribed to a topic (tg_stream_subscribe).
struct tg_notice {
    const char *topic;
    const char *text;
};

// Ends up to TG_BATCH_MAX entries, and PUBLISHes notices, in one pipeline. The entries of a
// partition are acked and deleted together (XACK and XDEL in a transaction): one that is acked and
// still there would be nobody's, and taken for the oldest live one for ever. False: Redis has not
// done all of it, or it cannot be told.
bool tg_stream_end(struct tg_stream *stream, const struct tg_entry *const *entries, size_t n,
                   const struct tg_notice *notices, size_t notice_count) TG_MUST_CHECK;

// How many entries consumers have and have not ended, of all partitions (XPENDING), in one
// pipeline. False: Redis is away.
bool tg_stream_pending(struct tg_stream *stream, long long *pending) TG_MUST_CHECK;

// XGROUP DELCONSUMER in every partition where this consumer has nothing pending.
void tg_stream_leave(struct tg_stream *stream, const char *consumer);

// The same for all consumers that have not asked for anything for longer than `idle_ms`. Returns
// how many it has removed, of all partitions; -1 if Redis is away.
int tg_stream_remove_gone_consumers(struct tg_stream *stream, int idle_ms) TG_MUST_CHECK;

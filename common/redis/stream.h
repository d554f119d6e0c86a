// Redis streams: work of one kind ("sends", "webhooks") spread over partitions, and the consumer
// group "workers" that takes it off (stream_group.c). What an entry's fields mean is told by job.h
// and webhook.h. With redis.c the only files that know hiredis.
//
// A connection belongs to one thread. Every function connects by itself if there is no connection,
// at most once in TG_RECONNECT_MS, and says so when Redis could not be reached or the connection
// broke: then it is open which of the commands ran, and everything here is safe to repeat. Errors
// are logged here (once per outage) and counted.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct tg_stream;

// Where an entry stands.
enum { TG_ENTRY_ID_SIZE = 44 };
struct tg_entry {
    int partition;
    int deliveries; // how often it was given to a consumer, this time included
    char id[TG_ENTRY_ID_SIZE];
};

// A field of an entry; the value may hold any bytes and is followed by a NUL when it was read.
struct tg_field {
    const char *name;
    const char *value;
    size_t length;
};

// An entry to be added; everything is borrowed.
enum { TG_ENTRY_FIELDS_MAX = 3 };
struct tg_new_entry {
    int partition;
    size_t fields;
    struct tg_field field[TG_ENTRY_FIELDS_MAX];
};

// A text for whoever listens to a channel (PUBLISH).
struct tg_notice {
    const char *channel;
    const char *text;
};

// Does not connect yet. `url` is redis://[[user]:password@]host[:port][/database]; `partitions`
// must be the same for all daemons of one deployment; the key of partition 3 of "sends" is
// tollgate:{03}:sends.
struct tg_stream *tg_stream_create(const char *url, int partitions, const char *work);
void tg_stream_destroy(struct tg_stream *stream);

// Is this a URL that tg_stream_create takes?
bool tg_stream_url_check(const char *url);

int tg_stream_partitions(const struct tg_stream *stream);

// Is Redis there? Connects if need be, PINGs. On the first connection also warns when
// maxmemory-policy may evict streams or appendonly is off.
bool tg_stream_ping(struct tg_stream *stream) TG_MUST_CHECK;

// XADD of all entries in one pipeline; reads every reply. Returns how many of them Redis took (n if
// all is well).
size_t tg_stream_publish(struct tg_stream *stream, const struct tg_new_entry *entries,
                         size_t n) TG_MUST_CHECK;

// XADD of all entries (at least one; all of one partition) as one transaction: Redis takes them
// all, with one write to its disk, or none of them. What is only pipelined it writes to disk once
// for each part that it happens to read at a time. False: none was taken, or it cannot be told.
bool tg_stream_publish_together(struct tg_stream *stream, const struct tg_new_entry *entries,
                                size_t n) TG_MUST_CHECK;

// Is called with each entry that was read; what it points to lives until it returns. false: no
// entry of this kind of work, which is then acked, deleted and logged, or it would come back for
// ever.
typedef bool tg_stream_visit(void *context, const struct tg_entry *entry,
                             const struct tg_field *fields, size_t n);

// Takes new entries for `consumer` from all partitions: XREADGROUP, waiting up to `block_ms`; with
// `max` below the number of partitions only from as many, and waiting less, so that the others have
// their turn at the next call. Makes the group (from entry 0) where it is missing. Returns how many
// `visit` has taken, at most `max`; -1 if Redis is away.
int tg_stream_take(struct tg_stream *stream, const char *consumer, int max, int block_ms,
                   tg_stream_visit *visit, void *context) TG_MUST_CHECK;

// Takes over entries that their consumer has had for longer than `idle_ms` without finishing them.
// Returns like tg_stream_take; does not wait.
//
// An entry that was given away TG_DELIVERIES_SUSPECT times or more may be what ends the workers
// that get it. It is taken alone, with nothing else in the same call, so that the count of nothing
// but the culprit goes on rising. Call again at once while something comes: the rest waits.
int tg_stream_take_over(struct tg_stream *stream, const char *consumer, int max, int idle_ms,
                        tg_stream_visit *visit, void *context) TG_MUST_CHECK;

// Ends up to TG_BATCH_MAX entries, and PUBLISHes notices, in one pipeline. The entries of a
// partition are acked and deleted together (XACK and XDEL in a transaction): one that is acked and
// still there would be nobody's, and taken for the oldest live one for ever.
bool tg_stream_finish(struct tg_stream *stream, const struct tg_entry *const *entries, size_t n,
                      const struct tg_notice *notices, size_t notice_count) TG_MUST_CHECK;

// XGROUP DELCONSUMER in every partition where this consumer has nothing pending.
void tg_stream_leave(struct tg_stream *stream, const char *consumer);

// The same for all consumers that have not asked for anything for longer than `idle_ms`. Returns
// how many it has removed, of all partitions; -1 if Redis is away.
int tg_stream_remove_gone_consumers(struct tg_stream *stream, int idle_ms) TG_MUST_CHECK;

// The age of the oldest live entry of a partition in milliseconds by Redis's clock; -1 if the
// partition is empty. What is acked is deleted too, so the first entry is the oldest.
bool tg_stream_oldest_age(struct tg_stream *stream, int partition, long long *age_ms) TG_MUST_CHECK;

// How many entries each partition has (XLEN), in one pipeline. False: Redis is away.
bool tg_stream_lengths(struct tg_stream *stream, long long *lengths) TG_MUST_CHECK;

// SUBSCRIBE to a channel. The connection is then for tg_stream_listen only.
bool tg_stream_subscribe(struct tg_stream *stream, const char *channel) TG_MUST_CHECK;

// Waits up to `timeout_ms` for a notice and copies its text to `text` (cut to size). Returns 1 for
// a notice, 0 when none came, -1 when the connection is lost: subscribe again.
int tg_stream_listen(struct tg_stream *stream, char *text, size_t size,
                     int timeout_ms) TG_MUST_CHECK;

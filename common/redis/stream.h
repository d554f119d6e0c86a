// Redis streams: work of one kind ("sends", "webhooks") spread over partitions. How it is taken off
// is told by stream_group.h, what an entry's fields mean by job.h and webhook.h.
//
// A connection belongs to one thread. Every function but tg_stream_listen connects by itself if
// there is no connection, at most once in TG_RECONNECT_MS, and says so when Redis could not be
// reached or the connection broke: then it is open which of the commands ran, and everything here
// is safe to repeat. Errors are logged and counted (redis.h).
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
struct tg_entry_field {
    const char *name;
    const char *value;
    size_t length;
};

// An entry to be added; everything is borrowed.
enum { TG_ENTRY_FIELDS_MAX = 3 };
struct tg_new_entry {
    int partition;
    size_t fields;
    struct tg_entry_field field[TG_ENTRY_FIELDS_MAX];
};

// Does not connect yet. `url` is one that passes tg_redis_url_check (redis.h); `partitions`, at
// most TG_PARTITIONS_MAX, must be the same for all daemons of one deployment; the key of partition
// 3 of "sends" is tollgate:{03}:sends.
struct tg_stream *tg_stream_create(const char *url, int partitions, const char *work);
void tg_stream_destroy(struct tg_stream *stream); // NULL is fine

int tg_stream_partitions(const struct tg_stream *stream);

// Is Redis there? PINGs.
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

// The age of the oldest live entry of a partition in milliseconds by Redis's clock; -1 if the
// partition is empty. What is acked is deleted too, so the first entry is the oldest.
bool tg_stream_oldest_age(struct tg_stream *stream, int partition, long long *age_ms) TG_MUST_CHECK;

// How many entries each partition has (XLEN), in one pipeline. False: Redis is away.
bool tg_stream_lengths(struct tg_stream *stream, long long *lengths) TG_MUST_CHECK;

// How many bytes of Redis's memory each partition takes, as Redis judges by its oldest entries
// (MEMORY USAGE), in one pipeline. False: Redis is away.
bool tg_stream_bytes(struct tg_stream *stream, long long *bytes) TG_MUST_CHECK;

// SUBSCRIBE to a topic. The connection is then for tg_stream_listen only.
bool tg_stream_subscribe(struct tg_stream *stream, const char *topic) TG_MUST_CHECK;

// Waits up to `timeout_ms` for a notice and copies its text to `text` (cut to size). Returns 1 for
// a notice, 0 when none came, -1 when there is no connection any more: subscribe again.
int tg_stream_listen(struct tg_stream *stream, char *text, size_t size,
                     int timeout_ms) TG_MUST_CHECK;

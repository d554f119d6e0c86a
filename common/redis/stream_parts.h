// Private to stream.c and stream_group.c: what a stream is made of.
#pragma once

#include "common/limits.h"
#include "common/redis/redis.h"
#include "common/redis/stream.h"

struct tg_stream {
    struct tg_redis *redis;
    int partitions;
    int next; // the partition that is read first the next time
    char keys[TG_PARTITIONS_MAX][48];
};

extern const char tg_stream_group[];

// Is the reply an array of at least so many elements; is it a text? What is said in Redis's place
// is not believed: whoever has taken it may say anything.
bool tg_stream_is_array(const struct redisReply *reply, size_t elements);
bool tg_stream_is_text(const struct redisReply *reply);
// The number that it is, from 0 to `highest`; else 0. (NULL is none.)
long long tg_stream_number(const struct redisReply *reply, long long highest);

// Reads the replies of so many commands. How many of them are there and no errors?
size_t tg_stream_succeeded(struct tg_stream *stream, const char *command, size_t n) TG_MUST_CHECK;

// The replies of a transaction of so many commands that was appended with its MULTI and its EXEC:
// did it run, and all of it well? Each command is answered too: one that is refused there undoes
// the transaction. A group that is missing has nothing to lose.
bool tg_stream_committed(struct tg_stream *stream, size_t commands,
                         const char *command) TG_MUST_CHECK;

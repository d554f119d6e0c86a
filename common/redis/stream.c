#include "common/redis/stream.h"

#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/redis/reply.h"
#include "common/redis/stream_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char tg_stream_group[] = "workers";

struct tg_stream *tg_stream_create(const char *url, int partitions, const char *work)
{
    assert(partitions >= 1 && partitions <= TG_PARTITIONS_MAX);
    struct tg_stream *stream = tg_alloc(sizeof *stream);
    stream->redis = tg_redis_create(url, partitions);
    stream->partitions = partitions;
    for (int i = 0; i < partitions; i++)
        snprintf(stream->keys[i], sizeof stream->keys[i], "tollgate:{%02d}:%s", i, work);
    return stream;
}

void tg_stream_destroy(struct tg_stream *stream)
{
    if (!stream)
        return;
    tg_redis_destroy(stream->redis);
    free(stream);
}

int tg_stream_partitions(const struct tg_stream *stream)
{
    return stream->partitions;
}

bool tg_stream_is_array(const redisReply *reply, size_t elements)
{
    return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= elements;
}

bool tg_stream_is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

long long tg_stream_number(const redisReply *reply, long long highest)
{
    bool good = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 &&
                reply->integer <= highest;
    return good ? reply->integer : 0;
}

// Is there a reply that is no error? Frees it.
static bool succeeded(redisReply *reply)
{
    bool ok = reply && !tg_redis_is_error(reply);
    reply_free(reply);
    return ok;
}

bool tg_stream_ping(struct tg_stream *stream)
{
    return tg_redis_connected(stream->redis) &&
           succeeded(tg_redis_command(stream->redis, TG_ARGS("PING")));
}

static void append_entry(struct tg_stream *stream, const struct tg_new_entry *entry)
{
    enum { BEFORE_FIELDS = 3 };
    const char *argv[BEFORE_FIELDS + 2 * TG_ENTRY_FIELDS_MAX] = {
        "XADD", stream->keys[entry->partition], "*"};
    size_t lengths[BEFORE_FIELDS + 2 * TG_ENTRY_FIELDS_MAX] = {
        strlen(argv[0]), strlen(stream->keys[entry->partition]), strlen(argv[2])};
    int argc = BEFORE_FIELDS;
    for (size_t i = 0; i < entry->fields; i++) {
        argv[argc] = entry->field[i].name;
        lengths[argc++] = strlen(entry->field[i].name);
        argv[argc] = entry->field[i].value;
        lengths[argc++] = entry->field[i].length;
    }
    tg_redis_append_bytes(stream->redis, argc, argv, lengths);
}

size_t tg_stream_succeeded(struct tg_stream *stream, const char *command, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += succeeded(tg_redis_reply(stream->redis, command));
    return count;
}

size_t tg_stream_publish(struct tg_stream *stream, const struct tg_new_entry *entries, size_t n)
{
    if (n == 0 || !tg_redis_connected(stream->redis))
        return 0;
    for (size_t i = 0; i < n; i++)
        append_entry(stream, &entries[i]);
    return tg_stream_succeeded(stream, "XADD", n);
}

bool tg_stream_committed(struct tg_stream *stream, size_t commands, const char *command)
{
    for (size_t i = 0; i < commands + 1; i++)
        reply_free(tg_redis_reply(stream->redis, command));
    redisReply *reply = tg_redis_reply(stream->redis, "EXEC");
    bool ok = reply && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; ok && i < reply->elements; i++)
        ok = !tg_redis_is_error(reply->element[i]) || tg_redis_no_group(reply->element[i]);
    reply_free(reply);
    return ok;
}

bool tg_stream_publish_together(struct tg_stream *stream, const struct tg_new_entry *entries,
                                size_t n)
{
    assert(n >= 1);
    if (!tg_redis_connected(stream->redis))
        return false;
    tg_redis_append(stream->redis, TG_ARGS("MULTI"));
    for (size_t i = 0; i < n; i++) {
        assert(entries[i].partition == entries[0].partition);
        append_entry(stream, &entries[i]);
    }
    tg_redis_append(stream->redis, TG_ARGS("EXEC"));
    return tg_stream_committed(stream, n, "XADD");
}

// The age in milliseconds of the one entry in `range` at the time that TIME said; -1 for none.
// False: it cannot be told.
static bool read_age(const redisReply *range, const redisReply *now, long long *age_ms)
{
    int64_t now_s;
    int64_t now_us;
    *age_ms = -1;
    if (!tg_stream_is_array(range, 0) || !tg_stream_is_array(now, 2))
        return false;
    if (range->elements == 0)
        return true;
    if (!tg_stream_is_array(range->element[0], 1) ||
        !tg_stream_is_text(range->element[0]->element[0]) || !tg_stream_is_text(now->element[0]) ||
        !tg_decimal_read(now->element[0]->str, UINT32_MAX, &now_s) ||
        !tg_stream_is_text(now->element[1]) ||
        !tg_decimal_read(now->element[1]->str, 999999, &now_us))
        return false;
    long long born_ms = strtoll(range->element[0]->element[0]->str, NULL, 10);
    long long now_ms = now_s * 1000 + now_us / 1000;
    *age_ms = now_ms > born_ms && born_ms > 0 ? now_ms - born_ms : 0;
    return true;
}

bool tg_stream_oldest_age(struct tg_stream *stream, int partition, long long *age_ms)
{
    if (!tg_redis_connected(stream->redis))
        return false;
    tg_redis_append(stream->redis,
                    TG_ARGS("XRANGE", stream->keys[partition], "-", "+", "COUNT", "1"));
    tg_redis_append(stream->redis, TG_ARGS("TIME"));
    redisReply *range = tg_redis_reply(stream->redis, "XRANGE");
    redisReply *now = tg_redis_reply(stream->redis, "TIME");
    bool ok = read_age(range, now, age_ms);
    reply_free(range);
    reply_free(now);
    return ok;
}

// A number from each partition; 0 where there is none.
static bool read_numbers(struct tg_stream *stream, const char *command, long long *numbers)
{
    bool known = true;
    for (int i = 0; i < stream->partitions; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, command);
        if (!reply)
            return false;
        known = known && (reply->type == REDIS_REPLY_INTEGER || reply->type == REDIS_REPLY_NIL);
        numbers[i] = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
        reply_free(reply);
    }
    return known;
}

bool tg_stream_lengths(struct tg_stream *stream, long long *lengths)
{
    if (!tg_redis_connected(stream->redis))
        return false;
    for (int i = 0; i < stream->partitions; i++)
        tg_redis_append(stream->redis, TG_ARGS("XLEN", stream->keys[i]));
    return read_numbers(stream, "XLEN", lengths);
}

bool tg_stream_bytes(struct tg_stream *stream, long long *bytes)
{
    if (!tg_redis_connected(stream->redis))
        return false;
    for (int i = 0; i < stream->partitions; i++)
        tg_redis_append(stream->redis,
                        TG_ARGS("MEMORY", "USAGE", stream->keys[i], "SAMPLES", "64"));
    return read_numbers(stream, "MEMORY", bytes);
}

bool tg_stream_subscribe(struct tg_stream *stream, const char *topic)
{
    return tg_redis_connected(stream->redis) &&
           succeeded(tg_redis_command(stream->redis, TG_ARGS("SUBSCRIBE", topic)));
}

int tg_stream_listen(struct tg_stream *stream, char *text, size_t size, int timeout_ms)
{
    redisReply *reply = NULL;
    int heard = tg_redis_listen(stream->redis, &reply, timeout_ms);
    if (heard <= 0)
        return heard;
    // ["message", topic, text]
    bool message = tg_stream_is_array(reply, 3) && tg_stream_is_text(reply->element[2]);
    if (message)
        snprintf(text, size, "%s", reply->element[2]->str);
    reply_free(reply);
    return message ? 1 : 0;
}

#include "common/stream.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char group[] = "workers";

enum { KEY_SIZE = 32, CHANNEL_SIZE = 24 + TG_WAITER_SIZE };

struct tg_stream {
    struct tg_redis *redis;
    int partitions;
    int next; // the partition that is read first the next time
    char keys[TG_PARTITIONS_MAX][KEY_SIZE];
};

struct tg_stream *tg_stream_create(const char *url, int partitions)
{
    assert(partitions >= 1 && partitions <= TG_PARTITIONS_MAX);
    struct tg_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        abort();
    stream->redis = tg_redis_create(url, partitions);
    stream->partitions = partitions;
    for (int i = 0; i < partitions; i++)
        snprintf(stream->keys[i], KEY_SIZE, "tollgate:{%02d}:sends", i);
    return stream;
}

void tg_stream_destroy(struct tg_stream *stream)
{
    if (!stream)
        return;
    tg_redis_destroy(stream->redis);
    free(stream);
}

bool tg_stream_url_check(const char *url)
{
    return tg_redis_url_check(url);
}

// Is there a reply that is no error? Frees it.
static bool succeeded(redisReply *reply)
{
    bool ok = reply && !tg_redis_is_error(reply);
    freeReplyObject(reply);
    return ok;
}

bool tg_stream_ping(struct tg_stream *stream)
{
    return tg_redis_connected(stream->redis) &&
           succeeded(tg_redis_command(stream->redis, 1, (const char *[]){"PING"}));
}

int tg_stream_partition(struct tg_uuid message_id, int partitions)
{
    // The last byte of a UUIDv7 is random. job_partition in sql/functions/scheduler.sql does the
    // same.
    return message_id.bytes[15] % partitions;
}

size_t tg_stream_publish(struct tg_stream *stream, const struct tg_job *jobs, size_t n)
{
    if (n == 0 || !tg_redis_connected(stream->redis))
        return 0;
    for (size_t i = 0; i < n; i++) {
        char org_id[TG_UUID_TEXT_SIZE];
        char message_id[TG_UUID_TEXT_SIZE];
        tg_uuid_format(jobs[i].org_id, org_id);
        tg_uuid_format(jobs[i].message_id, message_id);
        int partition = tg_stream_partition(jobs[i].message_id, stream->partitions);
        const char *argv[] = {
            "XADD",   stream->keys[partition], "*", "org", org_id, "message", message_id,
            "waiter", jobs[i].waiter};
        tg_redis_append(stream->redis, jobs[i].waiter[0] != '\0' ? 9 : 7, argv);
    }
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, "XADD");
        if (!reply)
            break;
        taken += succeeded(reply);
    }
    return taken;
}

static bool make_groups(struct tg_stream *stream)
{
    for (int i = 0; i < stream->partitions; i++)
        tg_redis_append(
            stream->redis, 6,
            (const char *[]){"XGROUP", "CREATE", stream->keys[i], group, "0", "MKSTREAM"});
    bool connected = true;
    for (int i = 0; i < stream->partitions && connected; i++) {
        redisReply *reply =
            tg_redis_reply(stream->redis, "XGROUP"); // BUSYGROUP: it is there already
        connected = reply != NULL;
        freeReplyObject(reply);
    }
    if (connected)
        tg_log(TG_LOG_INFO, "consumer_groups_made",
               TG_LOG_NUMBER("partitions", stream->partitions));
    return connected;
}

// A string of a reply, if it is one that fits.
static bool copy_text(const redisReply *reply, char *text, size_t size)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len >= size)
        return false;
    memcpy(text, reply->str, reply->len + 1);
    return strlen(text) == reply->len;
}

// The fields of an entry: name, value, name, value. Fields that we do not know are for later
// versions.
static bool parse_fields(const redisReply *fields, struct tg_job *job)
{
    bool has_org = false;
    bool has_message = false;
    if (fields->type != REDIS_REPLY_ARRAY)
        return false;
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply *name = fields->element[i];
        const redisReply *value = fields->element[i + 1];
        if (strcmp(name->str, "org") == 0)
            has_org = tg_uuid_parse(value->str, value->len, &job->org_id);
        else if (strcmp(name->str, "message") == 0)
            has_message = tg_uuid_parse(value->str, value->len, &job->message_id);
        else if (strcmp(name->str, "waiter") == 0 &&
                 !copy_text(value, job->waiter, sizeof job->waiter))
            return false;
    }
    return has_org && has_message;
}

// An entry that is no job would come back for ever: it is taken out of the stream.
static void refuse_entry(struct tg_stream *stream, const struct tg_job *job)
{
    tg_log(TG_LOG_ERROR, "job_refused", TG_LOG_TEXT("stream", stream->keys[job->partition]),
           TG_LOG_TEXT("entry", job->entry_id));
    if (tg_redis_connected(stream->redis) &&
        !tg_stream_finish(stream, (const struct tg_job *const[]){job}, NULL, 1))
        tg_log(TG_LOG_WARN, "job_left_pending", TG_LOG_TEXT("entry", job->entry_id));
}

static int partition_of_key(const struct tg_stream *stream, const redisReply *key)
{
    for (int i = 0; i < stream->partitions; i++)
        if (strcmp(stream->keys[i], key->str) == 0)
            return i;
    return -1;
}

// XREADGROUP's answer is an array of [key, [[id, [name, value, ...]], ...]].
static int read_jobs(struct tg_stream *stream, const redisReply *reply, struct tg_job *jobs,
                     int max)
{
    int n = 0;
    for (size_t i = 0; i < reply->elements; i++) {
        int partition = partition_of_key(stream, reply->element[i]->element[0]);
        const redisReply *entries = reply->element[i]->element[1];
        for (size_t j = 0; partition >= 0 && j < entries->elements && n < max; j++) {
            const redisReply *entry = entries->element[j];
            struct tg_job job = {.partition = partition};
            if (!copy_text(entry->element[0], job.entry_id, sizeof job.entry_id))
                continue;
            if (parse_fields(entry->element[1], &job))
                jobs[n++] = job;
            else
                refuse_entry(stream, &job);
        }
    }
    return n;
}

// COUNT is for each key, so that the room is shared out among the partitions. With less room than
// partitions only some of them are read; the next call begins behind them.
static redisReply *read_group(struct tg_stream *stream, const char *consumer, int max, int block_ms)
{
    enum { BEFORE_KEYS = 9 };
    char count[12];
    char block[12];
    const char *argv[BEFORE_KEYS + 2 * TG_PARTITIONS_MAX] = {
        "XREADGROUP", "GROUP", group, consumer, "COUNT", count, "BLOCK", block, "STREAMS"};
    int keys = max < stream->partitions ? max : stream->partitions;
    snprintf(count, sizeof count, "%d", max / keys);
    snprintf(block, sizeof block, "%d", block_ms);
    for (int i = 0; i < keys; i++) {
        argv[BEFORE_KEYS + i] = stream->keys[(stream->next + i) % stream->partitions];
        argv[BEFORE_KEYS + keys + i] = ">";
    }
    stream->next = (stream->next + (keys < stream->partitions ? keys : 1)) % stream->partitions;
    return tg_redis_command(stream->redis, BEFORE_KEYS + 2 * keys, argv);
}

int tg_stream_take(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                   int block_ms)
{
    // BLOCK 0 would be for ever, and the connection would be taken for dead.
    assert(max >= 1 && block_ms >= 1 && block_ms < TG_REDIS_COMMAND_TIMEOUT_MS);
    if (!tg_redis_connected(stream->redis))
        return -1;
    redisReply *reply = read_group(stream, consumer, max, block_ms);
    if (reply && tg_redis_no_group(reply)) {
        freeReplyObject(reply);
        reply = make_groups(stream) ? read_group(stream, consumer, max, block_ms) : NULL;
    }
    int n = -1;
    if (reply && reply->type == REDIS_REPLY_ARRAY)
        n = read_jobs(stream, reply, jobs, max);
    else if (reply && reply->type == REDIS_REPLY_NIL)
        n = 0;
    freeReplyObject(reply);
    return n;
}

// One XACK and one XDEL for all jobs of a partition. Returns the number of commands.
static int append_finish(struct tg_stream *stream, int partition, const struct tg_job *const *jobs,
                         size_t n)
{
    const char *ack[3 + TG_BATCH_MAX] = {"XACK", stream->keys[partition], group};
    const char *del[2 + TG_BATCH_MAX] = {"XDEL", stream->keys[partition]};
    int ids = 0;
    for (size_t i = 0; i < n; i++) {
        if (jobs[i]->partition != partition)
            continue;
        ack[3 + ids] = jobs[i]->entry_id;
        del[2 + ids] = jobs[i]->entry_id;
        ids++;
    }
    if (ids == 0)
        return 0;
    tg_redis_append(stream->redis, 3 + ids, ack);
    tg_redis_append(stream->redis, 2 + ids, del);
    return 2;
}

static void result_channel(const char *waiter, char channel[static CHANNEL_SIZE])
{
    snprintf(channel, CHANNEL_SIZE, "tollgate:results:%s", waiter);
}

bool tg_stream_finish(struct tg_stream *stream, const struct tg_job *const *jobs,
                      const char *const *results, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    if (!tg_redis_connected(stream->redis))
        return false;
    int commands = 0;
    for (size_t i = 0; results && i < n; i++) {
        if (!results[i] || jobs[i]->waiter[0] == '\0')
            continue;
        char channel[CHANNEL_SIZE];
        result_channel(jobs[i]->waiter, channel);
        tg_redis_append(stream->redis, 3, (const char *[]){"PUBLISH", channel, results[i]});
        commands++;
    }
    for (int partition = 0; partition < stream->partitions; partition++)
        commands += append_finish(stream, partition, jobs, n);

    bool ok = true;
    for (int i = 0; i < commands; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, "XACK");
        if (!reply)
            return false;
        // A group that is gone has nothing left to ack.
        ok = (!tg_redis_is_error(reply) || tg_redis_no_group(reply)) && ok;
        freeReplyObject(reply);
    }
    return ok;
}

void tg_stream_leave(struct tg_stream *stream, const char *consumer)
{
    if (!tg_redis_connected(stream->redis))
        return;
    for (int i = 0; i < stream->partitions; i++) {
        // DELCONSUMER throws away what is pending, so first a look whether there is any.
        redisReply *pending = tg_redis_command(
            stream->redis, 7,
            (const char *[]){"XPENDING", stream->keys[i], group, "-", "+", "1", consumer});
        bool nothing = pending && pending->type == REDIS_REPLY_ARRAY && pending->elements == 0;
        freeReplyObject(pending);
        if (nothing)
            freeReplyObject(tg_redis_command(
                stream->redis, 5,
                (const char *[]){"XGROUP", "DELCONSUMER", stream->keys[i], group, consumer}));
        if (!tg_redis_connected(stream->redis))
            return;
    }
}

// The age in milliseconds of the one entry in `range` at the time that TIME said; -1 for none.
static long long entry_age(const redisReply *range, const redisReply *now)
{
    if (range->elements == 0)
        return -1;
    long long born_ms = strtoll(range->element[0]->element[0]->str, NULL, 10);
    long long now_ms = strtoll(now->element[0]->str, NULL, 10) * 1000 +
                       strtoll(now->element[1]->str, NULL, 10) / 1000;
    return now_ms > born_ms ? now_ms - born_ms : 0;
}

bool tg_stream_oldest_age(struct tg_stream *stream, int partition, long long *age_ms)
{
    if (!tg_redis_connected(stream->redis))
        return false;
    tg_redis_append(stream->redis, 6,
                    (const char *[]){"XRANGE", stream->keys[partition], "-", "+", "COUNT", "1"});
    tg_redis_append(stream->redis, 1, (const char *[]){"TIME"});
    redisReply *range = tg_redis_reply(stream->redis, "XRANGE");
    redisReply *now = tg_redis_reply(stream->redis, "TIME");
    bool ok = range && range->type == REDIS_REPLY_ARRAY && now && now->type == REDIS_REPLY_ARRAY;
    if (ok)
        *age_ms = entry_age(range, now);
    freeReplyObject(range);
    freeReplyObject(now);
    return ok;
}

bool tg_stream_subscribe(struct tg_stream *stream, const char *waiter)
{
    char channel[CHANNEL_SIZE];
    result_channel(waiter, channel);
    return tg_redis_connected(stream->redis) &&
           succeeded(tg_redis_command(stream->redis, 2, (const char *[]){"SUBSCRIBE", channel}));
}

int tg_stream_listen(struct tg_stream *stream, char *result, size_t size, int timeout_ms)
{
    redisReply *reply = NULL;
    int heard = tg_redis_listen(stream->redis, &reply, timeout_ms);
    if (heard <= 0)
        return heard;
    // ["message", channel, text]
    bool message = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
                   reply->element[2]->type == REDIS_REPLY_STRING;
    if (message)
        snprintf(result, size, "%s", reply->element[2]->str);
    freeReplyObject(reply);
    return message ? 1 : 0;
}

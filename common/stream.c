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

enum { KEY_SIZE = 48 };

struct tg_stream {
    struct tg_redis *redis;
    int partitions;
    int next; // the partition that is read first the next time
    char keys[TG_PARTITIONS_MAX][KEY_SIZE];
    char cursors[TG_PARTITIONS_MAX][TG_ENTRY_ID_SIZE]; // where taking over goes on
};

struct tg_stream *tg_stream_create(const char *url, int partitions, const char *work)
{
    assert(partitions >= 1 && partitions <= TG_PARTITIONS_MAX);
    struct tg_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        abort();
    stream->redis = tg_redis_create(url, partitions);
    stream->partitions = partitions;
    for (int i = 0; i < partitions; i++) {
        snprintf(stream->keys[i], KEY_SIZE, "tollgate:{%02d}:%s", i, work);
        snprintf(stream->cursors[i], TG_ENTRY_ID_SIZE, "0-0");
    }
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

int tg_stream_partitions(const struct tg_stream *stream)
{
    return stream->partitions;
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

size_t tg_stream_publish(struct tg_stream *stream, const struct tg_new_entry *entries, size_t n,
                         bool *taken)
{
    if (taken)
        memset(taken, 0, n * sizeof *taken);
    if (n == 0 || !tg_redis_connected(stream->redis))
        return 0;
    for (size_t i = 0; i < n; i++)
        append_entry(stream, &entries[i]);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, "XADD");
        if (!reply)
            break;
        bool ok = succeeded(reply);
        count += ok;
        if (taken)
            taken[i] = ok;
    }
    return count;
}

// Did the transaction run, and all of it well? Frees the reply.
static bool committed(redisReply *reply)
{
    bool ok = reply && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; ok && i < reply->elements; i++)
        ok = !tg_redis_is_error(reply->element[i]);
    freeReplyObject(reply);
    return ok;
}

bool tg_stream_publish_together(struct tg_stream *stream, const struct tg_new_entry *entries,
                                size_t n)
{
    assert(n >= 1);
    if (!tg_redis_connected(stream->redis))
        return false;
    tg_redis_append(stream->redis, 1, (const char *[]){"MULTI"});
    for (size_t i = 0; i < n; i++) {
        assert(entries[i].partition == entries[0].partition);
        append_entry(stream, &entries[i]);
    }
    tg_redis_append(stream->redis, 1, (const char *[]){"EXEC"});
    // MULTI and each entry are answered too: an entry that is refused here undoes the transaction.
    for (size_t i = 0; i < n + 1; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, "XADD");
        if (!reply)
            return false;
        freeReplyObject(reply);
    }
    return committed(tg_redis_reply(stream->redis, "EXEC"));
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

// Hands an entry, [id, [name, value, name, value, ...]], to `visit`. Fields are read up to as many
// as an entry of ours could ever have; one that does not even look like an entry is not handed on.
static bool visit_entry(int partition, const redisReply *reply, tg_stream_visit *visit,
                        void *context, struct tg_entry *entry)
{
    enum { FIELDS_MAX = 16 };
    const redisReply *id = reply->element[0];
    const redisReply *pairs = reply->element[1];
    entry->partition = partition;
    if (id->len >= sizeof entry->id)
        abort(); // Redis's ids have two numbers of 20 digits
    memcpy(entry->id, id->str, id->len + 1);
    struct tg_field fields[FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0;
         pairs->type == REDIS_REPLY_ARRAY && i + 1 < pairs->elements && n < FIELDS_MAX; i += 2)
        fields[n++] = (struct tg_field){pairs->element[i]->str, pairs->element[i + 1]->str,
                                        pairs->element[i + 1]->len};
    return visit(context, entry, fields, n);
}

// Hands on an array of entries. Returns how many were taken.
static int visit_entries(struct tg_stream *stream, int partition, const redisReply *entries,
                         tg_stream_visit *visit, void *context)
{
    int taken = 0;
    for (size_t i = 0; i < entries->elements; i++) {
        struct tg_entry entry;
        if (entries->element[i]->type != REDIS_REPLY_ARRAY)
            continue; // deleted while it was pending
        if (visit_entry(partition, entries->element[i], visit, context, &entry)) {
            taken++;
            continue;
        }
        tg_log(TG_LOG_ERROR, "entry_refused", TG_LOG_TEXT("stream", stream->keys[partition]),
               TG_LOG_TEXT("entry", entry.id));
        if (!tg_stream_finish(stream, (const struct tg_entry *const[]){&entry}, 1, NULL, 0))
            tg_log(TG_LOG_WARN, "entry_left_pending", TG_LOG_TEXT("entry", entry.id));
    }
    return taken;
}

static int partition_of_key(const struct tg_stream *stream, const redisReply *key)
{
    for (int i = 0; i < stream->partitions; i++)
        if (strcmp(stream->keys[i], key->str) == 0)
            return i;
    abort(); // XREADGROUP answers what it was asked
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

int tg_stream_take(struct tg_stream *stream, const char *consumer, int max, int block_ms,
                   tg_stream_visit *visit, void *context)
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
    if (reply && reply->type == REDIS_REPLY_NIL)
        n = 0;
    // An array of [key, entries].
    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        n = 0;
        for (size_t i = 0; i < reply->elements; i++)
            n += visit_entries(stream, partition_of_key(stream, reply->element[i]->element[0]),
                               reply->element[i]->element[1], visit, context);
    }
    freeReplyObject(reply);
    return n;
}

// XAUTOCLAIM's answer is [where to go on, entries, ids that are deleted]; Redis itself has taken
// the deleted ones off the pending list.
static int take_over_in(struct tg_stream *stream, int partition, const char *consumer, int max,
                        int idle_ms, tg_stream_visit *visit, void *context)
{
    char count[12];
    char idle[12];
    char *cursor = stream->cursors[partition];
    snprintf(count, sizeof count, "%d", max);
    snprintf(idle, sizeof idle, "%d", idle_ms);
    redisReply *reply =
        tg_redis_command(stream->redis, 8,
                         (const char *[]){"XAUTOCLAIM", stream->keys[partition], group, consumer,
                                          idle, cursor, "COUNT", count});
    int n = reply ? 0 : -1;
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
        reply->element[0]->len < TG_ENTRY_ID_SIZE) {
        memcpy(cursor, reply->element[0]->str, reply->element[0]->len + 1);
        n = visit_entries(stream, partition, reply->element[1], visit, context);
    }
    freeReplyObject(reply);
    return n;
}

int tg_stream_take_over(struct tg_stream *stream, const char *consumer, int max, int idle_ms,
                        tg_stream_visit *visit, void *context)
{
    assert(max >= stream->partitions);
    int taken = 0;
    for (int i = 0; i < stream->partitions; i++) {
        if (!tg_redis_connected(stream->redis))
            return taken > 0 ? taken : -1;
        int n =
            take_over_in(stream, i, consumer, max / stream->partitions, idle_ms, visit, context);
        taken += n > 0 ? n : 0;
    }
    return taken;
}

// One XACK and one XDEL for all entries of a partition. Returns the number of commands.
static size_t append_finish(struct tg_stream *stream, int partition,
                            const struct tg_entry *const *entries, size_t n)
{
    const char *ack[3 + TG_BATCH_MAX] = {"XACK", stream->keys[partition], group};
    const char *del[2 + TG_BATCH_MAX] = {"XDEL", stream->keys[partition]};
    int ids = 0;
    for (size_t i = 0; i < n; i++) {
        if (entries[i]->partition != partition)
            continue;
        ack[3 + ids] = entries[i]->id;
        del[2 + ids] = entries[i]->id;
        ids++;
    }
    if (ids == 0)
        return 0;
    tg_redis_append(stream->redis, 3 + ids, ack);
    tg_redis_append(stream->redis, 2 + ids, del);
    return 2;
}

bool tg_stream_finish(struct tg_stream *stream, const struct tg_entry *const *entries, size_t n,
                      const struct tg_notice *notices, size_t notice_count)
{
    assert(n <= TG_BATCH_MAX);
    if (!tg_redis_connected(stream->redis))
        return false;
    size_t commands = notice_count;
    for (size_t i = 0; i < notice_count; i++)
        tg_redis_append(stream->redis, 3,
                        (const char *[]){"PUBLISH", notices[i].channel, notices[i].text});
    for (int partition = 0; partition < stream->partitions; partition++)
        commands += append_finish(stream, partition, entries, n);

    bool ok = true;
    for (size_t i = 0; i < commands; i++) {
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

bool tg_stream_length(struct tg_stream *stream, int partition, long long *length)
{
    redisReply *reply =
        tg_redis_connected(stream->redis)
            ? tg_redis_command(stream->redis, 2, (const char *[]){"XLEN", stream->keys[partition]})
            : NULL;
    bool known = reply && reply->type == REDIS_REPLY_INTEGER;
    if (known)
        *length = reply->integer;
    freeReplyObject(reply);
    return known;
}

bool tg_stream_subscribe(struct tg_stream *stream, const char *channel)
{
    return tg_redis_connected(stream->redis) &&
           succeeded(tg_redis_command(stream->redis, 2, (const char *[]){"SUBSCRIBE", channel}));
}

int tg_stream_listen(struct tg_stream *stream, char *text, size_t size, int timeout_ms)
{
    redisReply *reply = NULL;
    int heard = tg_redis_listen(stream->redis, &reply, timeout_ms);
    if (heard <= 0)
        return heard;
    // ["message", channel, text]
    bool message = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
                   reply->element[2]->type == REDIS_REPLY_STRING;
    if (message)
        snprintf(text, size, "%s", reply->element[2]->str);
    freeReplyObject(reply);
    return message ? 1 : 0;
}

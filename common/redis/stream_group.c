#include "common/redis/stream_group.h"

#include "common/limits.h"
#include "common/redis/reply.h"
#include "common/redis/stream_parts.h"
#include "common/service/log.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How long some partitions are read while the others wait for their turn.
enum { SOME_BLOCK_MS = 20 };

static bool make_groups(struct tg_stream *stream)
{
    for (int i = 0; i < stream->partitions; i++)
        tg_redis_append(stream->redis, TG_ARGS("XGROUP", "CREATE", stream->keys[i], tg_stream_group,
                                               "0", "MKSTREAM"));
    bool connected = true;
    for (int i = 0; i < stream->partitions && connected; i++) {
        redisReply *reply =
            tg_redis_reply(stream->redis, "XGROUP"); // BUSYGROUP: it is there already
        connected = reply != NULL;
        reply_free(reply);
    }
    if (connected)
        tg_log(TG_LOG_INFO, "consumer_groups_made",
               TG_LOG_NUMBER("partitions", stream->partitions));
    return connected;
}

// [id, [name, value, name, value, ...]], whose id, two numbers of 20 digits at the most, has room?
static bool is_entry(const redisReply *reply)
{
    return tg_stream_is_array(reply, 2) && tg_stream_is_text(reply->element[0]) &&
           reply->element[0]->len < TG_ENTRY_ID_SIZE;
}

// Hands an entry to `visit`. Fields are read up to as many as an entry of ours could ever have.
static bool visit_entry(const redisReply *reply, tg_stream_visit *visit, void *context,
                        struct tg_entry *entry)
{
    enum { FIELDS_MAX = 16 };
    const redisReply *id = reply->element[0];
    const redisReply *pairs = reply->element[1];
    memcpy(entry->id, id->str, id->len + 1);
    struct tg_entry_field fields[FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0; tg_stream_is_array(pairs, i + 2) && n < FIELDS_MAX; i += 2) {
        const redisReply *name = pairs->element[i];
        const redisReply *value = pairs->element[i + 1];
        if (tg_stream_is_text(name) && tg_stream_is_text(value))
            fields[n++] = (struct tg_entry_field){name->str, value->str, value->len};
    }
    return visit(context, entry, fields, n);
}

// Hands on an array of entries, each of which was given away so often. Returns how many were taken,
// at most `max`.
static int visit_entries(struct tg_stream *stream, int partition, int deliveries, int max,
                         const redisReply *entries, tg_stream_visit *visit, void *context)
{
    int taken = 0;
    for (size_t i = 0; tg_stream_is_array(entries, i + 1) && taken < max; i++) {
        struct tg_entry entry = {.partition = partition, .deliveries = deliveries};
        if (!is_entry(entries->element[i]))
            continue; // deleted while it was pending
        if (visit_entry(entries->element[i], visit, context, &entry)) {
            taken++;
            continue;
        }
        tg_log_rarely(TG_LOG_ERROR, "entry_refused", TG_LOG_TEXT("stream", stream->keys[partition]),
                      TG_LOG_TEXT("entry", entry.id));
        if (!tg_stream_end(stream, (const struct tg_entry *const[]){&entry}, 1, NULL, 0))
            tg_log(TG_LOG_WARN, "entry_left_pending", TG_LOG_TEXT("entry", entry.id));
    }
    return taken;
}

// Of what XREADGROUP tells of a stream, [key, entries]; -1: it was not asked for that.
static int partition_of(const struct tg_stream *stream, const redisReply *told)
{
    if (!tg_stream_is_array(told, 2) || !tg_stream_is_text(told->element[0]))
        return -1;
    for (int i = 0; i < stream->partitions; i++)
        if (strcmp(stream->keys[i], told->element[0]->str) == 0)
            return i;
    return -1;
}

// COUNT is for each key, so that the room is shared out among the partitions. With less room than
// partitions only some of them are read, and the next call begins behind them: soon, since the
// others may have something.
static redisReply *read_group(struct tg_stream *stream, const char *consumer, int max, int block_ms)
{
    enum { BEFORE_KEYS = 9 };
    char count[12];
    char block[12];
    const char *argv[BEFORE_KEYS + 2 * TG_PARTITIONS_MAX] = {"XREADGROUP", "GROUP", tg_stream_group,
                                                             consumer,     "COUNT", count,
                                                             "BLOCK",      block,   "STREAMS"};
    int keys = max < stream->partitions ? max : stream->partitions;
    if (keys < stream->partitions && block_ms > SOME_BLOCK_MS)
        block_ms = SOME_BLOCK_MS;
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
        reply_free(reply);
        reply = make_groups(stream) ? read_group(stream, consumer, max, block_ms) : NULL;
    }
    int n = -1;
    if (reply && reply->type == REDIS_REPLY_NIL)
        n = 0;
    if (reply && tg_stream_is_array(reply, 0)) {
        n = 0;
        for (size_t i = 0; i < reply->elements; i++) {
            int partition = partition_of(stream, reply->element[i]);
            if (partition >= 0)
                n += visit_entries(stream, partition, 1, max - n, reply->element[i]->element[1],
                                   visit, context);
        }
    }
    reply_free(reply);
    return n;
}

// Entries that their consumers have had for too long, as XPENDING tells of them: the first ones of
// a partition that were given away equally often, or the first one alone if it is a suspect.
struct left_lying {
    int partition;
    int deliveries;                // so far
    size_t n;                      // up to as many as were asked for
    const char *ids[TG_BATCH_MAX]; // borrowed from `pending`
    redisReply *pending;           // [id, consumer, idle, deliveries] each
};

static redisReply *ask_pending(struct tg_stream *stream, int partition, int max, const char *idle)
{
    char count[12];
    snprintf(count, sizeof count, "%d", max < TG_BATCH_MAX ? max : TG_BATCH_MAX);
    return tg_redis_command(stream->redis, TG_ARGS("XPENDING", stream->keys[partition],
                                                   tg_stream_group, "IDLE", idle, "-", "+", count));
}

static bool is_suspect(const struct left_lying *lying)
{
    return lying->deliveries >= TG_DELIVERIES_SUSPECT;
}

// [id, consumer, idle, deliveries]?
static bool is_pending(const redisReply *reply)
{
    return tg_stream_is_array(reply, 4) && tg_stream_is_text(reply->element[0]) &&
           reply->element[3]->type == REDIS_REPLY_INTEGER;
}

// False: Redis is away.
static bool find_left_lying(struct tg_stream *stream, int partition, int max, const char *idle,
                            struct left_lying *lying)
{
    *lying = (struct left_lying){.partition = partition,
                                 .pending = ask_pending(stream, partition, max, idle)};
    if (!lying->pending)
        return false;
    max = max < TG_BATCH_MAX ? max : TG_BATCH_MAX;
    // No array: no group yet, and nothing pending.
    for (size_t i = 0; tg_stream_is_array(lying->pending, i + 1) && i < (size_t)max; i++) {
        const redisReply *entry = lying->pending->element[i];
        if (!is_pending(entry))
            break;
        int deliveries = (int)tg_stream_number(entry->element[3], INT32_MAX - 1);
        if (i == 0)
            lying->deliveries = deliveries;
        if (deliveries != lying->deliveries || (i > 0 && is_suspect(lying)))
            break;
        lying->ids[lying->n++] = entry->element[0]->str;
    }
    return true;
}

// XCLAIM, which takes these and no others, and of these what nobody has taken meanwhile. Returns
// how many `visit` has taken; -1 if Redis is away.
static int claim_left_lying(struct tg_stream *stream, const char *consumer, const char *idle,
                            const struct left_lying *lying, tg_stream_visit *visit, void *context)
{
    enum { BEFORE_IDS = 5 };
    const char *argv[BEFORE_IDS + TG_BATCH_MAX] = {"XCLAIM", stream->keys[lying->partition],
                                                   tg_stream_group, consumer, idle};
    for (size_t i = 0; i < lying->n; i++)
        argv[BEFORE_IDS + i] = lying->ids[i];
    redisReply *reply = tg_redis_command(stream->redis, BEFORE_IDS + (int)lying->n, argv);
    int n = reply ? 0 : -1;
    if (reply)
        n = visit_entries(stream, lying->partition, lying->deliveries + 1, (int)lying->n, reply,
                          visit, context);
    reply_free(reply);
    return n;
}

int tg_stream_take_over(struct tg_stream *stream, const char *consumer, int max, int idle_ms,
                        tg_stream_visit *visit, void *context)
{
    assert(max >= 1);
    char idle[12];
    snprintf(idle, sizeof idle, "%d", idle_ms);
    int taken = 0;
    bool alone = false;
    int first = stream->next;
    stream->next = (first + 1) % stream->partitions;
    for (int i = 0; i < stream->partitions && taken < max && !alone; i++) {
        struct left_lying lying;
        if (!tg_redis_connected(stream->redis) ||
            !find_left_lying(stream, (first + i) % stream->partitions, max - taken, idle, &lying))
            return taken > 0 ? taken : -1;
        int n = 0;
        if (lying.n > 0 && (!is_suspect(&lying) || taken == 0))
            n = claim_left_lying(stream, consumer, idle, &lying, visit, context);
        alone = n > 0 && is_suspect(&lying);
        taken += n > 0 ? n : 0;
        reply_free(lying.pending);
    }
    return taken;
}

// One transaction for all entries of a partition. Returns whether there are any.
static bool append_end(struct tg_stream *stream, int partition,
                       const struct tg_entry *const *entries, size_t n)
{
    const char *ack[3 + TG_BATCH_MAX] = {"XACK", stream->keys[partition], tg_stream_group};
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
        return false;
    tg_redis_append(stream->redis, TG_ARGS("MULTI"));
    tg_redis_append(stream->redis, 3 + ids, ack);
    tg_redis_append(stream->redis, 2 + ids, del);
    tg_redis_append(stream->redis, TG_ARGS("EXEC"));
    return true;
}

bool tg_stream_end(struct tg_stream *stream, const struct tg_entry *const *entries, size_t n,
                   const struct tg_notice *notices, size_t notice_count)
{
    assert(n <= TG_BATCH_MAX);
    if (!tg_redis_connected(stream->redis))
        return false;
    int transactions = 0;
    for (size_t i = 0; i < notice_count; i++)
        tg_redis_append(stream->redis, TG_ARGS("PUBLISH", notices[i].topic, notices[i].text));
    for (int partition = 0; partition < stream->partitions; partition++)
        transactions += append_end(stream, partition, entries, n);

    bool ok = tg_stream_succeeded(stream, "PUBLISH", notice_count) == notice_count;
    // All replies are read, also after one that is bad: the next command's would be taken for them.
    for (int i = 0; i < transactions; i++)
        ok = tg_stream_committed(stream, 2, "XACK") && ok;
    return ok;
}

// Removes consumers without anything pending: the one of that name, and those that are idle for
// longer. A script runs alone, so that nobody is given anything between the look and the deed.
static const char removal[] =
    "local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1]) "
    "local gone = 0 "
    "if consumers.err then return gone end " // no stream, or no group
    "for _, fields in ipairs(consumers) do "
    "  local is = {} "
    "  for i = 1, #fields, 2 do is[fields[i]] = fields[i + 1] end "
    "  if is.pending == 0 and (is.name == ARGV[2] or is.idle > tonumber(ARGV[3])) then "
    "    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], is.name) "
    "    gone = gone + 1 "
    "  end "
    "end "
    "return gone";

static int remove_consumers(struct tg_stream *stream, const char *name, long long idle_ms)
{
    enum { CONSUMERS_MAX = 1000 * 1000 }; // far more than there can be
    char idle[24];
    snprintf(idle, sizeof idle, "%lld", idle_ms);
    int gone = 0;
    for (int i = 0; i < stream->partitions; i++) {
        if (!tg_redis_connected(stream->redis))
            return -1;
        redisReply *reply =
            tg_redis_command(stream->redis, TG_ARGS("EVAL", removal, "1", stream->keys[i],
                                                    tg_stream_group, name, idle));
        gone += (int)tg_stream_number(reply, CONSUMERS_MAX);
        reply_free(reply);
    }
    return gone;
}

// [how many, the first, the last, by consumer]; where the group is missing there is none.
bool tg_stream_pending(struct tg_stream *stream, long long *pending)
{
    bool known = tg_redis_connected(stream->redis);
    for (int i = 0; known && i < stream->partitions; i++)
        tg_redis_append(stream->redis, TG_ARGS("XPENDING", stream->keys[i], tg_stream_group));
    *pending = 0;
    for (int i = 0; known && i < stream->partitions; i++) {
        redisReply *reply = tg_redis_reply(stream->redis, "XPENDING");
        bool counts = tg_stream_is_array(reply, 1);
        known = counts || (reply && tg_redis_no_group(reply));
        *pending += counts ? tg_stream_number(reply->element[0], INT32_MAX) : 0;
        reply_free(reply);
    }
    return known;
}

void tg_stream_leave(struct tg_stream *stream, const char *consumer)
{
    (void)remove_consumers(stream, consumer, LLONG_MAX);
}

int tg_stream_remove_gone_consumers(struct tg_stream *stream, int idle_ms)
{
    return remove_consumers(stream, "", idle_ms);
}

// A Redis connection that connects by itself, at most once in TG_RECONNECT_MS. One whose server has
// other partitions, or takes no writes, is given up again. The first one of a process also warns
// ("redis_may_lose_jobs") if Redis may evict streams, or is not to write each entry to its disk.
// Connections are for stream.c and stream_group.c; with reply.c these three alone know hiredis.
// (health looks at the server's settings and partitions, too.)
//
// A connection belongs to one thread. Losses and returns are logged once per outage, refusals once
// in TG_REFUSAL_LOG_INTERVAL_MS at the most, losses and refusals are counted: so callers only need
// to know whether it worked.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct redisReply;
struct tg_redis;

// Does not connect yet. `url` must pass tg_redis_url_check. Of 0 partitions, for a look at the
// server, nothing is written down there, and any number is right.
struct tg_redis *tg_redis_create(const char *url, int partitions);
void tg_redis_destroy(struct tg_redis *redis); // NULL is fine

// redis://[[user]:password@]host[:port][/database], user and password percent-encoded?
bool tg_redis_url_check(const char *url);

// Is there a connection, or can one be made now?
bool tg_redis_connected(struct tg_redis *redis) TG_MUST_CHECK;

// Why there is none, in one line; "": there is one, or nobody has wanted one yet.
const char *tg_redis_trouble(const struct tg_redis *redis);

// A setting of the server's on which it depends whether jobs and webhooks may be lost.
struct tg_redis_setting {
    const char *name;
    const char *wanted;
    char value[32]; // "": the server does not tell
};
enum { TG_REDIS_SETTINGS = 3 };

// Asks for them; only while connected. False: the connection is lost.
bool tg_redis_look_at_settings(struct tg_redis *redis,
                               struct tg_redis_setting settings[static TG_REDIS_SETTINGS])
    TG_MUST_CHECK;

// The number of partitions that is written down there; "": none is yet. Only while connected.
// False: the connection is lost.
enum { TG_REDIS_PARTITIONS_SIZE = 12 };
bool tg_redis_find_partitions(struct tg_redis *redis,
                              char text[static TG_REDIS_PARTITIONS_SIZE]) TG_MUST_CHECK;

// The words of a command, as the functions below take them.
#define TG_ARGS(...)                                                                               \
    (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), ((const char *[]){__VA_ARGS__})

// Adds a command to the pipeline. Only while connected; each one needs its tg_redis_reply.
void tg_redis_append(struct tg_redis *redis, int argc, const char **argv);
// The same with arguments of any bytes.
void tg_redis_append_bytes(struct tg_redis *redis, int argc, const char **argv,
                           const size_t *lengths);

// The next reply of the pipeline, the caller frees it (reply_free). NULL: the connection is lost,
// and with it all further replies. An error reply of `command` is returned too; it is a refusal
// unless it belongs to the life of a stream (tg_redis_no_group, or a group that is there already).
struct redisReply *tg_redis_reply(struct tg_redis *redis, const char *command) TG_MUST_CHECK;

// One command and its reply; only while connected.
struct redisReply *tg_redis_command(struct tg_redis *redis, int argc,
                                    const char **argv) TG_MUST_CHECK;

// Waits up to `timeout_ms` for something that Redis says unasked (a published message). 1: *reply
// holds it, the caller frees it (reply_free); 0: nothing came; -1: the connection is lost.
int tg_redis_listen(struct tg_redis *redis, struct redisReply **reply,
                    int timeout_ms) TG_MUST_CHECK;

bool tg_redis_is_error(const struct redisReply *reply);

// Does the reply say that the stream or its consumer group is missing (Redis was wiped)?
bool tg_redis_no_group(const struct redisReply *reply);

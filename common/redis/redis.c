#include "common/redis/redis.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/limits.h"
#include "common/redis/reply.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <poll.h>
#include <stdatomic.h>
#include <string.h>

// Which partitions a deployment has is written down here by whoever comes first.
static const char partitions_key[] = "tollgate:partitions";

// The memory of a command is kept for the next one, unless it was a body.
enum { COMMAND_KEPT_MAX = 16 * 1024 };

struct redis_address {
    char host[256];
    int port;
    char user[128];
    char password[512];
    char database[12]; // "" for none
};

struct tg_redis {
    redisContext *context;
    struct tg_text command; // that was written last
    struct reply_memory memory;
    struct redis_address address;
    char partitions[TG_REDIS_PARTITIONS_SIZE];
    long long next_attempt_ms;
    long long next_refusal_log_ms;
    char trouble[128]; // why there is no connection
    bool down;         // an outage has been logged
    bool differs;      // that the partitions differ has been logged
    bool ready;        // connected and set up
    bool stale;        // what is connected cannot do our work: connect anew
};

// Copies [from, to) with %XX decoded. false: it does not fit, or a bad escape.
static bool decode(const char *from, const char *to, char *text, size_t size)
{
    size_t length = 0;
    while (from < to) {
        unsigned char c = (unsigned char)*from++;
        if (c == '%') {
            if (to - from < 2 || !tg_hex_read(from, &c, 1) || c == '\0')
                return false;
            from += 2;
        }
        if (length + 1 >= size)
            return false;
        text[length++] = (char)c;
    }
    text[length] = '\0';
    return true;
}

static bool parse_host(const char *from, const char *to, struct redis_address *address)
{
    bool v6 = *from == '[';
    from += v6;
    const char *host_end = memchr(from, v6 ? ']' : ':', (size_t)(to - from));
    if (!host_end && v6)
        return false;
    if (!host_end)
        host_end = to;
    const char *rest = host_end + v6;
    char digits[8] = "6379";
    int64_t port;
    if (host_end == from || !decode(from, host_end, address->host, sizeof address->host) ||
        (rest < to && (*rest != ':' || !decode(rest + 1, to, digits, sizeof digits))) ||
        !tg_decimal_read(digits, UINT16_MAX, &port))
        return false;
    address->port = (int)port;
    return port > 0;
}

static bool parse_url(const char *url, struct redis_address *address)
{
    static const char scheme[] = "redis://";
    *address = (struct redis_address){0};
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *from = url + sizeof scheme - 1;
    const char *end = from + strcspn(from, "/?#");

    const char *at = memrchr(from, '@', (size_t)(end - from));
    if (at) {
        const char *colon = memchr(from, ':', (size_t)(at - from));
        if (!colon || !decode(from, colon, address->user, sizeof address->user) ||
            !decode(colon + 1, at, address->password, sizeof address->password))
            return false;
        from = at + 1;
    }
    if (!parse_host(from, end, address))
        return false;

    if (*end == '/')
        end++;
    int64_t database;
    return *end == '\0' ||
           (tg_decimal_read(end, 99999, &database) &&
            decode(end, end + strlen(end), address->database, sizeof address->database));
}

bool tg_redis_url_check(const char *url)
{
    struct redis_address address;
    return parse_url(url, &address);
}

struct tg_redis *tg_redis_create(const char *url, int partitions)
{
    struct tg_redis *redis = tg_alloc(sizeof *redis);
    if (!parse_url(url, &redis->address))
        abort();
    snprintf(redis->partitions, sizeof redis->partitions, "%d", partitions);
    return redis;
}

const char *tg_redis_trouble(const struct tg_redis *redis)
{
    return redis->trouble;
}

static void disconnect(struct tg_redis *redis)
{
    redisFree(redis->context);
    redis->context = NULL;
    redis->ready = false;
    redis->stale = false;
}

void tg_redis_destroy(struct tg_redis *redis)
{
    if (!redis)
        return;
    disconnect(redis);
    explicit_bzero(redis->address.password, sizeof redis->address.password);
    tg_text_wipe(&redis->command); // which may have been AUTH
    free(redis);
}

bool tg_redis_is_error(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR;
}

static bool begins(const redisReply *reply, const char *word)
{
    return tg_redis_is_error(reply) && strncmp(reply->str, word, strlen(word)) == 0;
}

bool tg_redis_no_group(const redisReply *reply)
{
    return begins(reply, "NOGROUP") || begins(reply, "UNBLOCKED");
}

// Redis is away, or of no use. Always false.
static bool lose(struct tg_redis *redis, const char *reason)
{
    tg_count(TG_REDIS_ERRORS, NULL, 1);
    if (!redis->down)
        tg_log(TG_LOG_WARN, "redis_lost", TG_LOG_TEXT("host", redis->address.host),
               TG_LOG_NUMBER("port", redis->address.port), TG_LOG_TEXT("reason", reason));
    redis->down = true;
    // It may be a part of what is freed now.
    snprintf(redis->trouble, sizeof redis->trouble, "%s", reason);
    disconnect(redis);
    return false;
}

// An error reply. A replica, or a server that still loads, will not do what we ask: connect anew
// and perhaps find the right one.
static void note_refusal(struct tg_redis *redis, const char *command, const redisReply *reply)
{
    tg_count(TG_REDIS_ERRORS, NULL, 1);
    long long now_ms = tg_now_ms();
    if (now_ms >= redis->next_refusal_log_ms) {
        redis->next_refusal_log_ms = now_ms + TG_REFUSAL_LOG_INTERVAL_MS;
        tg_log(TG_LOG_ERROR, "redis_refused", TG_LOG_TEXT("command", command),
               TG_LOG_TEXT("reason", reply->str));
    }
    if (begins(reply, "READONLY") || begins(reply, "LOADING") || begins(reply, "NOAUTH"))
        redis->stale = true;
}

// "$11" and the like, and the line's end.
static void append_count(struct tg_text *text, char of, size_t count)
{
    char line[] = "$18446744073709551615\r\n"; // none is longer
    char *const end = line + sizeof line - 1;
    char *at = end - 2;
    do {
        *--at = (char)('0' + count % 10);
    } while ((count /= 10) > 0);
    *--at = of;
    tg_text_append(text, at, (size_t)(end - at));
}

// As Redis reads commands (RESP2). hiredis writes them as well, and takes three times as long.
void tg_redis_append_bytes(struct tg_redis *redis, int argc, const char **argv,
                           const size_t *lengths)
{
    struct tg_text *command = &redis->command;
    tg_text_clear(command);
    append_count(command, '*', (size_t)argc);
    for (int i = 0; i < argc; i++) {
        size_t length = lengths ? lengths[i] : strlen(argv[i]);
        append_count(command, '$', length);
        tg_text_append(command, argv[i], length);
        tg_text_append(command, "\r\n", 2);
    }
    // What goes wrong here is kept in the context, and the reply says so.
    (void)redisAppendFormattedCommand(redis->context, command->data, command->length);
    if (command->capacity > COMMAND_KEPT_MAX)
        tg_text_finish(command);
}

void tg_redis_append(struct tg_redis *redis, int argc, const char **argv)
{
    tg_redis_append_bytes(redis, argc, argv, NULL);
}

redisReply *tg_redis_reply(struct tg_redis *redis, const char *command)
{
    void *reply = NULL;
    if (!redis->context)
        return NULL;
    if (redisGetReply(redis->context, &reply) != REDIS_OK || !reply) {
        lose(redis, redis->context->errstr);
        return NULL;
    }
    if (redis->ready && tg_redis_is_error(reply) && !tg_redis_no_group(reply) &&
        !begins(reply, "BUSYGROUP"))
        note_refusal(redis, command, reply);
    return reply;
}

redisReply *tg_redis_command(struct tg_redis *redis, int argc, const char **argv)
{
    tg_redis_append(redis, argc, argv);
    return tg_redis_reply(redis, argv[0]);
}

// A command of setting up, which must succeed.
static bool must(struct tg_redis *redis, int argc, const char **argv)
{
    redisReply *reply = tg_redis_command(redis, argc, argv);
    if (!reply)
        return false;
    bool ok = !tg_redis_is_error(reply) || lose(redis, reply->str);
    reply_free(reply);
    return ok;
}

bool tg_redis_look_at_settings(struct tg_redis *redis,
                               struct tg_redis_setting settings[static TG_REDIS_SETTINGS])
{
    static const struct tg_redis_setting wanted[TG_REDIS_SETTINGS] = {
        {"maxmemory-policy", "noeviction", ""},
        {"appendonly", "yes", ""},
        {"appendfsync", "always", ""}};
    memcpy(settings, wanted, sizeof wanted);
    for (size_t i = 0; i < TG_REDIS_SETTINGS; i++) {
        redisReply *reply = tg_redis_command(redis, TG_ARGS("CONFIG", "GET", settings[i].name));
        if (!reply)
            return false;
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
            reply->element[1]->type == REDIS_REPLY_STRING)
            snprintf(settings[i].value, sizeof settings[i].value, "%s", reply->element[1]->str);
        reply_free(reply);
    }
    return true;
}

bool tg_redis_find_partitions(struct tg_redis *redis, char text[static TG_REDIS_PARTITIONS_SIZE])
{
    redisReply *reply = tg_redis_command(redis, TG_ARGS("GET", partitions_key));
    if (!reply)
        return false;
    snprintf(text, TG_REDIS_PARTITIONS_SIZE, "%s",
             reply->type == REDIS_REPLY_STRING ? reply->str : "");
    reply_free(reply);
    return true;
}

// Says once per process what of Redis's settings may lose jobs and webhooks.
static void check_keeping(struct tg_redis *redis)
{
    static atomic_flag checked = ATOMIC_FLAG_INIT;
    struct tg_redis_setting settings[TG_REDIS_SETTINGS];
    if (atomic_flag_test_and_set(&checked) || !tg_redis_look_at_settings(redis, settings))
        return;
    for (size_t i = 0; i < TG_REDIS_SETTINGS; i++) {
        const struct tg_redis_setting *setting = &settings[i];
        if (setting->value[0] == '\0') {
            tg_log(TG_LOG_INFO, "redis_settings_hidden", TG_LOG_TEXT("setting", setting->name),
                   TG_LOG_TEXT("wanted", setting->wanted));
            return;
        }
        if (strcmp(setting->value, setting->wanted) != 0)
            tg_log(TG_LOG_WARN, "redis_may_lose_jobs", TG_LOG_TEXT("setting", setting->name),
                   TG_LOG_TEXT("value", setting->value), TG_LOG_TEXT("wanted", setting->wanted));
    }
}

// Jobs in partitions that the others do not read would be out of everybody's sight, so the first to
// come writes the number down and the rest must agree. SET may be refused where reading still works
// (out of memory): then the number that stands there decides.
static bool check_partitions(struct tg_redis *redis)
{
    if (strcmp(redis->partitions, "0") == 0) // a replica refuses it, or who may not write
        return must(redis, TG_ARGS("DEL", "tollgate:nothing"));
    redisReply *set =
        tg_redis_command(redis, TG_ARGS("SET", partitions_key, redis->partitions, "NX"));
    if (!set)
        return false;
    bool replica = begins(set, "READONLY");
    reply_free(set);
    if (replica)
        return lose(redis, "a read-only replica");
    redisReply *theirs = tg_redis_command(redis, TG_ARGS("GET", partitions_key));
    if (!theirs)
        return false;
    bool same = false;
    if (theirs->type != REDIS_REPLY_STRING) {
        lose(redis, theirs->type == REDIS_REPLY_ERROR ? theirs->str : "cannot write");
    } else if (strcmp(theirs->str, redis->partitions) != 0) {
        if (!redis->differs)
            tg_log(TG_LOG_ERROR, "partitions_differ", TG_LOG_TEXT("ours", redis->partitions),
                   TG_LOG_TEXT("theirs", theirs->str));
        redis->differs = true;
        lose(redis, "partitions differ");
    } else {
        same = true;
    }
    reply_free(theirs);
    return same;
}

static bool set_up(struct tg_redis *redis)
{
    const struct redis_address *address = &redis->address;
    if (address->user[0] != '\0') {
        if (!must(redis, TG_ARGS("AUTH", address->user, address->password)))
            return false;
    } else if (address->password[0] != '\0') {
        if (!must(redis, TG_ARGS("AUTH", address->password)))
            return false;
    }
    if (address->database[0] != '\0' && !must(redis, TG_ARGS("SELECT", address->database)))
        return false;
    if (!check_partitions(redis))
        return false;
    if (strcmp(redis->partitions, "0") != 0)
        check_keeping(redis);
    return redis->context != NULL;
}

static struct timeval to_timeval(int ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L};
}

bool tg_redis_connected(struct tg_redis *redis)
{
    if (redis->stale)
        disconnect(redis);
    if (redis->context)
        return true;
    if (tg_now_ms() < redis->next_attempt_ms)
        return false;

    redis->context = redisConnectWithTimeout(redis->address.host, redis->address.port,
                                             to_timeval(TG_REDIS_CONNECT_TIMEOUT_MS));
    if (!redis->context)
        abort();
    reply_read_into(redis->context, &redis->memory);
    bool connected =
        redis->context->err == 0 &&
        redisSetTimeout(redis->context, to_timeval(TG_REDIS_COMMAND_TIMEOUT_MS)) == REDIS_OK &&
        redisEnableKeepAlive(redis->context) == REDIS_OK;
    connected = connected ? set_up(redis) : lose(redis, redis->context->errstr);
    redis->next_attempt_ms = tg_now_ms() + TG_RECONNECT_MS;
    if (!connected)
        return false;
    redis->ready = true;
    if (redis->down)
        tg_log(TG_LOG_INFO, "redis_returned", TG_LOG_TEXT("host", redis->address.host),
               TG_LOG_NUMBER("port", redis->address.port));
    redis->down = false;
    redis->differs = false;
    redis->trouble[0] = '\0';
    return true;
}

int tg_redis_listen(struct tg_redis *redis, redisReply **reply, int timeout_ms)
{
    if (!redis->context)
        return -1;
    long long deadline_ms = tg_now_ms() + timeout_ms;
    for (;;) {
        void *heard = NULL;
        if (redisGetReplyFromReader(redis->context, &heard) != REDIS_OK) {
            lose(redis, redis->context->errstr);
            return -1;
        }
        *reply = heard;
        if (heard)
            return 1;
        // hiredis takes a timeout for a broken connection, so the waiting is done outside of it.
        long long left_ms = deadline_ms - tg_now_ms();
        struct pollfd socket = {.fd = redis->context->fd, .events = POLLIN};
        if (left_ms < 0 || poll(&socket, 1, (int)left_ms) <= 0)
            return 0;
        if (redisBufferRead(redis->context) != REDIS_OK) {
            lose(redis, redis->context->errstr);
            return -1;
        }
    }
}

#include "common/limits.h"
#include "common/redis/redis.h"
#include "common/service/log.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"
#include "tests/fuzz/fuzz.h"

#include <hiredis/hiredis.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What Redis says to whoever connects: that all is well, then the input, then nothing. (These two
// stand in the place of the library's own.)
static const struct tg_text *said;
static int other_end = -1;

redisContext *redisConnectWithTimeout(const char *ip, int port, const struct timeval tv)
{
    static const char hello[] = "+OK\r\n$1\r\n2\r\n";
    (void)ip, (void)port, (void)tv;
    int pair[2];
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    other_end = pair[1];
    FUZZ_HOLDS(send(other_end, hello, sizeof hello - 1, 0) == (ssize_t)sizeof hello - 1);
    (void)send(other_end, said->data, said->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(other_end, SHUT_WR);
    return redisConnectFd(pair[0]);
}

int redisEnableKeepAlive(redisContext *c)
{
    (void)c;
    return REDIS_OK;
}

enum { ROOM = 4 };

static void expect_webhooks(struct tg_webhook *webhooks, int n)
{
    FUZZ_HOLDS(n >= -1 && n <= ROOM);
    for (int i = 0; i < n; i++) {
        FUZZ_HOLDS(webhooks[i].entry.partition >= 0 && webhooks[i].entry.partition < 2);
        FUZZ_HOLDS(webhooks[i].body.length <= TG_WEBHOOK_BODY_MAX);
        tg_text_finish(&webhooks[i].body);
    }
}

static void take_webhooks(struct tg_stream *stream)
{
    struct tg_webhook webhooks[ROOM];
    int n = tg_webhook_take(stream, "me", webhooks, ROOM, 1);
    expect_webhooks(webhooks, n);
}

static void take_webhooks_over(struct tg_stream *stream)
{
    struct tg_webhook webhooks[ROOM];
    int n = tg_webhook_take_over(stream, "me", webhooks, ROOM, 1);
    expect_webhooks(webhooks, n);
}

static void expect_jobs(const struct tg_job *jobs, int n)
{
    FUZZ_HOLDS(n >= -1 && n <= ROOM);
    for (int i = 0; i < n; i++)
        FUZZ_HOLDS(jobs[i].entry.partition >= 0 && jobs[i].entry.partition < 2);
}

static void take_jobs(struct tg_stream *stream)
{
    struct tg_job jobs[ROOM];
    int n = tg_job_take(stream, "me", jobs, ROOM, 1);
    expect_jobs(jobs, n);
}

static void take_jobs_over(struct tg_stream *stream)
{
    struct tg_job jobs[ROOM];
    int n = tg_job_take_over(stream, "me", jobs, ROOM, 1);
    expect_jobs(jobs, n);
}

static void end_jobs(struct tg_stream *stream)
{
    const struct tg_job job = {.ingress = "a", .entry = {.id = "1-1"}};
    (void)!tg_job_end(stream, &job, 1);
}

static void look(struct tg_stream *stream)
{
    long long numbers[2];
    (void)!tg_stream_oldest_age(stream, 0, numbers);
    (void)!tg_stream_pending(stream, numbers);
    (void)!tg_stream_lengths(stream, numbers);
    (void)!tg_stream_remove_gone_consumers(stream, 1);
}

static void listen_to(struct tg_stream *stream)
{
    char text[TG_NOTICE_SIZE];
    struct tg_uuid id;
    if (!tg_job_subscribe(stream, "a"))
        return;
    while (tg_stream_listen(stream, text, sizeof text, 0) > 0)
        (void)!tg_job_read_notice(text, &id);
}

static void publish(struct tg_stream *stream)
{
    const struct tg_new_entry entry = {.fields = 1, .field = {{"body", "{}", 2}}};
    FUZZ_HOLDS(tg_stream_publish(stream, &entry, 1) <= 1);
    (void)!tg_stream_publish_together(stream, &entry, 1);
}

static void look_at_settings(void)
{
    struct tg_redis_setting settings[TG_REDIS_SETTINGS];
    struct tg_redis *redis = tg_redis_create("redis://h", 2);
    if (tg_redis_connected(redis))
        (void)!tg_redis_look_at_settings(redis, settings);
    tg_redis_destroy(redis);
    close(other_end);
}

// hiredis makes room for as many elements as are announced, whatever comes. (Later versions have a
// bound for that.)
static bool announces_much(const struct tg_text *input)
{
    for (size_t i = 0; i < input->length; i++) {
        if (input->data[i] == '*' && strspn(input->data + i + 1, "0123456789") > 5)
            return true;
    }
    return false;
}

FUZZ_TARGET(redis)
{
    static void (*const all[])(struct tg_stream * stream) = {
        take_webhooks, take_webhooks_over, take_jobs, take_jobs_over, end_jobs,
        look,          listen_to,          publish};
    if (announces_much(input))
        return;
    tg_log_set_level(TG_LOG_NONE);
    said = input;
    look_at_settings();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct tg_stream *stream = tg_stream_create("redis://h", 2, "sends");
        all[i](stream);
        tg_stream_destroy(stream);
        close(other_end);
    }
}

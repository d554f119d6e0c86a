#include "tests/metasim/poster.h"

#include "common/http/client.h"
#include "tests/metasim/sim_limits.h"

#include <stdlib.h>

// The gateway answers a webhook with a few bytes, of which nothing but the status matters.
enum { ANSWER_MAX = 64 * 1024 };

struct poster {
    struct tg_http *http;
};

// A webhook on its way.
struct post {
    struct series *series;
    struct tg_text body;
};

struct poster *poster_create(void)
{
    struct poster *poster = calloc(1, sizeof *poster);
    if (!poster)
        abort();
    poster->http =
        tg_http_create(&(const struct tg_http_options){.calls_max = SIM_WEBHOOKS_AT_ONCE,
                                                       .silence_ms = SIM_WEBHOOK_TIMEOUT_MS,
                                                       .user_agent = "facebookexternalua"});
    return poster;
}

void poster_destroy(struct poster *poster)
{
    tg_http_destroy(poster->http);
    free(poster);
}

size_t poster_active(const struct poster *poster)
{
    return tg_http_active(poster->http);
}

size_t poster_room(const struct poster *poster)
{
    return tg_http_room(poster->http);
}

void poster_post(struct poster *poster, struct series *series, const char *url, const char *secret)
{
    struct post *post = calloc(1, sizeof *post);
    if (!post)
        abort();
    post->series = series;
    series_write(series, &post->body);
    char signature[WEBHOOK_SIGNATURE_SIZE];
    webhook_body_sign(&post->body, secret, signature);
    TG_TEXT_AUTO header = {0};
    tg_text_append_format(&header, "X-Hub-Signature-256: %s", signature);
    tg_http_begin(poster->http,
                  &(const struct tg_http_request){
                      .method = "POST",
                      .url = url,
                      .headers = {"Content-Type: application/json", tg_text_string(&header)},
                      .body = {post->body.data, post->body.length},
                      .connect_timeout_ms = SIM_WEBHOOK_TIMEOUT_MS,
                      .timeout_ms = SIM_WEBHOOK_TIMEOUT_MS,
                      .answer_max = ANSWER_MAX,
                      .context = post});
}

void poster_run(struct poster *poster, int timeout_ms)
{
    tg_http_run(poster->http, timeout_ms);
}

void poster_wake(struct poster *poster)
{
    tg_http_wake(poster->http);
}

static struct series *end(struct post *post)
{
    struct series *series = post->series;
    tg_text_finish(&post->body);
    free(post);
    return series;
}

struct series *poster_take_finished(struct poster *poster, bool *acknowledged)
{
    struct tg_http_answer answer;
    if (!tg_http_take(poster->http, &answer))
        return NULL;
    *acknowledged = answer.status == 200;
    return end(answer.context);
}

struct series *poster_break_off(struct poster *poster)
{
    struct tg_http_answer answer;
    return tg_http_break_off(poster->http, &answer) ? end(answer.context) : NULL;
}

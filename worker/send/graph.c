#include "worker/send/graph.h"

#include "common/http/client.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "worker/send/outcome.h"

#include <stdlib.h>
#include <string.h>

struct graph {
    struct tg_http *http;
    int timeout_ms;
    struct tg_text base_url; // https://graph.facebook.com/v23.0/
};

struct graph *graph_create(const struct graph_options *options)
{
    struct graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        abort();
    graph->http = tg_http_create(
        &(const struct tg_http_options){.calls_max = options->at_once,
                                        .silence_ms = TG_META_SILENCE_MS,
                                        .https_only = strncmp(options->url, "https:", 6) == 0});
    graph->timeout_ms = options->timeout_ms;
    tg_text_append_format(&graph->base_url, "%s/%s/", options->url, options->version);
    return graph;
}

void graph_destroy(struct graph *graph)
{
    if (!graph)
        return;
    tg_http_destroy(graph->http);
    tg_text_finish(&graph->base_url);
    free(graph);
}

void graph_wake(struct graph *graph)
{
    tg_http_wake(graph->http);
}

size_t graph_active(const struct graph *graph)
{
    return tg_http_active(graph->http);
}

size_t graph_room(const struct graph *graph)
{
    return tg_http_room(graph->http);
}

// After a standstill of this process, or a long way to a connection, the message may be somebody
// else's by now.
static bool is_too_old(void *message)
{
    return in_hand_age_ms(message) > TG_SENDING_GRACE_MS;
}

static void count_active(const struct graph *graph)
{
    tg_gauge_set(TG_DISPATCHES, (int64_t)graph_active(graph));
}

void graph_post(struct graph *graph, struct in_hand *message)
{
    TG_TEXT_AUTO url = {0};
    TG_TEXT_AUTO authorization = {0};
    tg_text_append_format(&url, "%s%s/messages", tg_text_string(&graph->base_url),
                          message->phone_number_id);
    tg_text_append_format(&authorization, "Authorization: Bearer %s",
                          tg_text_string(&message->access_token));
    tg_http_begin(graph->http,
                  &(const struct tg_http_request){
                      .method = "POST",
                      .url = tg_text_string(&url),
                      .headers = {"Content-Type: application/json", tg_text_string(&authorization)},
                      .body = {message->payload.data, message->payload.length},
                      .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                      .timeout_ms = graph->timeout_ms,
                      .answer_max = TG_META_ANSWER_MAX,
                      .context = message,
                      .hold_back = is_too_old});
    count_active(graph);
}

void graph_run(struct graph *graph, int timeout_ms)
{
    tg_http_run(graph->http, timeout_ms);
}

struct in_hand *graph_take_finished(struct graph *graph)
{
    struct tg_http_answer answer;
    if (!tg_http_take(graph->http, &answer))
        return NULL;
    TG_STOP_POINT("after_answer");
    struct in_hand *message = answer.context;
    outcome_judge(&answer, message->kind == TG_CLAIM_RECEIPT, &message->outcome);
    message->hand_back = answer.end == TG_HTTP_HELD_BACK;
    tg_count(TG_SECOND_POSTS_REFUSED, NULL, answer.again);
    tg_observe(TG_DISPATCH_SECONDS, answer.seconds);
    count_active(graph);
    return message;
}

struct in_hand *graph_break_off(struct graph *graph)
{
    struct tg_http_answer answer;
    if (!tg_http_break_off(graph->http, &answer))
        return NULL;
    struct in_hand *message = answer.context;
    message->hand_back = !answer.sent;
    if (answer.sent)
        outcome_broken_off(&message->outcome);
    count_active(graph);
    return message;
}

#include "worker/send/graph.h"

#include "common/graph/token.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "worker/send/outcome.h"

#include <string.h>

// Of a URL with a proof, as they usually are: a proof is a secret, and stays in no smaller memory.
enum { URL_BYTES = 512 };

struct tg_http *graph_create(const struct tg_settings *settings)
{
    return tg_http_create(&(const struct tg_http_options){
        .calls_max = TG_SEND_CONCURRENCY_MAX,
        .silence_ms = TG_META_SILENCE_MS,
        .https_only = strncmp(settings->graph_url, "https:", 6) == 0});
}

// After a standstill of this process, or a long way to a connection, the message may be somebody
// else's by now.
static bool is_too_old(void *message)
{
    return in_hand_age_ms(message) > TG_SENDING_GRACE_MS;
}

static void count_active(const struct tg_http *http)
{
    tg_gauge_set(TG_DISPATCHES, (int64_t)tg_http_active(http));
}

void graph_post(struct tg_http *http, const struct tg_settings *settings, struct in_hand *message,
                const struct tg_text *token)
{
    TG_SECRET_AUTO url = {0};
    TG_SECRET_AUTO authorization = {0};
    tg_text_reserve(&url, URL_BYTES);
    tg_text_append_format(&url, "%s/%s/%s/messages", settings->graph_url, settings->graph_version,
                          message->claim.phone_number_id);
    tg_graph_append_proof(&url, settings->graph_app_secret, token);
    tg_graph_append_authorization(&authorization, token);
    tg_http_begin(http,
                  &(const struct tg_http_request){
                      .method = "POST",
                      .url = tg_text_string(&url),
                      .headers = {"Content-Type: application/json", tg_text_string(&authorization)},
                      .body = {message->claim.payload.data, message->claim.payload.length},
                      .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                      .timeout_ms = (int)settings->graph_timeout_ms,
                      .answer_max = TG_META_ANSWER_MAX,
                      .context = message,
                      .hold_back = is_too_old});
    count_active(http);
}

static void log_posted(const struct in_hand *message, const struct tg_http_answer *answer)
{
    if (!message->hand_back)
        tg_log_step("send_posted", IN_HAND_FIELDS(message),
                    TG_LOG_TEXT("outcome", message->outcome.key),
                    TG_LOG_NUMBER("http_status", answer->status),
                    TG_LOG_NUMBER("duration_ms", answer->seconds * 1e3));
}

struct in_hand *graph_take_finished(struct tg_http *http)
{
    struct tg_http_answer answer;
    if (!tg_http_take(http, &answer))
        return NULL;
    TG_STOP_POINT("after_answer");
    struct in_hand *message = answer.context;
    outcome_judge(&answer, message->claim.kind == TG_CLAIM_RECEIPT, &message->outcome);
    message->hand_back = answer.end == TG_HTTP_HELD_BACK;
    tg_count(TG_SECOND_POSTS_REFUSED, NULL, answer.again);
    tg_observe(TG_DISPATCH_SECONDS, answer.seconds);
    log_posted(message, &answer);
    count_active(http);
    return message;
}

struct in_hand *graph_break_off(struct tg_http *http)
{
    struct tg_http_answer answer;
    if (!tg_http_break_off(http, &answer))
        return NULL;
    struct in_hand *message = answer.context;
    message->hand_back = !answer.sent;
    if (answer.sent)
        outcome_broken_off(&message->outcome);
    count_active(http);
    return message;
}

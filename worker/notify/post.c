#include "worker/notify/post.h"

#include "common/base/digits.h"
#include "common/crypto/delivery_signature.h"
#include "common/crypto/seal.h"
#include "common/crypto/signature.h"
#include "common/http/outside_url.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "worker/notify/escape.h"
#include "worker/notify/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct tg_http *post_create(const struct tg_settings *settings, size_t calls)
{
    return tg_http_create(&(const struct tg_http_options){
        .calls_max = calls,
        .silence_ms = TG_ENDPOINT_TIMEOUT_MS,
        .https_only = true,
        .ca_file = *settings->notify_ca_file ? settings->notify_ca_file : NULL,
        .outside_and = &settings->notify_networks});
}

// Keeps the beginning, and has heard enough at some time.
static bool hear(void *context, int status, const char *bytes, size_t size)
{
    struct telling *telling = context;
    size_t room = TG_ENDPOINT_ANSWER_KEPT - telling->beginning.length;
    telling->status = status;
    telling->heard += size;
    tg_text_append(&telling->beginning, bytes, size < room ? size : room);
    return telling->heard <= TG_ENDPOINT_ANSWER_MAX;
}

static void begin(struct tg_http *http, struct telling *telling, struct tg_http_request *request)
{
    request->connect_timeout_ms = TG_ENDPOINT_CONNECT_TIMEOUT_MS;
    request->timeout_ms = TG_ENDPOINT_TIMEOUT_MS;
    request->context = telling;
    request->take = hear;
    tg_http_begin(http, request);
    tg_gauge_set(TG_DELIVERIES_UNDER_WAY, (int64_t)tg_http_active(http));
}

// The old secret counts beside the new one while that is exchanged.
static bool sign(const struct tg_settings *settings, struct telling *telling, int64_t now,
                 struct tg_text *header)
{
    struct tg_claimed_delivery *delivery = &telling->delivery;
    const struct tg_seal_place place =
        tg_seal_place_of_secret(delivery->org_id, delivery->endpoint_id);
    const struct tg_signed_delivery bytes = {delivery->name, now, tg_text_span(&delivery->body)};
    struct tg_text *stored[] = {&delivery->secret, &delivery->old_secret};
    bool good = true;
    for (size_t i = 0; good && i < 2 && (i == 0 || stored[i]->length > 0); i++) {
        TG_SECRET_AUTO secret = {0};
        good = tg_open_stored(settings->token_keys, &place, stored[i], &secret) == TG_OPENED;
        if (!good)
            continue;
        tg_text_append_string(header, i == 0 ? "" : " ");
        if (strcmp(delivery->format, "meta") == 0)
            tg_signature_write(tg_text_span(&secret), bytes.body, header);
        else
            good = tg_sign_delivery(tg_text_span(&secret), &bytes, header);
    }
    return good;
}

static void end_unposted(struct telling *telling, const char *outcome)
{
    telling->result.outcome = outcome;
}

static bool begin_delivery(struct tg_http *http, const struct tg_settings *settings,
                           struct telling *telling)
{
    struct tg_claimed_delivery *delivery = &telling->delivery;
    bool as_meta = strcmp(delivery->format, "meta") == 0;
    int64_t now = (int64_t)time(NULL);
    TG_TEXT_AUTO signature = {0};
    TG_TEXT_AUTO id = {0};
    TG_TEXT_AUTO timestamp = {0};
    if (delivery->body.length == 0) {
        end_unposted(telling, "erased");
        return false;
    }
    if (as_meta) {
        struct tg_text escaped = {0};
        escape_as_meta(tg_text_span(&delivery->body), &escaped);
        tg_text_finish(&delivery->body);
        delivery->body = escaped;
    }
    tg_text_append_string(&signature, as_meta ? TG_SIGNATURE_HEADER ": " : "webhook-signature: ");
    if (!sign(settings, telling, now, &signature)) {
        tg_log_rarely(TG_LOG_ERROR, "delivery_not_signed", TG_LOG_ID("org_id", delivery->org_id),
                      TG_LOG_ID("endpoint_id", delivery->endpoint_id));
        end_unposted(telling, "not_signed");
        return false;
    }
    tg_text_append_format(&id, "webhook-id: %s", delivery->name);
    tg_text_append_format(&timestamp, "webhook-timestamp: %lld", (long long)now);
    begin(http, telling,
          &(struct tg_http_request){.method = "POST",
                                    .url = tg_text_string(&delivery->url),
                                    .headers = {"Content-Type: application/json", id.data,
                                                timestamp.data, signature.data},
                                    .body = tg_text_span(&delivery->body)});
    return true;
}

static void make_challenge(char challenge[static TELLING_CHALLENGE_SIZE])
{
    unsigned char bytes[(TELLING_CHALLENGE_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort();
    tg_hex_write(bytes, sizeof bytes, challenge);
}

static bool begin_question(struct tg_http *http, const struct tg_settings *settings,
                           struct telling *telling)
{
    struct tg_claimed_verification *asked = &telling->verification;
    const struct tg_seal_place place =
        tg_seal_place_of_verify_token(asked->org_id, asked->endpoint_id);
    TG_SECRET_AUTO token = {0};
    TG_SECRET_AUTO url = {0};
    if (tg_open_stored(settings->token_keys, &place, &asked->verify_token, &token) != TG_OPENED) {
        tg_log_rarely(TG_LOG_ERROR, "delivery_not_signed", TG_LOG_ID("org_id", asked->org_id),
                      TG_LOG_ID("endpoint_id", asked->endpoint_id));
        snprintf(telling->verified.why, sizeof telling->verified.why,
                 "Its verify_token cannot be read: write it again");
        return false;
    }
    make_challenge(telling->challenge);
    const char *const query[] = {"hub.mode", "subscribe",     "hub.verify_token",
                                 token.data, "hub.challenge", telling->challenge,
                                 NULL};
    tg_text_reserve(&url, TG_ENDPOINT_URL_MAX + 4 * token.length + 256);
    tg_outside_url_append(tg_text_string(&asked->url), query, &url);
    begin(http, telling, &(struct tg_http_request){.method = "GET", .url = tg_text_string(&url)});
    return true;
}

bool post_begin(struct tg_http *http, const struct tg_settings *settings, struct telling *telling)
{
    return telling->asks ? begin_question(http, settings, telling)
                         : begin_delivery(http, settings, telling);
}

struct telling *post_take(struct tg_http *http, double *seconds)
{
    struct tg_http_answer answer;
    if (!tg_http_take(http, &answer))
        return NULL;
    struct telling *telling = answer.context;
    if (telling->asks)
        verdict_of_question(telling, &answer);
    else
        verdict_of_delivery(telling, &answer);
    *seconds = answer.seconds;
    tg_gauge_set(TG_DELIVERIES_UNDER_WAY, (int64_t)tg_http_active(http));
    return telling;
}

struct telling *post_break_off(struct tg_http *http)
{
    struct tg_http_answer answer;
    return tg_http_break_off(http, &answer) ? answer.context : NULL;
}

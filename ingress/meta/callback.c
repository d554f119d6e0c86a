#include "ingress/meta/callback.h"

#include "common/crypto/signature.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "ingress/http/answer.h"

#include <string.h>

static bool is_verify_token(const struct callback *callback, const char *token)
{
    const char *ours = tg_shared_text_hold(callback->verify_token);
    bool same = tg_same_text(token, ours);
    tg_shared_text_let_go(callback->verify_token, ours);
    return same;
}

// Echoes hub.challenge as text to who subscribes and names the verify token.
static void shake_hands(void *context, struct request *request, const struct identity *caller)
{
    (void)caller;
    const struct callback *callback = context;
    const char *mode = request_parameter(request, "hub.mode");
    const char *token = request_parameter(request, "hub.verify_token");
    const char *challenge = request_parameter(request, "hub.challenge");
    if (mode && strcmp(mode, "subscribe") == 0 && token && challenge &&
        is_verify_token(callback, token)) {
        struct answer answer = {.status = 200, .content_type = "text/plain; charset=utf-8"};
        tg_text_append_string(&answer.body, challenge);
        request_answer(request, &answer);
        return;
    }
    tg_log_rarely(TG_LOG_WARN, "webhook_handshake_refused");
    answer_refusal(request, "handshake_refused", "hub.verify_token",
                   "hub.mode, hub.verify_token and hub.challenge do not fit");
}

// What every refusal has in common. Whoever can reach us can cause it.
static bool refuse(struct request *request, const char *message)
{
    tg_count(TG_WEBHOOKS, "bad_signature", 1);
    tg_log_rarely(TG_LOG_WARN, "webhook_signature_refused");
    answer_refusal(request, "bad_signature", TG_SIGNATURE_HEADER, message);
    return false;
}

// Before anything of the body is kept: a signature is there, whether right or not.
static bool admit_webhook(struct request *request)
{
    int count;
    const char *header = request_header(request, TG_SIGNATURE_HEADER, &count);
    if (count != 1)
        return refuse(request, "Exactly one signature is required");
    return tg_signature_begins(header) || refuse(request, "The signature is not right");
}

// A body that is signed becomes a webhook, whatever it is: what is no JSON, or nothing that we
// understand, is the worker's to file under dead_letters, where a person sees it; a refusal would
// only make Meta repeat it for days. Of all else nothing is kept.
static void take_webhook(void *context, struct request *request, const struct identity *caller)
{
    (void)caller;
    const struct callback *callback = context;
    const char *header = request_header(request, TG_SIGNATURE_HEADER, NULL);
    const struct tg_text *body = &request->body.bytes;
    if (header && tg_signature_is_right_now(header, callback->app_secrets, tg_text_string(body),
                                            body->length))
        webhook_writer_submit(callback->writer, request);
    else
        (void)refuse(request, "The signature is not right");
}

const struct endpoint callback_endpoints[] = {
    {.method = "GET",
     .path = "/webhook",
     .who = CALLER_META,
     ENDPOINT_QUERY("hub.mode", "hub.verify_token", "hub.challenge"),
     .on_server = shake_hands,
     .says = "Shows Meta that this is the address that subscribes to its webhooks.",
     .answer = "Challenge"},
    {.method = "POST",
     .path = "/webhook",
     .who = CALLER_META,
     .admits = admit_webhook,
     .body = BODY_RAW,
     .body_max = TG_WEBHOOK_BODY_MAX,
     .on_server = take_webhook,
     .says = "Takes a webhook that one of the app secrets has signed.",
     .request = "Webhook"},
    {0},
};

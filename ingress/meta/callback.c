#include "ingress/meta/callback.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/crypto/digest.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "ingress/http/answer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct webhook {
    const struct tg_settings *settings;
    struct publisher *publisher;
};

struct webhook *webhook_create(const struct tg_settings *settings, struct publisher *publisher)
{
    struct webhook *webhook = malloc(sizeof *webhook);
    if (!webhook)
        abort();
    *webhook = (struct webhook){settings, publisher};
    return webhook;
}

void webhook_destroy(struct webhook *webhook)
{
    free(webhook);
}

// Whoever can reach us can cause a refusal, so that one line of a kind in so many seconds must do.
static void log_refusal(const char *event, atomic_llong *next_ms)
{
    long long now_ms = tg_now_ms();
    long long due_ms = atomic_load(next_ms);
    if (now_ms >= due_ms &&
        atomic_compare_exchange_strong(next_ms, &due_ms, now_ms + TG_REFUSAL_LOG_INTERVAL_MS))
        tg_log(TG_LOG_WARN, event);
}

void webhook_shake_hands(const struct webhook *webhook, struct request *request)
{
    const char *mode = request_parameter(request, "hub.mode");
    const char *token = request_parameter(request, "hub.verify_token");
    const char *challenge = request_parameter(request, "hub.challenge");
    if (mode && strcmp(mode, "subscribe") == 0 && token && challenge &&
        tg_same_text(token, webhook->settings->verify_token)) {
        struct answer answer = {.status = 200, .content_type = "text/plain; charset=utf-8"};
        tg_text_append_string(&answer.body, challenge);
        request_answer(request, &answer);
        return;
    }
    static atomic_llong next_log_ms;
    log_refusal("webhook_handshake_refused", &next_log_ms);
    struct tg_error error;
    tg_error_set(&error, "handshake_refused", "hub.verify_token",
                 "hub.mode, hub.verify_token and hub.challenge do not fit");
    answer_error(request, &error);
}

static bool parse_signature(const char *header, unsigned char mac[static TG_SHA256_SIZE])
{
    static const char prefix[] = "sha256=";
    if (strncmp(header, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *digits = header + sizeof prefix - 1;
    return strlen(digits) == (size_t)2 * TG_SHA256_SIZE && tg_hex_read(digits, mac, TG_SHA256_SIZE);
}

bool webhook_is_signed(const char *secrets, const char *header, const struct tg_text *body)
{
    unsigned char given[TG_SHA256_SIZE];
    if (!header || !parse_signature(header, given))
        return false;
    bool is_signed = false;
    for (const char *secret = secrets;; secret++) {
        size_t length = strcspn(secret, ",");
        unsigned char mac[TG_SHA256_SIZE];
        tg_hmac_sha256(secret, length, tg_text_string(body), body->length, mac);
        is_signed |= tg_same_digest(mac, given);
        secret += length;
        if (*secret == '\0')
            return is_signed;
    }
}

void webhook_take(const struct webhook *webhook, struct request *request)
{
    int count = 0;
    const char *header = request_header(request, "X-Hub-Signature-256", &count);
    if (count == 1 &&
        webhook_is_signed(webhook->settings->app_secrets, header, request_body(request))) {
        publisher_submit(webhook->publisher, request);
        return;
    }
    tg_count(TG_WEBHOOKS, "bad_signature", 1);
    static atomic_llong next_log_ms;
    log_refusal("webhook_signature_refused", &next_log_ms);
    struct tg_error error;
    tg_error_set(&error, "bad_signature", "X-Hub-Signature-256",
                 count == 1 ? "The signature is not right" : "Exactly one signature is required");
    answer_error(request, &error);
}

#include "worker/upkeep/numbers.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/crypto/seal.h"
#include "common/graph/number.h"
#include "common/graph/token.h"
#include "common/http/client.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/looks.h"
#include "worker/unasked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    // How often is asked whether a number is due, and with that how many are looked at in a second.
    INTERVAL_MS = 1000,
    // Nobody tells us to stop while Meta is waited for.
    LOOK_AGAIN_MS = 50,
    // A worker that is gone keeps numbers for so long, longer than any look takes.
    LEASE_S = 120,
    // And so long nobody is asked about, where Meta wants to be left alone or is away.
    LEAVE_MS = 60 * 1000,
    URL_BYTES = 640,
};

// One that is being asked about; it stands in its place until it is recorded.
struct look {
    struct tg_claimed_look claimed;
    struct tg_text token; // opened
    bool is_old;          // asks for the fields that each version has
    bool done;
    struct tg_graph_number number;
};

// What was claimed together is recorded together.
struct numbers {
    const struct worker *worker;
    const atomic_bool *acting;
    pthread_t thread;
    // The thread's own.
    struct tg_http *http;
    struct tg_pg *pg;
    struct tg_look_terms terms;
    struct look looks[TG_CHANNEL_LOOKS_MAX];
    size_t count;
};

static void fail(struct look *look, const char *code, const char *message)
{
    tg_text_finish(&look->number.facts);
    look->number = (struct tg_graph_number){.error_code = ""};
    snprintf(look->number.error_code, sizeof look->number.error_code, "%s", code);
    snprintf(look->number.error_message, sizeof look->number.error_message, "%s", message);
    look->done = true;
}

static void ask(struct numbers *numbers, struct look *look)
{
    const struct tg_settings *settings = numbers->worker->settings;
    TG_SECRET_AUTO url = {0};
    TG_SECRET_AUTO authorization = {0};
    int timeout_ms = settings->graph_timeout_ms < TG_CHANNEL_LOOK_TIMEOUT_MS
                         ? (int)settings->graph_timeout_ms
                         : TG_CHANNEL_LOOK_TIMEOUT_MS;
    tg_text_reserve(&url, URL_BYTES);
    tg_text_append_format(&url, "%s/%s/%s?fields=%s", settings->graph_url, settings->graph_version,
                          look->claimed.phone_number_id,
                          look->is_old ? tg_graph_number_old_fields : tg_graph_number_fields);
    tg_graph_append_proof(&url, settings->graph_app_secret, &look->token);
    tg_graph_append_authorization(&authorization, &look->token);
    tg_http_begin(numbers->http,
                  &(const struct tg_http_request){.method = "GET",
                                                  .url = tg_text_string(&url),
                                                  .headers = {tg_text_string(&authorization)},
                                                  .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                                                  .timeout_ms = timeout_ms,
                                                  .answer_max = TG_META_ANSWER_MAX,
                                                  .context = look});
}

static void begin(struct numbers *numbers, struct look *look)
{
    struct tg_claimed_look *claimed = &look->claimed;
    enum tg_opened opened =
        tg_open_token(numbers->worker->settings->token_keys, claimed->org_id, claimed->channel_id,
                      &claimed->access_token, &look->token);
    const struct unasked_token *unusable = unasked_token(opened, &look->token);
    if (unusable)
        fail(look, unusable->outcome, unusable->says);
    else
        ask(numbers, look);
}

static bool has_token(const struct look *look, const char *text)
{
    return strstr(text, tg_text_string(&look->token)) != NULL;
}

// Nobody sees a token, wherever an answer quotes it.
static void hide_token(struct look *look)
{
    struct tg_graph_number *number = &look->number;
    if (has_token(look, tg_text_string(&number->facts)))
        fail(look, "unreadable", "What came quotes the channel's access token");
    else if (has_token(look, number->error_message))
        snprintf(number->error_message, sizeof number->error_message,
                 "Meta's words quote the channel's access token");
}

static void take_answered(struct numbers *numbers)
{
    struct tg_http_answer answer;
    while (tg_http_take(numbers->http, &answer)) {
        struct look *look = answer.context;
        if (answer.end != TG_HTTP_ANSWERED) {
            fail(look, unasked_network(answer.end),
                 "Meta could not be reached, or did not answer in time");
            continue;
        }
        tg_graph_read_number(look->claimed.phone_number_id, answer.status, answer.body,
                             &look->number);
        if (look->number.is_field_unknown && !look->is_old) {
            look->is_old = true;
            ask(numbers, look);
        } else {
            hide_token(look);
            look->done = true;
        }
    }
}

static void tell(const struct look *look)
{
    const char *code = look->number.error_code;
    tg_count(TG_CHANNEL_LOOKS, *code ? code : "answered", 1);
    if (*code)
        tg_log_rarely(TG_LOG_WARN, "channel_look_failed", TG_LOG_ID("org_id", look->claimed.org_id),
                      TG_LOG_ID("channel_id", look->claimed.channel_id),
                      TG_LOG_TEXT("outcome", code));
}

// Returns whether Meta is to be left alone for a while.
static bool record(struct numbers *numbers)
{
    struct tg_look_result results[TG_CHANNEL_LOOKS_MAX];
    size_t n = 0;
    bool leave = false;
    for (size_t i = 0; i < numbers->count; i++) {
        struct look *look = &numbers->looks[i];
        const struct tg_graph_number *number = &look->number;
        bool failed = *number->error_code != '\0';
        if (!look->done)
            continue;
        tell(look);
        results[n++] =
            (struct tg_look_result){.org_id = look->claimed.org_id,
                                    .channel_id = look->claimed.channel_id,
                                    .facts = number->facts,
                                    .error_code = failed ? number->error_code : NULL,
                                    .error_message = failed ? number->error_message : NULL};
    }
    // Where PostgreSQL is away they are due again when their lease is over.
    if (n > 0 &&
        tg_store_record_channel_looks(numbers->pg, &numbers->terms, results, n, &leave) != TG_PG_OK)
        leave = false;
    return leave;
}

static void forget(struct numbers *numbers)
{
    for (size_t i = 0; i < numbers->count; i++) {
        struct look *look = &numbers->looks[i];
        tg_text_wipe(&look->claimed.access_token);
        tg_text_wipe(&look->token);
        tg_text_finish(&look->number.facts);
        *look = (struct look){.done = false};
    }
    numbers->count = 0;
}

static bool claim(struct numbers *numbers)
{
    struct tg_claimed_look claimed[TG_CHANNEL_LOOKS_MAX];
    size_t n = 0;
    numbers->terms = (struct tg_look_terms){
        .look_id = tg_uuid7(),
        .limit = TG_CHANNEL_LOOKS_MAX,
        .least_s = TG_CHANNEL_LOOK_LEAST_S,
        .lease_s = LEASE_S,
        .interval_s = atomic_load(&numbers->worker->settings->look_interval_s)};
    if (tg_store_claim_channel_looks(numbers->pg, &numbers->terms, claimed, &n) != TG_PG_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        numbers->looks[i].claimed = claimed[i];
    numbers->count = n;
    return n > 0;
}

// Asks about what is due, and waits for it. Returns for how long there is nothing to do.
static int look(struct numbers *numbers)
{
    struct tg_http_answer broken_off;
    if (!atomic_load(numbers->acting) ||
        atomic_load(&numbers->worker->settings->look_interval_s) == 0 || !claim(numbers))
        return INTERVAL_MS;
    for (size_t i = 0; i < numbers->count; i++)
        begin(numbers, &numbers->looks[i]);
    while (tg_http_active(numbers->http) > 0 && !stop_ordered(numbers->worker->stop)) {
        tg_http_run(numbers->http, LOOK_AGAIN_MS);
        take_answered(numbers);
    }
    while (tg_http_break_off(numbers->http, &broken_off))
        ;
    bool leave = record(numbers);
    forget(numbers);
    return leave ? LEAVE_MS : INTERVAL_MS;
}

static void *run(void *argument)
{
    struct numbers *numbers = argument;
    const struct tg_settings *settings = numbers->worker->settings;
    numbers->pg = tg_pg_create(settings->postgres_url, "tollgate-worker numbers");
    while (!stop_wait(numbers->worker->stop, look(numbers)))
        ;
    tg_pg_destroy(numbers->pg);
    return NULL;
}

struct numbers *numbers_start(const struct worker *worker, const atomic_bool *acting)
{
    struct numbers *numbers = tg_alloc(sizeof *numbers);
    numbers->worker = worker;
    numbers->acting = acting;
    numbers->http = tg_http_create(&(const struct tg_http_options){
        .calls_max = TG_CHANNEL_LOOKS_MAX,
        .silence_ms = TG_META_SILENCE_MS,
        .https_only = strncmp(worker->settings->graph_url, "https:", 6) == 0});
    numbers->thread = tg_service_thread("numbers", run, numbers);
    return numbers;
}

void numbers_stop(struct numbers *numbers)
{
    if (numbers)
        pthread_join(numbers->thread, NULL);
}

void numbers_free(struct numbers *numbers)
{
    if (!numbers)
        return;
    tg_http_destroy(numbers->http);
    free(numbers);
}

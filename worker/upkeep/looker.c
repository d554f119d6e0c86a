#include "worker/upkeep/looker.h"

#include "common/base/memory.h"
#include "common/graph/token.h"
#include "common/limits.h"
#include "common/service/service.h"
#include "worker/unasked.h"

#include <string.h>

enum {
    // How often is asked whether anything is due, and with that how many are looked at in a second.
    INTERVAL_MS = 1000,
    // Nobody tells us to stop while Meta is waited for.
    LOOK_AGAIN_MS = 50,
    // So long nobody is asked about, where Meta wants to be left alone or is away.
    LEAVE_MS = 60 * 1000,
    URL_BYTES = 1024,
};

static bool claim(struct looker *looker)
{
    const struct looker_calls *calls = looker->calls;
    looker->terms = (struct tg_look_terms){
        .look_id = tg_uuid7(),
        .limit = calls->looks_max,
        .least_s = calls->least_s,
        .lease_s = calls->lease_s,
        .interval_s = atomic_load(&looker->worker->settings->look_interval_s)};
    return looker->terms.interval_s != 0 && calls->claim(looker);
}

// Asks about what is due, and waits for it. Returns for how long there is nothing to do.
static int look(struct looker *looker)
{
    struct tg_http_answer answer;
    if (!atomic_load(looker->acting) || !claim(looker))
        return INTERVAL_MS;
    looker->calls->begin(looker);
    while (tg_http_active(looker->http) > 0 && !stop_ordered(looker->worker->stop)) {
        tg_http_run(looker->http, LOOK_AGAIN_MS);
        while (tg_http_take(looker->http, &answer))
            looker->calls->take(looker, &answer);
    }
    while (tg_http_break_off(looker->http, &answer))
        ;
    bool leave = looker->calls->record(looker);
    looker->calls->forget(looker);
    return leave ? LEAVE_MS : INTERVAL_MS;
}

static void *run(void *argument)
{
    struct looker *looker = argument;
    TG_TEXT_AUTO name = {0};
    tg_text_append_format(&name, "tollgate-worker %s", looker->calls->name);
    looker->pg = tg_pg_create(looker->worker->settings->postgres_url, tg_text_string(&name));
    while (!stop_wait(looker->worker->stop, look(looker)))
        ;
    tg_pg_destroy(looker->pg);
    return NULL;
}

void looker_start(struct looker *looker, const struct looker_calls *calls,
                  const struct worker *worker, const atomic_bool *acting)
{
    looker->calls = calls;
    looker->worker = worker;
    looker->acting = acting;
    looker->http = tg_http_create(&(const struct tg_http_options){
        .calls_max = (size_t)calls->looks_max,
        .silence_ms = TG_META_SILENCE_MS,
        .https_only = strncmp(worker->settings->graph_url, "https:", 6) == 0});
    looker->thread = tg_service_thread(calls->name, run, looker);
}

void looker_stop(struct looker *looker)
{
    pthread_join(looker->thread, NULL);
}

void looker_finish(struct looker *looker)
{
    tg_http_destroy(looker->http);
}

const struct unasked_token *looker_open(const struct looker *looker, struct tg_uuid org_id,
                                        struct tg_uuid channel_id, struct tg_text *access_token,
                                        struct tg_text *token)
{
    enum tg_opened opened = tg_open_token(looker->worker->settings->token_keys, org_id, channel_id,
                                          access_token, token);
    return unasked_token(opened, token);
}

void looker_ask(struct looker *looker, const struct tg_text *token, const char *path, void *context)
{
    const struct tg_settings *settings = looker->worker->settings;
    TG_SECRET_AUTO url = {0};
    TG_SECRET_AUTO authorization = {0};
    int timeout_ms = settings->graph_timeout_ms < TG_CHANNEL_LOOK_TIMEOUT_MS
                         ? (int)settings->graph_timeout_ms
                         : TG_CHANNEL_LOOK_TIMEOUT_MS;
    tg_text_reserve(&url, URL_BYTES);
    tg_text_append_format(&url, "%s/%s/%s", settings->graph_url, settings->graph_version, path);
    tg_graph_append_proof(&url, settings->graph_app_secret, token);
    tg_graph_append_authorization(&authorization, token);
    tg_http_begin(looker->http,
                  &(const struct tg_http_request){.method = "GET",
                                                  .url = tg_text_string(&url),
                                                  .headers = {tg_text_string(&authorization)},
                                                  .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                                                  .timeout_ms = timeout_ms,
                                                  .answer_max = looker->calls->answer_max,
                                                  .context = context});
}

bool looker_quotes(const struct tg_text *token, const char *text)
{
    return strstr(text, tg_text_string(token)) != NULL;
}

#include "ingress/relay/meta.h"

#include "common/base/digits.h"
#include "common/crypto/seal.h"
#include "common/graph/token.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <stdio.h>
#include <string.h>

// Of addresses and headers with a token in them, as they usually are: what grows leaves what it had
// behind.
enum { SECRET_BYTES = 1024 };

static bool refuse_bounded(struct call *call, int place, const char *what)
{
    return place == TG_SHARE_USED
               ? tg_error_set(&call->error, "too_many_requests", NULL, "Too many of your %s", what)
               : tg_error_set(&call->error, "overloaded", NULL, "Too many %s", what);
}

static bool keep_answer(struct meta *meta, struct call *call, const char *bytes, size_t size)
{
    if (call->answer.length + size > TG_RELAY_ANSWER_MAX)
        return tg_error_set(&call->error, "meta_unavailable", NULL,
                            "Meta's answer is longer than %d bytes: ask for less of the list",
                            TG_RELAY_ANSWER_MAX);
    int place = tg_shares_take(meta->answers, call->org_id, size);
    if (place < 0)
        return refuse_bounded(call, place, "answers of Meta's are on their way");
    call->answer_place = place;
    call->answer_counted += size;
    tg_text_append(&call->answer, bytes, size);
    return true;
}

void meta_give_back(struct meta *meta, struct call *call)
{
    if (call->answer_counted > 0)
        tg_shares_give(meta->answers, call->answer_place, call->answer_counted);
    call->answer_counted = 0;
}

static bool keep_file(struct call *call, const char *bytes, size_t size)
{
    struct body *file = &call->file;
    tg_sha256_add(call->sum, bytes, size);
    request_keep(call->request, file, bytes, size);
    tg_count(TG_RELAYED_BYTES, "down", size);
    if (file->too_large)
        return tg_error_set(&call->error, "meta_unavailable", NULL,
                            "The file has more than %d bytes", TG_MEDIA_MAX);
    return !file->without_room ||
           refuse_bounded(call, file->share_used ? TG_SHARE_USED : TG_SHARES_GONE,
                          "files are on their way");
}

static bool take(void *context, int status, const char *bytes, size_t size)
{
    struct call *call = context;
    if (call->step == CALL_FETCHES && status == 200)
        return keep_file(call, bytes, size);
    return keep_answer(call->meta, call, bytes, size);
}

static void append_parameter(struct tg_text *url, const char *name, const char *value,
                             size_t length)
{
    tg_text_append_format(url, "%c%s=", strchr(url->data, '?') ? '&' : '?', name);
    tg_text_append(url, value, length);
}

// Of a node nothing tells whose number it is but this, by which Meta refuses another number's.
static bool names_number(const struct call *call)
{
    return call->relayed.kind == TG_RELAYED_NODE && *call->id && strcmp(call->method, "POST") != 0;
}

static void write_url(const struct meta *meta, const struct call *call, const char *edge,
                      struct tg_text *url)
{
    const struct tg_settings *settings = meta->settings;
    tg_text_append_format(url, "%s/%s", settings->graph_url,
                          *call->version ? call->version : settings->graph_version);
    if (*call->id)
        tg_text_append_format(url, "/%s", call->id);
    if (edge)
        tg_text_append_format(url, "/%s", edge);
    if (call->query.length > 0)
        tg_text_append_format(url, "?%s", call->query.data);
    if (call->task->answer == RELAY_TOKEN)
        append_parameter(url, "input_token", call->token.data, call->token.length);
    if (names_number(call))
        append_parameter(url, "phone_number_id", call->relayed.phone_number_id,
                         strlen(call->relayed.phone_number_id));
    tg_graph_append_proof(url, settings->graph_app_secret, &call->token);
}

static void ask(struct meta *meta, struct call *call, const char *method, const char *edge)
{
    TG_SECRET_AUTO url = {0};
    TG_SECRET_AUTO authorization = {0};
    TG_TEXT_AUTO type = {0};
    const struct body *given = &call->request->body;
    bool has_file = call->step == CALL_ASKS && given->kind == BODY_FILE;
    bool has_body = call->step == CALL_ASKS && call->body.length > 0;
    tg_text_reserve(&url, SECRET_BYTES + call->query.length + call->token.length);
    tg_graph_append_authorization(&authorization, &call->token);
    write_url(meta, call, edge, &url);
    if (has_file || has_body)
        tg_text_append_format(&type, "Content-Type: %s", call->body_type);
    tg_text_clear(&call->answer);
    tg_http_begin(
        meta->http,
        &(const struct tg_http_request){
            .method = method,
            .url = url.data,
            .headers = {authorization.data, type.data},
            .body = has_body ? (struct tg_span){call->body.data, call->body.length}
                             : (struct tg_span){0},
            .file = given->file,
            .file_size = has_file ? given->held : 0,
            .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
            .timeout_ms = tg_settings_transfer_ms(meta->settings, has_file ? given->held : 0),
            .stall_s = tg_settings_stall_s(meta->settings),
            .context = call,
            .take = take});
    if (has_file)
        tg_count(TG_RELAYED_BYTES, "up", given->held);
}

static void look_up(struct meta *meta, struct call *call)
{
    call->step = CALL_LOOKS_UP;
    ask(meta, call, "GET", NULL);
}

// Meta may keep a file where no setting knows it: nobody's token goes there.
static bool is_at_meta(const struct meta *meta, struct call *call, const char *url)
{
    char host[64];
    const char *colon = strchr(url, ':');
    const char *front = colon ? colon + strspn(colon, ":/") : url;
    if (tg_media_is_at_meta(url, meta->settings->media_hosts, meta->settings->graph_url))
        return true;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(front, "/?#"), front);
    tg_log_rarely(TG_LOG_ERROR, "media_host_unknown", TG_LOG_ID("org_id", call->org_id),
                  TG_LOG_TEXT("host", host));
    return tg_error_set(&call->error, "meta_unavailable", NULL,
                        "Meta keeps the file where this gateway fetches none from "
                        "(TOLLGATE_MEDIA_HOSTS)");
}

static bool fetch(struct meta *meta, struct call *call, const struct tg_media_place *where)
{
    TG_SECRET_AUTO authorization = {0};
    if (!is_at_meta(meta, call, tg_text_string(&where->url)))
        return false;
    size_t size = where->file_size > 0 && where->file_size < TG_MEDIA_MAX ? (size_t)where->file_size
                                                                          : TG_MEDIA_MAX;
    call->step = CALL_FETCHES;
    tg_sha256_drop(call->sum);
    call->sum = tg_sha256_begin();
    call->file = body_of(BODY_FILE, TG_MEDIA_MAX);
    snprintf(call->sha256, sizeof call->sha256, "%s", where->sha256);
    tg_graph_append_authorization(&authorization, &call->token);
    tg_text_clear(&call->answer);
    tg_http_begin(meta->http, &(const struct tg_http_request){
                                  .method = "GET",
                                  .url = where->url.data,
                                  .headers = {authorization.data},
                                  .connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS,
                                  .timeout_ms = tg_settings_transfer_ms(meta->settings, size),
                                  .stall_s = tg_settings_stall_s(meta->settings),
                                  .context = call,
                                  .take = take});
    return true;
}

static bool open_token(const struct meta *meta, struct call *call)
{
    struct tg_relayed *relayed = &call->relayed;
    enum tg_opened opened =
        tg_open_token(meta->settings->token_keys, call->org_id, relayed->channel_id,
                      &relayed->access_token, &call->token);
    if (opened == TG_OPENED && tg_graph_token_is_plain(&call->token))
        return true;
    const char *why = opened == TG_OPEN_NO_KEY ? "no_key" : "not_opened";
    tg_log_rarely_of(TG_LOG_ERROR, "relay_token_not_opened", why, TG_LOG_ID("org_id", call->org_id),
                     TG_LOG_ID("channel_id", relayed->channel_id), TG_LOG_TEXT("why", why));
    return tg_error_set(&call->error, "token_not_opened", NULL,
                        "This gateway cannot open the number's access token: its operator has to "
                        "see to that");
}

bool meta_begin(struct meta *meta, struct call *call)
{
    call->meta = meta;
    if (!open_token(meta, call))
        return false;
    if (call->task->answer != RELAY_FILE) {
        ask(meta, call, call->method, call->task->edge);
        return true;
    }
    const struct media_name name = call_media_name(call);
    const struct tg_media_place *where = media_places_find(meta->places, &name);
    if (where)
        return fetch(meta, call, where);
    look_up(meta, call);
    return true;
}

// Has what was asked no answer of Meta's? Then `call->error` says so.
static bool has_none(struct call *call, const struct tg_http_answer *answer)
{
    bool changes = strcmp(call->method, "GET") != 0;
    if (call->error.code)
        return true;
    if (answer->end == TG_HTTP_ANSWERED)
        return false;
    if (changes && answer->end == TG_HTTP_UNKNOWN)
        tg_error_set(&call->error, "outcome_unknown", NULL,
                     "Meta's answer never came (%.60s): it may have been done", answer->reason);
    else
        tg_error_set(&call->error, "meta_unavailable", NULL, "Meta cannot be reached (%.60s)",
                     answer->reason);
    return true;
}

// Meta has said where the file is: remembers it, and fetches it.
static bool fetch_from(struct meta *meta, struct call *call)
{
    const struct media_name name = call_media_name(call);
    struct tg_media_place where;
    bool begun = tg_media_read((struct tg_span){call->answer.data, call->answer.length}, &where);
    if (!begun)
        tg_error_set(&call->error, "meta_unavailable", NULL, "Meta does not say where the file is");
    meta_give_back(meta, call);
    begun = begun && fetch(meta, call, &where);
    if (begun)
        media_places_keep(meta->places, &name, &where);
    tg_media_place_finish(&where);
    return begun;
}

// An address lives for minutes, and a token may have died: Meta says which, once it is asked where
// the file is. Once.
static bool look_up_again(struct meta *meta, struct call *call)
{
    const struct media_name name = call_media_name(call);
    media_places_forget(meta->places, &name);
    meta_give_back(meta, call);
    request_drop_file(call->request, &call->file);
    if (call->again)
        return tg_error_set(&call->error, "meta_unavailable", NULL,
                            "Meta does not hand out the file");
    call->again = true;
    look_up(meta, call);
    return true;
}

static bool is_whole(struct call *call)
{
    unsigned char is[TG_SHA256_SIZE];
    unsigned char said[TG_SHA256_SIZE];
    tg_sha256_end(call->sum, is);
    call->sum = NULL;
    return !*call->sha256 || !tg_hex_read(call->sha256, said, sizeof said) ||
           tg_same_digest(is, said) ||
           tg_error_set(&call->error, "meta_unavailable", NULL,
                        "What came is not the file that Meta has told of");
}

bool meta_goes_on(struct meta *meta, struct call *call, const struct tg_http_answer *answer)
{
    if (has_none(call, answer) || call->step == CALL_ASKS)
        return false;
    bool is_good = answer->status == 200;
    if (call->step == CALL_LOOKS_UP)
        return is_good && fetch_from(meta, call);
    if (!is_good)
        return look_up_again(meta, call);
    (void)!is_whole(call);
    return false;
}

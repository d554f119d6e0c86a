#include "ingress/relay/reply.h"

#include "common/base/json.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "ingress/http/answer.h"
#include "ingress/relay/rewrite.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

// Is it something that may stand in a header of ours?
static bool is_plain(const char *value)
{
    enum { VALUE_MAX = 512 };
    size_t length = value ? strlen(value) : 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return false;
    }
    return length > 0 && length <= VALUE_MAX;
}

// Meta's own of each answer, by which clients hold themselves back, or ask Meta about it.
static void pass_headers(struct request *request, const struct tg_http_answer *answer)
{
    static const char *const names[] = {"x-app-usage",
                                        "x-business-use-case-usage",
                                        "x-fb-trace-id",
                                        "x-fb-request-id",
                                        "x-fb-rev",
                                        "x-fb-debug",
                                        "facebook-api-version",
                                        "www-authenticate",
                                        "retry-after"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = tg_http_header(answer, names[i]);
        if (is_plain(value))
            request_add_header(request, names[i], value);
    }
}

// The address at which the client has reached us.
static void append_our_address(const struct tg_settings *settings, const struct request *request,
                               struct tg_text *address)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]";
    const char *host = request_header(request, "Host", NULL);
    if (*settings->public_url)
        tg_text_append_string(address, settings->public_url);
    else if (host && *host && host[strspn(host, plain)] == '\0')
        tg_text_append_format(address, "%s://%s", request_is_by_tls(request) ? "https" : "http",
                              host);
}

// The answer says where a file is: remembers it, and says where it is to be had from us.
static bool rename_media(struct meta *meta, struct call *call, const char *ours,
                         struct tg_text *json)
{
    const struct media_name name = call_media_name(call);
    struct tg_media_place where;
    if (call->task->answer != RELAY_MEDIA || call->relayed.kind != TG_RELAYED_NODE ||
        !tg_media_read((struct tg_span){call->answer.data, call->answer.length}, &where))
        return false;
    TG_TEXT_AUTO url = {0};
    const char *version = *call->version ? call->version : meta->settings->graph_version;
    tg_text_append_format(&url, "%s/%s/media-content/%s/%s", ours, version, name.phone_number_id,
                          name.id);
    media_rename((struct tg_span){call->answer.data, call->answer.length}, url.data, json);
    media_places_keep(meta->places, &name, &where);
    return true;
}

// The key of a client that shows it in its query, and so where an address of ours can show it to
// that client again; "": it does not.
static const char *key_in_query(const struct request *request)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const char *key = request_parameter(request, "access_token");
    bool counts = key && !request_header(request, "Authorization", NULL);
    return counts && key[strspn(key, plain)] == '\0' ? key : "";
}

static void hide_token(const struct call *call, struct tg_text *json)
{
    if (rewrite_hide(json, &call->token))
        tg_log_rarely(TG_LOG_WARN, "relay_token_hidden", TG_LOG_ID("org_id", call->org_id),
                      TG_LOG_TEXT("call", call->task->name));
}

static void answer_json_of_meta(struct meta *meta, struct call *call,
                                const struct tg_http_answer *answer)
{
    TG_TEXT_AUTO ours = {0};
    struct tg_text json = {0};
    append_our_address(meta->settings, call->request, &ours);
    if (answer->status != 200 || !rename_media(meta, call, tg_text_string(&ours), &json))
        rewrite_addresses((struct tg_span){call->answer.data, call->answer.length},
                          meta->settings->graph_url, tg_text_string(&ours),
                          key_in_query(call->request), &json);
    hide_token(call, &json);
    pass_headers(call->request, answer);
    request_answer(call->request, &(struct answer){.status = answer->status, .body = json});
}

// What a browser would show as a page of ours, it is to keep as a file.
static void answer_file(struct call *call, const struct tg_http_answer *answer)
{
    struct request *request = call->request;
    const char *type = tg_http_header(answer, "content-type");
    const char *disposition = tg_http_header(answer, "content-disposition");
    bool is_attachment = is_plain(disposition) && strncasecmp(disposition, "attachment", 10) == 0;
    request_add_header(request, "Content-Type", is_plain(type) ? type : "application/octet-stream");
    request_add_header(request, "Content-Disposition", is_attachment ? disposition : "attachment");
    request_add_header(request, "Content-Security-Policy", "sandbox; default-src 'none'");
    request_answer(request,
                   &(struct answer){.status = 200, .content_type = "", .file = &call->file});
}

static bool is_json(const struct tg_text *text)
{
    size_t at = 0;
    while (at < text->length && isspace((unsigned char)text->data[at]))
        at++;
    return at < text->length && strchr("{[", text->data[at]);
}

// A page of somebody's on the way, or of a Meta that is in trouble.
static void refuse_foreign(struct call *call, const struct tg_http_answer *answer)
{
    bool changes = strcmp(call->method, "GET") != 0;
    bool may_be_done = changes && (answer->status < 300 || answer->status >= 500);
    tg_error_set(&call->error, may_be_done ? "outcome_unknown" : "meta_unavailable", NULL,
                 "Something else than Meta's API has answered, with status %d%s", answer->status,
                 may_be_done ? ": it may have been done" : "");
}

static void append_member(struct tg_text *json, const char *name, const char *text)
{
    tg_text_append_format(json, "%s\"%s\":", json->data[json->length - 1] == '{' ? "" : ",", name);
    if (text)
        tg_text_append_json(json, text, strlen(text));
    else
        tg_text_append_string(json, "null");
}

static void append_number(struct tg_text *json, const char *name, struct json_object *number)
{
    tg_text_append_format(json, ",\"%s\":%s", name,
                          number ? json_object_get_string(number) : "null");
}

// Meta's refusal, in the form of our own, with its words. (The token was hidden in them before.)
static void refuse_in_metas_words(struct call *call, struct json_object *error)
{
    struct tg_text detail = {0};
    struct json_object *data = tg_json_member(error, "error_data", json_type_object);
    const char *message = tg_json_string_member(error, "message");
    const char *user_message = tg_json_string_member(error, "error_user_msg");
    const char *details = tg_json_string_member(data, "details");
    const char *says = user_message ? user_message : details ? details : message;
    tg_text_append_string(&detail, "{\"meta\":{");
    append_member(&detail, "message", message);
    append_number(&detail, "code", tg_json_member(error, "code", json_type_int));
    append_number(&detail, "subcode", tg_json_member(error, "error_subcode", json_type_int));
    append_member(&detail, "title", tg_json_string_member(error, "error_user_title"));
    append_member(&detail, "details", user_message ? user_message : details);
    append_member(&detail, "fbtrace_id", tg_json_string_member(error, "fbtrace_id"));
    tg_text_append_string(&detail, "}}");
    answer_error_detail(call->request, "refused_by_meta", says ? says : "Meta says no more",
                        &detail);
}

static void refuse_by_meta(struct call *call, const struct tg_http_answer *answer)
{
    struct tg_error none;
    const char *retry_after = tg_http_header(answer, "retry-after");
    hide_token(call, &call->answer);
    struct json_object *root = tg_json_parse(call->answer.data, call->answer.length, &none);
    struct json_object *error = tg_json_member(root, "error", json_type_object);
    bool is_refusal = error && answer->status < 500;
    if (is_refusal && is_plain(retry_after))
        request_add_header(call->request, "Retry-After", retry_after);
    if (is_refusal)
        refuse_in_metas_words(call, error);
    else
        answer_refusal(call->request, "meta_unavailable", NULL,
                       error ? "Meta says that it cannot do it now"
                             : "Meta has answered with neither a good answer nor an error");
    json_object_put(root);
}

static void log_call(const struct call *call, const char *outcome, int status)
{
    bool is_frequent = call->task->is_frequent || strcmp(call->request->method, "GET") == 0;
    tg_log(is_frequent ? TG_LOG_DEBUG : TG_LOG_INFO, "call_relayed",
           TG_LOG_ID("org_id", call->org_id), TG_LOG_ID("channel_id", call->relayed.channel_id),
           TG_LOG_TEXT("caller", call->caller->actor), TG_LOG_TEXT("call", call->task->name),
           TG_LOG_TEXT("outcome", outcome), TG_LOG_NUMBER("http_status", status),
           TG_LOG_NUMBER("duration_ms", tg_now_ms() - call->began_ms));
}

void reply(struct meta *meta, struct call *call, const struct tg_http_answer *answer)
{
    assert(answer || call->error.code || call->is_kept);
    int status = answer ? answer->status : 0;
    bool is_file = !call->error.code && call->step == CALL_FETCHES;
    if (!call->error.code && !is_file && !call->is_kept && !is_json(&call->answer))
        refuse_foreign(call, answer);
    const char *outcome = call->left         ? "client_left"
                          : call->error.code ? call->error.code
                                             : "answered";
    tg_count(TG_RELAYED_CALLS, outcome, 1);
    tg_observe(TG_RELAY_SECONDS, (double)(tg_now_ms() - call->began_ms) / 1e3);
    log_call(call, outcome, status);
    if (!is_file)
        request_drop_file(call->request, &call->file);
    request_drop_body(call->request);
    if (call->error.code)
        call_refuse(call);
    else if (call->is_kept)
        answer_json(call->request, call->task->deed->status, &call->document);
    else if (call->task->deed)
        refuse_by_meta(call, answer);
    else if (is_file)
        answer_file(call, answer);
    else
        answer_json_of_meta(meta, call, answer);
}

#include "deploy/ctl/call.h"

#include "common/base/json.h"
#include "common/base/network.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The largest answer there is: a page of a list.
enum { ANSWER_MAX = 16 * 1024 * 1024, TIMEOUT_S = 30 };

static CURL *handle(void)
{
    static CURL *curl;
    if (!curl)
        curl = curl_easy_init();
    if (!curl)
        abort();
    curl_easy_reset(curl);
    return curl;
}

static bool is_this_machine(const char *host)
{
    struct tg_ip ip;
    struct tg_networks loopback;
    return strcasecmp(host, "localhost") == 0 ||
           (tg_ip_read(host, strlen(host), &ip) && tg_networks_read("127.0.0.0/8,::1", &loopback) &&
            tg_networks_hold(&loopback, ip));
}

bool call_is_private(const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    bool is_url = parts &&
                  curl_url_set(parts, CURLUPART_URL, url, CURLU_GUESS_SCHEME) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool is_private = !is_url || strcmp(scheme, "https") == 0 || is_this_machine(host);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return is_private;
}

void call_escape(const char *text, struct tg_text *escaped)
{
    char *made = curl_easy_escape(handle(), text, 0);
    if (!made)
        abort();
    tg_text_append_string(escaped, made);
    curl_free(made);
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct tg_text *text = context;
    if (text->length + size * count > ANSWER_MAX)
        return 0;
    tg_text_append(text, bytes, size * count);
    return size * count;
}

static void set_up(CURL *curl, const struct desk *desk, const char *method,
                   struct json_object *body)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, desk->token);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    if (desk->ca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, desk->ca);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                         json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
}

// Is it the path itself that is not there: another listener, or an ingress without /admin?
static bool is_no_desk(long status, const char *field)
{
    return status == 404 && field && strcmp(field, "path") == 0;
}

// What the gateway refuses, in its words.
static enum call_result refused(long status, struct json_object *answer, struct tg_error *error)
{
    const char *says = tg_json_string_member(answer, "error");
    const char *code = tg_json_string_member(answer, "code");
    struct json_object *detail = tg_json_member(answer, "detail", json_type_object);
    const char *field = tg_json_string_member(detail, "field");
    if (is_no_desk(status, field)) {
        tg_error_set(error, "failed", NULL,
                     "there is no /admin: is TOLLGATE_ADMIN_URL the admin listener of an ingress, "
                     "and has that TOLLGATE_ADMIN_TOKEN and TOLLGATE_OPERATOR_POSTGRES_URL?");
        return CALL_FAILED;
    }
    tg_error_set(error, "refused", field, "%s (%ld%s%s)", says ? says : "the gateway refuses",
                 status, code ? " " : "", code ? code : "");
    return status >= 500 ? CALL_FAILED : CALL_REFUSED;
}

static enum call_result read_answer(CURL *curl, const struct tg_text *text,
                                    struct json_object **answer, struct tg_error *error)
{
    struct tg_error unread;
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    *answer = text->length > 0 ? tg_json_parse(text->data, text->length, &unread) : NULL;
    if (status >= 200 && status < 300 && (*answer || text->length == 0))
        return CALL_DONE;
    if (status >= 200 && status < 300) {
        tg_error_set(error, "failed", NULL, "the answer is no JSON: is that the admin listener?");
        return CALL_FAILED;
    }
    return refused(status, *answer, error);
}

enum call_result call(const struct desk *desk, const char *method, const char *path,
                      struct json_object *body, struct json_object **answer, struct tg_error *error)
{
    CURL *curl = handle();
    TG_TEXT_AUTO url = {0};
    TG_TEXT_AUTO text = {0};
    *answer = NULL;
    size_t length = strlen(desk->url);
    while (length > 0 && desk->url[length - 1] == '/')
        length--;
    tg_text_append_format(&url, "%.*s%s", (int)length, desk->url, path);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!headers)
        abort();
    set_up(curl, desk, method, body);
    curl_easy_setopt(curl, CURLOPT_URL, tg_text_string(&url));
    if (body)
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    CURLcode code = curl_easy_perform(curl);
    enum call_result result = CALL_FAILED;
    if (code == CURLE_OK)
        result = read_answer(curl, &text, answer, error);
    else
        tg_error_set(error, "failed", NULL, "%s cannot be asked: %s", desk->url,
                     curl_easy_strerror(code));
    curl_slist_free_all(headers);
    return result;
}

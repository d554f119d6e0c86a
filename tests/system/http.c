#include "tests/system/http.h"

#include "common/base/text.h"
#include "tests/system/traffic.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TIMEOUT_S = 45, // longer than the longest `Prefer: wait`
    MEANWHILE_MS = 50,
};

struct http {
    const char *url;
    CURL *easy;
};

// One request on its way.
struct exchange {
    const char *url;
    const struct http_request *request;
    struct curl_slist *headers;
    struct tg_text *texts[2]; // body, headers
};

static const char *authorities = "/dev/null";

void http_trust(const char *path)
{
    authorities = path;
}

static size_t collect(char *bytes, size_t size, size_t n, void *text)
{
    tg_text_append(text, bytes, size * n);
    return size * n;
}

static void add_header(struct exchange *exchange, const char *header)
{
    exchange->headers = curl_slist_append(exchange->headers, header);
    cr_assert(exchange->headers);
}

static void set_headers(struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    const char *type = request->content_type ? request->content_type : "application/json";
    add_header(exchange, "Expect:");
    // Without a value: libcurl leaves its own out.
    add_header(exchange,
               request->body && *type ? text_of("Content-Type: %s", type) : "Content-Type:");
    if (request->key)
        add_header(exchange, text_of("Authorization: Bearer %s", request->key));
    for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i]; i++)
        add_header(exchange, request->headers[i]);
}

static struct exchange *prepare(CURL *easy, const char *url, const struct http_request *request)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    cr_assert(exchange);
    *exchange = (struct exchange){.url = url, .request = request};
    for (int i = 0; i < 2; i++) {
        exchange->texts[i] = calloc(1, sizeof *exchange->texts[i]);
        cr_assert(exchange->texts[i]);
    }
    set_headers(exchange);
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, text_of("%s%s", url, request->path));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange->texts[0]);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange->texts[1]);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    if (request->body) {
        size_t length = request->body_length ? request->body_length : strlen(request->body);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
    }
    if (request->method)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    return exchange;
}

static struct answer read_answer(CURL *easy, CURLcode code, struct exchange *exchange)
{
    long status = 0;
    long connects = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
    struct answer answer = {.status = code == CURLE_OK ? (int)status : 0,
                            .body = tg_text_string(exchange->texts[0]),
                            .headers = tg_text_string(exchange->texts[1]),
                            .json = json_tokener_parse(tg_text_string(exchange->texts[0])),
                            .fresh = connects > 0};
    traffic_note(exchange->url, exchange->request, &answer);
    curl_slist_free_all(exchange->headers);
    free(exchange);
    return answer;
}

struct http *http_open(const char *url)
{
    struct http *http = calloc(1, sizeof *http);
    cr_assert(http);
    http->url = url;
    http->easy = curl_easy_init();
    cr_assert(http->easy);
    return http;
}

void http_close(struct http *http)
{
    curl_easy_cleanup(http->easy);
    free(http);
}

struct answer http_try(struct http *http, const struct http_request *request)
{
    struct exchange *exchange = prepare(http->easy, http->url, request);
    CURLcode code = curl_easy_perform(http->easy);
    return read_answer(http->easy, code, exchange);
}

struct answer http_ask(struct http *http, const struct http_request *request)
{
    struct exchange *exchange = prepare(http->easy, http->url, request);
    CURLcode code = curl_easy_perform(http->easy);
    cr_assert(code == CURLE_OK, "%s%s: %s", http->url, request->path, curl_easy_strerror(code));
    return read_answer(http->easy, code, exchange);
}

// Takes what has been answered; returns how many that were.
static size_t take_answers(CURLM *multi, const struct http_request *requests,
                           struct answer *answers)
{
    size_t taken = 0;
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct exchange *exchange = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
        answers[exchange->request - requests] = read_answer(easy, code, exchange);
        curl_multi_remove_handle(multi, easy);
        curl_easy_cleanup(easy);
        taken++;
    }
    return taken;
}

void http_ask_all(const char *url, const struct http_request *requests, size_t n,
                  struct answer *answers, http_meanwhile *meanwhile, void *context)
{
    CURLM *multi = curl_multi_init();
    cr_assert(multi);
    for (size_t i = 0; i < n; i++) {
        CURL *easy = curl_easy_init();
        cr_assert(easy);
        (void)prepare(easy, url, &requests[i]);
        cr_assert(curl_multi_add_handle(multi, easy) == CURLM_OK);
    }
    for (size_t done = 0; done < n;) {
        int running = 0;
        cr_assert(curl_multi_perform(multi, &running) == CURLM_OK);
        size_t taken = take_answers(multi, requests, answers);
        done += taken;
        if (meanwhile)
            meanwhile(done, context);
        if (taken == 0)
            cr_assert(curl_multi_poll(multi, NULL, 0, MEANWHILE_MS, NULL) == CURLM_OK);
    }
    curl_multi_cleanup(multi);
}

const char *json_text(struct json_object *json, const char *pointer)
{
    struct json_object *value = NULL;
    if (!json || json_pointer_get(json, pointer, &value) != 0 || !value)
        return "";
    return json_object_get_string(value);
}

const char *answer_text(const struct answer *answer, const char *pointer)
{
    return json_text(answer->json, pointer);
}

const char *answer_header(const struct answer *answer, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = answer->headers; *line;
         line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1 + strspn(line + length + 1, " ");
        return text_of("%.*s", (int)strcspn(value, "\r\n"), value);
    }
    return "";
}

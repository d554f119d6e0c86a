#include "tests/metasim/poster.h"

#include "tests/metasim/sim_limits.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { DOWNLOAD_BUFFER_BYTES = 4 * 1024 };

// A place for a post. The easy handle is used again and again, so what never changes is set once.
struct place {
    CURL *easy;
    struct series *series; // NULL: free
    struct tg_text body;
    size_t sent; // of the body
    struct tg_text signature;
    struct curl_slist header; // the signature, in front of the headers that all posts share
};

struct poster {
    CURLM *multi;
    struct curl_slist *headers;
    struct place places[SIM_WEBHOOKS_AT_ONCE];
    struct place *free[SIM_WEBHOOKS_AT_ONCE]; // a stack of `free_count`
    size_t free_count;
};

static size_t read_body(char *buffer, size_t size, size_t count, void *context)
{
    struct place *place = context;
    size_t n = place->body.length - place->sent;
    if (n > size * count)
        n = size * count;
    memcpy(buffer, place->body.data + place->sent, n);
    place->sent += n;
    return n;
}

// Else libcurl posts again by itself when a reused connection ends without an answer, and what
// is counted as one post was two.
static int refuse_seek(void *context, curl_off_t offset, int origin)
{
    (void)context;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

// Of the answer nothing but the status matters, to Meta neither.
// NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's
static size_t ignore_answer(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

// Options are refused only by a libcurl that was built without what we need.
static void set(CURLcode code)
{
    if (code != CURLE_OK)
        abort();
}

static void prepare_place(struct place *place)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    place->easy = easy;
    set(curl_easy_setopt(easy, CURLOPT_PRIVATE, place));
    set(curl_easy_setopt(easy, CURLOPT_POST, 1L));
    set(curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body));
    set(curl_easy_setopt(easy, CURLOPT_READDATA, place));
    set(curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_seek));
    set(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_answer));
    set(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)DOWNLOAD_BUFFER_BYTES));
    set(curl_easy_setopt(easy, CURLOPT_USERAGENT, "facebookexternalua"));
    set(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
    set(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
    set(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    set(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)SIM_WEBHOOK_TIMEOUT_MS));
}

struct poster *poster_create(void)
{
    set(curl_global_init(CURL_GLOBAL_DEFAULT));
    struct poster *poster = calloc(1, sizeof *poster);
    if (!poster)
        abort();
    poster->multi = curl_multi_init();
    if (!poster->multi)
        abort();
    const long at_once = SIM_WEBHOOKS_AT_ONCE;
    curl_multi_setopt(poster->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, at_once);
    curl_multi_setopt(poster->multi, CURLMOPT_MAXCONNECTS, at_once);
    // An empty Expect stops libcurl from waiting for "100 Continue" before larger bodies.
    poster->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!poster->headers || !curl_slist_append(poster->headers, "Expect:"))
        abort();
    for (size_t i = 0; i < SIM_WEBHOOKS_AT_ONCE; i++) {
        prepare_place(&poster->places[i]);
        poster->free[poster->free_count++] = &poster->places[i];
    }
    return poster;
}

void poster_destroy(struct poster *poster)
{
    assert(poster_active(poster) == 0);
    for (size_t i = 0; i < SIM_WEBHOOKS_AT_ONCE; i++) {
        curl_easy_cleanup(poster->places[i].easy);
        tg_text_finish(&poster->places[i].body);
        tg_text_finish(&poster->places[i].signature);
    }
    curl_multi_cleanup(poster->multi);
    curl_slist_free_all(poster->headers);
    free(poster);
    curl_global_cleanup();
}

size_t poster_active(const struct poster *poster)
{
    return SIM_WEBHOOKS_AT_ONCE - poster->free_count;
}

size_t poster_room(const struct poster *poster)
{
    return poster->free_count;
}

void poster_post(struct poster *poster, struct series *series, const char *url, const char *secret)
{
    assert(poster->free_count > 0);
    struct place *place = poster->free[--poster->free_count];
    place->series = series;
    place->sent = 0;
    tg_text_clear(&place->body);
    series_write(series, &place->body);
    char signature[WEBHOOK_SIGNATURE_SIZE];
    webhook_body_sign(&place->body, secret, signature);
    tg_text_clear(&place->signature);
    tg_text_append_format(&place->signature, "X-Hub-Signature-256: %s", signature);
    place->header = (struct curl_slist){.data = place->signature.data, .next = poster->headers};

    set(curl_easy_setopt(place->easy, CURLOPT_URL, url));
    set(curl_easy_setopt(place->easy, CURLOPT_HTTPHEADER, &place->header));
    set(curl_easy_setopt(place->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)place->body.length));
    if (curl_multi_add_handle(poster->multi, place->easy) != CURLM_OK)
        abort();
}

void poster_run(struct poster *poster, int timeout_ms)
{
    int running = 0;
    curl_multi_poll(poster->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(poster->multi, &running);
}

void poster_wake(struct poster *poster)
{
    curl_multi_wakeup(poster->multi);
}

// Takes the post out of the multi handle; its place is free again.
static struct series *end(struct poster *poster, struct place *place)
{
    struct series *series = place->series;
    curl_multi_remove_handle(poster->multi, place->easy);
    place->series = NULL;
    poster->free[poster->free_count++] = place;
    return series;
}

struct series *poster_take_finished(struct poster *poster, bool *acknowledged)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(poster->multi, &left);
    if (!message)
        return NULL;
    assert(message->msg == CURLMSG_DONE);
    struct place *place = NULL;
    long http_status = 0;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &place);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &http_status);
    *acknowledged = message->data.result == CURLE_OK && http_status == 200;
    return end(poster, place);
}

struct series *poster_break_off(struct poster *poster)
{
    for (size_t i = 0; i < SIM_WEBHOOKS_AT_ONCE; i++) {
        if (poster->places[i].series)
            return end(poster, &poster->places[i]);
    }
    return NULL;
}

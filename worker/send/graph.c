#include "worker/send/graph.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "worker/send/outcome.h"

#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 256,
    // A connection that was idle for longer is not used again: front ends close idle ones after a
    // minute or so, and a request that meets the closing is unconfirmed.
    IDLE_REUSE_S = 30,
    // libcurl's smallest; payloads are a few KiB, and each request under way has one.
    UPLOAD_BUFFER_BYTES = 16 * 1024,
    DOWNLOAD_BUFFER_BYTES = 4 * 1024,
};

// A place for a request. The easy handle is used again and again, so what never changes is set
// once.
struct request {
    CURL *easy;
    struct dispatch_item *item; // NULL: free
    size_t sent;                // bytes of the payload handed to libcurl
    bool body_read;
    bool late; // refused at the last moment, before the first byte
    struct tg_text url;
    struct tg_text authorization;
    struct curl_slist header; // Authorization, in front of the headers that all requests share
    struct tg_text answer;
};

struct graph {
    CURLM *multi;
    int epoll;
    int wake;              // an eventfd
    long long timer_at_ms; // when libcurl wants to be called; -1: no wish
    struct curl_slist *headers;
    struct tg_text base_url; // https://graph.facebook.com/v23.0/
    size_t places;
    struct request *requests;
    struct request **free; // a stack of `free_count`
    size_t free_count;
};

static size_t read_body(char *buffer, size_t size, size_t count, void *context)
{
    struct request *request = context;
    const struct tg_text *payload = &request->item->claim.payload;
    // After a standstill of this process, or a long way to a connection: the message may be
    // somebody else's by now.
    if (!request->body_read && dispatch_item_age_ms(request->item) > TG_SENDING_GRACE_MS) {
        request->late = true;
        return CURL_READFUNC_ABORT;
    }
    size_t n = payload->length - request->sent;
    if (n > size * count)
        n = size * count;
    memcpy(buffer, payload->data + request->sent, n);
    request->sent += n;
    request->body_read = true;
    return n;
}

static int refuse_seek(void *context, curl_off_t offset, int origin)
{
    (void)context;
    (void)offset;
    (void)origin;
    tg_count(TG_SECOND_POSTS_REFUSED, NULL, 1);
    return CURL_SEEKFUNC_FAIL;
}

static size_t write_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    size_t n = size * count;
    if (request->answer.length + n > TG_META_ANSWER_MAX)
        return 0; // ends as CURLE_WRITE_ERROR
    tg_text_append(&request->answer, bytes, n);
    return n;
}

// A connection that some router has forgotten swallows what it is given, and libcurl gives it all
// new requests. Keepalives are not sent while data is unacknowledged, and the kernel itself tries
// for a quarter of an hour (tcp_retries2).
static int limit_silence(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    const unsigned timeout_ms = TG_META_SILENCE_MS;
    if (setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms) != 0)
        return CURL_SOCKOPT_ERROR;
    return CURL_SOCKOPT_OK;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    (void)easy;
    struct graph *graph = context;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(graph->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = socket};
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    // libcurl has no use for the pointer but to say that it has told us of this socket before.
    if (epoll_ctl(graph->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
        return -1;
    return curl_multi_assign(graph->multi, socket, graph) == CURLM_OK ? 0 : -1;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct graph *graph = context;
    graph->timer_at_ms = timeout_ms < 0 ? -1 : tg_now_ms() + timeout_ms;
    return 0;
}

// Options are refused only by a libcurl that was built without what we need.
static void set(CURLcode code)
{
    if (code != CURLE_OK)
        abort();
}

static void prepare_request(const struct tg_settings *settings, struct request *request)
{
    bool https = strncmp(settings->graph_url, "https:", 6) == 0;
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    request->easy = easy;
    set(curl_easy_setopt(easy, CURLOPT_PRIVATE, request));
    set(curl_easy_setopt(easy, CURLOPT_POST, 1L));
    set(curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body));
    set(curl_easy_setopt(easy, CURLOPT_READDATA, request));
    set(curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_seek));
    set(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_answer));
    set(curl_easy_setopt(easy, CURLOPT_WRITEDATA, request));
    set(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES));
    set(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)DOWNLOAD_BUFFER_BYTES));
    set(curl_easy_setopt(easy, CURLOPT_USERAGENT, "tollgate/" TOLLGATE_VERSION));
    set(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, https ? "https" : "http"));
    set(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    set(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
    set(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    set(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)TG_META_CONNECT_TIMEOUT_MS));
    set(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)settings->graph_timeout_ms));
    set(curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
    set(curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, limit_silence));
    set(curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_REUSE_S));
    set(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS));
    // A new request waits for the connection that is being made instead of making one of its own.
    set(curl_easy_setopt(easy, CURLOPT_PIPEWAIT, https ? 1L : 0L));
}

static void prepare_multi(struct graph *graph)
{
    long places = (long)graph->places;
    graph->multi = curl_multi_init();
    if (!graph->multi)
        abort();
    curl_multi_setopt(graph->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(graph->multi, CURLMOPT_SOCKETDATA, graph);
    curl_multi_setopt(graph->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(graph->multi, CURLMOPT_TIMERDATA, graph);
    curl_multi_setopt(graph->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(graph->multi, CURLMOPT_MAX_HOST_CONNECTIONS, places);
    curl_multi_setopt(graph->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, places);
    curl_multi_setopt(graph->multi, CURLMOPT_MAXCONNECTS, places);
}

struct graph *graph_create(const struct tg_settings *settings)
{
    set(curl_global_init(CURL_GLOBAL_DEFAULT));
    struct graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        abort();
    graph->places = (size_t)settings->send_concurrency;
    graph->timer_at_ms = -1;
    prepare_multi(graph);

    graph->epoll = epoll_create1(EPOLL_CLOEXEC);
    graph->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = graph->wake};
    if (graph->epoll < 0 || graph->wake < 0 ||
        epoll_ctl(graph->epoll, EPOLL_CTL_ADD, graph->wake, &event) != 0)
        abort();

    // An empty Expect stops libcurl from waiting for "100 Continue" before larger bodies.
    graph->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!graph->headers || !curl_slist_append(graph->headers, "Expect:"))
        abort();
    tg_text_append_format(&graph->base_url, "%s/%s/", settings->graph_url, settings->graph_version);

    graph->requests = calloc(graph->places, sizeof *graph->requests);
    graph->free = calloc(graph->places, sizeof(struct request *));
    if (!graph->requests || !graph->free)
        abort();
    for (size_t i = 0; i < graph->places; i++) {
        prepare_request(settings, &graph->requests[i]);
        graph->free[graph->free_count++] = &graph->requests[i];
    }
    return graph;
}

void graph_destroy(struct graph *graph)
{
    if (!graph)
        return;
    assert(graph->free_count == graph->places);
    for (size_t i = 0; i < graph->places; i++) {
        struct request *request = &graph->requests[i];
        curl_easy_cleanup(request->easy);
        tg_text_finish(&request->url);
        tg_text_finish(&request->authorization);
        tg_text_finish(&request->answer);
    }
    curl_multi_cleanup(graph->multi);
    curl_slist_free_all(graph->headers);
    tg_text_finish(&graph->base_url);
    close(graph->wake);
    close(graph->epoll);
    free(graph->requests);
    free(graph->free);
    free(graph);
    curl_global_cleanup();
}

void graph_wake(struct graph *graph)
{
    // Full (after 2^64 - 2 wakings that nobody saw) is as good as written.
    (void)eventfd_write(graph->wake, 1);
}

size_t graph_active(const struct graph *graph)
{
    return graph->places - graph->free_count;
}

size_t graph_room(const struct graph *graph)
{
    return graph->free_count;
}

void graph_post(struct graph *graph, struct dispatch_item *item)
{
    assert(graph->free_count > 0);
    struct request *request = graph->free[--graph->free_count];
    request->item = item;
    request->sent = 0;
    request->body_read = false;
    request->late = false;
    tg_text_clear(&request->answer);

    tg_text_clear(&request->url);
    tg_text_append(&request->url, graph->base_url.data, graph->base_url.length);
    tg_text_append_format(&request->url, "%s/messages", item->claim.phone_number_id);

    tg_text_clear(&request->authorization);
    tg_text_append_string(&request->authorization, "Authorization: Bearer ");
    tg_text_append(&request->authorization, item->claim.access_token.data,
                   item->claim.access_token.length);
    request->header =
        (struct curl_slist){.data = request->authorization.data, .next = graph->headers};

    CURL *easy = request->easy;
    set(curl_easy_setopt(easy, CURLOPT_URL, request->url.data));
    set(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, &request->header));
    set(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)item->claim.payload.length));
    if (curl_multi_add_handle(graph->multi, easy) != CURLM_OK)
        abort();
    tg_gauge_set(TG_DISPATCHES, (int64_t)graph_active(graph));
}

// libcurl sends what it has read before it returns, so the bytes have left by now.
static void pass_stop_point(const struct graph *graph)
{
    for (size_t i = 0; i < graph->places; i++) {
        const struct request *request = &graph->requests[i];
        if (request->item && request->sent == request->item->claim.payload.length)
            TG_STOP_POINT("after_body");
    }
}

void graph_run(struct graph *graph, int timeout_ms)
{
    if (graph->timer_at_ms >= 0) {
        long long left_ms = graph->timer_at_ms - tg_now_ms();
        if (left_ms < timeout_ms)
            timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    }
    struct epoll_event events[EVENTS_MAX];
    int running = 0;
    int n = epoll_wait(graph->epoll, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == graph->wake) {
            eventfd_t times;
            (void)eventfd_read(graph->wake, &times);
            continue;
        }
        int what = 0;
        if (events[i].events & EPOLLIN)
            what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP))
            what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(graph->multi, events[i].data.fd, what, &running);
    }
    if (graph->timer_at_ms >= 0 && graph->timer_at_ms <= tg_now_ms()) {
        graph->timer_at_ms = -1; // before the call, which may set it again
        curl_multi_socket_action(graph->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    pass_stop_point(graph);
}

// Takes the request out of the multi handle; its place is free again.
static struct dispatch_item *end(struct graph *graph, struct request *request)
{
    struct dispatch_item *item = request->item;
    curl_multi_remove_handle(graph->multi, request->easy);
    request->item = NULL;
    graph->free[graph->free_count++] = request;
    tg_gauge_set(TG_DISPATCHES, (int64_t)graph_active(graph));
    return item;
}

struct dispatch_item *graph_take_finished(struct graph *graph)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(graph->multi, &left);
    if (!message)
        return NULL;
    assert(message->msg == CURLMSG_DONE);
    TG_STOP_POINT("after_answer");
    struct request *request = NULL;
    curl_off_t total_us = 0;
    curl_off_t retry_after_s = 0;
    struct outcome_answer answer = {.code = message->data.result};
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &answer.http_status);
    curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer.retry_after_s = retry_after_s;
    answer.body_read = request->body_read;
    answer.receipt = request->item->claim.receipt;
    answer.body = tg_text_string(&request->answer);
    answer.length = request->answer.length;
    outcome_judge(&answer, &request->item->outcome);
    request->item->hand_back = request->late;
    tg_observe(TG_DISPATCH_SECONDS, (double)total_us / 1e6);
    return end(graph, request);
}

struct dispatch_item *graph_break_off(struct graph *graph)
{
    for (size_t i = 0; i < graph->places; i++) {
        struct request *request = &graph->requests[i];
        if (!request->item)
            continue;
        struct dispatch_item *item = end(graph, request);
        if (request->body_read)
            outcome_broken_off(&item->outcome);
        else
            item->hand_back = true;
        return item;
    }
    return NULL;
}

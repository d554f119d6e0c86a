#include "common/http/client.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/outside.h"
#include "common/http/client_private.h"
#include "common/http/wiped.h"
#include "common/service/stop_point.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 256,
    // A connection that was idle for longer is not used again: front ends close idle ones after a
    // minute or so, and a request that meets the closing is unconfirmed.
    IDLE_REUSE_S = 30,
    // libcurl's smallest; bodies are a few KiB, and each request under way has one.
    UPLOAD_BUFFER_BYTES = 16 * 1024,
    DOWNLOAD_BUFFER_BYTES = 4 * 1024,
    // What moves at less than so many bytes a second stands still.
    STALLED_BELOW = 1,
    // libcurl keeps all of a stranger's headers; no server that is in order has so many.
    HEAD_MAX = 64 * 1024,
};

// The easy handle is made when it is first needed and used again and again, so what never changes
// is set once.
struct call {
    const struct tg_http *http;
    CURL *easy; // NULL: not yet
    bool under_way;
    void *context;
    bool (*hold_back)(void *context);
    struct tg_span body; // without data, but with a length: a file, and what stands around it
    int file;
    size_t file_from;
    size_t file_size;
    struct tg_span before;
    struct tg_span after;
    size_t read; // bytes of the body handed to libcurl
    bool sent;   // the first one was
    bool held_back;
    bool again;
    bool inside;
    size_t head; // bytes of the answer's headers
    bool (*take)(void *context, int status, const char *bytes, size_t size);
    size_t answer_max;
    struct curl_slist *headers;
    struct tg_text answer;
};

struct tg_http {
    CURLM *multi;
    int epoll;
    int wake;              // an eventfd
    long long timer_at_ms; // when libcurl wants to be called; -1: no wish
    unsigned silence_ms;
    bool https_only;
    const char *ca_file;
    const char *user_agent;
    const struct tg_networks *outside_and;
    size_t buffer_bytes;
    size_t calls_max;
    struct call *calls;
    struct call **free; // a stack of `free_count`
    size_t free_count;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ssize_t copy_from(struct tg_span part, size_t at, char *buffer, size_t size)
{
    size_t n = least(part.length - at, size);
    if (n > 0)
        memcpy(buffer, part.data + at, n);
    return (ssize_t)n;
}

// So many bytes of the body at the most, from where it was read to. -1: the file is not as it was.
static ssize_t read_next(const struct call *call, char *buffer, size_t size)
{
    size_t at = call->read;
    if (call->body.data)
        return copy_from(call->body, at, buffer, size);
    if (at < call->before.length)
        return copy_from(call->before, at, buffer, size);
    at -= call->before.length;
    if (at < call->file_size)
        return pread(call->file, buffer, least(call->file_size - at, size),
                     (off_t)(call->file_from + at));
    return copy_from(call->after, at - call->file_size, buffer, size);
}

static size_t read_body(char *buffer, size_t size, size_t count, void *context)
{
    struct call *call = context;
    if (!call->sent && call->hold_back && call->hold_back(call->context)) {
        call->held_back = true;
        return CURL_READFUNC_ABORT;
    }
    ssize_t n = read_next(call, buffer, size * count);
    if (n < 0 || (n == 0 && call->read < call->body.length))
        return CURL_READFUNC_ABORT;
    call->read += (size_t)n;
    call->sent = true;
    return (size_t)n;
}

static int refuse_seek(void *context, curl_off_t offset, int origin)
{
    struct call *call = context;
    (void)offset;
    (void)origin;
    call->again = true;
    return CURL_SEEKFUNC_FAIL;
}

static size_t count_head(const char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    (void)bytes;
    call->head += size * count;
    return call->head > HEAD_MAX ? 0 : size * count;
}

static size_t write_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t n = size * count;
    long status = 0;
    if (call->take) {
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        return call->take(call->context, (int)status, bytes, n) ? n : 0;
    }
    if (call->answer.length + n > call->answer_max)
        return 0; // ends as CURLE_WRITE_ERROR
    tg_text_append(&call->answer, bytes, n);
    return n;
}

// A connection that some router has forgotten swallows what it is given, and libcurl gives it all
// new requests. Keepalives are not sent while data is unacknowledged, and the kernel itself tries
// for a quarter of an hour (tcp_retries2).
static int limit_silence(void *context, curl_socket_t socket, curlsocktype purpose)
{
    const struct tg_http *http = context;
    (void)purpose;
    if (setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &http->silence_ms,
                   sizeof http->silence_ms) != 0)
        return CURL_SOCKOPT_ERROR;
    return CURL_SOCKOPT_OK;
}

// libcurl asks for each socket, with the address that it has found. A connection that is used again
// was looked at when it was made.
static curl_socket_t open_outside(void *context, curlsocktype purpose,
                                  struct curl_sockaddr *address)
{
    struct call *call = context;
    (void)purpose;
    if (!tg_is_outside(&address->addr, call->http->outside_and)) {
        call->inside = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    (void)easy;
    struct tg_http *http = context;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(http->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = socket};
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    // libcurl has no use for the pointer but to say that it has told us of this socket before.
    if (epoll_ctl(http->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
        return -1;
    return curl_multi_assign(http->multi, socket, http) == CURLM_OK ? 0 : -1;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct tg_http *http = context;
    http->timer_at_ms = timeout_ms < 0 ? -1 : tg_now_ms() + timeout_ms;
    return 0;
}

// Options are refused only by a libcurl that was built without what we need.
static void set(CURLcode code)
{
    if (code != CURLE_OK)
        abort();
}

static void prepare_call(struct tg_http *http, struct call *call)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    call->easy = easy;
    call->http = http;
    set(curl_easy_setopt(easy, CURLOPT_PRIVATE, call));
    set(curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body));
    set(curl_easy_setopt(easy, CURLOPT_READDATA, call));
    set(curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_seek));
    set(curl_easy_setopt(easy, CURLOPT_SEEKDATA, call));
    set(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_answer));
    set(curl_easy_setopt(easy, CURLOPT_WRITEDATA, call));
    long buffer = (long)http->buffer_bytes;
    set(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, buffer ? buffer : UPLOAD_BUFFER_BYTES));
    set(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer ? buffer : DOWNLOAD_BUFFER_BYTES));
    set(curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent));
    if (http->ca_file)
        set(curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file));
    set(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http->https_only ? "https" : "http,https"));
    set(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    set(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
    set(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*")); // or it looks in the environment each time
    set(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    set(curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
    set(curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, limit_silence));
    set(curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, http));
    if (http->outside_and) {
        set(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_outside));
        set(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call));
        set(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_head));
        set(curl_easy_setopt(easy, CURLOPT_HEADERDATA, call));
    }
    set(curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_REUSE_S));
    set(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS));
}

static void prepare_multi(struct tg_http *http)
{
    long connections = (long)http->calls_max;
    http->multi = curl_multi_init();
    if (!http->multi)
        abort();
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections);
}

struct tg_http *tg_http_create(const struct tg_http_options *options)
{
    set(curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiped_malloc, wiped_free, wiped_realloc,
                             wiped_strdup, wiped_calloc));
    struct tg_http *http = tg_alloc(sizeof *http);
    http->calls_max = options->calls_max;
    http->silence_ms = (unsigned)options->silence_ms;
    http->https_only = options->https_only;
    http->ca_file = options->ca_file;
    http->buffer_bytes = options->buffer_bytes;
    http->outside_and = options->outside_and;
    http->user_agent = options->user_agent ? options->user_agent : "tollgate/" TOLLGATE_VERSION;
    http->timer_at_ms = -1;
    prepare_multi(http);

    http->epoll = epoll_create1(EPOLL_CLOEXEC);
    http->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = http->wake};
    if (http->epoll < 0 || http->wake < 0 ||
        epoll_ctl(http->epoll, EPOLL_CTL_ADD, http->wake, &event) != 0)
        abort();

    http->calls = tg_alloc(http->calls_max * sizeof *http->calls);
    http->free = tg_alloc(http->calls_max * sizeof(struct call *));
    for (size_t i = 0; i < http->calls_max; i++)
        http->free[http->free_count++] = &http->calls[i];
    return http;
}

void tg_http_destroy(struct tg_http *http)
{
    if (!http)
        return;
    assert(http->free_count == http->calls_max);
    for (size_t i = 0; i < http->calls_max; i++) {
        curl_easy_cleanup(http->calls[i].easy);
        tg_text_finish(&http->calls[i].answer);
    }
    curl_multi_cleanup(http->multi);
    close(http->wake);
    close(http->epoll);
    free(http->calls);
    free(http->free);
    free(http);
    curl_global_cleanup();
}

void tg_http_wake(struct tg_http *http)
{
    // Full (after 2^64 - 2 wakings that nobody saw) is as good as written.
    (void)eventfd_write(http->wake, 1);
}

size_t tg_http_active(const struct tg_http *http)
{
    return http->calls_max - http->free_count;
}

size_t tg_http_room(const struct tg_http *http)
{
    return http->free_count;
}

static void add_header(struct call *call, const char *header)
{
    struct curl_slist *longer = curl_slist_append(call->headers, header);
    if (!longer)
        abort();
    call->headers = longer;
}

// Two headers that libcurl makes by itself are left out: it would wait for "100 Continue" before
// larger bodies, and take them for a form. (What is signed is signed with the headers that are left
// out, too: there whoever asks names the type, and S3 says that it may continue.)
static void set_headers(struct call *call, const struct tg_http_request *request)
{
    call->headers = NULL;
    for (size_t i = 0; i < TG_HTTP_HEADERS_MAX && request->headers[i]; i++)
        add_header(call, request->headers[i]);
    if (!request->sign_as) {
        add_header(call, "Expect:");
        add_header(call, "Content-Type:");
    }
    set(curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers));
}

static void set_method(struct call *call, const struct tg_http_request *request)
{
    bool get = strcmp(request->method, "GET") == 0;
    bool has_body = call->body.data || call->body.length > 0;
    assert(!get || !has_body);
    set(curl_easy_setopt(call->easy, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L));
    set(curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, request->method));
    set(curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length));
    set(curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, !get && !has_body ? 1L : 0L));
}

static void set_body(struct call *call, const struct tg_http_request *request)
{
    call->body = request->body;
    call->file = request->file;
    call->file_from = request->file_from;
    call->file_size = request->file_size;
    call->before = request->before;
    call->after = request->after;
    if (request->file_size > 0)
        call->body = (struct tg_span){NULL, request->before.length + request->file_size +
                                                request->after.length};
    call->take = request->take;
    call->answer_max = request->answer_max;
    call->read = 0;
    call->head = 0;
    call->sent = call->held_back = call->again = call->inside = false;
    tg_text_clear(&call->answer);
}

void tg_http_begin(struct tg_http *http, const struct tg_http_request *request)
{
    assert(http->free_count > 0);
    struct call *call = http->free[--http->free_count];
    if (!call->easy)
        prepare_call(http, call);
    call->under_way = true;
    call->context = request->context;
    call->hold_back = request->hold_back;
    set_body(call, request);

    // A new request waits for the connection that is being made instead of making one of its own.
    bool https = strncmp(request->url, "https:", 6) == 0;
    CURL *easy = call->easy;
    set_method(call, request);
    set_headers(call, request);
    set(curl_easy_setopt(easy, CURLOPT_URL, request->url));
    set(curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, request->sign_as));
    set(curl_easy_setopt(easy, CURLOPT_USERNAME, request->sign_as ? request->key_id : NULL));
    set(curl_easy_setopt(easy, CURLOPT_PASSWORD, request->sign_as ? request->key_secret : NULL));
    set(curl_easy_setopt(easy, CURLOPT_PIPEWAIT, https ? 1L : 0L));
    set(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms));
    set(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms));
    set(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)STALLED_BELOW));
    set(curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)request->stall_s));
    if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
        abort();
}

// libcurl sends what it has read before it returns, so the bytes have left by now.
static void pass_stop_point(const struct tg_http *http)
{
    for (size_t i = 0; i < http->calls_max; i++) {
        const struct call *call = &http->calls[i];
        if (call->under_way && call->sent && call->read == call->body.length)
            TG_STOP_POINT("after_body");
    }
}

void tg_http_run(struct tg_http *http, int timeout_ms)
{
    if (http->timer_at_ms >= 0) {
        long long left_ms = http->timer_at_ms - tg_now_ms();
        if (left_ms < timeout_ms)
            timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    }
    struct epoll_event events[EVENTS_MAX];
    int running = 0;
    int n = epoll_wait(http->epoll, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == http->wake) {
            eventfd_t times;
            (void)eventfd_read(http->wake, &times);
            continue;
        }
        int what = 0;
        if (events[i].events & EPOLLIN)
            what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP))
            what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(http->multi, events[i].data.fd, what, &running);
    }
    if (http->timer_at_ms >= 0 && http->timer_at_ms <= tg_now_ms()) {
        http->timer_at_ms = -1; // before the call, which may set it again
        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    pass_stop_point(http);
}

static bool is_tls_failure(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
        return true;
    default:
        return false;
    }
}

enum tg_http_end tg_http_end_of(CURLcode code, bool sent)
{
    if (code == CURLE_OK)
        return TG_HTTP_ANSWERED;
    // SEND_FAIL_REWIND: libcurl wanted the body a second time, so it had read it once.
    if (sent || code == CURLE_SEND_FAIL_REWIND)
        return TG_HTTP_UNKNOWN;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
        return TG_HTTP_NO_HOST;
    if (code == CURLE_COULDNT_CONNECT)
        return TG_HTTP_REFUSED;
    return is_tls_failure(code) ? TG_HTTP_NO_TLS : TG_HTTP_UNSENT;
}

// Nobody but libcurl knows when a request without a body leaves.
static bool was_sent(const struct call *call)
{
    curl_off_t ready_us = 0;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
    return call->sent || (call->body.length == 0 && ready_us > 0);
}

// Takes the request out of the multi handle; its room is free again.
static void end(struct tg_http *http, struct call *call, CURLcode code,
                struct tg_http_answer *answer)
{
    long status = 0;
    curl_off_t total_us = 0;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    bool sent = was_sent(call);
    *answer = (struct tg_http_answer){.context = call->context,
                                      .end = call->held_back ? TG_HTTP_HELD_BACK
                                                             : tg_http_end_of(code, sent),
                                      .sent = sent,
                                      .again = call->again,
                                      .inside = call->inside,
                                      .status = code == CURLE_OK ? (int)status : 0,
                                      .retry_after_s = code == CURLE_OK ? retry_after_s : 0,
                                      .seconds = (double)total_us / 1e6,
                                      .reason = code == CURLE_OK ? "" : curl_easy_strerror(code),
                                      .body = {tg_text_string(&call->answer), call->answer.length},
                                      .handle = call->easy};
    if (code == CURLE_SEND_FAIL_REWIND)
        answer->reason = "The connection broke before an answer came";
    curl_multi_remove_handle(http->multi, call->easy);
    curl_slist_free_all(call->headers);
    set(curl_easy_setopt(call->easy, CURLOPT_URL, NULL)); // there may be a secret in it
    set(curl_easy_setopt(call->easy, CURLOPT_PASSWORD, NULL));
    call->under_way = false;
    http->free[http->free_count++] = call;
}

bool tg_http_take(struct tg_http *http, struct tg_http_answer *answer)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    if (!message)
        return false;
    assert(message->msg == CURLMSG_DONE);
    struct call *call = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    end(http, call, message->data.result, answer);
    return true;
}

const char *tg_http_header(const struct tg_http_answer *answer, const char *name)
{
    struct curl_header *header = NULL;
    bool found = curl_easy_header(answer->handle, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
    for (size_t i = 1; found && i < header->amount; i++)
        found = curl_easy_header(answer->handle, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
    return found ? header->value : NULL;
}

// Any, or the one with this context.
static bool break_off(struct tg_http *http, bool any, const void *context,
                      struct tg_http_answer *answer)
{
    for (size_t i = 0; i < http->calls_max; i++) {
        struct call *call = &http->calls[i];
        if (call->under_way && (any || call->context == context)) {
            end(http, call, CURLE_ABORTED_BY_CALLBACK, answer);
            return true;
        }
    }
    return false;
}

bool tg_http_break_off(struct tg_http *http, struct tg_http_answer *answer)
{
    return break_off(http, true, NULL, answer);
}

bool tg_http_break_off_one(struct tg_http *http, const void *context, struct tg_http_answer *answer)
{
    return break_off(http, false, context, answer);
}

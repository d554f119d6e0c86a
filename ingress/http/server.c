#include "ingress/http/server.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// A body over its limit is read to its end and dropped, so that the connection stays usable, unless
// it is this far over.
enum { DISCARD_MAX = 4 * 1024 * 1024 };

// How long the last answers may take to leave when the server stops: a client that does not read
// its own must not hold up the others' end.
enum { LEAVE_S = 2 };

struct server {
    struct MHD_Daemon *daemon;
    struct server_handler handler;
    atomic_bool closed;
    struct body_room room;
    pthread_mutex_t lock;
    pthread_cond_t progress;
    // Requests that were handed out; guarded by lock.
    size_t unanswered;
    size_t unsent;
};

// Of the answer.
struct header {
    struct header *next;
    const char *value; // behind the name
    char name[];
};

// A request, and what only we know of it.
struct exchange {
    struct request request;
    struct server *server;
    struct MHD_Connection *connection;
    struct header *headers; // of the answer
    bool unread;            // not to its end: the connection cannot be used again
    bool handed_out;
    bool going_on;        // the handler is to be called again
    struct answer answer; // status 0 until answered
    max_align_t state[];  // the handler's
};

static struct exchange *exchange_of(const struct request *request)
{
    return (struct exchange *)request;
}

void request_drop_body(struct request *request)
{
    body_drop(&request->body, &exchange_of(request)->server->room);
}

struct header_search {
    const char *name;
    const char *value;
    int count;
};

static enum MHD_Result compare_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    struct header_search *search = context;
    if (strcasecmp(name, search->name) == 0 && search->count++ == 0)
        search->value = value ? value : "";
    return MHD_YES;
}

struct parameter_search {
    const char *const *names;
    const char *unknown;
};

static enum MHD_Result compare_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                         const char *value)
{
    (void)kind, (void)value;
    struct parameter_search *search = context;
    const char *const *known = search->names;
    while (*known && strcasecmp(*known, name) != 0)
        known++;
    if (!*known)
        search->unknown = name;
    return *known ? MHD_YES : MHD_NO;
}

const char *request_unknown_parameter(const struct request *request, const char *const *names)
{
    struct parameter_search search = {.names = names};
    MHD_get_connection_values(exchange_of(request)->connection, MHD_GET_ARGUMENT_KIND,
                              compare_parameter, &search);
    return search.unknown;
}

// Any thread may ask: the connection is suspended, so that nobody changes what it holds.
const char *request_header(const struct request *request, const char *name, int *count)
{
    struct header_search search = {.name = name};
    MHD_get_connection_values(exchange_of(request)->connection, MHD_HEADER_KIND, compare_header,
                              &search);
    if (count)
        *count = search.count;
    return search.value;
}

const char *request_parameter(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(exchange_of(request)->connection, MHD_GET_ARGUMENT_KIND,
                                       name);
}

void request_add_header(struct request *request, const char *name, const char *value)
{
    struct exchange *exchange = exchange_of(request);
    assert(exchange->answer.status == 0);
    size_t name_size = strlen(name) + 1;
    size_t value_size = strlen(value) + 1;
    struct header *header = tg_alloc(sizeof *header + name_size + value_size);
    memcpy(header->name, name, name_size);
    header->value = memcpy(header->name + name_size, value, value_size);
    header->next = exchange->headers;
    exchange->headers = header;
}

// A request that was handed out has come further: one of the two counts is less.
static void count_down(struct server *server, size_t *count)
{
    pthread_mutex_lock(&server->lock);
    if (--*count == 0)
        pthread_cond_broadcast(&server->progress);
    pthread_mutex_unlock(&server->lock);
}

static void free_exchange(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    struct exchange *exchange = *held;
    if (!exchange)
        return;
    if (exchange->handed_out)
        count_down(exchange->server, &exchange->server->unsent);
    // Its client went while it was on its way back to the handler.
    if (exchange->handed_out && exchange->answer.status == 0)
        count_down(exchange->server, &exchange->server->unanswered);
    request_drop_body(&exchange->request);
    tg_text_finish(&exchange->answer.body);
    while (exchange->headers) {
        struct header *header = exchange->headers;
        exchange->headers = header->next;
        free(header);
    }
    free(exchange);
    *held = NULL;
}

static enum MHD_Result queue_answer(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    char status[12];
    snprintf(status, sizeof status, "%d", answer->status);
    tg_count(TG_HTTP_REQUESTS, status, 1);

    // The response takes the body's memory and frees it.
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, answer->body.data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    if (answer->body.length > 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                answer->content_type ? answer->content_type : "application/json");
    answer->body = (struct tg_text){0};
    for (const struct header *header = exchange->headers; header; header = header->next)
        MHD_add_response_header(response, header->name, header->value);
    if (atomic_load_explicit(&exchange->server->closed, memory_order_relaxed) || exchange->unread)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued =
        MHD_queue_response(exchange->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

// Gives it to the handler, for the first time or again.
static void hand_out(struct exchange *exchange)
{
    struct server *server = exchange->server;
    if (!exchange->handed_out) {
        pthread_mutex_lock(&server->lock);
        server->unanswered++;
        server->unsent++;
        pthread_mutex_unlock(&server->lock);
        if (exchange->request.body.file >= 0)
            lseek(exchange->request.body.file, 0, SEEK_SET);
    }
    exchange->handed_out = true;
    exchange->going_on = false;
    // Suspended first: from the next line on another thread may answer.
    MHD_suspend_connection(exchange->connection);
    server->handler.handle(&exchange->request, server->handler.context);
}

// Asks the handler what it expects and looks at what is announced.
static void begin(struct exchange *exchange)
{
    const struct server_handler *handler = &exchange->server->handler;
    exchange->request.body = body_of(BODY_NONE, 0);
    handler->begin(&exchange->request, handler->context);
    const char *length = request_header(&exchange->request, MHD_HTTP_HEADER_CONTENT_LENGTH, NULL);
    unsigned long long announced = length ? strtoull(length, NULL, 10) : 0;
    exchange->request.body.too_large = announced > exchange->request.body.max;
    exchange->unread = exchange->request.body.too_large && announced > DISCARD_MAX;
    if (exchange->unread)
        hand_out(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **held)
{
    (void)version;
    struct exchange *exchange = *held;
    if (!exchange) {
        struct server *server = context;
        *held = exchange = tg_alloc(sizeof *exchange + server->handler.state_size);
        exchange->server = server;
        exchange->connection = connection;
        exchange->request =
            (struct request){.method = method, .path = path, .state = exchange->state};
        begin(exchange);
        return MHD_YES;
    }
    if (exchange->answer.status != 0)
        return queue_answer(exchange);
    if (*upload_size > 0) {
        struct body *body = &exchange->request.body;
        body_take(body, &exchange->server->room, upload, *upload_size);
        if (body->too_large && body->came > DISCARD_MAX)
            return MHD_NO;
        *upload_size = 0;
        return MHD_YES;
    }
    if (!exchange->handed_out || exchange->going_on)
        hand_out(exchange);
    return MHD_YES;
}

void request_answer(struct request *request, struct answer *answer)
{
    struct exchange *exchange = exchange_of(request);
    struct server *server = exchange->server;
    assert(exchange->answer.status == 0 && answer->status != 0);
    exchange->answer = *answer;
    *answer = (struct answer){0};
    MHD_resume_connection(exchange->connection);
    count_down(server, &server->unanswered);
}

void request_go_on(struct request *request)
{
    struct exchange *exchange = exchange_of(request);
    exchange->going_on = true;
    MHD_resume_connection(exchange->connection);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *context, const char *format,
                                                              va_list args)
{
    (void)context;
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    tg_log(TG_LOG_DEBUG, "http_library_said", TG_LOG_TEXT("text", line));
}

void server_free(struct server *server)
{
    if (!server)
        return;
    pthread_cond_destroy(&server->progress);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

struct server *server_start(const struct tg_address *address, unsigned threads,
                            const struct server_handler *handler, struct tg_error *error)
{
    char text[TG_ADDRESS_TEXT_SIZE];
    int listener = tg_listen(address, TG_LISTEN_BACKLOG, "TOLLGATE_LISTEN", text, error);
    if (listener < 0)
        return NULL;
    struct server *server = tg_alloc(sizeof *server);
    server->handler = *handler;
    pthread_mutex_init(&server->lock, NULL);
    tg_cond_init(&server->progress);

    // A pool of one is refused by the library: that is the plain internal thread.
    unsigned pool = threads > 1 ? threads : 0;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC,
        0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED, free_exchange, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)TG_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)TG_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)TG_CONNECTION_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!server->daemon) {
        tg_error_set(error, "listen_failed", "TOLLGATE_LISTEN",
                     "TOLLGATE_LISTEN: the listener on %s could not be started", text);
        close(listener);
        server_free(server);
        return NULL;
    }
    tg_log(TG_LOG_INFO, "server_listening", TG_LOG_TEXT("address", text));
    return server;
}

void server_close(struct server *server)
{
    if (atomic_exchange(&server->closed, true))
        return;
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
}

void server_stop(struct server *server)
{
    server_close(server);
    // The library aborts the process if it is stopped with a connection still suspended, and it
    // cuts off an answer that is on its way.
    pthread_mutex_lock(&server->lock);
    while (server->unanswered > 0)
        pthread_cond_wait(&server->progress, &server->lock);
    struct timespec deadline = tg_cond_deadline(LEAVE_S * 1000);
    while (server->unsent > 0 &&
           pthread_cond_timedwait(&server->progress, &server->lock, &deadline) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&server->lock);
    MHD_stop_daemon(server->daemon);
}

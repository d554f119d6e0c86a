#include "tests/metasim/sim_server.h"

#include "tests/metasim/cloud_api.h"
#include "tests/metasim/control.h"
#include "tests/metasim/exchange.h"
#include "tests/metasim/graph_headers.h"
#include "tests/metasim/sim_limits.h"
#include "tests/metasim/upload.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct sim_server {
    struct sim *sim;
    struct MHD_Daemon *daemon;
};

// One request on its way through, freed when libmicrohttpd is done with it.
struct exchange {
    struct sim *sim;
    struct MHD_Connection *connection;
    bool control; // to /_sim, not to Meta's API
    bool decided; // `answer` is filled in
    int authorizations;
    struct request request;
    struct answer answer;
    struct delay_entry wait;
    uint64_t came;         // of the body
    struct upload *upload; // in which the body is; NULL: it is none
    struct uploaded uploaded;
};

// What is sent of a file: a copy, as the exchange may end before it.
struct sending {
    struct answer_file file;
    struct sim *sim;
    struct MHD_Connection *connection;
    struct delay_entry stall;
};

// What is known of a connection from its first request to its last.
struct carrier {
    bool used; // by a request to Meta's API
};

const char *request_argument(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->transport, MHD_GET_ARGUMENT_KIND, name);
}

struct argument_walk {
    void (*each)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result see_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    struct argument_walk *walk = context;
    walk->each(walk->context, name, value ? value : "");
    return MHD_YES;
}

void request_each_argument(const struct request *request,
                           void (*each)(void *context, const char *name, const char *value),
                           void *context)
{
    struct argument_walk walk = {each, context};
    MHD_get_connection_values(request->transport, MHD_GET_ARGUMENT_KIND, see_argument, &walk);
}

static void wake(void *connection)
{
    MHD_resume_connection(connection);
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct carrier *carrier_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    struct exchange *exchange = context;
    if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0) {
        exchange->authorizations++;
        exchange->request.authorization = exchange->authorizations == 1 ? value : NULL;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) == 0) {
        exchange->request.content_type = value;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        exchange->request.host = value;
    }
    return MHD_YES;
}

// A form whose body may be a file.
static bool is_upload(const struct request *request)
{
    const char *slash = strrchr(request->path, '/');
    return strcmp(request->method, "POST") == 0 && slash && strcmp(slash, "/media") == 0;
}

static struct exchange *begin(struct sim *sim, struct MHD_Connection *connection, const char *path,
                              const char *method)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        abort();
    struct carrier *carrier = carrier_of(connection);
    exchange->sim = sim;
    exchange->connection = connection;
    exchange->control = strncmp(path, "/_sim/", 6) == 0;
    exchange->request = (struct request){.method = method,
                                         .path = path,
                                         .connection_reused = carrier->used,
                                         .transport = connection};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, read_header, exchange);
    if (is_upload(&exchange->request))
        exchange->upload = upload_begin(connection);
    if (exchange->upload)
        stats_count(&sim->stats, STAT_UPLOADS);
    exchange->uploaded.file = -1;
    if (!exchange->control) {
        carrier->used = true;
        stats_request_began(&sim->stats);
    }
    return exchange;
}

static void take_body(struct exchange *exchange, const char *bytes, size_t length)
{
    struct request *request = &exchange->request;
    exchange->came += length;
    if (exchange->upload) {
        upload_take(exchange->upload, bytes, length);
        return;
    }
    if (length > SIM_BODY_MAX - request->body.length)
        request->body_too_large = true;
    if (!request->body_too_large)
        tg_text_append(&request->body, bytes, length);
}

// Connecting a connected socket to no address is Linux's way to a RST at once. The usual one,
// closing it with a linger time of zero, comes too late: libmicrohttpd shuts the socket down first,
// so that the client would see an orderly end.
static void reset_connection(int fd)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &nowhere, sizeof nowhere);
}

static void add_header(void *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
}

static void end_sending(void *context)
{
    struct sending *sending = context;
    close(sending->file.file);
    free(sending);
}

// How much of the next bytes may leave before something goes wrong.
static size_t bounded(uint64_t at, size_t max, int64_t bound)
{
    uint64_t left = bound > 0 && (uint64_t)bound > at ? (uint64_t)bound - at : 0;
    return bound == 0 || left > max ? max : (size_t)left;
}

static ssize_t read_file(void *context, uint64_t at, char *buffer, size_t max)
{
    struct sending *sending = context;
    const struct answer_file *file = &sending->file;
    if (file->cut_at > 0 && bounded(at, max, file->cut_at) == 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = bounded(at, bounded(at, max, file->cut_at), file->stall_at);
    if (n > 0)
        return pread(file->file, buffer, n, (off_t)at);
    // Until the client goes, or a reset: then it is cut.
    MHD_suspend_connection(sending->connection);
    sending->file.cut_at = 1;
    sending->stall =
        (struct delay_entry){.owner = sending->connection, .fd = socket_of(sending->connection)};
    delay_hold(sending->sim->delay, &sending->stall, 0, true);
    return 0;
}

static struct MHD_Response *file_response(struct exchange *exchange)
{
    struct answer_file *file = &exchange->answer.file;
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending)
        abort();
    *sending = (struct sending){*file, exchange->sim, exchange->connection, {.fd = -1}};
    file->there = false; // the response's own from here on
    return MHD_create_response_from_callback(file->size, SIM_UPLOAD_BUFFER_BYTES, read_file,
                                             sending, end_sending);
}

static struct MHD_Response *body_response(struct answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, answer->body.data, MHD_RESPMEM_MUST_FREE);
    if (response)
        answer->body = (struct tg_text){0}; // the response's own from here on
    return response;
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    struct MHD_Response *response =
        answer->file.there ? file_response(exchange) : body_response(answer);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            *answer->file.type     ? answer->file.type
                            : answer->content_type ? answer->content_type
                                                   : "application/json; charset=UTF-8");
    if (answer->graph.number != 0)
        graph_headers(answer, add_header, response);
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%" PRId64, answer->retry_after_s);
    if (answer->retry_after_s > 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)answer->http_status, response);
    MHD_destroy_response(response);
    return result;
}

// To libmicrohttpd, MHD_NO means: close the connection, and not a byte more.
static enum MHD_Result deliver(struct exchange *exchange)
{
    switch (exchange->answer.manner) {
    case ANSWER_SEND:
        return send_answer(exchange);
    case ANSWER_RESET:
        reset_connection(socket_of(exchange->connection));
        return MHD_NO;
    case ANSWER_CLOSE:
    case ANSWER_NEVER:
        break;
    }
    return MHD_NO;
}

static enum MHD_Result decide(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    exchange->decided = true;
    if (exchange->upload) {
        exchange->uploaded = upload_end(exchange->upload);
        exchange->request.uploaded = &exchange->uploaded;
        exchange->upload = NULL;
    }
    if (exchange->control)
        control_answer(exchange->sim, &exchange->request, answer);
    else
        cloud_api_answer(exchange->sim, &exchange->request, answer);
    bool never = answer->manner == ANSWER_NEVER;
    bool held = answer->ticket != 0;
    if (answer->delay_ms == 0 && !never)
        return deliver(exchange);
    struct sim *sim = exchange->sim;
    struct series *webhooks = answer->webhooks;
    if (held)
        answer->webhooks = NULL;
    // Suspended before it is handed over: the other thread may resume it at once, and this one does
    // not touch the exchange again.
    exchange->wait.owner = exchange->connection;
    exchange->wait.ticket = answer->ticket;
    exchange->wait.fd = socket_of(exchange->connection);
    MHD_suspend_connection(exchange->connection);
    delay_hold(sim->delay, &exchange->wait, answer->delay_ms, never);
    if (held)
        webhooks_begin(sim->webhooks, webhooks);
    return MHD_YES;
}

static bool is_cut(const struct exchange *exchange)
{
    int64_t at = sim_settings_get(&exchange->sim->settings, SETTING_CUT_UPLOAD_AT);
    bool cut = exchange->upload && at > 0 && exchange->came >= (uint64_t)at;
    if (cut)
        reset_connection(socket_of(exchange->connection));
    return cut;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *length, void **state)
{
    (void)version;
    struct exchange *exchange = *state;
    if (!exchange) {
        *state = begin(context, connection, path, method);
        return MHD_YES;
    }
    if (*length > 0) {
        take_body(exchange, bytes, *length);
        *length = 0;
        return is_cut(exchange) ? MHD_NO : MHD_YES;
    }
    return exchange->decided ? deliver(exchange) : decide(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    struct sim *sim = context;
    struct exchange *exchange = *state;
    if (!exchange)
        return;
    if (!exchange->control)
        stats_request_ended(&sim->stats);
    if (exchange->answer.webhooks)
        webhooks_begin(sim->webhooks, exchange->answer.webhooks);
    upload_drop(exchange->upload);
    if (exchange->uploaded.file >= 0)
        close(exchange->uploaded.file);
    if (exchange->answer.file.there)
        close(exchange->answer.file.file);
    tg_text_finish(&exchange->request.body);
    tg_text_finish(&exchange->answer.body);
    free(exchange);
    *state = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **carrier,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)context;
    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*carrier);
        *carrier = NULL;
        return;
    }
    *carrier = calloc(1, sizeof(struct carrier));
    if (!*carrier)
        abort();
}

static struct addrinfo *resolve(const char *listen, struct tg_error *error)
{
    char host[64];
    const char *colon = strrchr(listen, ':');
    size_t length = colon ? (size_t)(colon - listen) : 0;
    if (length == 0 || length >= sizeof host) {
        (void)tg_error_set(error, "bad_listen", NULL, "%s is not HOST:PORT", listen);
        return NULL;
    }
    bool brackets = listen[0] == '[' && listen[length - 1] == ']';
    size_t start = brackets ? 1 : 0;
    memcpy(host, listen + start, length - 2 * start);
    host[length - 2 * start] = '\0';
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *address = NULL;
    int failure = getaddrinfo(host, colon + 1, &hints, &address);
    if (failure == 0)
        return address;
    (void)tg_error_set(error, "bad_listen", NULL, "%s: %s", listen, gai_strerror(failure));
    return NULL;
}

static int open_socket(const char *listen_on, uint16_t *port, struct tg_error *error)
{
    struct addrinfo *address = resolve(listen_on, error);
    if (!address)
        return -1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } bound = {0};
    socklen_t size = sizeof bound;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(fd, SIM_LISTEN_BACKLOG) != 0 || getsockname(fd, &bound.any, &size) != 0) {
        (void)tg_error_set(error, "cannot_listen", NULL, "%s: %s", listen_on,
                           strerrordesc_np(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(address);
    *port = ntohs(bound.any.sa_family == AF_INET6 ? bound.in6.sin6_port : bound.in.sin_port);
    return fd;
}

struct sim_server *sim_server_create(struct sim *sim, const char *listen, uint16_t *port,
                                     struct tg_error *error)
{
    int fd = open_socket(listen, port, error);
    if (fd < 0)
        return NULL;
    struct sim_server *server = calloc(1, sizeof *server);
    if (!server)
        abort();
    server->sim = sim;
    sim->delay = delay_create(wake);
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, sim,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SIM_THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SIM_CONNECTION_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SIM_CONNECTION_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, sim, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        sim, MHD_OPTION_END);
    if (server->daemon)
        return server;
    (void)tg_error_set(error, "cannot_listen", NULL, "%s: the HTTP server does not start", listen);
    close(fd);
    sim_server_destroy(server);
    return NULL;
}

void sim_server_destroy(struct sim_server *server)
{
    if (!server)
        return;
    // libmicrohttpd aborts the process if it is stopped while a connection is suspended.
    delay_close(server->sim->delay);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    delay_destroy(server->sim->delay);
    server->sim->delay = NULL;
    free(server);
}

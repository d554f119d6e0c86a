#include "ingress/http/server.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "ingress/http/answer.h"
#include "ingress/http/forwarded.h"
#include "ingress/http/guard.h"
#include "ingress/http/head.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
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

// How long connections may be kept that wait for their next request: who uses one has long been
// told by then. Longer while requests are held, which are still to come on; but not for ever.
enum { DRAIN_S = 2, DRAIN_MAX_S = 8 };

struct server {
    struct MHD_Daemon *daemon;
    struct server_handler handler;
    struct tg_networks proxies;
    atomic_bool closed;
    bool is_shared; // others listen on our socket too
    bool is_admin;
    MHD_socket listening; // once closed
    struct body_room *room;
    struct guard *guard;
    pthread_mutex_t lock;
    pthread_cond_t progress;
    // Requests that are in hand, held or handed out; guarded by lock.
    size_t unanswered;
    size_t unsent;
    size_t held; // until they go on
};

// Of the answer.
struct header {
    struct header *next;
    const char *value; // behind the name
    char name[];
};

// A request, and what only we know of it. There is one from its first line on.
struct exchange {
    struct request request;
    struct server *server;
    struct MHD_Connection *connection;
    struct guest *guest;
    struct header *headers; // of the answer
    struct head head;
    bool plain;          // its target
    struct tg_text path; // of a target with encoded slashes
    bool begun;          // its headers have come
    bool held;           // while they are looked at
    bool unread;         // not to its end: the connection cannot be used again
    bool in_hand;
    bool handed_out;
    struct answer answer;  // status 0 until answered
    size_t answer_counted; // bytes that it takes of its budget
    int answer_place;
    struct body file;     // that goes back in place of its body, if there is one
    long long began_ms;   // its first line has come
    size_t target_length; // in that line
    max_align_t state[];  // the handler's
};

static struct exchange *exchange_of(const struct request *request)
{
    return (struct exchange *)request;
}

void request_drop_body(struct request *request)
{
    body_drop(&request->body, exchange_of(request)->server->room);
}

void request_drop_bytes(struct request *request)
{
    body_drop_bytes(&request->body);
}

void request_keep(struct request *request, struct body *file, const void *bytes, size_t size)
{
    file->party = request->body.party;
    body_take(file, exchange_of(request)->server->room, bytes, size);
}

bool request_lend(struct request *request, struct body *file, int descriptor, size_t from,
                  size_t size)
{
    *file = body_of(BODY_FILE, size);
    file->party = request->body.party;
    return body_lend(file, exchange_of(request)->server->room, descriptor, from, size);
}

void request_drop_file(struct request *request, struct body *file)
{
    body_drop(file, exchange_of(request)->server->room);
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
    // Most headers are another already by their first letter.
    if (((*name ^ *search->name) & ~0x20) == 0 && strcasecmp(name, search->name) == 0 &&
        search->count++ == 0)
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

struct parameter_walk {
    request_parameter_seen *each;
    void *context;
};

static enum MHD_Result see_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    struct parameter_walk *walk = context;
    return walk->each(walk->context, name, value) ? MHD_YES : MHD_NO;
}

void request_each_parameter(const struct request *request, request_parameter_seen *each,
                            void *context)
{
    struct parameter_walk walk = {each, context};
    MHD_get_connection_values(exchange_of(request)->connection, MHD_GET_ARGUMENT_KIND,
                              see_parameter, &walk);
}

// What several such headers say is one list (RFC 9110, 5.3).
static enum MHD_Result join_forwarded(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    if (strcasecmp(name, "X-Forwarded-For") == 0)
        tg_text_append_format(context, ",%s", value ? value : "");
    return MHD_YES;
}

static struct tg_ip ip_of_peer(const struct request *request)
{
    const struct sockaddr *from = MHD_get_connection_info(exchange_of(request)->connection,
                                                          MHD_CONNECTION_INFO_CLIENT_ADDRESS)
                                      ->client_addr;
    struct tg_ip ip;
    if (from->sa_family != AF_INET6)
        return tg_ip_of_v4(&((const struct sockaddr_in *)(const void *)from)->sin_addr);
    memcpy(ip.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
           sizeof ip.bytes);
    return ip;
}

static bool comes_by_trusted_proxy(const struct request *request)
{
    const struct tg_networks *proxies = &exchange_of(request)->server->proxies;
    return proxies->count > 0 && tg_networks_hold(proxies, ip_of_peer(request));
}

struct tg_ip request_ip(const struct request *request)
{
    const struct tg_networks *proxies = &exchange_of(request)->server->proxies;
    struct tg_ip ip = ip_of_peer(request);
    if (!comes_by_trusted_proxy(request))
        return ip;
    TG_TEXT_AUTO passed_on = {0};
    MHD_get_connection_values(exchange_of(request)->connection, MHD_HEADER_KIND, join_forwarded,
                              &passed_on);
    forwarded_for(tg_text_string(&passed_on), proxies, &ip);
    return ip;
}

bool request_is_by_tls(const struct request *request)
{
    const char *proto =
        comes_by_trusted_proxy(request) ? request_header(request, "X-Forwarded-Proto", NULL) : NULL;
    return proto ? strcasecmp(proto, "https") == 0
                 : MHD_get_connection_info(exchange_of(request)->connection,
                                           MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
}

struct tg_uuid request_address(const struct request *request)
{
    struct tg_uuid address = {{0}};
    struct tg_ip ip = request_ip(request);
    if (tg_ip_is_v4(ip))
        memcpy(address.bytes + 8, ip.bytes + 12, 4);
    else
        memcpy(address.bytes, ip.bytes, 8); // who has one of them has 2^64
    return address;
}

// Nobody reads from a suspended connection, so that the library does not notice.
bool request_client_has_left(const struct request *request)
{
    struct pollfd look = {.fd = MHD_get_connection_info(exchange_of(request)->connection,
                                                        MHD_CONNECTION_INFO_CONNECTION_FD)
                                    ->connect_fd,
                          .events = POLLRDHUP};
    return poll(&look, 1, 0) > 0;
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

bool request_has_header(const struct request *request, const char *name)
{
    const struct header *header = exchange_of(request)->headers;
    while (header && strcasecmp(header->name, name) != 0)
        header = header->next;
    return header != NULL;
}

// A request is ours now: the server does not stop before it is answered.
static void take_in_hand(struct exchange *exchange)
{
    struct server *server = exchange->server;
    guest_is_ours(exchange->guest);
    pthread_mutex_lock(&server->lock);
    server->unanswered++;
    server->unsent++;
    pthread_mutex_unlock(&server->lock);
    exchange->in_hand = true;
}

// A request that was in hand has come further: one of the two counts is less.
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
    guest_idles(exchange->guest);
    if (exchange->held)
        count_down(exchange->server, &exchange->server->held);
    if (exchange->in_hand)
        count_down(exchange->server, &exchange->server->unsent);
    // Its client went while it was on its way back to the handler.
    if (exchange->in_hand && exchange->answer.status == 0)
        count_down(exchange->server, &exchange->server->unanswered);
    request_drop_body(&exchange->request);
    if (exchange->answer_counted > 0)
        body_room_give(exchange->server->room, BUDGET_ANSWERS, exchange->answer_place,
                       exchange->answer_counted);
    tg_text_finish(&exchange->answer.body);
    tg_text_finish(&exchange->path);
    request_drop_file(&exchange->request, &exchange->file);
    while (exchange->headers) {
        struct header *header = exchange->headers;
        exchange->headers = header->next;
        free(header);
    }
    free(exchange);
    *held = NULL;
}

// The response takes the body's memory, or the file, and gives it back; *length is what goes back.
static struct MHD_Response *response_of(struct exchange *exchange, size_t *length)
{
    struct tg_text *bytes = &exchange->answer.body;
    struct body *file = &exchange->file;
    *length = file->file >= 0 ? file->held : bytes->length;
    struct MHD_Response *response =
        file->file >= 0
            ? MHD_create_response_from_fd_at_offset64(file->held, file->file, file->from)
            : MHD_create_response_from_buffer(bytes->length, bytes->data, MHD_RESPMEM_MUST_FREE);
    if (response) {
        *bytes = (struct tg_text){0};
        file->file = -1;
    }
    return response;
}

static enum MHD_Result queue_answer(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    char status[12];
    snprintf(status, sizeof status, "%d", answer->status);
    if (!exchange->server->is_admin)
        tg_count(TG_HTTP_REQUESTS, status, 1);
    tg_observe_in(exchange->request.series, (double)(tg_now_ms() - exchange->began_ms) / 1e3);

    size_t length;
    const char *type = answer->content_type ? answer->content_type : "application/json";
    struct MHD_Response *response = response_of(exchange, &length);
    if (!response)
        return MHD_NO;
    if (length > 0 && *type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (const struct header *header = exchange->headers; header; header = header->next)
        MHD_add_response_header(response, header->name, header->value);
    if (atomic_load_explicit(&exchange->server->closed, memory_order_relaxed) || exchange->unread)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    guest_takes(exchange->guest, length);
    enum MHD_Result queued =
        MHD_queue_response(exchange->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void hand_out(struct exchange *exchange)
{
    const struct server_handler *handler = &exchange->server->handler;
    if (!exchange->in_hand)
        take_in_hand(exchange);
    exchange->handed_out = true;
    if (exchange->request.body.file >= 0)
        lseek(exchange->request.body.file, 0, SEEK_SET);
    // Suspended first: from the next line on another thread may answer.
    MHD_suspend_connection(exchange->connection);
    handler->handle(&exchange->request, handler->context);
}

// Asks the handler what it expects of a request whose head is in order.
static void begin(struct exchange *exchange, const char *version)
{
    const struct server_handler *handler = &exchange->server->handler;
    struct request *request = &exchange->request;
    struct tg_error error;
    exchange->begun = true;
    request->body = body_of(BODY_NONE, 0);
    exchange->unread = !head_read(exchange->connection, request->method, exchange->target_length,
                                  version, &exchange->head, &error);
    request->has_body = exchange->head.has_body;
    request->encoded = exchange->head.encoded;
    guest_is_ours(exchange->guest);
    if (exchange->unread)
        answer_error(request, &error);
    else
        handler->begin(request, handler->context);
}

// The headers have been looked at: goes on to the body. One that is not wanted is not asked for,
// and not read if it is long.
static enum MHD_Result go_on_to_body(struct exchange *exchange)
{
    const struct head *head = &exchange->head;
    struct body *body = &exchange->request.body;
    bool answered = exchange->answer.status != 0;
    bool long_body = head->length != SIZE_MAX && head->length > DISCARD_MAX;
    body->announced = head->length;
    body->too_large = head->length != SIZE_MAX && head->length > body->max;
    if ((answered || body->too_large) && (head->expects_continue || long_body))
        exchange->unread = true;
    if (exchange->unread && answered)
        return queue_answer(exchange);
    if (exchange->unread)
        hand_out(exchange);
    else if (head->has_body)
        guest_sends(exchange->guest);
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t size)
{
    struct body *body = &exchange->request.body;
    if (exchange->answer.status != 0)
        body->came += size;
    else
        body_take(body, exchange->server->room, bytes, size);
    if (body->came != exchange->head.length) // there is more to come
        guest_has_sent(exchange->guest, size);
    bool dropped = exchange->answer.status != 0 || body->too_large;
    return dropped && body->came > DISCARD_MAX ? MHD_NO : MHD_YES;
}

// Where a target names a host and all (RFC 9112, 3.2.2), what counts is its path.
static const char *path_of(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    return scheme > 0 ? target + scheme + strcspn(target + scheme, "/") : target;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **held)
{
    (void)context;
    (void)connection;
    struct exchange *exchange = *held;
    if (!exchange->begun) {
        exchange->request.method = method;
        if (exchange->path.length > 0)
            path = tg_text_string(&exchange->path);
        exchange->request.path = exchange->plain ? path_of(path) : "";
        begin(exchange, version);
        return exchange->held ? MHD_YES : go_on_to_body(exchange);
    }
    if (exchange->held) {
        exchange->held = false;
        count_down(exchange->server, &exchange->server->held);
        return go_on_to_body(exchange);
    }
    if (*upload_size > 0) {
        size_t size = *upload_size;
        *upload_size = 0;
        return take_body(exchange, upload, size);
    }
    if (exchange->answer.status != 0)
        return queue_answer(exchange);
    if (!exchange->handed_out)
        hand_out(exchange);
    return MHD_YES;
}

// The first line of a request has come, and stands there as it came.
static void *on_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct exchange *exchange = tg_alloc(sizeof *exchange + server->handler.state_size);
    exchange->server = server;
    exchange->connection = connection;
    exchange->guest =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    exchange->target_length = uri ? head_target_length(uri) : 0;
    exchange->plain = uri && head_target_is_plain(uri);
    if (exchange->plain)
        head_target_path(uri, &exchange->path);
    exchange->began_ms = tg_now_ms();
    exchange->request = (struct request){.state = exchange->state, .series = -1, .body.file = -1};
    exchange->file.file = -1;
    return exchange;
}

// Clients may be slow to take what is large, so that it is bounded together. false: answered so.
static bool has_room(struct exchange *exchange, struct answer *answer)
{
    struct request *request = &exchange->request;
    const size_t size = answer->body.length;
    if (size <= TG_BODY_FREE_BYTES)
        return true;
    int place = body_room_take(exchange->server->room, BUDGET_ANSWERS, request->body.party, size);
    if (place >= 0) {
        exchange->answer_place = place;
        exchange->answer_counted = size;
        return true;
    }
    tg_text_finish(&answer->body);
    bool used = place == TG_SHARE_USED;
    answer_refusal(request, used ? "too_many_requests" : "overloaded", NULL,
                   used ? "Too many of your answers are on their way"
                        : "Too many answers are on their way");
    return false;
}

void request_answer(struct request *request, struct answer *answer)
{
    struct exchange *exchange = exchange_of(request);
    struct server *server = exchange->server;
    assert(exchange->answer.status == 0 && answer->status != 0);
    if (!has_room(exchange, answer))
        return;
    if (request->manner)
        request->manner->mark(request, answer->status);
    exchange->answer = *answer;
    if (answer->file) {
        exchange->file = *answer->file;
        *answer->file = body_of(BODY_FILE, 0);
    }
    *answer = (struct answer){0};
    if (!exchange->in_hand)
        return; // it was answered by its headers; nobody has it but the thread that we are on
    MHD_resume_connection(exchange->connection);
    count_down(server, &server->unanswered);
}

void request_hold(struct request *request)
{
    struct exchange *exchange = exchange_of(request);
    take_in_hand(exchange);
    exchange->held = true;
    pthread_mutex_lock(&exchange->server->lock);
    exchange->server->held++;
    pthread_mutex_unlock(&exchange->server->lock);
    MHD_suspend_connection(exchange->connection);
}

void request_go_on(struct request *request)
{
    struct exchange *exchange = exchange_of(request);
    struct server *server = exchange->server;
    if (exchange->handed_out) {
        exchange->handed_out = false; // and will be again
        MHD_resume_connection(exchange->connection);
        return;
    }
    exchange->in_hand = false;
    MHD_resume_connection(exchange->connection);
    // The body is its client's affair again, for which no stop waits.
    count_down(server, &server->unsent);
    count_down(server, &server->unanswered);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **guest,
                          enum MHD_ConnectionNotificationCode what)
{
    const struct server *server = context;
    bool comes = what == MHD_CONNECTION_NOTIFY_STARTED;
    if (!server->is_admin)
        tg_gauge_add(TG_CONNECTIONS, comes ? 1 : -1);
    if (comes)
        *guest = guard_enter(
            server->guard,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    else
        guard_leave(server->guard, *guest);
}

static enum MHD_Result on_knock(void *context, const struct sockaddr *from, socklen_t size)
{
    (void)from;
    (void)size;
    const struct server *server = context;
    return guard_admits(server->guard) ? MHD_YES : MHD_NO;
}

static bool bodies_in_need(void *context)
{
    const struct server *server = context;
    return body_room_is_short(server->room);
}

// As many connections as we want, or as there are files for.
static size_t connections_max(void)
{
    const size_t besides = (size_t)TG_FILES_BESIDES + TG_RELAY_FILES + TG_ERRAND_FILES;
    size_t files = tg_service_files(TG_CONNECTIONS_MAX + besides);
    return files > 2 * besides ? files - besides : files - files / 2;
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
    guard_stop(server->guard);
    body_room_free(server->room);
    pthread_cond_destroy(&server->progress);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static const char *setting_of(const struct server_place *place)
{
    return place->is_admin ? "TOLLGATE_ADMIN_LISTEN" : "TOLLGATE_LISTEN";
}

static int listen_at(const struct server_place *place, char text[static TG_ADDRESS_TEXT_SIZE],
                     struct tg_error *error)
{
    if (place->listener == TG_LISTEN_NONE)
        return tg_listen(&place->address, place->is_admin ? TG_ADMIN_BACKLOG : TG_LISTEN_BACKLOG,
                         setting_of(place), text, error);
    tg_address_format(&place->address, text);
    return place->listener;
}

struct server *server_start(const struct server_place *place, unsigned threads,
                            const struct server_handler *handler, struct tg_error *error)
{
    char text[TG_ADDRESS_TEXT_SIZE];
    int listener = listen_at(place, text, error);
    if (listener < 0)
        return NULL;
    const int send_buffer = TG_SEND_BUFFER_BYTES; // every connection's from now on
    (void)setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    struct server *server = tg_alloc(sizeof *server);
    server->handler = *handler;
    server->proxies = place->proxies;
    server->is_shared = place->listener != TG_LISTEN_NONE;
    server->is_admin = place->is_admin;
    server->room = body_room_create();
    server->guard = guard_start(place->is_admin ? TG_ADMIN_CONNECTIONS_MAX : connections_max(),
                                bodies_in_need, server);
    pthread_mutex_init(&server->lock, NULL);
    tg_cond_init(&server->progress);

    // A pool of one is refused by the library: that is the plain internal thread. Each thread could
    // take all connections, and those that are just being cut off; how many there are is the
    // guard's to say.
    unsigned pool = threads > 1 ? threads : 0;
    struct MHD_OptionItem by_tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, place->tls ? tg_tls_chooser(place->tls) : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, tg_tls_priorities},
        {MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC |
            (place->tls ? MHD_USE_TLS : 0),
        0, on_knock, server, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_NOTIFY_COMPLETED, free_exchange,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_CONNECTION_LIMIT,
        2 * TG_CONNECTIONS_MAX * threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)TG_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)TG_CONNECTION_IDLE_S, MHD_OPTION_ARRAY, by_tls + (place->tls ? 0 : 2),
        MHD_OPTION_END);
    if (!server->daemon) {
        tg_error_set(error, "listen_failed", setting_of(place),
                     "%s: the listener on %s could not be started", setting_of(place), text);
        close(listener);
        server_free(server);
        return NULL;
    }
    if (place->is_admin)
        tg_log(TG_LOG_INFO, "admin_listening", TG_LOG_TEXT("address", text),
               TG_LOG_NUMBER("tls", place->tls != NULL));
    else
        tg_log(TG_LOG_INFO, "server_listening", TG_LOG_TEXT("address", text),
               TG_LOG_NUMBER("passed_on", server->is_shared),
               TG_LOG_NUMBER("tls", place->tls != NULL));
    return server;
}

void server_close(struct server *server)
{
    if (atomic_exchange(&server->closed, true))
        return;
    // Not closed yet: the library's threads may take it out of their epoll sets only after this,
    // and abort the process if it is no socket any more.
    server->listening = MHD_quiesce_daemon(server->daemon);
    if (!server->is_shared)
        (void)shutdown(server->listening, SHUT_RDWR);
}

static bool holds_any(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    bool any = server->held > 0;
    pthread_mutex_unlock(&server->lock);
    return any;
}

void server_drain(struct server *server)
{
    enum { LOOK_MS = 10 };
    long long now_ms = tg_now_ms();
    const long long latest_ms = now_ms + DRAIN_MAX_S * 1000LL;
    long long until_ms = now_ms + DRAIN_S * 1000LL;
    while (server->is_shared && guard_count(server->guard) > 0 && now_ms < until_ms &&
           now_ms < latest_ms) {
        tg_sleep_ms(LOOK_MS);
        now_ms = tg_now_ms();
        if (holds_any(server))
            until_ms = now_ms + DRAIN_S * 1000LL;
    }
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
    if (server->listening != MHD_INVALID_SOCKET)
        close(server->listening);
}

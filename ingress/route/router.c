#include "ingress/route/router.h"

#include "common/limits.h"
#include "ingress/accept/send_form.h"
#include "ingress/http/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// What a handler is told of a request, beside the request itself: its headers may be read on the
// server's own thread only.
struct call {
    int wait_s;                                    // of Prefer: wait=N
    char idempotency_key[TG_IDEMPOTENCY_KEY_SIZE]; // "": none
    struct identity identity;                      // unless Meta calls
};

typedef void handler(const struct routes *routes, struct request *request, const struct call *call);

static void handle_send(const struct routes *routes, struct request *request,
                        const struct call *call)
{
    struct tg_send send;
    struct tg_error error;
    if (!send_read(request_body(request), &call->identity, &send, &error)) {
        answer_error(request, &error);
        return;
    }
    send_set_key(&send, call->idempotency_key, request_body(request));
    request_drop_body(request); // it may wait for Meta for long
    lanes_submit(routes->lanes, request, &send, call->wait_s);
}

static void handle_message(const struct routes *routes, struct request *request,
                           const struct call *call)
{
    query_message(routes->queries, request, &call->identity);
}

static void handle_cancel(const struct routes *routes, struct request *request,
                          const struct call *call)
{
    query_cancel(routes->queries, request, &call->identity);
}

static void handle_wallet(const struct routes *routes, struct request *request,
                          const struct call *call)
{
    query_wallet(routes->queries, request, &call->identity);
}

static void handle_transactions(const struct routes *routes, struct request *request,
                                const struct call *call)
{
    query_transactions(routes->queries, request, &call->identity);
}

static void handle_handshake(const struct routes *routes, struct request *request,
                             const struct call *call)
{
    (void)call;
    webhook_shake_hands(routes->webhook, request);
}

static void handle_webhook(const struct routes *routes, struct request *request,
                           const struct call *call)
{
    (void)call;
    webhook_take(routes->webhook, request);
}

// Who may call: an org, by its key, with JSON; or Meta, who signs what it sends.
enum caller { ORG, META };

struct method {
    const char *name;
    size_t body_max;
    handler *handle;
};

static const struct route {
    const char *path; // one that ends in "/" takes one further segment
    enum caller caller;
    const char *allow; // all its methods
    struct method methods[2];
} table[] = {
    {"/api/send-message", ORG, "POST", {{"POST", TG_SEND_BODY_MAX, handle_send}}},
    {"/api/messages/",
     ORG,
     "GET, DELETE",
     {{"GET", 0, handle_message}, {"DELETE", 0, handle_cancel}}},
    {"/api/wallet", ORG, "GET", {{"GET", 0, handle_wallet}}},
    {"/api/wallet/transactions", ORG, "GET", {{"GET", 0, handle_transactions}}},
    {"/webhook",
     META,
     "GET, POST",
     {{"GET", 0, handle_handshake}, {"POST", TG_WEBHOOK_BODY_MAX, handle_webhook}}},
};

static bool path_matches(const struct route *route, const char *path)
{
    size_t length = strlen(route->path);
    if (route->path[length - 1] != '/')
        return strcmp(route->path, path) == 0;
    return strncmp(route->path, path, length) == 0 && path[length] != '\0' &&
           !strchr(path + length, '/');
}

// NULL: there is no such path.
static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (path_matches(&table[i], path))
            return &table[i];
    }
    return NULL;
}

// NULL: there is no such path, or it does not take this method.
static const struct method *find_method(const struct route *route, const char *name)
{
    enum { METHODS = sizeof route->methods / sizeof *route->methods };
    for (size_t i = 0; route && i < METHODS && route->methods[i].name; i++) {
        if (strcmp(route->methods[i].name, name) == 0)
            return &route->methods[i];
    }
    return NULL;
}

size_t routes_body_max(const char *path, const char *method)
{
    const struct method *found = find_method(find_route(path), method);
    return found ? found->body_max : 0;
}

static bool is_json(const char *content_type)
{
    static const char type[] = "application/json";
    return content_type && strncasecmp(content_type, type, sizeof type - 1) == 0 &&
           strchr("; \t", content_type[sizeof type - 1]);
}

// What every request must be, whoever sends it.
static bool check_request(struct request *request, const struct route *route,
                          const struct method *method, struct tg_error *error)
{
    if (!route)
        return tg_error_set(error, "not_found", "path", "There is no such path");
    if (!method)
        return tg_error_set(error, "method_not_allowed", "method", "This path takes %s only",
                            route->allow);
    if (request_body_too_large(request))
        return tg_error_set(error, "body_too_large", "body", "The body must have at most %zu bytes",
                            method->body_max);
    if (request_body_without_room(request))
        return tg_error_set(error, "overloaded", NULL, "Too many bodies are being read");
    if (route->caller == META)
        return true;
    if (method->body_max > 0 && !is_json(request_header(request, "Content-Type", NULL)))
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must be application/json");
    return true;
}

// A request whose key must be looked up before its handler can run.
struct look_up {
    const struct routes *routes;
    const struct method *method;
    struct request *request;
    struct credentials credentials;
    struct call call; // but for its identity
};

// A caller whom we do not know may try again with a key; Meta, who signs, may not.
static void refuse_caller(struct request *request, const struct tg_error *error)
{
    if (strcmp(error->code, "unauthorized") == 0)
        request_add_header(request, "WWW-Authenticate", "Bearer");
    answer_error(request, error);
}

static void run_look_up(struct tg_pg *pg, void *context)
{
    struct look_up *look_up = context;
    struct call *call = &look_up->call;
    struct tg_error error;
    if (auth_look_up(look_up->routes->auth, pg, &look_up->credentials, &call->identity, &error))
        look_up->method->handle(look_up->routes, look_up->request, call);
    else
        refuse_caller(look_up->request, &error);
    free(look_up);
}

// A method without a body sends nothing, and minds none of the headers of a send.
static bool read_headers(struct request *request, const struct method *method, struct call *call,
                         struct tg_error *error)
{
    if (method->body_max == 0)
        return true;
    call->wait_s = send_wait_seconds(request_header(request, "Prefer", NULL));
    int count;
    const char *key = request_header(request, "Idempotency-Key", &count);
    return send_read_key(key, count, call->idempotency_key, error);
}

static void handle_for_org(const struct routes *routes, const struct method *method,
                           struct request *request)
{
    struct look_up look_up = {.routes = routes, .method = method, .request = request};
    struct call *call = &look_up.call;
    struct tg_error error;
    if (!read_headers(request, method, call, &error)) {
        answer_error(request, &error);
        return;
    }
    int count;
    const char *authorization = request_header(request, "Authorization", &count);
    switch (auth_check(routes->auth, authorization, count, &look_up.credentials, &call->identity,
                       &error)) {
    case AUTH_KNOWN:
        method->handle(routes, request, call);
        break;
    case AUTH_LOOK_UP:
        query_submit_copy(routes->queries, run_look_up, &look_up, sizeof look_up, request);
        break;
    case AUTH_REFUSED:
        refuse_caller(request, &error);
        break;
    }
}

void routes_handle(struct request *request, void *context)
{
    const struct routes *routes = context;
    const struct route *route = find_route(request_path(request));
    const struct method *method = find_method(route, request_method(request));
    struct tg_error error;
    if (!check_request(request, route, method, &error)) {
        if (strcmp(error.code, "method_not_allowed") == 0)
            request_add_header(request, "Allow", route->allow);
        answer_error(request, &error);
    } else if (route->caller == META) {
        method->handle(routes, request, &(const struct call){0});
    } else {
        handle_for_org(routes, method, request);
    }
}

#include "ingress/route/router.h"

#include "common/base/memory.h"
#include "ingress/http/answer.h"
#include "ingress/route/path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct row {
    const struct endpoint *endpoint;
    void *context; // of its handler
};

struct router {
    struct keys *keys;
    struct pool *pool;
    size_t count;
    struct row *rows; // of all tables
};

// What the router knows of a request: its state.
struct visit {
    struct router *router;
    struct request *request;
    const struct row *row; // NULL: there is no such endpoint
    bool admitted;         // the handler may run
    struct identity caller;
    struct key_asker asker;
};

struct router *router_create(struct keys *keys, struct pool *pool)
{
    struct router *router = tg_alloc(sizeof *router);
    router->keys = keys;
    router->pool = pool;
    return router;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    free(router->rows);
    free(router);
}

void router_add(struct router *router, const struct endpoint *endpoints, void *context)
{
    for (const struct endpoint *endpoint = endpoints; endpoint->method; endpoint++) {
        router->rows = tg_realloc(router->rows, (router->count + 1) * sizeof *router->rows);
        router->rows[router->count++] = (struct row){endpoint, context};
    }
}

// The next endpoint whose path fits; *at is where to look on, and begins at 0.
static const struct row *next_row(const struct router *router, const char *path, size_t *at)
{
    while (*at < router->count) {
        const struct row *row = &router->rows[(*at)++];
        if (path_fits(row->endpoint->path, path))
            return row;
    }
    return NULL;
}

static void begin(struct request *request, void *context)
{
    struct visit *visit = request->state;
    size_t at = 0;
    visit->router = context;
    visit->request = request;
    do {
        visit->row = next_row(visit->router, request->path, &at);
    } while (visit->row && strcmp(visit->row->endpoint->method, request->method) != 0);
    if (visit->row)
        request->body = body_of(visit->row->endpoint->body, visit->row->endpoint->body_max);
}

// Nothing is there, or not by this method.
static void answer_nothing_there(const struct visit *visit)
{
    struct tg_error error;
    TG_TEXT_AUTO methods = {0};
    const struct row *row;
    size_t at = 0;
    while ((row = next_row(visit->router, visit->request->path, &at)))
        tg_text_append_format(&methods, "%s%s", methods.length > 0 ? ", " : "",
                              row->endpoint->method);
    if (methods.length == 0) {
        tg_error_set(&error, "not_found", "path", "There is no such path");
    } else {
        tg_error_set(&error, "method_not_allowed", "method", "This path takes %s only",
                     methods.data);
        request_add_header(visit->request, "Allow", methods.data);
    }
    answer_error(visit->request, &error);
}

static bool is_of_type(const char *content_type, const char *type)
{
    size_t length = strlen(type);
    return content_type && strncasecmp(content_type, type, length) == 0 &&
           strchr("; \t", content_type[length]);
}

// What every request must be, whoever sends it.
static bool check_body(struct request *request, struct tg_error *error)
{
    const struct body *body = &request->body;
    const char *type = body_media_type(body->kind);
    if (body->too_large)
        return tg_error_set(error, "body_too_large", "body", "The body must have at most %zu bytes",
                            body->max);
    if (body->without_room)
        return tg_error_set(error, "overloaded", NULL, "Too many bodies are being read");
    if (!type)
        return true;
    if (!is_of_type(request_header(request, "Content-Type", NULL), type))
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must be %s", type);
    return true;
}

struct tg_span endpoint_segment(struct request *request, const char *name)
{
    const struct visit *visit = request->state;
    return path_segment(visit->row->endpoint->path, request->path, name);
}

// A caller whom we do not know may try again with a key; Meta, who signs, may not.
static void refuse_caller(struct request *request, const struct tg_error *error)
{
    if (strcmp(error->code, "unauthorized") == 0)
        request_add_header(request, "WWW-Authenticate", "Bearer");
    answer_error(request, error);
}

static const struct tg_error pool_full = {"overloaded", "Too many requests are waiting", ""};

// Calls the handler, here or on the thread where it runs. `pg` is NULL on the server's thread.
static void go_on(struct tg_pg *pg, void *context)
{
    struct visit *visit = context;
    const struct endpoint *endpoint = visit->row->endpoint;
    const struct identity *caller = endpoint->who == CALLER_META ? NULL : &visit->caller;
    if (endpoint->on_server && !pg)
        endpoint->on_server(visit->row->context, visit->request, caller);
    else if (endpoint->on_server)
        request_go_on(visit->request);
    else if (pg)
        endpoint->on_database(pg, visit->request, caller);
    else if (!pool_submit(visit->router->pool, go_on, visit))
        answer_error(visit->request, &pool_full);
}

static void admit(struct visit *visit, const struct identity *caller, struct tg_pg *pg)
{
    enum right right = visit->row->endpoint->right;
    visit->caller = *caller;
    visit->admitted = (caller->rights & right) == right;
    if (visit->admitted)
        go_on(pg, visit);
    else
        answer_refusal(visit->request, "missing_right", NULL,
                       "The API key has not the right to do this");
}

static struct visit *visit_of(struct key_asker *asker)
{
    return (struct visit *)(void *)((char *)asker - offsetof(struct visit, asker));
}

// `caller` NULL: none of those who have asked for a key is let in.
static void tell_all(struct key_asker *asker, const struct identity *caller,
                     const struct tg_error *error, struct tg_pg *pg)
{
    while (asker) {
        struct key_asker *next = asker->others; // whoever is answered is gone
        if (caller)
            admit(visit_of(asker), caller, pg);
        else
            refuse_caller(visit_of(asker)->request, error);
        asker = next;
    }
}

static void look_up(struct tg_pg *pg, void *context)
{
    struct visit *first = context;
    struct identity caller;
    struct tg_error error;
    bool known = keys_look_up(first->router->keys, pg, &first->asker, &caller, &error);
    tell_all(&first->asker, known ? &caller : NULL, &error, pg);
}

static void submit_look_up(struct visit *first)
{
    if (pool_submit(first->router->pool, look_up, first))
        return;
    keys_give_up(first->router->keys, &first->asker);
    tell_all(&first->asker, NULL, &pool_full, NULL);
}

static void authenticate(struct visit *visit)
{
    struct request *request = visit->request;
    struct identity caller;
    struct tg_error error;
    int count;
    const char *authorization = request_header(request, "Authorization", &count);
    switch (keys_ask(visit->router->keys, authorization, count, &visit->asker, &caller, &error)) {
    case KEY_KNOWN:
        admit(visit, &caller, NULL);
        break;
    case KEY_REFUSED:
        refuse_caller(request, &error);
        break;
    case KEY_TO_LOOK_UP:
        submit_look_up(visit);
        break;
    case KEY_AWAITED:
        break;
    }
}

static void handle(struct request *request, void *context)
{
    (void)context;
    struct visit *visit = request->state;
    struct tg_error error;
    if (!visit->row)
        answer_nothing_there(visit);
    else if (!check_body(request, &error))
        answer_error(request, &error);
    else if (visit->admitted || visit->row->endpoint->who == CALLER_META)
        go_on(NULL, visit); // who Meta is, a signature says
    else
        authenticate(visit);
}

struct server_handler router_handler(struct router *router)
{
    return (struct server_handler){
        .state_size = sizeof(struct visit), .begin = begin, .handle = handle, .context = router};
}

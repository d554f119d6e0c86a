#include "ingress/route/router.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "ingress/http/answer.h"
#include "ingress/http/fields.h"
#include "ingress/route/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct row {
    const struct endpoint *endpoint;
    void *context; // of its handler
    int series;    // of its durations
    size_t next;   // the next of its place, counted from 1; 0: none
};

struct router {
    struct router_parts parts;
    size_t count;
    struct row *rows; // of all tables
    // By path_place the first and the last row of a place, counted from 1; 0: none.
    size_t first[PATH_PLACES];
    size_t last[PATH_PLACES];
};

// What the router knows of a request: its state.
struct visit {
    const struct router *router;
    struct request *request;
    const struct row *row; // NULL: there is no such endpoint
    bool unproven;         // who calls is told by the body
    struct identity caller;
    struct key_asker asker;
    unsigned char token_hash[TG_SHA256_SIZE]; // an operator's
};

struct router *router_create(const struct router_parts *parts)
{
    struct router *router = tg_alloc(sizeof *router);
    router->parts = *parts;
    return router;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    free(router->rows);
    free(router);
}

static void put_last(struct router *router, size_t row, unsigned place)
{
    size_t *link =
        router->last[place] ? &router->rows[router->last[place] - 1].next : &router->first[place];
    *link = row;
    router->last[place] = row;
}

void router_add(struct router *router, const struct endpoint *endpoints, void *context)
{
    for (const struct endpoint *endpoint = endpoints; endpoint->method; endpoint++) {
        router->rows = tg_realloc(router->rows, (router->count + 1) * sizeof *router->rows);
        bool timed = endpoint->who == CALLER_ORG || endpoint->who == CALLER_META;
        router->rows[router->count++] = (struct row){
            endpoint, context,
            timed ? tg_histogram_add(TG_HTTP_SECONDS, endpoint->method, endpoint->path) : -1, 0};
        put_last(router, router->count, path_place(endpoint->path));
    }
}

const struct endpoint *router_endpoint(const struct router *router, size_t i)
{
    return i < router->count ? router->rows[i].endpoint : NULL;
}

// The next endpoint whose path fits, behind `row`, or NULL to begin; of those that may stand
// anywhere last.
static const struct row *next_row(const struct router *router, const char *path,
                                  const struct row *row)
{
    unsigned place = row ? path_place(row->endpoint->path) : path_place(path);
    size_t at = row ? row->next : router->first[place];
    for (;;) {
        for (; at > 0; at = router->rows[at - 1].next) {
            if (path_fits(router->rows[at - 1].endpoint->path, path))
                return &router->rows[at - 1];
        }
        if (place == PATH_ANYWHERE)
            return NULL;
        place = PATH_ANYWHERE;
        at = router->first[place];
    }
}

static bool takes(const struct endpoint *endpoint, const char *method)
{
    return strcmp(endpoint->method, method) == 0 ||
           (endpoint->who == CALLER_ANYBODY && strcmp(method, "HEAD") == 0);
}

// The row of the request's path and method; NULL if there is none.
static const struct row *find_row(const struct router *router, const struct request *request)
{
    const struct row *row = NULL;
    do {
        row = next_row(router, request->path, row);
    } while (row && !takes(row->endpoint, request->method));
    return row;
}

// Nothing is there, or not by this method; or a browser asks what there is.
static void answer_nothing_there(const struct visit *visit)
{
    struct tg_error error;
    TG_TEXT_AUTO methods = {0};
    const struct row *row = NULL;
    while ((row = next_row(visit->router, visit->request->path, row)))
        tg_text_append_format(&methods, "%s%s", methods.length > 0 ? ", " : "",
                              row->endpoint->method);
    if (methods.length == 0) {
        tg_error_set(&error, "not_found", "path", "There is no such path");
    } else if (origins_answer_preflight(&visit->router->parts.origins, visit->request,
                                        methods.data)) {
        return;
    } else {
        tg_error_set(&error, "method_not_allowed", "method", "This path takes %s only",
                     methods.data);
        request_add_header(visit->request, "Allow", methods.data);
    }
    answer_error(visit->request, &error);
}

static const char *content_type(const struct request *request)
{
    return request_header(request, "Content-Type", NULL);
}

// What the headers must say of a body, whoever sends it.
static bool check_type(struct request *request, const struct endpoint *endpoint,
                       struct tg_error *error)
{
    const char *type = body_media_type(endpoint->body);
    if (request->encoded && endpoint->body != BODY_NONE) {
        request_add_header(request, "Accept-Encoding", "identity");
        return tg_error_set(error, "unsupported_media_type", "Content-Encoding",
                            "The body must come as it is, without a Content-Encoding");
    }
    if (type && !body_is_of_type(content_type(request), type))
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must be %s", type);
    if (endpoint->body == BODY_FIELDS && fields_kind_of(content_type(request)) == FIELDS_OTHER)
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must be that of JSON, a form or multipart/form-data");
    return true;
}

static bool check_body(const struct body *body, struct tg_error *error)
{
    if (body->too_large && body->kind == BODY_NONE)
        return tg_error_set(error, "unexpected_body", "body", "This request takes no body");
    if (body->too_large)
        return tg_error_set(error, "body_too_large", "body", "The body must have at most %zu bytes",
                            body->max);
    if (body->share_used && !body->of_stranger)
        return tg_error_set(error, "too_many_requests", NULL,
                            "Too many of your bodies are being read");
    if (body->without_room)
        return tg_error_set(error, "overloaded", NULL, "Too many bodies are being read");
    return true;
}

const void *endpoint_task(struct request *request)
{
    const struct visit *visit = request->state;
    return visit->row->endpoint->task;
}

const char *const *endpoint_query(struct request *request)
{
    static const char *const none[] = {NULL};
    const struct visit *visit = request->state;
    return visit->row->endpoint->query ? visit->row->endpoint->query : none;
}

void *endpoint_context(struct request *request)
{
    const struct visit *visit = request->state;
    return visit->row->context;
}

struct tg_span endpoint_segment(struct request *request, const char *name)
{
    const struct visit *visit = request->state;
    return path_segment(visit->row->endpoint->path, request->path, name);
}

void endpoint_segment_text(struct request *request, const char *name, struct tg_text *text)
{
    struct tg_span segment = endpoint_segment(request, name);
    for (size_t i = 0; i < segment.length; i++)
        tg_text_append(text, segment.data[i] == PATH_SLASH ? "/" : segment.data + i, 1);
}

// May the party call once more? false: answered.
static bool is_within(const struct visit *visit, enum rate rate, struct tg_uuid party)
{
    static const char *const messages[RATES] = {
        [RATE_CREDENTIAL] = "Too many calls a second with this API key",
        [RATE_ORG] = "Too many calls a second of this org",
        [RATE_ADDRESS] = "Too many calls a second from this address",
    };
    unsigned seconds = rates_take(visit->router->parts.rates, rate, party, tg_now_ms());
    if (seconds > 0)
        answer_too_many(visit->request, seconds, messages[rate]);
    return seconds == 0;
}

// Has the request's address failures left, by `ask` (of rates.h)? false: answered.
static bool has_failures_left(struct request *request,
                              unsigned (*ask)(struct rates *, enum rate, struct tg_uuid, long long))
{
    const struct visit *visit = request->state;
    unsigned seconds =
        ask(visit->router->parts.rates, RATE_FAILURES, request_address(request), tg_now_ms());
    if (seconds > 0)
        answer_too_many(request, seconds,
                        "Too many wrong or missing credentials a second from this address");
    return seconds == 0;
}

bool endpoint_may_try(struct request *request)
{
    return has_failures_left(request, rates_wait);
}

bool endpoint_may_fail(struct request *request)
{
    return has_failures_left(request, rates_take);
}

// A caller whom we do not know may try again with a key, but not as often as they like; Meta, who
// signs, may not.
static void refuse_caller(const struct visit *visit, const struct tg_error *error)
{
    struct request *request = visit->request;
    bool unknown = strcmp(error->code, "unauthorized") == 0;
    if (unknown && !endpoint_may_fail(request))
        return;
    if (unknown && !request->manner)
        request_add_header(request, "WWW-Authenticate", "Bearer");
    answer_error(request, error);
}

static const struct tg_error pool_full = {"overloaded", "Too many requests are waiting", ""};
static const struct tg_error share_used = {"too_many_requests",
                                           "Too many of your requests are waiting", ""};

// Who may call may send what the endpoint takes.
static bool expect_body(struct visit *visit)
{
    struct request *request = visit->request;
    const struct endpoint *endpoint = visit->row->endpoint;
    struct tg_error error;
    if (endpoint->or_none && !request->has_body)
        return true; // as of BODY_NONE
    if (!check_type(request, endpoint, &error)) {
        answer_error(request, &error);
        return false;
    }
    request->body = body_of(endpoint->body, endpoint->body_max);
    request->body.of_stranger = endpoint->who == CALLER_META || visit->unproven;
    request->body.party = endpoint->who == CALLER_ORG && !visit->unproven
                              ? visit->caller.org_id
                              : request_address(request);
    return true;
}

static void refuse_right(struct request *request, const struct identity *caller, enum right right)
{
    const char *name = right_name(right & ~caller->rights);
    struct tg_text detail = {0};
    char message[64];
    tg_log_rarely(TG_LOG_WARN, "right_missing", TG_LOG_TEXT("caller", caller->actor),
                  TG_LOG_TEXT("right", name));
    snprintf(message, sizeof message, "This needs the right \"%s\"", name);
    tg_text_append_format(&detail, "{\"right\":\"%s\"}", name);
    answer_error_detail(request, "missing_right", message, &detail);
}

static bool may_call(const struct visit *visit)
{
    return is_within(visit, RATE_CREDENTIAL, visit->caller.credential) &&
           is_within(visit, RATE_ORG, visit->caller.org_id);
}

// false: answered.
static bool admit(struct visit *visit, const struct identity *caller)
{
    enum right right = visit->row->endpoint->right;
    struct tg_error error;
    visit->caller = *caller;
    const struct origins *origins = &visit->router->parts.origins;
    if ((caller->proof == PROOF_NONE && !origins_trust(origins, visit->request, &error)) ||
        (caller->proof == PROOF_SESSION && !origins_are_ours(visit->request, &error))) {
        answer_error(visit->request, &error);
        return false;
    }
    if (caller->proof != PROOF_NONE && !may_call(visit))
        return false;
    if ((caller->rights & right) != right) {
        refuse_right(visit->request, caller, right);
        return false;
    }
    bool has_come = visit->unproven;
    visit->unproven = false;
    return has_come || expect_body(visit);
}

static struct visit *visit_of(struct key_asker *asker)
{
    return (struct visit *)(void *)((char *)asker - offsetof(struct visit, asker));
}

// `found` NULL: none of those who have asked for a key is let in.
static void tell_all(struct key_asker *asker, const struct key_found *found,
                     const struct tg_error *error)
{
    while (asker) {
        struct key_asker *next = asker->others; // whoever goes on or is answered is gone
        struct visit *visit = visit_of(asker);
        struct tg_error refusal;
        if (!found)
            refuse_caller(visit, error);
        else if (!key_found_admits(found, asker, &refusal))
            refuse_caller(visit, &refusal);
        else if (admit(visit, &found->identity))
            request_go_on(visit->request);
        asker = next;
    }
}

// The look-up ends for all who wait for it.
static void refuse_all(struct visit *first, enum tg_fair_push pushed)
{
    keys_give_up(first->router->parts.keys, &first->asker);
    tell_all(&first->asker, NULL, pushed == TG_FAIR_SHARE_USED ? &share_used : &pool_full);
}

static void read_keys(struct tg_pg *pg, void *context)
{
    (void)pg;
    jwt_read_keys(context, false);
}

static void read_keys_and_judge(struct tg_pg *pg, void *context);

// False: the keys of JWTs are read for it first.
static bool judge(struct visit *first, bool keys_read)
{
    const struct router_parts *parts = &first->router->parts;
    if (keys_judge(parts->keys, &first->asker, keys_read, tell_all))
        return true;
    enum tg_fair_push pushed =
        pool_submit(parts->readers, first->asker.party, read_keys_and_judge, first);
    if (pushed != TG_FAIR_ADDED)
        refuse_all(first, pushed);
    return false;
}

static void read_keys_and_judge(struct tg_pg *pg, void *context)
{
    struct visit *first = context;
    (void)pg;
    jwt_read_keys(first->router->parts.jwt, true);
    (void)judge(first, true);
}

void router_look_up(struct tg_pg *pg, void **visits, size_t n)
{
    struct key_asker *firsts[TG_LOOK_UPS_AT_ONCE];
    const struct router_parts *parts = &((const struct visit *)visits[0])->router->parts;
    size_t of_postgres = 0;
    bool are_read = false;
    for (size_t i = 0; i < n; i++) {
        struct visit *visit = visits[i];
        if (visit->asker.kind == KEY_JWT)
            are_read = !judge(visit, false) || are_read;
        else
            firsts[of_postgres++] = &visit->asker;
    }
    if (of_postgres > 0)
        keys_look_up(parts->keys, pg, firsts, of_postgres, tell_all);
    // Nobody waits for keys that are merely old.
    if (of_postgres < n && !are_read && jwt_keys_are_due(parts->jwt, false))
        (void)!pool_submit(parts->readers, (struct tg_uuid){{0}}, read_keys, parts->jwt);
}

static void submit_look_up(struct visit *first)
{
    const struct router_parts *parts = &first->router->parts;
    struct pool *pool = first->asker.stranger ? parts->strangers : parts->look_ups;
    enum tg_fair_push pushed = pool_add(pool, first->asker.party, first);
    if (pushed != TG_FAIR_ADDED)
        refuse_all(first, pushed);
}

// The request is held while its key is looked up; one that has come as a whole is ours already.
static void wait_for_look_up(struct visit *visit)
{
    struct keys *keys = visit->router->parts.keys;
    struct request *request = visit->request;
    struct tg_error error;
    struct tg_uuid address = request_address(request);
    if (!visit->unproven)
        request_hold(request);
    switch (keys_join(keys, &visit->asker, address, &error)) {
    case KEY_TO_LOOK_UP:
        submit_look_up(visit);
        break;
    case KEY_AWAITED:
        break;
    default:
        refuse_caller(visit, &error);
    }
}

// What is told to those whom we know is for nobody else: no cache keeps it, and no page of another
// origin loads it as something else than it is.
static void keep_private(struct request *request)
{
    if (strcmp(request->method, "GET") != 0)
        return;
    request_add_header(request, "Cache-Control", "no-store");
    request_add_header(request, "Cross-Origin-Resource-Policy", "same-origin");
    request_add_header(request, "X-Content-Type-Options", "nosniff");
}

// Whoever is known is admitted; true: so it is. Else it is refused, or will be judged later.
static bool judge_shown(struct visit *visit, const struct shown *shown)
{
    struct identity caller;
    struct tg_error error;
    switch (keys_ask(visit->router->parts.keys, shown, &visit->asker, &caller, &error)) {
    case KEY_KNOWN:
        return admit(visit, &caller);
    case KEY_UNSURE:
        if (!visit->asker.stranger || endpoint_may_try(visit->request))
            wait_for_look_up(visit);
        return false;
    default:
        refuse_caller(visit, &error);
        return false;
    }
}

static const char in_fields[] = "access_token";

// May the key stand in the body, as it stands nowhere else?
static bool may_come_in_body(const struct visit *visit)
{
    enum fields_kind kind = fields_kind_of(content_type(visit->request));
    return visit->row->endpoint->body == BODY_FIELDS &&
           (kind == FIELDS_FORM || kind == FIELDS_MULTIPART);
}

// As Meta's API is shown a token.
static void authenticate_as_to_meta(struct visit *visit, struct shown *shown)
{
    struct request *request = visit->request;
    const char *token = shown->authorization ? NULL : request_parameter(request, in_fields);
    shown->as_to_meta = true;
    if (token)
        shown->token = (struct tg_span){token, strlen(token)};
    visit->unproven = !shown->authorization && !token && may_come_in_body(visit);
    if (!visit->unproven)
        (void)judge_shown(visit, shown);
    else if (endpoint_may_try(request))
        (void)expect_body(visit);
}

static void authenticate(struct visit *visit)
{
    struct request *request = visit->request;
    keep_private(request);
    if (!is_within(visit, RATE_ADDRESS, request_address(request)))
        return;
    struct shown shown = {.from = request_ip(request)};
    shown.authorization = request_header(request, "Authorization", &shown.authorizations);
    if (request->manner) {
        authenticate_as_to_meta(visit, &shown);
        return;
    }
    if (!shown.authorization)
        shown.cookie = request_header(request, "Cookie", NULL);
    (void)judge_shown(visit, &shown);
}

// The body has come, and tells who calls. false: that is not known yet, or it is answered.
static bool prove_by_body(struct visit *visit)
{
    struct request *request = visit->request;
    struct shown shown = {.from = request_ip(request), .as_to_meta = true};
    shown.token = fields_find(content_type(request), &request->body.bytes, in_fields);
    return judge_shown(visit, &shown);
}

// false: answered.
static bool admit_operator(struct visit *visit, const struct identity *caller)
{
    enum role role = visit->row->endpoint->role;
    visit->caller = *caller;
    if (caller->role >= role)
        return expect_body(visit);
    struct tg_text detail = {0};
    char message[64];
    tg_log_rarely(TG_LOG_WARN, "role_too_low", TG_LOG_TEXT("caller", caller->actor),
                  TG_LOG_TEXT("role", role_names[role]));
    snprintf(message, sizeof message, "This needs the role \"%s\"", role_names[role]);
    tg_text_append_format(&detail, "{\"role\":\"%s\"}", role_names[role]);
    answer_error_detail(visit->request, "missing_right", message, &detail);
    return false;
}

static void look_up_operator(struct tg_pg *pg, void *context)
{
    struct visit *visit = context;
    struct identity caller;
    struct tg_error error;
    if (!operators_look_up(pg, visit->token_hash, &caller, &error))
        refuse_caller(visit, &error);
    else if (admit_operator(visit, &caller))
        request_go_on(visit->request);
}

static void authenticate_operator(struct visit *visit)
{
    struct request *request = visit->request;
    const struct router_parts *parts = &visit->router->parts;
    struct identity caller;
    struct tg_error error;
    int count;
    keep_private(request);
    const char *authorization = request_header(request, "Authorization", &count);
    switch (
        operators_ask(parts->operators, authorization, count, visit->token_hash, &caller, &error)) {
    case OPERATOR_KNOWN:
        (void)admit_operator(visit, &caller);
        return;
    case OPERATOR_REFUSED:
        refuse_caller(visit, &error);
        return;
    case OPERATOR_UNSURE:
        break;
    }
    if (!endpoint_may_try(request))
        return;
    request_hold(request);
    enum tg_fair_push pushed =
        pool_submit(parts->pool, request_address(request), look_up_operator, visit);
    if (pushed != TG_FAIR_ADDED)
        answer_error(request, pushed == TG_FAIR_SHARE_USED ? &share_used : &pool_full);
}

// In whose words it is answered from now on, also by whoever does not take its method.
static void choose_manner(const struct visit *visit)
{
    struct request *request = visit->request;
    const struct row *row = visit->row ? visit->row : next_row(visit->router, request->path, NULL);
    if (row)
        request->manner = row->endpoint->manner;
    else if (path_is_metas(request->path))
        request->manner = visit->router->parts.metas;
    if (request->manner)
        request->trace = tg_uuid7();
}

static void begin(struct request *request, void *context)
{
    struct visit *visit = request->state;
    visit->router = context;
    visit->request = request;
    visit->row = find_row(visit->router, request);
    choose_manner(visit);
    if (visit->row)
        request->series = visit->row->series;
    origins_mark(&visit->router->parts.origins, request);
    if (!visit->row)
        answer_nothing_there(visit);
    else if (visit->row->endpoint->who == CALLER_ORG)
        authenticate(visit);
    else if (visit->row->endpoint->who == CALLER_OPERATOR)
        authenticate_operator(visit);
    else if (visit->row->endpoint->who == CALLER_ANYBODY &&
             !is_within(visit, RATE_ADDRESS, request_address(request)))
        return;
    else if (!visit->row->endpoint->admits || visit->row->endpoint->admits(request))
        (void)expect_body(visit); // who Meta is, a signature says
}

// NULL: nobody in particular.
static const struct identity *caller_of(const struct visit *visit)
{
    enum caller_kind who = visit->row->endpoint->who;
    return who == CALLER_ORG || who == CALLER_OPERATOR ? &visit->caller : NULL;
}

static void run_on_database(struct tg_pg *pg, void *context)
{
    struct visit *visit = context;
    visit->row->endpoint->on_database(pg, visit->request, caller_of(visit));
}

// On whose behalf: in trusted mode of the org that the request names, if it does.
static struct tg_uuid party_of(const struct visit *visit)
{
    struct tg_uuid party = visit->caller.org_id;
    const char *org =
        visit->caller.proof == PROOF_NONE ? request_parameter(visit->request, "org_id") : NULL;
    if (org && !tg_uuid_parse(org, strlen(org), &party))
        party = visit->caller.org_id;
    return visit->row->endpoint->who == CALLER_ORG ? party : request_address(visit->request);
}

static void run(struct visit *visit)
{
    struct request *request = visit->request;
    const struct endpoint *endpoint = visit->row->endpoint;
    if (endpoint->on_server) {
        endpoint->on_server(visit->row->context, request, caller_of(visit));
        return;
    }
    enum tg_fair_push pushed =
        pool_submit(visit->router->parts.pool, party_of(visit), run_on_database, visit);
    if (pushed != TG_FAIR_ADDED)
        answer_error(request, pushed == TG_FAIR_SHARE_USED ? &share_used : &pool_full);
}

static void handle(struct request *request, void *context)
{
    struct visit *visit = request->state;
    struct tg_error error;
    (void)context;
    if (!check_body(&request->body, &error))
        answer_error(request, &error);
    else if (!visit->unproven || prove_by_body(visit))
        run(visit);
}

struct server_handler router_handler(struct router *router)
{
    return (struct server_handler){
        .state_size = sizeof(struct visit), .begin = begin, .handle = handle, .context = router};
}

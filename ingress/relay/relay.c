#include "ingress/relay/relay.h"

#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "ingress/db/pool.h"
#include "ingress/http/answer.h"
#include "ingress/relay/asked.h"
#include "ingress/relay/reply.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

// Nothing to do: somebody wakes us when there is.
enum { IDLE_MS = 1000 };

TAILQ_HEAD(calls, call);

struct relay {
    struct pool *look_ups;
    struct tg_shares *places; // of calls in hand
    struct tg_queue *queue;   // of calls whose token is known, or is not to be had
    atomic_bool closed;
    pthread_t thread;
    // The thread's own.
    struct meta meta;
    struct calls at_meta;
};

static bool take_place(struct relay *relay, struct call *call)
{
    call->place = tg_shares_take(relay->places, call->org_id, 1);
    if (call->place == TG_SHARE_USED)
        return tg_error_set(&call->error, "too_many_requests", NULL,
                            "Too many of your calls are being relayed");
    if (call->place < 0)
        return tg_error_set(&call->error, "overloaded", NULL, "Too many calls are being relayed");
    tg_gauge_add(TG_RELAYS, 1);
    return true;
}

static void give_place_back(struct relay *relay, int place)
{
    tg_shares_give(relay->places, place, 1);
    tg_gauge_add(TG_RELAYS, -1);
}

// Of an account whose templates have been changed at Meta.
struct renewal {
    struct tg_uuid org_id;
    char id[MEDIA_ID_SIZE];
};

static void renew(struct tg_pg *pg, void *context)
{
    struct renewal *renewal = context;
    const struct tg_relay_question question = {.org_id = renewal->org_id, .id = renewal->id};
    // (Where it fails, they are seen at the next look.)
    (void)!tg_store_renew_templates(pg, &question);
    free(renewal);
}

// What may have been done there is seen here soon. Nobody waits for that.
static void renew_templates(struct relay *relay, const struct call *call,
                            const struct tg_http_answer *answer)
{
    bool was_asked = call->meta != NULL;
    bool is_refused =
        answer && answer->end == TG_HTTP_ANSWERED && answer->status >= 400 && answer->status < 500;
    if (!call->task->renews_templates || !was_asked || is_refused || call->is_kept)
        return;
    struct renewal *renewal = tg_alloc(sizeof *renewal);
    renewal->org_id = call->org_id;
    memcpy(renewal->id, call->id, sizeof renewal->id);
    if (pool_submit(relay->look_ups, call->org_id, renew, renewal) != TG_FAIR_ADDED)
        free(renewal);
}

// Gives the place back first: who has an answer may come again at once.
static void end(struct relay *relay, struct call *call, const struct tg_http_answer *answer)
{
    renew_templates(relay, call, answer);
    meta_give_back(&relay->meta, call);
    give_place_back(relay, call->place);
    reply(&relay->meta, call, answer);
    call_free(call);
}

static void find_token(struct tg_pg *pg, void *context)
{
    struct call *call = context;
    struct relay *relay = call->relay;
    (void)!call_find_token(call, pg); // if it is not found, its error is passed on as well
    if (!tg_queue_push(relay->queue, call))
        abort(); // it has room for all that have a place, and is closed after us
    tg_http_wake(relay->meta.http);
}

static void keep(struct tg_pg *pg, void *context)
{
    struct call *call = context;
    struct relay *relay = call->relay;
    call->is_kept = call->task->deed->keep(call, pg); // else its error is passed on
    if (!tg_queue_push(relay->queue, call))
        abort(); // likewise
    tg_http_wake(relay->meta.http);
}

// Meta has done a deed: it is kept before it is answered. False: there is nothing to keep, or it
// cannot be, and the call says so.
static bool is_to_be_kept(struct relay *relay, struct call *call,
                          const struct tg_http_answer *answer)
{
    if (!call->task->deed || call->error.code || answer->status < 200 || answer->status > 299)
        return false;
    if (pool_submit(relay->look_ups, call->org_id, keep, call) == TG_FAIR_ADDED)
        return true;
    tg_error_set(&call->error, "outcome_unknown", NULL,
                 "Meta has done it; what has become of it is seen here soon");
    return false;
}

// As Meta has it of a token that is none, for there is none of this caller's.
static void answer_of_another_token(struct request *request)
{
    struct tg_text json = {0};
    tg_text_append_string(&json, "{\"data\":{\"error\":{\"code\":190,\"message\":\"Invalid OAuth "
                                 "access token.\"},\"is_valid\":false,\"scopes\":[]}}");
    answer_json(request, 200, &json);
}

void relay_take(struct relay *relay, struct request *request, const struct identity *caller)
{
    struct call *call = call_create(request, caller);
    if (!call)
        return;
    if (call->task->answer == RELAY_TOKEN && !asked_about_itself(request)) {
        answer_of_another_token(request);
        call_free(call);
        return;
    }
    call->relay = relay;
    if (take_place(relay, call)) {
        enum tg_fair_push pushed = pool_submit(relay->look_ups, call->org_id, find_token, call);
        if (pushed == TG_FAIR_ADDED)
            return;
        give_place_back(relay, call->place);
        tg_error_set(&call->error, "overloaded", NULL, "Too many calls are being relayed");
    }
    tg_count(TG_RELAYED_CALLS, call->error.code, 1);
    request_drop_body(request);
    call_refuse(call);
    call_free(call);
}

static void begin_waiting(struct relay *relay, int timeout_ms)
{
    void *popped[TG_RELAY_CALLS_MAX];
    size_t n = tg_queue_pop(relay->queue, popped, TG_RELAY_CALLS_MAX, timeout_ms);
    for (size_t i = 0; i < n; i++) {
        struct call *call = popped[i];
        if (call->error.code || call->is_kept || !meta_begin(&relay->meta, call))
            end(relay, call, NULL);
        else
            TAILQ_INSERT_TAIL(&relay->at_meta, call, link);
    }
}

static void pass_on(struct relay *relay, const struct tg_http_answer *answer)
{
    struct call *call = answer->context;
    if (meta_goes_on(&relay->meta, call, answer))
        return;
    TAILQ_REMOVE(&relay->at_meta, call, link);
    if (!is_to_be_kept(relay, call, answer))
        end(relay, call, answer);
}

static void pass_on_finished(struct relay *relay)
{
    struct tg_http_answer answer;
    while (tg_http_take(relay->meta.http, &answer))
        pass_on(relay, &answer);
}

static void break_off(struct relay *relay, struct call *call)
{
    struct tg_http_answer answer;
    if (!tg_http_break_off_one(relay->meta.http, call, &answer))
        abort(); // one that is at Meta has a request
    TAILQ_REMOVE(&relay->at_meta, call, link);
    tg_error_set(&call->error, answer.sent ? "outcome_unknown" : "unavailable", NULL,
                 "The gateway is stopping");
    end(relay, call, NULL);
}

// Nobody would read what comes of it.
static void drop_those_who_left(struct relay *relay)
{
    struct call *next;
    for (struct call *call = TAILQ_FIRST(&relay->at_meta); call; call = next) {
        next = TAILQ_NEXT(call, link);
        call->left = request_client_has_left(call->request);
        if (call->left)
            break_off(relay, call);
    }
}

static void work(struct relay *relay, long long *looked_ms)
{
    begin_waiting(relay, 0);
    tg_http_run(relay->meta.http, TAILQ_EMPTY(&relay->at_meta) ? IDLE_MS : TG_RELAY_LOOK_MS);
    pass_on_finished(relay);
    if (tg_now_ms() - *looked_ms < TG_RELAY_LOOK_MS)
        return;
    *looked_ms = tg_now_ms();
    drop_those_who_left(relay);
}

static bool is_busy(struct relay *relay)
{
    return !TAILQ_EMPTY(&relay->at_meta) || !tg_queue_drained(relay->queue);
}

static void *run(void *argument)
{
    struct relay *relay = argument;
    long long looked_ms = 0;
    tg_service_yield(); // to who accepts
    while (!atomic_load(&relay->closed))
        work(relay, &looked_ms);
    long long until_ms = tg_now_ms() + TG_RELAY_DRAIN_MS;
    while (tg_now_ms() < until_ms && is_busy(relay))
        work(relay, &looked_ms);
    while (!tg_queue_drained(relay->queue))
        begin_waiting(relay, TG_RELAY_LOOK_MS);
    while (!TAILQ_EMPTY(&relay->at_meta))
        break_off(relay, TAILQ_FIRST(&relay->at_meta));
    return NULL;
}

struct relay *relay_start(const struct tg_settings *settings)
{
    if (!settings->relay)
        return NULL;
    struct relay *relay = tg_alloc(sizeof *relay);
    TAILQ_INIT(&relay->at_meta);
    relay->places = tg_shares_create(TG_RELAY_CALLS_MAX, TG_RELAY_CALLS_MAX);
    relay->queue = tg_queue_create(TG_RELAY_CALLS_MAX);
    relay->meta =
        (struct meta){.settings = settings,
                      .http = tg_http_create(&(const struct tg_http_options){
                          .calls_max = TG_RELAY_CALLS_MAX,
                          .silence_ms = TG_META_SILENCE_MS,
                          .https_only = strncmp(settings->graph_url, "https:", 6) == 0,
                          .buffer_bytes = TG_RELAY_BUFFER_BYTES}),
                      .places = media_places_create(),
                      .answers = tg_shares_create(TG_RELAY_ANSWERS_BYTES_MAX, TG_RELAY_CALLS_MAX)};
    relay->look_ups =
        pool_start(settings->postgres_url, "relay-tokens", 1, 2 * (size_t)TG_RELAY_CALLS_MAX);
    relay->thread = tg_service_thread("relay", run, relay);
    return relay;
}

void relay_close(struct relay *relay)
{
    if (!relay)
        return;
    pool_close(relay->look_ups);
    atomic_store(&relay->closed, true);
    tg_http_wake(relay->meta.http);
}

void relay_stop(struct relay *relay)
{
    if (!relay)
        return;
    relay_close(relay);
    pool_stop(relay->look_ups);
    tg_queue_close(relay->queue);
    tg_http_wake(relay->meta.http);
    pthread_join(relay->thread, NULL);
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    pool_free(relay->look_ups);
    tg_http_destroy(relay->meta.http);
    media_places_destroy(relay->meta.places);
    tg_shares_destroy(relay->meta.answers);
    tg_queue_destroy(relay->queue);
    tg_shares_destroy(relay->places);
    free(relay);
}

#include "worker/send/dispatch.h"

#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/crypto/seal.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "worker/send/outcome.h"
#include "worker/unasked.h"

#include <stdlib.h>

enum {
    // Nothing to do: somebody wakes us when there is.
    IDLE_MS = 1000,
    // Nobody tells us when the time to drain is over.
    LOOK_AGAIN_MS = 20,
    // Requests that are begun before the next look for answers. Each that is under way needs a
    // connection of its own, where Meta's side speaks no HTTP/2; and of many, each costs more.
    BEGUN_AT_ONCE_MAX = 32,
};

struct dispatch {
    const struct worker *worker;
    struct tg_http *http;
    struct tg_queue *queue; // of struct in_hand
    struct settle *next;
    pthread_t thread;
};

static void hand_back(struct dispatch *dispatch, struct in_hand *message)
{
    message->hand_back = true;
    settle_push(dispatch->next, message);
}

static void pass_on_finished(struct dispatch *dispatch)
{
    struct in_hand *message;
    tg_log_gather();
    while ((message = graph_take_finished(dispatch->http)))
        settle_push(dispatch->next, message);
    tg_log_let_go();
}

static void begin(struct dispatch *dispatch, struct in_hand *message)
{
    TG_SECRET_AUTO token = {0};
    struct tg_claim *claim = &message->claim;
    if (in_hand_age_ms(message) > TG_CLAIM_FRESH_MS) {
        hand_back(dispatch, message);
        return;
    }
    enum tg_opened opened = tg_open_token(dispatch->worker->settings->token_keys, claim->org_id,
                                          claim->channel_id, &claim->access_token, &token);
    const struct unasked_token *unusable = unasked_token(opened, &token);
    if (!unusable) {
        graph_post(dispatch->http, dispatch->worker->settings, message, &token);
        return;
    }
    outcome_unusable_token(&message->outcome, unusable);
    settle_push(dispatch->next, message);
}

static size_t pop_waiting(struct dispatch *dispatch, struct in_hand **messages, size_t max,
                          int timeout_ms)
{
    size_t n = tg_queue_pop(dispatch->queue, (void **)messages, max, timeout_ms);
    tg_gauge_set(TG_DISPATCH_QUEUE, (int64_t)tg_queue_length(dispatch->queue));
    return n;
}

// False: nothing more waits that there is room for.
static bool begin_some(struct dispatch *dispatch)
{
    struct in_hand *messages[BEGUN_AT_ONCE_MAX];
    size_t room = tg_http_room(dispatch->http);
    size_t max = room < BEGUN_AT_ONCE_MAX ? room : BEGUN_AT_ONCE_MAX;
    size_t n = max > 0 ? pop_waiting(dispatch, messages, max, 0) : 0;
    for (size_t i = 0; i < n; i++)
        begin(dispatch, messages[i]);
    return n == BEGUN_AT_ONCE_MAX;
}

static void hand_back_waiting(struct dispatch *dispatch, int timeout_ms)
{
    struct in_hand *messages[TG_BATCH_MAX];
    size_t n = pop_waiting(dispatch, messages, TG_BATCH_MAX, timeout_ms);
    for (size_t i = 0; i < n; i++)
        hand_back(dispatch, messages[i]);
}

static void drain(struct dispatch *dispatch)
{
    while (stop_age_ms(dispatch->worker->stop) < TG_DRAIN_MS &&
           (tg_http_active(dispatch->http) > 0 || !tg_queue_drained(dispatch->queue))) {
        hand_back_waiting(dispatch, 0);
        tg_http_run(dispatch->http, LOOK_AGAIN_MS);
        pass_on_finished(dispatch);
    }

    struct in_hand *message;
    int64_t broken_off = 0;
    while ((message = graph_break_off(dispatch->http))) {
        broken_off++;
        settle_push(dispatch->next, message);
    }
    if (broken_off > 0)
        tg_log(TG_LOG_WARN, "dispatches_broken_off", TG_LOG_NUMBER("requests", broken_off));
    while (!tg_queue_drained(dispatch->queue))
        hand_back_waiting(dispatch, LOOK_AGAIN_MS);
}

static void *run(void *argument)
{
    struct dispatch *dispatch = argument;
    while (!stop_ordered(dispatch->worker->stop)) {
        bool more_wait = begin_some(dispatch);
        tg_http_run(dispatch->http, more_wait ? 0 : IDLE_MS);
        pass_on_finished(dispatch);
    }
    drain(dispatch);
    return NULL;
}

struct dispatch *dispatch_start(const struct worker *worker, struct settle *next)
{
    struct dispatch *dispatch = tg_alloc(sizeof *dispatch);
    dispatch->worker = worker;
    dispatch->http = graph_create(worker->settings);
    dispatch->queue = tg_queue_create(TG_DISPATCH_QUEUE_MAX);
    dispatch->next = next;
    dispatch->thread = tg_service_thread("dispatch", run, dispatch);
    return dispatch;
}

void dispatch_push(struct dispatch *dispatch, struct in_hand *const *messages, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!tg_queue_push(dispatch->queue, messages[i]))
            abort(); // nobody hands anything over after the end
    }
    tg_http_wake(dispatch->http);
    tg_gauge_set(TG_DISPATCH_QUEUE, (int64_t)tg_queue_length(dispatch->queue));
}

void dispatch_wake(struct dispatch *dispatch)
{
    tg_http_wake(dispatch->http);
}

void dispatch_stop(struct dispatch *dispatch)
{
    tg_queue_close(dispatch->queue);
    pthread_join(dispatch->thread, NULL);
}

void dispatch_free(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    tg_http_destroy(dispatch->http);
    tg_queue_destroy(dispatch->queue);
    free(dispatch);
}

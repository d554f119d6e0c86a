#include "worker/send/dispatch.h"

#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "worker/send/graph.h"
#include "worker/send/in_hand.h"
#include "worker/send/outcome.h"

#include <stdlib.h>

enum {
    // Nothing to do: somebody wakes us when there is.
    IDLE_MS = 1000,
    // Nobody tells us when the time to drain is over.
    LOOK_AGAIN_MS = 20,
};

struct dispatch {
    struct graph *graph;
    struct tg_queue *in;
    struct tg_queue *out;
    struct stop *stop;
};

struct dispatch *dispatch_create(const struct tg_settings *settings, struct tg_queue *in,
                                 struct tg_queue *out, struct stop *stop)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);
    if (!dispatch)
        abort();
    dispatch->graph = graph_create(settings);
    dispatch->in = in;
    dispatch->out = out;
    dispatch->stop = stop;
    return dispatch;
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    graph_destroy(dispatch->graph);
    free(dispatch);
}

void dispatch_wake(struct dispatch *dispatch)
{
    graph_wake(dispatch->graph);
}

static void pass_on(struct dispatch *dispatch, struct dispatch_item *item)
{
    // Nobody but dispatch_run closes this queue, and each item has its room there.
    if (!tg_queue_try_push(dispatch->out, item))
        abort();
}

static void hand_back(struct dispatch *dispatch, struct dispatch_item *item)
{
    item->hand_back = true;
    pass_on(dispatch, item);
}

static void pass_on_finished(struct dispatch *dispatch)
{
    struct dispatch_item *item;
    while ((item = graph_take_finished(dispatch->graph)))
        pass_on(dispatch, item);
}

// A token that would end the header, or begin another, never gets that far.
static bool fits_header(const struct tg_text *token)
{
    for (size_t i = 0; i < token->length; i++) {
        unsigned char c = (unsigned char)token->data[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
    }
    return true;
}

static void begin(struct dispatch *dispatch, struct dispatch_item *item)
{
    if (dispatch_item_age_ms(item) > TG_CLAIM_FRESH_MS) {
        hand_back(dispatch, item);
    } else if (!fits_header(&item->claim.access_token)) {
        outcome_malformed_token(&item->outcome);
        pass_on(dispatch, item);
    } else {
        graph_post(dispatch->graph, item);
    }
}

static size_t pop_waiting(struct dispatch *dispatch, void **items, size_t max, int timeout_ms)
{
    size_t n =
        tg_queue_pop(dispatch->in, items, max < TG_BATCH_MAX ? max : TG_BATCH_MAX, timeout_ms);
    tg_gauge_set(TG_DISPATCH_QUEUE, (int64_t)tg_queue_length(dispatch->in));
    return n;
}

static void begin_waiting(struct dispatch *dispatch)
{
    for (;;) {
        void *items[TG_BATCH_MAX];
        size_t room = graph_room(dispatch->graph);
        size_t n = room > 0 ? pop_waiting(dispatch, items, room, 0) : 0;
        if (n == 0)
            return;
        for (size_t i = 0; i < n; i++)
            begin(dispatch, items[i]);
    }
}

static void hand_back_waiting(struct dispatch *dispatch, int timeout_ms)
{
    void *items[TG_BATCH_MAX];
    size_t n = pop_waiting(dispatch, items, TG_BATCH_MAX, timeout_ms);
    for (size_t i = 0; i < n; i++)
        hand_back(dispatch, items[i]);
}

static void drain(struct dispatch *dispatch)
{
    while (stop_age_ms(dispatch->stop) < TG_DRAIN_MS &&
           (graph_active(dispatch->graph) > 0 || !tg_queue_drained(dispatch->in))) {
        hand_back_waiting(dispatch, 0);
        graph_run(dispatch->graph, LOOK_AGAIN_MS);
        pass_on_finished(dispatch);
    }

    struct dispatch_item *item;
    int64_t broken_off = 0;
    while ((item = graph_break_off(dispatch->graph))) {
        broken_off++;
        pass_on(dispatch, item);
    }
    if (broken_off > 0)
        tg_log(TG_LOG_WARN, "dispatches_broken_off", TG_LOG_NUMBER("requests", broken_off));
    while (!tg_queue_drained(dispatch->in))
        hand_back_waiting(dispatch, LOOK_AGAIN_MS);
}

void *dispatch_run(void *argument)
{
    struct dispatch *dispatch = argument;
    while (!stop_ordered(dispatch->stop)) {
        begin_waiting(dispatch);
        graph_run(dispatch->graph, IDLE_MS);
        pass_on_finished(dispatch);
    }
    drain(dispatch);
    tg_queue_close(dispatch->out);
    return NULL;
}

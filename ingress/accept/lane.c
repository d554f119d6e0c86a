#include "ingress/accept/lane.h"

#include "common/base/clock.h"
#include "common/base/fair_queue.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/wallets.h"
#include "ingress/accept/holdup.h"

#include <stdlib.h>

struct lane {
    struct lanes *lanes;
    struct tg_fair_queue *queue;
    pthread_t thread;
    struct acceptor acceptor;
};

struct lanes {
    struct holdup *holdup;
    size_t count;
    struct lane lane[];
};

// Those that do not stay go where sends wait for wallets; *n is how many stay.
static void set_aside(struct lane *lane, struct ticket **tickets, size_t *n, const bool *stays)
{
    size_t left = 0;
    for (size_t i = 0; i < *n; i++) {
        if (stays[i])
            tickets[left++] = tickets[i];
        else
            holdup_add(lane->lanes->holdup, tickets[i]);
    }
    *n = left;
}

// Those whose org's wallet somebody holds may wait for it; the others may be tried again. false:
// PostgreSQL does not tell whose that are.
static bool set_held_aside(struct lane *lane, struct ticket **tickets, size_t *n)
{
    struct tg_uuid org_ids[TG_BATCH_MAX];
    bool is_free[TG_BATCH_MAX];
    for (size_t i = 0; i < *n; i++)
        org_ids[i] = tickets[i]->send.org_id;
    if (tg_store_find_free_wallets(lane->acceptor.pg, org_ids, *n, is_free) != TG_PG_OK)
        return false;
    set_aside(lane, tickets, n, is_free);
    return true;
}

// Those whose org has others waiting for its wallet wait behind them.
static void follow_held(struct lane *lane, struct ticket **tickets, size_t *n)
{
    bool is_first[TG_BATCH_MAX];
    for (size_t i = 0; i < *n; i++)
        is_first[i] = !holdup_has(lane->lanes->holdup, tickets[i]->send.org_id);
    set_aside(lane, tickets, n, is_first);
}

static void take_all(struct lane *lane, struct ticket **tickets, size_t n)
{
    follow_held(lane, tickets, &n);
    while (n > 0) {
        enum tg_pg_status status = tickets_accept(&lane->acceptor, tickets, &n);
        tickets_refuse_late(tickets, &n, status);
        if (n > 0 && (status != TG_PG_RETRY || !set_held_aside(lane, tickets, &n)))
            tg_sleep_ms(TG_RECONNECT_MS);
    }
}

static void *run(void *argument)
{
    struct lane *lane = argument;
    struct ticket *tickets[TG_BATCH_MAX];
    size_t n;
    while ((n = tg_fair_queue_pop(lane->queue, (void **)tickets, TG_BATCH_MAX)) > 0) {
        tg_gauge_add(TG_LANE_QUEUE, -(int64_t)n);
        take_all(lane, tickets, n);
    }
    return NULL;
}

struct lanes *lanes_start(const char *postgres_url, size_t count, struct results *results,
                          struct job_writer *jobs)
{
    struct lanes *lanes = tg_alloc(sizeof *lanes + count * sizeof lanes->lane[0]);
    const struct acceptor acceptor = {.results = results, .jobs = jobs};
    lanes->holdup = holdup_start(postgres_url, &acceptor);
    lanes->count = count;
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->lanes = lanes;
        lane->acceptor = acceptor;
        lane->acceptor.pg = tg_pg_create(postgres_url, "tollgate-ingress lane");
        lane->queue = tg_fair_queue_create(TG_LANE_QUEUE_MAX);
        lane->thread = tg_service_thread("lane", run, lane);
    }
    return lanes;
}

void lanes_stop(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        tg_fair_queue_close(lanes->lane[i].queue);
    for (size_t i = 0; i < lanes->count; i++)
        pthread_join(lanes->lane[i].thread, NULL);
    holdup_stop(lanes->holdup);
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes)
        return;
    for (size_t i = 0; i < lanes->count; i++) {
        tg_fair_queue_destroy(lanes->lane[i].queue);
        tg_pg_destroy(lanes->lane[i].acceptor.pg);
    }
    holdup_free(lanes->holdup);
    free(lanes);
}

enum tg_fair_push lanes_add(struct lanes *lanes, struct ticket *ticket)
{
    struct lane *lane = &lanes->lane[tg_uuid_hash(ticket->send.org_id) % lanes->count];
    tg_gauge_add(TG_LANE_QUEUE, 1);
    enum tg_fair_push pushed = tg_fair_queue_push(lane->queue, ticket->send.org_id, ticket);
    if (pushed != TG_FAIR_ADDED)
        tg_gauge_add(TG_LANE_QUEUE, -1);
    return pushed;
}

struct tg_error lanes_full(enum tg_fair_push pushed)
{
    struct tg_error error;
    if (pushed == TG_FAIR_SHARE_USED)
        tg_error_set(&error, "too_many_requests", NULL,
                     "Too many of the org's messages are waiting to be accepted");
    else
        tg_error_set(&error, "overloaded", NULL, "Too many messages are waiting to be accepted");
    return error;
}

void lanes_submit(struct lanes *lanes, struct sender sender, struct tg_send *send, int wait_s)
{
    struct ticket *ticket = ticket_create(sender, send, wait_s);
    enum tg_fair_push pushed = lanes_add(lanes, ticket);
    if (pushed == TG_FAIR_ADDED)
        return;
    struct tg_error error = lanes_full(pushed);
    struct send_refusal refusal = {error.code, error.message, {0}};
    sender.words->refused(sender.request, &ticket->send, &refusal);
    ticket_free(ticket);
}

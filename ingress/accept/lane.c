#include "ingress/accept/lane.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "ingress/accept/send_answer.h"
#include "ingress/http/answer.h"

#include <string.h>

struct lane {
    struct lanes *lanes;
    struct tg_queue *queue;
    pthread_t thread;
    struct tg_pg *pg;
};

struct lanes {
    struct results *results;
    struct job_writer *jobs;
    size_t count;
    struct lane lane[];
};

// One send on its way through a lane.
struct ticket {
    struct request *request;
    struct tg_send send;
    int wait_s;
    long long deadline_ms; // for PostgreSQL to take it
    bool maybe_accepted;   // an answer to COMMIT got lost
};

static void free_ticket(struct ticket *ticket)
{
    tg_send_finish(&ticket->send);
    free(ticket);
}

// The first answer again; or how that message stands by now, if the request would wait for Meta:
// the result itself goes to whoever came first.
static void answer_duplicate(struct results *results, const struct ticket *ticket,
                             const struct tg_verdict *verdict)
{
    request_add_header(ticket->request, "Idempotency-Replayed", "true");
    if (ticket->wait_s > 0)
        results_tell(results, ticket->request, ticket->send.org_id, verdict);
    else
        send_answer_accepted(ticket->request, verdict);
}

// Lets a request wait for Meta, if it wants to and its message may leave before its time is up.
static bool wait_for_meta(struct results *results, const struct ticket *ticket,
                          const struct tg_verdict *verdict)
{
    int64_t until_ms = tg_unix_ms() + ticket->wait_s * 1000LL;
    return ticket->wait_s > 0 && ticket->send.send_at_ms <= until_ms &&
           results_await(results, ticket->request, ticket->send.org_id, verdict,
                         ticket->wait_s * 1000);
}

// Answers, and adds the job of what is queued now. A job whose request waits for Meta carries our
// name; that request is answered by the results. What is held or scheduled gets its job from
// somebody else, who does not know of us.
static void answer(struct results *results, const struct ticket *ticket,
                   const struct tg_verdict *verdict, struct job_batch *jobs)
{
    tg_count(TG_SENDS, tg_verdict_names[verdict->code], 1);
    if (verdict->code == TG_DUPLICATE) {
        answer_duplicate(results, ticket, verdict);
        return;
    }
    if (verdict->code != TG_ACCEPTED) {
        send_answer_refused(ticket->request, verdict);
        return;
    }
    bool waits = wait_for_meta(results, ticket, verdict);
    if (!waits)
        send_answer_accepted(ticket->request, verdict);
    if (verdict->status != TG_STATUS_QUEUED)
        return;
    struct tg_job *job = &jobs->job[jobs->n++];
    *job = (struct tg_job){.org_id = ticket->send.org_id, .message_id = verdict->message_id};
    if (waits)
        memcpy(job->ingress, results_name(results), sizeof job->ingress);
}

// PostgreSQL has committed, which is what the answers promise. Publishing comes after them.
static void answer_batch(struct lane *lane, struct ticket *const *tickets, size_t n,
                         const struct tg_verdict *verdicts)
{
    struct job_batch *jobs = job_batch_create(n);
    TG_STOP_POINT("after_accept");
    for (size_t i = 0; i < n; i++)
        answer(lane->lanes->results, tickets[i], &verdicts[i], jobs);
    TG_STOP_POINT("after_accept_answer");
    job_writer_submit(lane->lanes->jobs, jobs);
}

// Calls accept_sends until it has said yes or no, or the oldest ticket's time is up. A repeat
// carries the same message ids, so what a lost COMMIT did is found, not done again.
static enum tg_pg_status accept_batch(struct lane *lane, struct ticket *const *tickets, size_t n,
                                      struct tg_verdict *verdicts)
{
    const struct tg_send *sends[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        sends[i] = &tickets[i]->send;
    for (;;) {
        long long started_ms = tg_now_ms();
        enum tg_pg_status status = tg_store_accept_sends(lane->pg, sends, n, verdicts);
        if (status == TG_PG_OK) {
            tg_observe(TG_ACCEPT_BATCH, (double)n);
            tg_observe(TG_ACCEPT_SECONDS, (double)(tg_now_ms() - started_ms) / 1000);
            return TG_PG_OK;
        }
        for (size_t i = 0; status == TG_PG_UNKNOWN && i < n; i++)
            tickets[i]->maybe_accepted = true;
        if (status == TG_PG_REFUSED || tg_now_ms() >= tickets[0]->deadline_ms)
            return status;
        if (status != TG_PG_RETRY)
            tg_sleep_ms(TG_RECONNECT_MS);
    }
}

static void refuse_batch(struct ticket *const *tickets, size_t n, enum tg_pg_status status)
{
    for (size_t i = 0; i < n; i++) {
        tg_log(TG_LOG_ERROR, "send_not_accepted", TG_LOG_MESSAGE(&tickets[i]->send),
               TG_LOG_TEXT("outcome", tickets[i]->maybe_accepted ? "unknown" : "not accepted"));
        send_answer_failed(tickets[i]->request, tickets[i]->send.message_id,
                           tickets[i]->maybe_accepted, status);
    }
}

// Accepts, answers and hands on the jobs. One send that PostgreSQL will not take must not fail its
// neighbours.
static void take_all(struct lane *lane, struct ticket *const *tickets, size_t n)
{
    struct tg_verdict verdicts[TG_BATCH_MAX];
    struct tg_batch batch = tg_batch_of(n, TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        struct ticket *const *of_batch = tickets + batch.first;
        enum tg_pg_status status = accept_batch(lane, of_batch, batch.size, verdicts);
        if (status == TG_PG_OK)
            answer_batch(lane, of_batch, batch.size, verdicts);
        else if (status != TG_PG_REFUSED || !tg_batch_halve(&batch))
            refuse_batch(of_batch, batch.size, status);
    }
}

static void *run(void *argument)
{
    struct lane *lane = argument;
    while (!tg_queue_drained(lane->queue)) {
        struct ticket *tickets[TG_BATCH_MAX];
        size_t n = tg_queue_pop(lane->queue, (void **)tickets, TG_BATCH_MAX, -1);
        if (n == 0)
            continue;
        tg_gauge_add(TG_LANE_QUEUE, -(int64_t)n);
        take_all(lane, tickets, n);
        for (size_t i = 0; i < n; i++)
            free_ticket(tickets[i]);
    }
    return NULL;
}

struct lanes *lanes_start(const char *postgres_url, size_t count, struct results *results,
                          struct job_writer *jobs)
{
    struct lanes *lanes = tg_alloc(sizeof *lanes + count * sizeof lanes->lane[0]);
    lanes->results = results;
    lanes->jobs = jobs;
    lanes->count = count;
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->lanes = lanes;
        lane->pg = tg_pg_create(postgres_url, "tollgate-ingress lane");
        lane->queue = tg_queue_create(TG_LANE_QUEUE_MAX);
        lane->thread = tg_service_thread("lane", run, lane);
    }
    return lanes;
}

void lanes_stop(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        tg_queue_close(lanes->lane[i].queue);
    for (size_t i = 0; i < lanes->count; i++)
        pthread_join(lanes->lane[i].thread, NULL);
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes)
        return;
    for (size_t i = 0; i < lanes->count; i++) {
        tg_queue_destroy(lanes->lane[i].queue);
        tg_pg_destroy(lanes->lane[i].pg);
    }
    free(lanes);
}

void lanes_submit(struct lanes *lanes, struct request *request, struct tg_send *send, int wait_s)
{
    struct ticket *ticket = tg_alloc(sizeof *ticket);
    *ticket = (struct ticket){.request = request,
                              .send = *send,
                              .wait_s = wait_s,
                              .deadline_ms = tg_now_ms() + TG_ACCEPT_DEADLINE_MS};
    *send = (struct tg_send){0};
    struct lane *lane = &lanes->lane[tg_uuid_hash(ticket->send.org_id) % lanes->count];
    tg_gauge_add(TG_LANE_QUEUE, 1);
    if (tg_queue_try_push(lane->queue, ticket))
        return;
    tg_gauge_add(TG_LANE_QUEUE, -1);
    free_ticket(ticket);
    answer_refusal(request, "overloaded", NULL, "Too many messages are waiting to be accepted");
}

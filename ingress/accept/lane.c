#include "ingress/accept/lane.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "ingress/http/answer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lane {
    struct lanes *lanes;
    struct tg_queue *queue;
    pthread_t thread;
    struct tg_pg *pg;
};

struct lanes {
    const struct tg_settings *settings;
    struct waiters *waiters;
    struct jobs *jobs;
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

static const struct {
    const char *code;
    const char *message;
    const char *field; // of the request
} refusals[TG_VERDICT_CODES] = {
    [TG_VERDICT_OTHER] = {"internal_error", "The message could not be accepted", NULL},
    [TG_INSUFFICIENT_BALANCE] = {"insufficient_balance", "Insufficient wallet balance", NULL},
    [TG_NO_ORG] = {"org_not_found", "There is no such org", "org_id"},
    [TG_ORG_SUSPENDED] = {"org_suspended", "The org is suspended", "org_id"},
    [TG_NO_CHANNEL] = {"channel_not_found", "The org has no such active channel", "channel_id"},
    [TG_CHANNEL_PAUSED] = {"channel_paused", "The channel is paused", "channel_id"},
    [TG_CONTACT_OPTED_OUT] = {"contact_opted_out", "The contact wants no bulk messages", "phone"},
    [TG_IDEMPOTENCY_CONFLICT] = {"idempotency_conflict",
                                 "The Idempotency-Key came with another body before",
                                 "Idempotency-Key"},
    [TG_EXPIRED] = {"invalid_field", "not_after must be in the future", "not_after"},
};

static void answer_refused(const struct ticket *ticket, const struct tg_verdict *verdict)
{
    const char *code = refusals[verdict->code].code;
    const char *message = refusals[verdict->code].message;
    if (verdict->code == TG_INSUFFICIENT_BALANCE) {
        struct tg_text detail = {0};
        tg_text_append_format(&detail, "{\"balance\":\"%s\",\"fee\":\"%s\"}", verdict->balance,
                              verdict->fee);
        answer_error_detail(ticket->request, code, message, &detail);
        return;
    }
    struct tg_error error;
    tg_error_set(&error, code, refusals[verdict->code].field, "%s", message);
    answer_error(ticket->request, &error);
}

static void answer_accepted(const struct ticket *ticket, const struct tg_verdict *verdict)
{
    struct tg_text json = {0};
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(verdict->message_id, id);
    tg_text_append_format(&json, "{\"message_id\":\"%s\",\"status\":\"%s\",\"balance\":\"%s\"}", id,
                          tg_status_names[verdict->status], verdict->balance);
    answer_json(ticket->request, 202, &json);
}

// What PostgreSQL did not accept in time or at all. After a COMMIT whose answer never came nobody
// knows, and the client can ask by the message id.
static void answer_unaccepted(const struct ticket *ticket, enum tg_pg_status status)
{
    struct tg_error error;
    if (ticket->maybe_accepted) {
        struct tg_text detail = {0};
        char id[TG_UUID_TEXT_SIZE];
        tg_uuid_format(ticket->send.message_id, id);
        tg_text_append_format(&detail, "{\"message_id\":\"%s\"}", id);
        answer_error_detail(ticket->request, "outcome_unknown",
                            "The database went away while it was accepting the message: ask for it "
                            "before sending it again",
                            &detail);
    } else if (status == TG_PG_REFUSED) {
        tg_error_set(&error, "internal_error", NULL, "The message could not be accepted");
        answer_error(ticket->request, &error);
    } else {
        tg_error_set(&error, "unavailable", NULL, "The database cannot be reached");
        answer_error(ticket->request, &error);
    }
}

// The first answer again; or how that message stands by now, if the request would wait for Meta:
// the result itself goes to whoever came first.
static void answer_duplicate(struct waiters *waiters, const struct ticket *ticket,
                             const struct tg_verdict *verdict)
{
    request_add_header(ticket->request, "Idempotency-Replayed", "true");
    if (ticket->wait_s > 0)
        waiters_answer(waiters, ticket->request, ticket->send.org_id, verdict);
    else
        answer_accepted(ticket, verdict);
}

// Lets a request wait for Meta, if it wants to and its message may leave before its time is up.
static bool wait_for_meta(struct waiters *waiters, const struct ticket *ticket,
                          const struct tg_verdict *verdict)
{
    int64_t until_ms = tg_unix_ms() + ticket->wait_s * 1000LL;
    return ticket->wait_s > 0 && ticket->send.send_at_ms <= until_ms &&
           waiters_add(waiters, ticket->request, ticket->send.org_id, verdict,
                       ticket->wait_s * 1000);
}

// Answers every ticket of an accepted batch, and makes the jobs of what is queued now. Jobs whose
// request waits for Meta carry our name; those requests are answered by the waiters. What is held
// or scheduled gets its job from somebody else, who does not know of us. Returns how many jobs.
static size_t answer_batch(struct lane *lane, struct ticket *const *tickets, size_t n,
                           const struct tg_verdict *verdicts, struct tg_job *jobs)
{
    struct waiters *waiters = lane->lanes->waiters;
    size_t queued = 0;
    for (size_t i = 0; i < n; i++) {
        struct ticket *ticket = tickets[i];
        const struct tg_verdict *verdict = &verdicts[i];
        tg_count(TG_SENDS, tg_verdict_names[verdict->code], 1);
        if (verdict->code == TG_DUPLICATE) {
            answer_duplicate(waiters, ticket, verdict);
            continue;
        }
        if (verdict->code != TG_ACCEPTED) {
            answer_refused(ticket, verdict);
            continue;
        }
        bool waits = wait_for_meta(waiters, ticket, verdict);
        if (!waits)
            answer_accepted(ticket, verdict);
        if (verdict->status != TG_STATUS_QUEUED)
            continue;
        struct tg_job *job = &jobs[queued++];
        *job = (struct tg_job){.org_id = ticket->send.org_id, .message_id = verdict->message_id};
        if (waits)
            memcpy(job->waiter, waiters_name(waiters), sizeof job->waiter);
    }
    return queued;
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
        tg_log(TG_LOG_ERROR, "send_not_accepted", TG_LOG_ID("org_id", tickets[i]->send.org_id),
               TG_LOG_ID("message_id", tickets[i]->send.message_id),
               TG_LOG_TEXT("outcome", tickets[i]->maybe_accepted ? "unknown" : "not accepted"));
        answer_unaccepted(tickets[i], status);
    }
}

// Accepts, answers and hands on the jobs. One send that PostgreSQL will not take must not fail its
// neighbours.
static void take_all(struct lane *lane, struct ticket *const *tickets, size_t n)
{
    struct tg_verdict verdicts[TG_BATCH_MAX];
    struct tg_job jobs[TG_BATCH_MAX];
    struct tg_batch batch = tg_batch_of(n, TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        struct ticket *const *of_batch = tickets + batch.first;
        enum tg_pg_status status = accept_batch(lane, of_batch, batch.size, verdicts);
        // PostgreSQL has committed, which is what the answer promises. Publishing comes after it.
        if (status == TG_PG_OK) {
            TG_STOP_POINT("after_accept");
            size_t queued = answer_batch(lane, of_batch, batch.size, verdicts, jobs);
            TG_STOP_POINT("after_accept_answer");
            jobs_submit(lane->lanes->jobs, jobs, queued);
        } else if (status != TG_PG_REFUSED || !tg_batch_halve(&batch)) {
            refuse_batch(of_batch, batch.size, status);
        }
    }
}

static void *run(void *argument)
{
    struct lane *lane = argument;
    lane->pg = tg_pg_create(lane->lanes->settings->postgres_url, "tollgate-ingress lane");
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
    tg_pg_destroy(lane->pg);
    return NULL;
}

struct lanes *lanes_start(const struct tg_settings *settings, struct waiters *waiters,
                          struct jobs *jobs)
{
    size_t count = (size_t)settings->lanes;
    struct lanes *lanes = calloc(1, sizeof *lanes + count * sizeof lanes->lane[0]);
    if (!lanes)
        abort();
    lanes->settings = settings;
    lanes->waiters = waiters;
    lanes->jobs = jobs;
    lanes->count = count;
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->lanes = lanes;
        lane->queue = tg_queue_create(TG_LANE_QUEUE_MAX);
        lane->thread = tg_service_thread("lane", run, lane);
    }
    return lanes;
}

void lanes_close(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        tg_queue_close(lanes->lane[i].queue);
}

void lanes_stop(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        pthread_join(lanes->lane[i].thread, NULL);
}

void lanes_free(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        tg_queue_destroy(lanes->lane[i].queue);
    free(lanes);
}

void lanes_submit(struct lanes *lanes, struct request *request, struct tg_send *send, int wait_s)
{
    struct ticket *ticket = malloc(sizeof *ticket);
    if (!ticket)
        abort();
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
    struct tg_error error;
    tg_error_set(&error, "overloaded", NULL, "Too many messages are waiting to be accepted");
    answer_error(request, &error);
}

#include "ingress/accept/ticket.h"

#include "common/base/batch.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "common/store/failure.h"

#include <string.h>

struct ticket *ticket_create(struct sender sender, struct tg_send *send, int wait_s)
{
    struct ticket *ticket = tg_alloc(sizeof *ticket);
    *ticket = (struct ticket){.sender = sender,
                              .send = *send,
                              .wait_s = wait_s,
                              .deadline_ms = tg_now_ms() + TG_ACCEPT_DEADLINE_MS};
    *send = (struct tg_send){0};
    return ticket;
}

void ticket_free(struct ticket *ticket)
{
    tg_send_finish(&ticket->send);
    free(ticket);
}

// The first answer again; or how that message stands by now, if the request would wait for Meta:
// the result itself goes to whoever came first.
static void answer_duplicate(struct results *results, const struct ticket *ticket,
                             const struct tg_verdict *verdict)
{
    const struct sender *sender = &ticket->sender;
    int wait_ms = sender->words->repeats_wait ? ticket->wait_s * 1000 : 0;
    request_add_header(sender->request, "Idempotency-Replayed", "true");
    request_drop_body(sender->request);
    if (ticket->wait_s > 0)
        results_tell(results, *sender, ticket->send.org_id, verdict, wait_ms);
    else
        sender->words->accepted(sender->request, verdict);
}

// Lets a request wait for Meta, if it wants to and its message may leave before its time is up.
static bool wait_for_meta(struct results *results, const struct ticket *ticket,
                          const struct tg_verdict *verdict)
{
    if (ticket->wait_s == 0 || ticket->send.send_at_ms > tg_unix_ms() + ticket->wait_s * 1000LL)
        return false;
    request_drop_body(ticket->sender.request); // it may be for long
    return results_await(results, ticket->sender, ticket->send.org_id, verdict,
                         ticket->wait_s * 1000);
}

static void answer_refused(const struct ticket *ticket, const struct tg_verdict *verdict)
{
    struct send_refusal refusal = send_refusal_of(&ticket->send, verdict);
    ticket->sender.words->refused(ticket->sender.request, &ticket->send, &refusal);
}

// True: the results will answer.
static bool answer_unless_it_waits(struct results *results, const struct ticket *ticket,
                                   const struct tg_verdict *verdict)
{
    if (ticket->bundle)
        bundle_tell(ticket->bundle, ticket->place, &ticket->send, verdict);
    else if (verdict->code == TG_DUPLICATE)
        answer_duplicate(results, ticket, verdict);
    else if (verdict->code != TG_ACCEPTED)
        answer_refused(ticket, verdict);
    else if (wait_for_meta(results, ticket, verdict))
        return true;
    else
        ticket->sender.words->accepted(ticket->sender.request, verdict);
    return false;
}

// Answers, and adds the job of what is queued now. A job whose request waits for Meta carries our
// name; that request is answered by the results. What is held or scheduled gets its job from
// somebody else, who does not know of us.
static void answer(struct results *results, const struct ticket *ticket,
                   const struct tg_verdict *verdict, struct job_batch *jobs)
{
    tg_count(TG_SENDS, tg_verdict_names[verdict->code], 1);
    bool waits = answer_unless_it_waits(results, ticket, verdict);
    if (verdict->code != TG_ACCEPTED || verdict->status != TG_STATUS_QUEUED)
        return;
    struct tg_job *job = &jobs->job[jobs->n++];
    *job = (struct tg_job){.org_id = ticket->send.org_id, .message_id = verdict->message_id};
    if (waits)
        memcpy(job->ingress, results_name(results), sizeof job->ingress);
}

// Which channel it takes is the request's to say; else it is the org's default.
static void log_accepted(const struct ticket *ticket, const struct tg_verdict *verdict)
{
    const struct tg_send *send = &ticket->send;
    bool by_number = send->phone_number_id[0] != '\0';
    char channel[TG_UUID_TEXT_SIZE] = "default";
    if (send->has_channel)
        tg_uuid_format(send->channel_id, channel);
    tg_log_step(
        verdict->code == TG_ACCEPTED ? "send_accepted" : "send_repeated",
        TG_LOG_ID("message_id", verdict->message_id), TG_LOG_ID("org_id", send->org_id),
        TG_LOG_TEXT(by_number ? "phone_number_id" : "channel_id",
                    by_number ? send->phone_number_id : channel),
        TG_LOG_TEXT("status", tg_status_names[verdict->status]),
        TG_LOG_NUMBER("duration_ms", tg_now_ms() - ticket->deadline_ms + TG_ACCEPT_DEADLINE_MS));
}

static void log_all(struct ticket *const *tickets, size_t n, const struct tg_verdict *verdicts)
{
    if (!tg_log_writes(tg_log_step_level()))
        return;
    tg_log_gather();
    for (size_t i = 0; i < n; i++) {
        if (verdicts[i].code == TG_ACCEPTED || verdicts[i].code == TG_DUPLICATE)
            log_accepted(tickets[i], &verdicts[i]);
    }
    tg_log_let_go();
}

static void free_all(struct ticket **tickets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ticket_free(tickets[i]);
        tickets[i] = NULL;
    }
}

// PostgreSQL has committed, which is what the answers promise. Publishing comes after them.
static void answer_batch(const struct acceptor *acceptor, struct ticket **tickets, size_t n,
                         const struct tg_verdict *verdicts)
{
    struct job_batch *jobs = job_batch_create(n);
    TG_STOP_POINT("after_accept");
    for (size_t i = 0; i < n; i++)
        answer(acceptor->results, tickets[i], &verdicts[i], jobs);
    TG_STOP_POINT("after_accept_answer");
    job_writer_submit(acceptor->jobs, jobs);
    log_all(tickets, n, verdicts);
    free_all(tickets, n);
}

// `unfit`: whose database lacks what any message needs; or NULL.
static void refuse(struct ticket *ticket, enum tg_pg_status status, const struct tg_pg *unfit)
{
    struct tg_error error;
    if (ticket->maybe_accepted || (status == TG_PG_REFUSED && !unfit))
        tg_log(TG_LOG_ERROR, "send_not_accepted", TG_LOG_MESSAGE(&ticket->send),
               TG_LOG_TEXT("outcome", ticket->maybe_accepted ? "unknown" : "not accepted"));
    else // PostgreSQL is away or not migrated, or a wallet is held: of no message in particular
        tg_log_rarely(TG_LOG_ERROR, "sends_not_accepted", TG_LOG_MESSAGE(&ticket->send));
    struct send_refusal refusal =
        send_refusal_failed(ticket->send.message_id, ticket->maybe_accepted, status);
    if (unfit && !ticket->maybe_accepted && !tg_store_failure(unfit, status, &error)) {
        refusal.code = error.code;
        refusal.message = error.message;
    }
    if (ticket->bundle)
        bundle_refuse(ticket->bundle, ticket->place, &refusal);
    else
        ticket->sender.words->refused(ticket->sender.request, &ticket->send, &refusal);
    ticket_free(ticket);
}

// A repeat carries the same message ids, so what a lost COMMIT did is found, not done again.
static enum tg_pg_status call(const struct acceptor *acceptor, struct ticket *const *tickets,
                              size_t n, struct tg_verdict *verdicts)
{
    const struct tg_send *sends[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        sends[i] = &tickets[i]->send;
    long long started_ms = tg_now_ms();
    enum tg_pg_status status = tg_store_accept_sends(acceptor->pg, sends, n, verdicts);
    if (status == TG_PG_OK) {
        tg_observe(TG_ACCEPT_BATCH, (double)n);
        tg_observe(TG_ACCEPT_SECONDS, (double)(tg_now_ms() - started_ms) / 1000);
    }
    for (size_t i = 0; status == TG_PG_UNKNOWN && i < n; i++)
        tickets[i]->maybe_accepted = true;
    return status;
}

// Closes the gaps of those that are gone.
static void close_up(struct ticket **tickets, size_t *n)
{
    size_t left = 0;
    for (size_t i = 0; i < *n; i++) {
        if (tickets[i])
            tickets[left++] = tickets[i];
    }
    *n = left;
}

enum tg_pg_status tickets_accept(const struct acceptor *acceptor, struct ticket **tickets,
                                 size_t *n)
{
    struct tg_verdict verdicts[TG_BATCH_MAX];
    enum tg_pg_status status = TG_PG_OK;
    struct tg_batch batch = tg_batch_of(*n, TG_BATCH_MAX);
    while ((status == TG_PG_OK || status == TG_PG_REFUSED) && tg_batch_next(&batch)) {
        struct ticket **of_batch = tickets + batch.first;
        status = call(acceptor, of_batch, batch.size, verdicts);
        if (status == TG_PG_OK) {
            answer_batch(acceptor, of_batch, batch.size, verdicts);
        } else if (status == TG_PG_REFUSED && !tg_batch_halve(&batch)) {
            refuse(of_batch[0], status, tg_pg_is_unfit(acceptor->pg) ? acceptor->pg : NULL);
            of_batch[0] = NULL;
        }
    }
    close_up(tickets, n);
    return status;
}

void tickets_refuse_late(struct ticket **tickets, size_t *n, enum tg_pg_status status)
{
    long long now_ms = tg_now_ms();
    for (size_t i = 0; i < *n; i++) {
        if (tickets[i]->deadline_ms > now_ms)
            continue;
        refuse(tickets[i], status, NULL);
        tickets[i] = NULL;
    }
    close_up(tickets, n);
}

#include "ingress/accept/bundle.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "ingress/accept/lane.h"
#include "ingress/accept/ticket.h"
#include "ingress/http/answer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct part {
    bool waits; // to be given to the lane
    struct tg_send send;
    struct tg_text verdict; // what its member of the answer says, without the braces
};

struct bundle {
    struct lanes *lanes;
    struct request *request;
    atomic_size_t open;     // parts that the lane has, and one while some are given to it
    atomic_size_t accepted; // or were before
    atomic_bool gave_up;    // PostgreSQL is away: those behind need not find that out, too
    bool given;             // any part, to the lane
    size_t next;
    size_t n;
    struct part parts[];
};

struct bundle *bundle_create(struct lanes *lanes, struct request *request, size_t max)
{
    struct bundle *bundle = tg_alloc(sizeof *bundle + max * sizeof bundle->parts[0]);
    memset(bundle, 0, sizeof *bundle);
    bundle->lanes = lanes;
    bundle->request = request;
    return bundle;
}

static struct part *add(struct bundle *bundle)
{
    struct part *part = &bundle->parts[bundle->n++];
    memset(part, 0, sizeof *part);
    return part;
}

void bundle_add(struct bundle *bundle, struct tg_send *send)
{
    struct part *part = add(bundle);
    part->waits = true;
    part->send = *send;
    *send = (struct tg_send){0};
}

static void write_refusal(struct part *part, const char *code, const char *message,
                          const struct tg_text *detail)
{
    TG_TEXT_AUTO said = {0};
    int status = answer_write_error(code, message, detail, &said);
    tg_text_append_format(&part->verdict, "\"status_code\":%d,%s", status, tg_text_string(&said));
}

static void refuse(struct part *part, const struct tg_error *error)
{
    TG_TEXT_AUTO detail = {0};
    if (error->field[0]) {
        tg_text_append_string(&detail, "{\"field\":");
        tg_text_append_json(&detail, error->field, strlen(error->field));
        tg_text_append_string(&detail, "}");
    }
    write_refusal(part, error->code, error->message, &detail);
}

void bundle_add_refused(struct bundle *bundle, const struct tg_error *error)
{
    refuse(add(bundle), error);
}

void bundle_drop(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->n; i++) {
        tg_send_finish(&bundle->parts[i].send);
        tg_text_finish(&bundle->parts[i].verdict);
    }
    free(bundle);
}

static void answer(struct bundle *bundle)
{
    struct tg_text json = {0};
    size_t accepted = atomic_load(&bundle->accepted);
    tg_text_append_format(&json, "{\"accepted\":%zu,\"refused\":%zu,\"messages\":[", accepted,
                          bundle->n - accepted);
    for (size_t i = 0; i < bundle->n; i++) {
        tg_text_append_format(&json, "%s{\"index\":%zu,", i > 0 ? "," : "", i);
        tg_text_append(&json, bundle->parts[i].verdict.data, bundle->parts[i].verdict.length);
        tg_text_append_string(&json, "}");
    }
    tg_text_append_string(&json, "]}");
    answer_json(bundle->request, 207, &json);
    bundle_drop(bundle);
}

// Nothing of it was given to the lane, which has no room: so the request as a whole has none.
static void answer_full(struct bundle *bundle, const struct tg_error *error)
{
    answer_error(bundle->request, error);
    bundle_drop(bundle);
}

static void refuse_rest(struct bundle *bundle, const struct tg_error *error)
{
    for (; bundle->next < bundle->n; bundle->next++) {
        if (bundle->parts[bundle->next].waits)
            refuse(&bundle->parts[bundle->next], error);
    }
}

static enum tg_fair_push give(struct bundle *bundle, size_t place)
{
    struct ticket *ticket = ticket_create((struct sender){0}, &bundle->parts[place].send, 0);
    ticket->bundle = bundle;
    ticket->place = place;
    atomic_fetch_add(&bundle->open, 1);
    enum tg_fair_push pushed = lanes_add(bundle->lanes, ticket);
    if (pushed == TG_FAIR_ADDED)
        return pushed;
    atomic_fetch_sub(&bundle->open, 1);
    ticket_free(ticket);
    return pushed;
}

// Gives the lane the next ones. On anything but TG_FAIR_ADDED it has no room for the next one.
static enum tg_fair_push give_next(struct bundle *bundle)
{
    enum tg_fair_push pushed = TG_FAIR_ADDED;
    size_t given = 0;
    while (pushed == TG_FAIR_ADDED && given < TG_BATCH_MAX && bundle->next < bundle->n) {
        if (bundle->parts[bundle->next].waits) {
            pushed = give(bundle, bundle->next);
            given++;
        }
        bundle->next += pushed == TG_FAIR_ADDED;
    }
    bundle->given = bundle->given || given > (pushed != TG_FAIR_ADDED);
    return pushed;
}

static struct tg_error is_away(void)
{
    struct tg_error error;
    tg_error_set(&error, "unavailable", NULL,
                 "The database cannot be reached, or does no work now");
    return error;
}

// False: that was all, or there is no room for any, and the request is answered.
static bool go_on(struct bundle *bundle)
{
    struct tg_error error = is_away();
    if (atomic_load(&bundle->gave_up))
        refuse_rest(bundle, &error);
    if (bundle->next == bundle->n) {
        answer(bundle);
        return false;
    }
    enum tg_fair_push pushed = give_next(bundle);
    if (pushed == TG_FAIR_ADDED)
        return true;
    error = lanes_full(pushed);
    if (!bundle->given) {
        answer_full(bundle, &error);
        return false;
    }
    refuse_rest(bundle, &error);
    return true;
}

// While `open` counts us nobody else goes on with it.
static void run(struct bundle *bundle)
{
    do
        atomic_store(&bundle->open, 1);
    while (go_on(bundle) && atomic_fetch_sub(&bundle->open, 1) == 1);
}

void bundle_start(struct bundle *bundle)
{
    run(bundle);
}

static void close_part(struct bundle *bundle)
{
    if (atomic_fetch_sub(&bundle->open, 1) == 1)
        run(bundle);
}

void bundle_tell(struct bundle *bundle, size_t place, const struct tg_send *send,
                 const struct tg_verdict *verdict)
{
    struct part *part = &bundle->parts[place];
    if (verdict->code == TG_ACCEPTED || verdict->code == TG_DUPLICATE) {
        atomic_fetch_add(&bundle->accepted, 1);
        tg_text_append_string(&part->verdict, "\"status_code\":202,");
        send_write_standing(verdict, verdict->status, &part->verdict);
        if (verdict->code == TG_DUPLICATE)
            tg_text_append_string(&part->verdict, ",\"replayed\":true");
    } else {
        struct send_refusal refusal = send_refusal_of(send, verdict);
        write_refusal(part, refusal.code, refusal.message, &refusal.detail);
        tg_text_finish(&refusal.detail);
    }
    close_part(bundle);
}

void bundle_refuse(struct bundle *bundle, size_t place, struct send_refusal *refusal)
{
    if (strcmp(refusal->code, "unavailable") == 0 || strcmp(refusal->code, "outcome_unknown") == 0)
        atomic_store(&bundle->gave_up, true);
    write_refusal(&bundle->parts[place], refusal->code, refusal->message, &refusal->detail);
    tg_text_finish(&refusal->detail);
    close_part(bundle);
}

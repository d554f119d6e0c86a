#include "ingress/api/sends.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "ingress/accept/send_content.h"
#include "ingress/accept/send_form.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

// A request that waits until its org's default country is known.
struct homeless {
    struct homes *homes;
    struct request *request;
    struct tg_uuid org_id;
};

static void find_home(struct tg_pg *pg, void *context)
{
    struct homeless *homeless = context;
    struct tg_error error;
    if (homes_look_up(homeless->homes, pg, homeless->org_id, &error))
        request_go_on(homeless->request);
    else
        answer_error(homeless->request, &error);
    free(homeless);
}

static void wait_for_home(struct sends *sends, struct request *request, struct tg_uuid org_id)
{
    struct homeless *homeless = tg_alloc(sizeof *homeless);
    *homeless = (struct homeless){sends->homes, request, org_id};
    enum tg_fair_push pushed = pool_submit(sends->pool, org_id, find_home, homeless);
    if (pushed == TG_FAIR_ADDED)
        return;
    free(homeless);
    if (pushed == TG_FAIR_SHARE_USED)
        answer_refusal(request, "too_many_requests", NULL, "Too many of your requests are waiting");
    else
        answer_refusal(request, "overloaded", NULL, "Too many requests are waiting");
}

// Does it go on once something is known that it lacks? Then it is in other hands now; the loans are
// taken in any case.
static bool wait_for(struct sends *sends, struct request *request, struct loans *loans,
                     struct tg_uuid org_id, const struct tg_error *error)
{
    if (error->code == send_unlent) {
        request->own = NULL;
        lender_take(sends->lender, request, loans);
        return true;
    }
    loans_free(loans); // it may take as long until they are asked for as they were good for
    request->own = NULL;
    if (error->code == send_homeless)
        wait_for_home(sends, request, org_id);
    return error->code == send_homeless;
}

static void send_message(void *context, struct request *request, const struct identity *caller)
{
    struct sends *sends = context;
    const struct tg_text *body = &request->body.bytes;
    struct loans *loans = request->own; // of one that has waited for its files
    struct tg_send send = {0};
    struct tg_error error;
    int count;
    if (!document_knows_query(request))
        return;
    const char *key = request_header(request, "Idempotency-Key", &count);
    bool good = send_form_read_key(key, count, body, &send, &error) &&
                send_form_read(body, caller, sends->homes, &loans, &send, &error);
    if (!good) {
        if (!wait_for(sends, request, loans, send.org_id, &error))
            answer_error(request, &error);
        return;
    }
    loans_free(loans);
    request->own = NULL;
    int wait_s =
        send_form_wait_seconds(request_header(request, "Prefer", NULL), (int)*sends->unless_said_s);
    request_drop_bytes(request);
    lanes_submit(sends->lanes, (struct sender){request, &send_answer_words}, &send, wait_s);
}

const struct endpoint send_endpoints[] = {
    {.method = "POST",
     .path = "/api/send-message",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     .body = BODY_JSON,
     .body_max = TG_SEND_BODY_MAX,
     .on_server = send_message,
     .says = "Sends a message, or says why not.",
     .request = "Send",
     .answer = "Sent"},
    {.method = "POST",
     .path = "/api/send-messages",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     .body = BODY_JSON,
     .body_max = TG_BUNDLE_BODY_MAX,
     .on_database = send_messages,
     .says = "Sends up to 1,000 messages, and says of each what send-message would.",
     .request = "Sends",
     .answer = "SentEach"},
    {0},
};

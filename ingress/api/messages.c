#include "ingress/api/endpoints.h"

#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/store/accept.h"
#include "common/store/reads.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

// The message that the path names, and its org. False: answered.
static bool read_ids(struct request *request, const struct identity *caller, struct tg_uuid *org_id,
                     struct tg_uuid *message_id)
{
    struct tg_span id = endpoint_segment(request, "id");
    if (!document_knows_query(request))
        return false;
    if (tg_uuid_parse(id.data, id.length, message_id))
        return document_org(request, caller, org_id);
    answer_refusal(request, "invalid_field", "id", "The message id must be a UUID");
    return false;
}

static void answer_message(struct request *request, struct tg_pg *pg, struct tg_uuid org_id,
                           struct tg_uuid message_id)
{
    struct tg_text document = {0};
    bool found = false;
    enum tg_pg_status status = tg_store_get_message(pg, org_id, message_id, &found, &document);
    document_answer(request, pg, status, found, &document, "The org has no such message");
}

static void get_message(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    if (read_ids(request, caller, &org_id, &message_id))
        answer_message(request, pg, org_id, message_id);
}

// Cancels the message, and then reads it.
static void cancel_message(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    struct tg_cancelling cancelling;
    struct tg_text none = {0};
    if (!read_ids(request, caller, &org_id, &message_id))
        return;
    enum tg_pg_status status = tg_store_cancel_send(pg, org_id, message_id, &cancelling);
    // What was cancelled already is found so: nothing is refunded twice.
    if (status != TG_PG_OK && status != TG_PG_REFUSED)
        status = tg_store_cancel_send(pg, org_id, message_id, &cancelling);
    if (status == TG_PG_OK && cancelling.verdict == TG_CANCELLED) {
        tg_count(TG_REFUNDS, NULL, cancelling.refunded);
        tg_log_step("send_cancelled", TG_LOG_ID("message_id", message_id),
                    TG_LOG_ID("org_id", org_id), TG_LOG_NUMBER("refunded", cancelling.refunded),
                    TG_LOG_TEXT("caller", caller->actor));
        answer_message(request, pg, org_id, message_id);
    } else if (status == TG_PG_OK && cancelling.verdict == TG_CANCEL_TOO_LATE) {
        answer_refusal(request, "too_late", NULL, "The message is no longer scheduled or held");
    } else {
        document_answer(request, pg, status, false, &none, "The org has no such message");
    }
}

const struct endpoint message_endpoints[] = {
    {.method = "GET",
     .path = "/api/messages/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("org_id"),
     .on_database = get_message,
     .says = "One message, and how it stands.",
     .answer = "Message"},
    {.method = "DELETE",
     .path = "/api/messages/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     ENDPOINT_QUERY("org_id"),
     .on_database = cancel_message,
     .says = "Cancels a message that is scheduled or held, and refunds it.",
     .answer = "Message"},
    {0},
};

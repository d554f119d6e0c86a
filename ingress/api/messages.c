#include "ingress/api/endpoints.h"

#include "common/base/utf8.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/store/accept.h"
#include "common/store/lists.h"
#include "common/store/reads.h"
#include "ingress/desk/desk.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

enum { WAMID_MAX = 255 };
static const char not_there[] = "The org has no such message";

// The message that the path names by our id or Meta's, and its org. False: answered.
static bool read_ids(struct tg_pg *pg, struct request *request, const struct identity *caller,
                     struct tg_uuid *org_id, struct tg_uuid *message_id)
{
    TG_TEXT_AUTO id = {0};
    struct tg_text none = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, org_id))
        return false;
    endpoint_segment_text(request, "id", &id);
    if (tg_uuid_parse(id.data, id.length, message_id))
        return true;
    if (id.length > WAMID_MAX || !tg_utf8_is_valid(id.data, id.length)) {
        answer_refusal(request, "invalid_field", "id", "The message id must be ours or Meta's");
        return false;
    }
    enum tg_pg_status status =
        tg_store_find_message(pg, *org_id, tg_text_string(&id), &found, message_id);
    if (status != TG_PG_OK || !found)
        document_answer(request, pg, status, false, &none, not_there);
    return status == TG_PG_OK && found;
}

static void answer_message(struct request *request, struct tg_pg *pg, struct tg_uuid org_id,
                           struct tg_uuid message_id)
{
    struct tg_text document = {0};
    bool found = false;
    enum tg_pg_status status = tg_store_get_message(pg, org_id, message_id, &found, &document);
    document_answer(request, pg, status, found, &document, not_there);
}

static void get_message(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    if (read_ids(pg, request, caller, &org_id, &message_id))
        answer_message(request, pg, org_id, message_id);
}

// Cancels the message, and then reads it.
static void cancel_message(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    struct tg_cancelling cancelling;
    struct tg_text none = {0};
    if (!read_ids(pg, request, caller, &org_id, &message_id))
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
        document_answer(request, pg, status, false, &none, not_there);
    }
}

static const char *const directions[] = {"outbound", "inbound", NULL};
static const char *const statuses[] = {"scheduled", "held",        "queued", "sending",
                                       "sent",      "unconfirmed", "failed", "delivered",
                                       "read",      "received",    NULL};

const struct endpoint message_endpoints[] = {
    {.method = "GET",
     .path = "/api/messages",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_messages, .list = DESK_LIST_BY_ID,
               .find = DESK_MEMBERS(
                   {"contact", .kind = DESK_CONTACT}, {"contact_id", DESK_NUMBER, .max = INT64_MAX},
                   {"channel", .kind = DESK_TEXT}, {"campaign_id", .kind = DESK_ID},
                   {"direction", DESK_WORD, .words = directions},
                   {"status", DESK_WORD, .words = statuses}, {"type", .kind = DESK_TEXT},
                   {"error", .kind = DESK_TEXT}, {"since", .kind = DESK_SINCE},
                   {"until", .kind = DESK_SINCE}, {"text", .kind = DESK_TEXT})),
     .says = "The org's messages that fit, newest first, in pages.",
     .answer = "ListedMessages"},
    {.method = "GET",
     .path = "/api/messages/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("org_id"),
     .on_database = get_message,
     .says = "One message, how it stands, and what has happened to it.",
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

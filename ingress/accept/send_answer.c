#include "ingress/accept/send_answer.h"

#include "common/store/reads.h"
#include "ingress/http/answer.h"

#include <string.h>

#define TEMPLATE "payload.template"

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
    [TG_OUTSIDE_WINDOW] = {"outside_window",
                           "The contact has not written to this number for 24 hours: Meta takes "
                           "nothing but templates",
                           "phone"},
    [TG_TEMPLATE_PAUSED] = {"template_paused", "Meta has paused the template", TEMPLATE},
    [TG_TEMPLATE_DISABLED] = {"template_disabled", "Meta has disabled the template", TEMPLATE},
    [TG_TEMPLATE_REJECTED] = {"template_rejected", "Meta has rejected the template", TEMPLATE},
    [TG_TEMPLATE_NOT_FOUND] = {"template_not_found",
                               "The account has no such template in this language", TEMPLATE},
    [TG_TEMPLATE_PARAMETERS] = {"template_parameters",
                                "The parameters are not those that the template wants",
                                TEMPLATE ".components"},
    [TG_IDEMPOTENCY_CONFLICT] = {"idempotency_conflict",
                                 "The Idempotency-Key came with another body before",
                                 "Idempotency-Key"},
    [TG_EXPIRED] = {"invalid_field", "not_after must be in the future", "not_after"},
    [TG_NO_MESSAGE] = {"message_not_found", "The org has received no such message over this number",
                       "payload.message_id"},
    [TG_TOO_MANY_RECEIPTS] = {"too_many_requests",
                              "The number has more receipts and messages to send than it can soon",
                              NULL},
};

static void write_field(const char *field, struct tg_text *detail)
{
    tg_text_append_string(detail, "{\"field\":");
    tg_text_append_json(detail, field, strlen(field));
    tg_text_append_string(detail, "}");
}

static struct send_refusal refusal_by(const struct tg_error *fault)
{
    struct send_refusal refusal = {fault->code, fault->message, {0}};
    if (*fault->field)
        write_field(fault->field, &refusal.detail);
    return refusal;
}

struct send_refusal send_refusal_of(const struct tg_send *send, const struct tg_verdict *verdict)
{
    if (verdict->code == TG_EXPIRED && send->fault)
        return refusal_by(send->fault);
    const char *field = refusals[verdict->code].field;
    struct send_refusal refusal = {
        refusals[verdict->code].code, refusals[verdict->code].message, {0}};
    if (verdict->code >= TG_TEMPLATE_PAUSED && verdict->code <= TG_TEMPLATE_PARAMETERS &&
        *verdict->template_says)
        refusal.message = verdict->template_says;
    bool by_number = field && strcmp(field, "channel_id") == 0 && send->phone_number_id[0];
    if (verdict->code == TG_INSUFFICIENT_BALANCE)
        tg_text_append_format(&refusal.detail, "{\"balance\":\"%s\",\"fee\":\"%s\"}",
                              verdict->balance, verdict->fee);
    else if (field)
        write_field(by_number ? "phone_number_id" : field, &refusal.detail);
    return refusal;
}

struct send_refusal send_refusal_failed(struct tg_uuid message_id, bool maybe_accepted,
                                        enum tg_pg_status status)
{
    struct send_refusal refusal = {
        "unavailable", "The database cannot be reached, or does no work now", {0}};
    if (maybe_accepted) {
        char id[TG_UUID_TEXT_SIZE];
        tg_uuid_format(message_id, id);
        refusal.code = "outcome_unknown";
        refusal.message = "The database went away while it was accepting the message: ask for it "
                          "before sending it again";
        tg_text_append_format(&refusal.detail, "{\"message_id\":\"%s\"}", id);
    } else if (status == TG_PG_REFUSED) {
        refusal.code = "internal_error";
        refusal.message = "The message could not be accepted";
    } else if (status == TG_PG_RETRY) {
        refusal.message = "Somebody else holds the org's wallet";
    }
    return refusal;
}

// What is said of an accepted message beside how it stands, behind its other members.
static void write_warning(const struct tg_verdict *verdict, struct tg_text *json)
{
    const char *warning = verdict->is_outside ? "outside_window" : verdict->template_fault;
    if (*warning)
        tg_text_append_format(json, ",\"warning\":\"%s\"", warning);
}

static void refused(struct request *request, const struct tg_send *send,
                    struct send_refusal *refusal)
{
    (void)send;
    answer_error_detail(request, refusal->code, refusal->message, &refusal->detail);
}

void send_write_standing(const struct tg_verdict *verdict, enum tg_status status,
                         struct tg_text *json)
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(verdict->message_id, id);
    tg_text_append_format(json, "\"message_id\":\"%s\",\"status\":\"%s\",\"balance\":\"%s\"", id,
                          tg_status_names[status], verdict->balance);
    write_warning(verdict, json);
}

static void answer_standing(struct request *request, const struct tg_verdict *verdict,
                            enum tg_status status)
{
    struct tg_text json = {0};
    tg_text_append_string(&json, "{");
    send_write_standing(verdict, status, &json);
    tg_text_append_string(&json, "}");
    answer_json(request, 202, &json);
}

static void accepted(struct request *request, const struct tg_verdict *verdict)
{
    answer_standing(request, verdict, verdict->status);
}

static void answer_sent(struct request *request, const struct tg_verdict *verdict,
                        const struct tg_result *result, const char *id)
{
    struct tg_text json = {0};
    tg_text_append_format(&json, "{\"success\":true,\"message_id\":\"%s\",\"wamid\":", id);
    tg_result_write_wamid(result, &json);
    tg_text_append_format(&json, ",\"status\":\"%s\"", tg_status_names[result->status]);
    write_warning(verdict, &json);
    tg_text_append_string(&json, "}");
    answer_json(request, 200, &json);
}

static void answer_not_sent(struct request *request, const struct tg_result *result, const char *id)
{
    struct tg_text detail = {0};
    tg_text_append_format(
        &detail, "{\"message_id\":\"%s\",\"status\":\"failed\",\"refunded\":%s,\"error\":", id,
        result->refunded ? "true" : "false");
    tg_result_write_error(result, &detail);
    tg_text_append_string(&detail, "}");
    answer_error_detail(
        request, "send_failed",
        result->refunded ? "Message failed to send (refunded)" : "Message failed to send", &detail);
}

static void result_of(struct request *request, const struct tg_verdict *verdict,
                      const struct tg_result *result)
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(verdict->message_id, id);
    switch (result->status) {
    case TG_STATUS_SENT:
    case TG_STATUS_DELIVERED:
    case TG_STATUS_READ:
        answer_sent(request, verdict, result, id);
        break;
    case TG_STATUS_FAILED:
        answer_not_sent(request, result, id);
        break;
    default:
        answer_standing(request, verdict, result->status);
    }
}

const struct send_words send_answer_words = {
    .accepted = accepted,
    .refused = refused,
    .result = result_of,
    .read = tg_store_get_result,
    .has_left = request_client_has_left,
};

#include "ingress/accept/cloud_answer.h"

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/store/reads.h"
#include "ingress/cloud/manner.h"
#include "ingress/http/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cloud_sender *cloud_sender_create(struct request *request, struct repeats *repeats,
                                         struct tg_uuid org_id, struct tg_span number,
                                         struct tg_span recipient)
{
    struct cloud_sender *sender = tg_alloc(sizeof *sender);
    sender->asker.request = request;
    sender->asker.org_id = org_id;
    sender->repeats = repeats;
    tg_text_append(&sender->number, number.data, number.length);
    tg_text_append(&sender->input, recipient.data, recipient.length);
    request->own = sender;
    return sender;
}

void cloud_sender_note(struct cloud_sender *sender, const struct tg_send *send)
{
    sender->kind = strcmp(send->type, "receipt") == 0    ? CLOUD_RECEIPT
                   : strcmp(send->type, "template") == 0 ? CLOUD_TEMPLATE
                                                         : CLOUD_MESSAGE;
    memcpy(sender->phone, send->phone, sizeof sender->phone);
    memcpy(sender->user_id, send->user_id, sizeof sender->user_id);
}

static void free_sender(struct cloud_sender *sender)
{
    tg_text_finish(&sender->input);
    tg_text_finish(&sender->number);
    free(sender);
}

// Answers one of those who are told the same; `sender` is the first of them.
typedef void tell_one(struct request *request, const struct cloud_sender *sender,
                      const void *context);

static void tell_all(struct request *request, enum repeat_kind kind, const struct repeat_of *of,
                     tell_one *tell, const void *context)
{
    struct cloud_sender *sender = request->own;
    struct repeat_asker *asker =
        repeats_leave(sender->repeats, &sender->asker, kind, of, tg_now_ms());
    for (struct repeat_asker *next; asker; asker = next) {
        next = asker->next;
        struct cloud_sender *one = asker->request->own;
        if (one != sender)
            request_add_header(asker->request, "Idempotency-Replayed", "true");
        tell(asker->request, sender, context);
        if (one != sender)
            free_sender(one);
    }
    free_sender(sender);
}

static void append_member(struct tg_text *json, const char *name, const char *value, size_t length)
{
    tg_text_append_format(json, "\"%s\":", name);
    tg_text_append_json(json, value, length);
}

// Whom it goes to: by Meta's name, if that is known, or by what we were given.
static void append_contact(const struct cloud_sender *sender, const struct tg_result *result,
                           struct tg_text *json)
{
    bool by_phone = sender->phone[0] != '\0';
    const char *name = by_phone ? sender->phone : sender->user_id;
    if (by_phone && result && result->phone[0])
        name = result->phone;
    tg_text_append_string(json, "\"contacts\":[{");
    append_member(json, "input", tg_text_string(&sender->input), sender->input.length);
    tg_text_append_string(json, ",");
    append_member(json, by_phone ? "wa_id" : "user_id", name, strlen(name));
    tg_text_append_string(json, "}]");
}

// What stands of a message that was accepted; `result` NULL: nothing is known yet.
struct standing {
    struct tg_uuid message_id;
    const struct tg_result *result;
};

static void tell_standing(struct request *request, const struct cloud_sender *sender,
                          const void *context)
{
    const struct standing *standing = context;
    struct tg_text json = {0};
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(standing->message_id, id);
    const char *known = standing->result ? standing->result->wamid : "";
    const char *named = *known ? known : id;
    if (sender->kind == CLOUD_RECEIPT) {
        tg_text_append_string(&json, "{\"success\":true}");
        answer_json(request, 200, &json);
        return;
    }
    tg_text_append_string(&json, "{\"messaging_product\":\"whatsapp\",");
    append_contact(sender, standing->result, &json);
    tg_text_append_string(&json, ",\"messages\":[{");
    append_member(&json, "id", named, strlen(named));
    if (sender->kind == CLOUD_TEMPLATE)
        tg_text_append_string(&json, ",\"message_status\":\"accepted\"");
    tg_text_append_string(&json, "}]}");
    answer_json(request, 200, &json);
}

static void tell_accepted(struct request *request, const struct tg_verdict *verdict,
                          const struct tg_result *result)
{
    const struct standing standing = {verdict->message_id, result};
    const struct repeat_of of = {verdict->message_id, result ? result->status : verdict->status};
    tell_all(request, REPEAT_TOLD, &of, tell_standing, &standing);
}

static void accepted(struct request *request, const struct tg_verdict *verdict)
{
    tell_accepted(request, verdict, NULL);
}

static void tell_refusal(struct request *request, const struct cloud_sender *sender,
                         const void *context)
{
    (void)sender;
    const struct send_refusal *refusal = context;
    answer_error_detail(request, refusal->code, refusal->message, &(struct tg_text){0});
}

void cloud_sender_refuse(struct request *request, const struct tg_error *error)
{
    const struct send_refusal refusal = {error->code, error->message, {0}};
    tell_all(request, REPEAT_NONE, NULL, tell_refusal, &refusal);
}

static const char *member(struct json_object *object, const char *name)
{
    const char *text = tg_json_string_member(object, name);
    return text ? text : "?";
}

static void tell_no_balance(struct request *request, const struct cloud_sender *sender,
                            const void *context)
{
    (void)sender;
    const struct send_refusal *refusal = context;
    struct tg_error none;
    TG_TEXT_AUTO details = {0};
    struct json_object *detail =
        tg_json_parse(tg_text_string(&refusal->detail), refusal->detail.length, &none);
    tg_text_append_format(&details,
                          "The wallet has %s, and the message costs %s: recharge it. Nothing was "
                          "sent and nothing charged",
                          member(detail, "balance"), member(detail, "fee"));
    json_object_put(detail);
    cloud_refuse(request, &(struct cloud_error){.status = 402,
                                                .code = CLOUD_NO_BALANCE,
                                                .message = "(#990402) Insufficient wallet balance",
                                                .details = details.data});
}

static void tell_no_number(struct request *request, const struct cloud_sender *sender,
                           const void *context)
{
    (void)context;
    cloud_refuse_object(request,
                        (struct tg_span){tg_text_string(&sender->number), sender->number.length});
}

// A transient error, which has its client send again: the same message then.
static void tell_transient(struct request *request, const struct cloud_sender *sender,
                           const void *context)
{
    (void)sender;
    cloud_refuse_for_now(request, context);
}

static void tell_unknown(struct request *request, const struct tg_send *send)
{
    TG_TEXT_AUTO details = {0};
    char id[TG_UUID_TEXT_SIZE];
    const struct repeat_of of = {send->message_id, TG_STATUS_NONE};
    tg_uuid_format(send->message_id, id);
    tg_text_append_format(&details,
                          "The database went away while it was accepting message %s: send it "
                          "again as it is, soon, or ask for it",
                          id);
    tell_all(request, REPEAT_UNKNOWN, &of, tell_transient, details.data);
}

static void refused(struct request *request, const struct tg_send *send,
                    struct send_refusal *refusal)
{
    if (strcmp(refusal->code, "outcome_unknown") == 0)
        tell_unknown(request, send);
    else if (strcmp(refusal->code, "insufficient_balance") == 0)
        tell_all(request, REPEAT_NONE, NULL, tell_no_balance, refusal);
    else if (strcmp(refusal->code, "channel_not_found") == 0)
        tell_all(request, REPEAT_NONE, NULL, tell_no_number, refusal);
    else
        tell_all(request, REPEAT_NONE, NULL, tell_refusal, refusal);
    tg_text_finish(&refusal->detail);
}

// Meta's title and its details, which are kept as one text, and what has become of the fee.
static void append_details(const struct tg_result *result, const char *details,
                           struct tg_text *text)
{
    tg_text_append_format(text, "%s%s", details, *details ? ". " : "");
    tg_text_append_string(text, result->refunded ? "The fee was refunded" : "The fee stays");
}

static void tell_metas(struct request *request, const struct cloud_sender *sender,
                       const void *context)
{
    (void)sender;
    const struct tg_result *result = context;
    TG_TEXT_AUTO title = {0};
    TG_TEXT_AUTO details = {0};
    const char *colon = strstr(result->error_message, ": ");
    size_t length = colon ? (size_t)(colon - result->error_message) : strlen(result->error_message);
    tg_text_append(&title, result->error_message, length);
    append_details(result, colon ? colon + 2 : "", &details);
    cloud_refuse(request, &(struct cloud_error){
                              .status = result->http_status > 0 ? (int)result->http_status : 400,
                              .code = (int)strtol(result->error_code, NULL, 10),
                              .subcode = (int)result->error_subcode,
                              .message = tg_text_string(&title),
                              .details = details.data});
}

// It has not come to Meta, or a hop on the way has refused it.
static void tell_not_metas(struct request *request, const struct cloud_sender *sender,
                           const void *context)
{
    (void)sender;
    const struct tg_result *result = context;
    TG_TEXT_AUTO said = {0};
    TG_TEXT_AUTO details = {0};
    tg_text_append_format(&said, "%s%s%s", result->error_code, *result->error_message ? ": " : "",
                          result->error_message);
    append_details(result, said.data, &details);
    cloud_refuse(request, &(struct cloud_error){.status = 500,
                                                .code = 131000,
                                                .message = "(#131000) Something went wrong",
                                                .details = details.data});
}

static void result_of(struct request *request, const struct tg_verdict *verdict,
                      const struct tg_result *result)
{
    size_t digits = strspn(result->error_code, "0123456789");
    bool is_metas = digits > 0 && result->error_code[digits] == '\0';
    const struct repeat_of of = {verdict->message_id, result->status};
    if (result->status == TG_STATUS_FAILED)
        tell_all(request, REPEAT_TOLD, &of, is_metas ? tell_metas : tell_not_metas, result);
    else
        tell_accepted(request, verdict, result);
}

static bool has_left(const struct request *request)
{
    const struct cloud_sender *sender = request->own;
    return repeats_has_left(sender->repeats, &sender->asker);
}

const struct send_words cloud_words = {
    .accepted = accepted,
    .refused = refused,
    .result = result_of,
    .read = tg_store_get_cloud_result,
    .has_left = has_left,
    .repeats_wait = true,
};

#include "ingress/http/answer.h"

#include <stdio.h>
#include <string.h>

static void append_member(struct tg_text *json, const char *name, const char *value)
{
    tg_text_append_json(json, name, strlen(name));
    tg_text_append_string(json, ":");
    tg_text_append_json(json, value, strlen(value));
}

// How HTTP says what the codes mean. All others are about what the request says: 400.
static const struct {
    const char *code;
    int status;
} statuses[] = {
    {"unauthorized", 401},
    {"bad_signature", 401},
    {"insufficient_balance", 402},
    {"address_not_allowed", 403},
    {"handshake_refused", 403},
    {"insecure_listener", 403},
    {"key_required", 403},
    {"missing_right", 403},
    {"org_mismatch", 403},
    {"org_suspended", 403},
    {"channel_not_found", 404},
    {"not_found", 404},
    {"org_not_found", 404},
    {"method_not_allowed", 405},
    {"already_exists", 409},
    {"channel_paused", 409},
    {"conflict", 409},
    {"contact_opted_out", 409},
    {"idempotency_conflict", 409},
    {"too_late", 409},
    {"body_too_large", 413},
    {"unsupported_media_type", 415},
    {"message_not_found", 404},
    {"too_many_requests", 429},
    {"not_trusted", 403},
    {"wrong_origin", 403},
    {"internal_error", 500},
    {"database_not_ready", 503},
    {"send_failed", 500},
    {"outcome_unknown", 503},
    {"overloaded", 503},
    {"unavailable", 503},
};

// What is full now may have room in a moment.
enum { RETRY_AFTER_S = 1 };

static int status_of(const char *code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (strcmp(statuses[i].code, code) == 0)
            return statuses[i].status;
    }
    return 400;
}

static void refuse(struct request *request, const struct refusal *refusal)
{
    struct answer answer = {.status = refusal->status};
    tg_text_append_string(&answer.body, "{");
    append_member(&answer.body, "error", refusal->message);
    tg_text_append_string(&answer.body, ",");
    append_member(&answer.body, "code", refusal->code);
    if (refusal->detail->length > 0) {
        tg_text_append_string(&answer.body, ",\"detail\":");
        tg_text_append(&answer.body, refusal->detail->data, refusal->detail->length);
    }
    tg_text_append_string(&answer.body, "}\n");
    request_answer(request, &answer);
}

static void send_error(struct request *request, const char *code, const char *message,
                       const struct tg_text *detail, unsigned retry_after_s)
{
    const struct refusal refusal = {code, message, detail, status_of(code), retry_after_s};
    if (refusal.status == 429 || refusal.status == 503) {
        char seconds[12];
        snprintf(seconds, sizeof seconds, "%u", retry_after_s);
        request_add_header(request, "Retry-After", seconds);
    }
    if (request->manner)
        request->manner->refuse(request, &refusal);
    else
        refuse(request, &refusal);
}

void answer_error(struct request *request, const struct tg_error *error)
{
    TG_TEXT_AUTO detail = {0};
    if (error->field[0]) {
        tg_text_append_string(&detail, "{");
        append_member(&detail, "field", error->field);
        tg_text_append_string(&detail, "}");
    }
    send_error(request, error->code, error->message, &detail, RETRY_AFTER_S);
}

void answer_too_many(struct request *request, unsigned seconds, const char *message)
{
    send_error(request, "too_many_requests", message, &(struct tg_text){0}, seconds);
}

void answer_refusal(struct request *request, const char *code, const char *field,
                    const char *message)
{
    struct tg_error error;
    tg_error_set(&error, code, field, "%s", message);
    answer_error(request, &error);
}

void answer_error_detail(struct request *request, const char *code, const char *message,
                         struct tg_text *detail)
{
    send_error(request, code, message, detail, RETRY_AFTER_S);
    tg_text_finish(detail);
}

void answer_json(struct request *request, int status, struct tg_text *json)
{
    tg_text_append_string(json, "\n");
    struct answer answer = {.status = status, .body = *json};
    *json = (struct tg_text){0};
    request_answer(request, &answer);
}

#include "ingress/http/answer.h"

#include "ingress/http/codes.h"

#include <stdio.h>
#include <string.h>

static void append_member(struct tg_text *json, const char *name, const char *value)
{
    tg_text_append_json(json, name, strlen(name));
    tg_text_append_string(json, ":");
    tg_text_append_json(json, value, strlen(value));
}

// What is full now may have room in a moment.
enum { RETRY_AFTER_S = 1 };

int answer_write_error(const char *code, const char *message, const struct tg_text *detail,
                       struct tg_text *json)
{
    append_member(json, "error", message);
    tg_text_append_string(json, ",");
    append_member(json, "code", code);
    if (detail->length > 0) {
        tg_text_append_string(json, ",\"detail\":");
        tg_text_append(json, detail->data, detail->length);
    }
    return code_status(code);
}

static void refuse(struct request *request, const struct refusal *refusal)
{
    struct answer answer = {.status = refusal->status};
    tg_text_append_string(&answer.body, "{");
    (void)answer_write_error(refusal->code, refusal->message, refusal->detail, &answer.body);
    tg_text_append_string(&answer.body, "}\n");
    request_answer(request, &answer);
}

static void send_error(struct request *request, const char *code, const char *message,
                       const struct tg_text *detail, unsigned retry_after_s)
{
    const struct refusal refusal = {code, message, detail, code_status(code), retry_after_s};
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
        bool is_right = strcmp(error->code, "missing_right") == 0;
        tg_text_append_string(&detail, "{");
        append_member(&detail, is_right ? "right" : "field", error->field);
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

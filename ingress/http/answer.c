#include "ingress/http/answer.h"

#include <string.h>

static void append_member(struct tg_text *json, const char *name, const char *value)
{
    tg_text_append_json(json, name, strlen(name));
    tg_text_append_string(json, ":");
    tg_text_append_json(json, value, strlen(value));
}

static void send_error(struct request *request, int status, const char *code, const char *message,
                       const struct tg_text *detail)
{
    struct answer answer = {.status = status};
    if (status == 503)
        request_add_header(request, "Retry-After", "1");
    tg_text_append_string(&answer.body, "{");
    append_member(&answer.body, "error", message);
    tg_text_append_string(&answer.body, ",");
    append_member(&answer.body, "code", code);
    if (detail->length > 0) {
        tg_text_append_string(&answer.body, ",\"detail\":");
        tg_text_append(&answer.body, detail->data, detail->length);
    }
    tg_text_append_string(&answer.body, "}");
    request_answer(request, &answer);
}

void answer_error(struct request *request, const struct tg_error *error)
{
    TG_TEXT_AUTO detail = {0};
    if (error->field[0]) {
        tg_text_append_string(&detail, "{");
        append_member(&detail, "field", error->field);
        tg_text_append_string(&detail, "}");
    }
    send_error(request, error->http_status, error->code, error->message, &detail);
}

void answer_error_detail(struct request *request, int status, const char *code, const char *message,
                         struct tg_text *detail)
{
    send_error(request, status, code, message, detail);
    tg_text_finish(detail);
}

void answer_json(struct request *request, int status, struct tg_text *json)
{
    struct answer answer = {.status = status, .body = *json};
    *json = (struct tg_text){0};
    request_answer(request, &answer);
}

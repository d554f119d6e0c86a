#include "ingress/api/endpoints.h"

#include "common/limits.h"
#include "ingress/accept/lane.h"
#include "ingress/accept/send_form.h"
#include "ingress/api/document.h"
#include "ingress/http/answer.h"

static void send_message(void *context, struct request *request, const struct identity *caller)
{
    const struct tg_text *body = &request->body.bytes;
    struct tg_send send = {0};
    struct tg_error error;
    int count;
    if (!document_knows(request, (const char *const[]){NULL}))
        return;
    const char *key = request_header(request, "Idempotency-Key", &count);
    if (!send_form_read_key(key, count, body, &send, &error) ||
        !send_form_read(body, caller, &send, &error)) {
        answer_error(request, &error);
        return;
    }
    int wait_s = send_form_wait_seconds(request_header(request, "Prefer", NULL));
    request_drop_body(request); // it may wait for Meta for long
    lanes_submit(context, request, &send, wait_s);
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
    {0},
};

#include "ingress/api/endpoints.h"

#include "common/limits.h"
#include "ingress/accept/headers.h"
#include "ingress/accept/lane.h"
#include "ingress/accept/send_form.h"
#include "ingress/http/answer.h"

static void send_message(void *context, struct request *request, const struct identity *caller)
{
    const struct tg_text *body = &request_body(request)->bytes;
    char key[TG_IDEMPOTENCY_KEY_SIZE];
    struct tg_send send;
    struct tg_error error;
    int count;
    const char *given_key = request_header(request, "Idempotency-Key", &count);
    if (!headers_read_key(given_key, count, key, &error) ||
        !send_form_read(body, caller, &send, &error)) {
        answer_error(request, &error);
        return;
    }
    send_form_set_key(&send, key, body);
    int wait_s = headers_wait_seconds(request_header(request, "Prefer", NULL));
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

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "common/store/reads.h"
#include "ingress/accept/cloud_answer.h"
#include "ingress/accept/cloud_form.h"
#include "ingress/accept/send_content.h"
#include "ingress/accept/send_form.h"
#include "ingress/api/sends.h"
#include "ingress/cloud/manner.h"

#include <string.h>

// A send on its way to its lane. What it names by our ids, and its org's default country, may have
// to be looked up before.
struct errand {
    struct sends *sends;
    struct request *request;
    struct json_object *message;
    struct tg_send send;
    int wait_s;
    bool is_told; // its message was accepted before, and stands so
    struct repeat_of of;
};

static void end(struct errand *errand)
{
    json_object_put(errand->message);
    tg_send_finish(&errand->send);
    free(errand);
}

static void refuse(struct errand *errand, const struct tg_error *error)
{
    struct request *request = errand->request;
    end(errand);
    cloud_sender_refuse(request, error);
}

static void look_up(struct errand *errand, pool_work *work)
{
    static const struct tg_error full = {"overloaded", "Too many requests are waiting", ""};
    static const struct tg_error used = {"too_many_requests",
                                         "Too many of your requests are waiting", ""};
    enum tg_fair_push pushed = pool_submit(errand->sends->pool, errand->send.org_id, work, errand);
    if (pushed != TG_FAIR_ADDED)
        refuse(errand, pushed == TG_FAIR_SHARE_USED ? &used : &full);
}

// Of a repeat nobody knows what its client was told: so it hears how its message stands by now.
static void tell(struct errand *errand, struct sender sender)
{
    const struct tg_verdict verdict = {
        .code = TG_ACCEPTED, .message_id = errand->of.message_id, .status = errand->of.status};
    request_add_header(errand->request, "Idempotency-Replayed", "true");
    results_tell(errand->sends->results, sender, errand->send.org_id, &verdict,
                 errand->wait_s * 1000);
}

static void submit(struct errand *errand)
{
    const struct sender sender = {errand->request, &cloud_words};
    cloud_sender_note(errand->request->own, &errand->send);
    if (errand->is_told)
        tell(errand, sender);
    else
        lanes_submit(errand->sends->lanes, sender, &errand->send, errand->wait_s);
    end(errand);
}

static void go_on(struct errand *errand);

static void look_up_home(struct tg_pg *pg, void *context)
{
    struct errand *errand = context;
    struct tg_error error;
    if (homes_look_up(errand->sends->homes, pg, errand->send.org_id, &error))
        go_on(errand);
    else
        refuse(errand, &error);
}

// A message of ours that Meta knows by no id yet cannot be named to it.
static bool name(struct json_object *named, const struct tg_result *result, struct tg_error *error)
{
    if (!result)
        return tg_error_set(error, "invalid_message", "message_id",
                            "The org has no message with the id in message_id");
    if (!result->wamid[0])
        return tg_error_set(error, "invalid_message", "message_id",
                            "Meta has given the message in message_id no id: it is %s",
                            tg_status_names[result->status]);
    cloud_form_name(named, result->wamid);
    return true;
}

static void look_up_named(struct tg_pg *pg, void *context)
{
    struct errand *errand = context;
    struct tg_error error;
    struct tg_result result;
    struct tg_uuid id;
    bool found = false;
    struct json_object *named = cloud_form_named(errand->message, &id);
    enum tg_pg_status status = tg_store_get_result(pg, errand->send.org_id, id, &found, &result);
    bool good = status == TG_PG_OK ? name(named, found ? &result : NULL, &error)
                                   : tg_store_failure(pg, status, &error);
    if (good)
        go_on(errand);
    else
        refuse(errand, &error);
}

static void go_on(struct errand *errand)
{
    struct tg_error error;
    struct tg_uuid id;
    if (cloud_form_named(errand->message, &id))
        look_up(errand, look_up_named);
    else if (cloud_form_fill(errand->message, errand->sends->homes, &errand->send, &error))
        submit(errand);
    else if (error.code == send_homeless)
        look_up(errand, look_up_home);
    else
        refuse(errand, &error);
}

// What two sends have in common that are the same.
static void hash(const struct request *request, const struct identity *caller,
                 unsigned char sent[static TG_SHA256_SIZE])
{
    struct {
        struct tg_uuid credential;
        char number[sizeof((struct tg_send *)0)->phone_number_id];
        unsigned char body[TG_SHA256_SIZE];
    } parts = {.credential = caller->credential};
    const struct cloud_sender *sender = request->own;
    const struct tg_text *body = &request->body.bytes;
    memcpy(parts.number, sender->number.data, sender->number.length);
    tg_sha256(tg_text_string(body), body->length, parts.body);
    tg_sha256(&parts, sizeof parts, sent);
}

// Does it repeat another one? Who follows that one is in other hands then, and this is true.
static bool follows(struct errand *errand, const struct identity *caller)
{
    struct cloud_sender *sender = errand->request->own;
    bool may = errand->sends->joins_repeats && !errand->send.idempotency_key[0];
    if (may)
        hash(errand->request, caller, sender->asker.hash);
    request_drop_bytes(errand->request);
    if (!may)
        return false;
    enum repeat_kind kind =
        repeats_enter(errand->sends->repeats, &sender->asker, &errand->of, tg_now_ms());
    errand->is_told = kind == REPEAT_TOLD;
    if (kind == REPEAT_UNKNOWN)
        errand->send.message_id = errand->of.message_id;
    return kind == REPEAT_JOINED;
}

static bool read(struct errand *errand, const struct identity *caller, struct tg_error *error)
{
    struct request *request = errand->request;
    const struct tg_text *body = &request->body.bytes;
    struct tg_send *send = &errand->send;
    int count;
    const char *key = request_header(request, "Idempotency-Key", &count);
    struct tg_span number = endpoint_segment(request, "phone_number_id");
    send->message_id = tg_uuid7();
    send->org_id = caller->org_id;
    memcpy(send->phone_number_id, number.data, number.length);
    errand->wait_s = send_form_wait_seconds(request_header(request, "Prefer", NULL),
                                            (int)*errand->sends->cloud_unless_said_s);
    if (!send_form_read_key(key, count, body, send, error))
        return false;
    errand->message = cloud_form_read(request_header(request, "Content-Type", NULL), body, error);
    return errand->message != NULL;
}

static void send_as_meta(void *context, struct request *request, const struct identity *caller)
{
    struct errand *errand = tg_alloc(sizeof *errand);
    struct tg_error error;
    *errand = (struct errand){.sends = context, .request = request};
    bool good = read(errand, caller, &error);
    struct tg_span recipient = good ? cloud_form_recipient(errand->message) : (struct tg_span){0};
    (void)cloud_sender_create(request, errand->sends->repeats, caller->org_id,
                              endpoint_segment(request, "phone_number_id"), recipient);
    if (!good) {
        refuse(errand, &error);
        return;
    }
    if (follows(errand, caller))
        end(errand);
    else
        go_on(errand);
}

const struct endpoint cloud_send_endpoints[] = {
    {.method = "POST",
     .path = "[/{version}]/{phone_number_id}/messages",
     .who = CALLER_ORG,
     .manner = &cloud_manner,
     .right = RIGHT_SEND,
     .body = BODY_FIELDS,
     .body_max = TG_SEND_BODY_MAX,
     .on_server = send_as_meta,
     ENDPOINT_QUERY("access_token"),
     .says = "Sends a message as Meta's own API would.",
     .request = "CloudSend",
     .answer = "CloudSent"},
    {0},
};

#include "common/base/json.h"
#include "common/cloud/message.h"
#include "common/limits.h"
#include "common/store/lists.h"
#include "ingress/api/endpoints.h"
#include "ingress/api/sends.h"
#include "ingress/desk/desk.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const struct desk_name of_conversation[] = {
    {"channel", DESK_THING_ID}, {"contact", DESK_THING_N}, {0}};

static bool wants_receipt(struct json_object *body)
{
    return json_object_get_boolean(tg_json_member(body, "receipt", json_type_boolean));
}

// Who marks as read reads; who has Meta told sends.
static bool check_right(const void *context, struct tg_desk_question *question,
                        struct json_object *body, struct tg_error *error)
{
    (void)context;
    return !wants_receipt(body) || strstr(question->rights, right_name(RIGHT_SEND)) ||
           tg_error_set(error, "missing_right", right_name(RIGHT_SEND),
                        "This needs the right \"%s\"", right_name(RIGHT_SEND));
}

// A receipt for the message that Meta knows by this id.
static void write_receipt(const char *wamid, struct tg_send *send)
{
    struct json_object *receipt = json_object_new_object();
    send->message_id = tg_uuid7();
    snprintf(send->type, sizeof send->type, "receipt");
    json_object_object_add(receipt, "messaging_product", json_object_new_string("whatsapp"));
    json_object_object_add(receipt, "status", json_object_new_string("read"));
    json_object_object_add(receipt, "message_id", json_object_new_string(wamid));
    tg_json_write(receipt, &send->payload);
    json_object_put(receipt);
}

// The receipt goes the way of every send, and is answered as one. Where nothing is read there is
// nothing to tell.
static bool send_receipt(struct request *request, const struct tg_desk_question *question,
                         const struct tg_text *document)
{
    struct sends *sends = endpoint_context(request);
    struct tg_send send = {
        .org_id = question->org_id, .channel_id = question->id, .has_channel = true};
    struct tg_error error;
    struct json_object *body = tg_json_parse(question->body.data, question->body.length, &error);
    struct json_object *told = tg_json_parse(document->data, document->length, &error);
    const char *wamid = tg_json_string_member(told, "told_by");
    bool sent = wants_receipt(body) && wamid;
    if (sent) {
        write_receipt(wamid, &send);
        lanes_submit(sends->lanes, (struct sender){request, &send_answer_words}, &send, 0);
    }
    json_object_put(told);
    json_object_put(body);
    return sent;
}

const struct endpoint conversation_endpoints[] = {
    {.method = "GET",
     .path = "/api/conversations",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_conversations, .list = DESK_LIST_BY_ID,
               .find = DESK_MEMBERS({"channel", .kind = DESK_TEXT}, {"unread", .kind = DESK_BOOL},
                                    {"contact", .kind = DESK_CONTACT},
                                    {"contact_id", DESK_NUMBER, .max = INT64_MAX})),
     .says = "The org's conversations that fit, by their last messages, newest first, in pages.",
     .answer = "Conversations"},
    {.method = "POST",
     .path = "/api/conversations/{channel}/{contact}/read",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_read_conversation, .path = of_conversation, .prepare = check_right,
               .follow = send_receipt,
               .members = DESK_MEMBERS({"until", .kind = DESK_ID}, {"receipt", .kind = DESK_BOOL})),
     .says = "Marks a conversation as read, and tells Meta if that is wanted.",
     .request = "Reading",
     .answer = "Conversation"},
    {0},
};

#include "common/rules/reply_body.h"

#include "common/base/json.h"
#include "common/cloud/message.h"
#include "common/rules/placeholders.h"
#include "common/rules/spelling.h"

#include <stdio.h>
#include <string.h>

// Who gets it and what it answers is never the rule's to say.
static void address(struct json_object *message, const struct tg_received *to, struct tg_span wamid)
{
    json_object_object_del(message, "to");
    json_object_object_del(message, "recipient");
    json_object_object_add(message, "messaging_product", json_object_new_string("whatsapp"));
    json_object_object_add(message, "recipient_type", json_object_new_string("individual"));
    if (to->phone[0] != '\0')
        json_object_object_add(message, "to", json_object_new_string(to->phone));
    else
        json_object_object_add(message, "recipient", json_object_new_string(to->user_id));
    tg_cloud_message_answer(message, wamid);
}

// Addresses the message and asks whether Meta would take it. Fills the type.
static bool check(struct json_object *message, const struct tg_received *to, struct tg_span wamid,
                  struct tg_reply *reply, struct tg_error *error)
{
    struct tg_cloud_message checked;
    if (!json_object_is_type(message, json_type_object))
        return tg_error_set(error, "invalid_message", "reply",
                            "reply must be a string or a message object");
    address(message, to, wamid);
    if (!tg_json_check_nul(message, error) || !tg_cloud_message_check(message, &checked, error))
        return false;
    if (strcmp(checked.type, "receipt") == 0)
        return tg_error_set(error, "invalid_message", "reply", "reply must be a message");
    snprintf(reply->type, sizeof reply->type, "%s", checked.type);
    return true;
}

static bool write_reply(const struct tg_rule *rule, const struct tg_received *to,
                        const struct tg_text *name, struct tg_span wamid, struct tg_reply *reply,
                        struct tg_error *error)
{
    struct json_object *message =
        tg_json_parse(tg_text_string(&rule->reply), rule->reply.length, error);
    if (!message)
        return false;
    tg_placeholders_fill(message, name);
    if (json_object_is_type(message, json_type_string))
        message = tg_cloud_message_text(message);
    bool good = check(message, to, wamid, reply, error);
    if (good)
        tg_cloud_message_write(message, reply->reply_id, &reply->payload);
    json_object_put(message);
    return good;
}

bool tg_reply_write(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                    struct tg_reply *reply, struct tg_error *error)
{
    static const struct tg_text nobody = {0};
    TG_TEXT_AUTO name = {0};
    tg_spelling_name((struct tg_span){tg_text_string(&to->name), to->name.length}, &name);
    return write_reply(rule, to, &name, wamid, reply, error) ||
           (name.length > 0 && write_reply(rule, to, &nobody, wamid, reply, error));
}

// A path within the reply, as one within the rule.
static void name_part(struct tg_error *error)
{
    char path[sizeof error->field];
    memcpy(path, error->field, sizeof path);
    bool is_whole = !path[0] || strcmp(path, "reply") == 0 || strcmp(path, "body") == 0;
    snprintf(error->field, sizeof error->field, "reply%s%.*s", is_whole ? "" : ".",
             is_whole ? 0 : (int)sizeof path - 8, path);
}

bool tg_reply_decide(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                     struct tg_reply *reply, struct tg_error *error)
{
    if (to->opted_out && !to->is_word) {
        reply->skip = "contact_opted_out";
        return true;
    }
    if (tg_reply_write(rule, to, wamid, reply, error))
        return true;
    reply->skip = "invalid_reply";
    name_part(error);
    return false;
}

bool tg_reply_check(const struct tg_rule *rule, struct tg_error *error)
{
    struct json_object *written =
        tg_json_parse(tg_text_string(&rule->reply), rule->reply.length, error);
    bool good = written && tg_json_check_names(&rule->reply, error) &&
                tg_json_check_nul(written, error) &&
                (rule->is_former || tg_placeholders_check(written, error));
    json_object_put(written);
    if (!good) {
        name_part(error);
        return false;
    }
    struct tg_received to = {.phone = "15550000000"};
    struct tg_reply reply = {0};
    if (rule->is_former)
        tg_text_append_string(&to.name, "Asha");
    good = tg_reply_write(rule, &to, (struct tg_span){"wamid", 5}, &reply, error);
    if (!good)
        name_part(error);
    tg_text_finish(&to.name);
    tg_text_finish(&reply.payload);
    return good;
}

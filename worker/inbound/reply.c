#include "worker/inbound/reply.h"

#include "common/base/batch.h"
#include "common/base/json.h"
#include "common/cloud/message.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/streams/job.h"
#include "worker/inbound/placeholders.h"
#include "worker/inbound/spelling.h"
#include "worker/pg_wait.h"

#include <assert.h>
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
    if (!tg_cloud_message_check(message, &checked, error))
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
    placeholders_fill(message, name);
    if (json_object_is_type(message, json_type_string))
        message = tg_cloud_message_text(message);
    bool good = check(message, to, wamid, reply, error);
    if (good)
        tg_cloud_message_write(message, reply->reply_id, &reply->payload);
    json_object_put(message);
    return good;
}

bool reply_write(const struct tg_rule *rule, const struct tg_received *to, struct tg_span wamid,
                 struct tg_reply *reply, struct tg_error *error)
{
    static const struct tg_text nobody = {0};
    TG_TEXT_AUTO name = {0};
    spelling_name((struct tg_span){tg_text_string(&to->name), to->name.length}, &name);
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

bool reply_check(const struct tg_rule *rule, struct tg_error *error)
{
    struct json_object *written =
        tg_json_parse(tg_text_string(&rule->reply), rule->reply.length, error);
    bool good = written && tg_json_check_names(&rule->reply, error) &&
                tg_json_check_nul(written, error) &&
                (rule->is_former || placeholders_check(written, error));
    json_object_put(written);
    if (!good) {
        name_part(error);
        return false;
    }
    struct tg_received to = {.phone = "15550000000"};
    struct tg_reply reply = {0};
    if (rule->is_former)
        tg_text_append_string(&to.name, "Asha");
    good = reply_write(rule, &to, (struct tg_span){"wamid", 5}, &reply, error);
    if (!good)
        name_part(error);
    tg_text_finish(&to.name);
    tg_text_finish(&reply.payload);
    return good;
}

// Decides what a message gets. *replies is false if no rule is for it.
static enum tg_pg_status decide(const struct means *means, const struct reply_cause *cause,
                                struct tg_reply *reply, bool *replies)
{
    const struct tg_received *received = cause->received;
    enum tg_pg_status status =
        rules_load(means->rules, means->pg, received->org_id, received->rules_version);
    if (status != TG_PG_OK)
        return status;
    const struct tg_rule *rule = rules_find(means->rules, received, cause->message);
    *replies = rule != NULL;
    if (!rule)
        return TG_PG_OK;
    *reply = (struct tg_reply){.org_id = received->org_id,
                               .message_id = received->message_id,
                               .rule_id = rule->id,
                               .reply_id = tg_uuid7()};
    struct tg_error error;
    if (received->opted_out && !received->is_word) {
        reply->skip = "contact_opted_out";
    } else if (!reply_write(rule, received, cause->message->wamid, reply, &error)) {
        reply->skip = "invalid_reply";
        name_part(&error);
        rules_fail(means->rules, received->org_id, rule, "reply_refused", &error);
    }
    return TG_PG_OK;
}

// Says what came of each and publishes the jobs of what is queued. What Redis does not take is the
// janitor's to find.
static void publish(struct tg_stream *sends, const struct tg_reply *replies,
                    const struct tg_reply_verdict *verdicts, size_t n)
{
    struct tg_job jobs[TG_BATCH_MAX];
    size_t queued = 0;
    for (size_t i = 0; i < n; i++) {
        tg_count(TG_REPLIES, verdicts[i].verdict, 1);
        if (strcmp(verdicts[i].verdict, "accepted") == 0)
            tg_log_step("send_accepted", TG_LOG_ID("message_id", replies[i].reply_id),
                        TG_LOG_ID("org_id", replies[i].org_id),
                        TG_LOG_TEXT("status", tg_status_names[verdicts[i].status]),
                        TG_LOG_ID("answers", replies[i].message_id),
                        TG_LOG_ID("rule_id", replies[i].rule_id));
        if (verdicts[i].status == TG_STATUS_QUEUED)
            jobs[queued++] =
                (struct tg_job){.org_id = replies[i].org_id, .message_id = replies[i].reply_id};
        else if (strcmp(verdicts[i].verdict, "accepted") != 0 &&
                 strcmp(verdicts[i].verdict, "answered") != 0)
            tg_log_rarely_of(TG_LOG_INFO, "reply_skipped", verdicts[i].verdict,
                             TG_LOG_MESSAGE(&replies[i]), TG_LOG_ID("rule_id", replies[i].rule_id),
                             TG_LOG_TEXT("reason", verdicts[i].verdict));
    }
    size_t published = tg_job_publish(sends, jobs, queued);
    tg_count(TG_JOBS_PUBLISHED, NULL, published);
    tg_count(TG_JOBS_UNPUBLISHED, NULL, queued - published);
}

static enum tg_pg_status reply_to_batch(const struct means *means, const struct reply_cause *causes,
                                        size_t n)
{
    assert(n <= TG_BATCH_MAX);
    struct tg_reply replies[TG_BATCH_MAX];
    struct tg_reply_verdict verdicts[TG_BATCH_MAX];
    size_t count = 0;
    enum tg_pg_status status = TG_PG_OK;
    for (size_t i = 0; i < n && status == TG_PG_OK; i++) {
        bool replying = false;
        status = decide(means, &causes[i], &replies[count], &replying);
        count += replying;
    }
    if (status == TG_PG_OK && count > 0) {
        status = tg_store_accept_replies(means->pg, replies, count, verdicts);
        if (status == TG_PG_OK)
            publish(means->sends, replies, verdicts, count);
    }
    if (status == TG_PG_OK)
        status = rules_tell(means->rules, means->pg);
    for (size_t i = 0; i < count; i++)
        tg_text_finish(&replies[i].payload);
    return status;
}

bool reply_to_all(const struct means *means, const struct reply_cause *causes, size_t n)
{
    struct tg_batch batch = tg_batch_of(n, TG_BATCH_MAX);
    while (tg_batch_next(&batch)) {
        const struct reply_cause *of_batch = causes + batch.first;
        enum tg_pg_status status = reply_to_batch(means, of_batch, batch.size);
        if (status == TG_PG_REFUSED && !tg_batch_halve(&batch))
            tg_log(TG_LOG_ERROR, "reply_refused", TG_LOG_MESSAGE(of_batch->received));
        if (!pg_wait_goes_on(status, &batch, means->stop))
            return false;
    }
    return true;
}

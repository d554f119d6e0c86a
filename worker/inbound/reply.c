#include "worker/inbound/reply.h"

#include "common/base/batch.h"
#include "common/limits.h"
#include "common/rules/fit.h"
#include "common/rules/reply_body.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/streams/job.h"
#include "worker/pg_wait.h"

#include <assert.h>
#include <string.h>

// Decides what a message gets. *replies is false if no rule is for it.
static enum tg_pg_status decide(const struct means *means, const struct reply_cause *cause,
                                struct tg_reply *reply, bool *replies)
{
    const struct tg_received *received = cause->received;
    const int64_t at_s = tg_said_at(cause->message->time_s);
    enum tg_pg_status status =
        rules_load(means->rules, means->pg, received->org_id, received->rules_version, at_s);
    if (status != TG_PG_OK)
        return status;
    const struct tg_rule *rule = rules_find(means->rules, received, cause->message, at_s);
    *replies = rule != NULL;
    if (!rule)
        return TG_PG_OK;
    *reply = (struct tg_reply){.org_id = received->org_id,
                               .message_id = received->message_id,
                               .rule_id = rule->id,
                               .rule_version = rule->rule_version,
                               .reply_id = tg_uuid7()};
    struct tg_error error;
    if (!tg_reply_decide(rule, received, cause->message->wamid, reply, &error))
        rules_fail(means->rules, received->org_id, rule, "reply_refused", &error);
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

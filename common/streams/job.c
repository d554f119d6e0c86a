#include "common/streams/job.h"

#include "common/limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char tg_job_work[] = "sends";

// The field of an entry that names an ingress: the version before knows it by no other name.
static const char ingress_field[] = "waiter";

enum { TOPIC_SIZE = 24 + TG_INGRESS_NAME_SIZE };

// The last byte of a UUIDv7 is random. job_partition in sql/core does the same.
static int partition_of(struct tg_uuid message_id, int partitions)
{
    return message_id.bytes[15] % partitions;
}

size_t tg_job_publish(struct tg_stream *stream, const struct tg_job *jobs, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    struct tg_new_entry entries[TG_BATCH_MAX];
    char org_ids[TG_BATCH_MAX][TG_UUID_TEXT_SIZE];
    char message_ids[TG_BATCH_MAX][TG_UUID_TEXT_SIZE];
    for (size_t i = 0; i < n; i++) {
        tg_uuid_format(jobs[i].org_id, org_ids[i]);
        tg_uuid_format(jobs[i].message_id, message_ids[i]);
        entries[i] = (struct tg_new_entry){
            .partition = partition_of(jobs[i].message_id, tg_stream_partitions(stream)),
            .fields = jobs[i].ingress[0] != '\0' ? 3 : 2,
            .field = {{"org", org_ids[i], TG_UUID_TEXT_SIZE - 1},
                      {"message", message_ids[i], TG_UUID_TEXT_SIZE - 1},
                      {ingress_field, jobs[i].ingress, strlen(jobs[i].ingress)}}};
    }
    return tg_stream_publish(stream, entries, n);
}

// Fields that we do not know are for later versions.
static bool read_job(void *context, const struct tg_entry *entry,
                     const struct tg_entry_field *fields, size_t n)
{
    struct tg_job **next = context;
    struct tg_job job = {.entry = *entry};
    bool has_org = false;
    bool has_message = false;
    for (size_t i = 0; i < n; i++) {
        const struct tg_entry_field *field = &fields[i];
        if (strcmp(field->name, "org") == 0) {
            has_org = tg_uuid_parse(field->value, field->length, &job.org_id);
        } else if (strcmp(field->name, "message") == 0) {
            has_message = tg_uuid_parse(field->value, field->length, &job.message_id);
        } else if (strcmp(field->name, ingress_field) == 0) {
            if (field->length >= sizeof job.ingress || strlen(field->value) != field->length)
                return false;
            memcpy(job.ingress, field->value, field->length + 1);
        }
    }
    if (!has_org || !has_message)
        return false;
    *(*next)++ = job;
    return true;
}

int tg_job_take(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                int block_ms)
{
    return tg_stream_take(stream, consumer, max, block_ms, read_job, &jobs);
}

int tg_job_take_over(struct tg_stream *stream, const char *consumer, struct tg_job *jobs, int max,
                     int idle_ms)
{
    return tg_stream_take_over(stream, consumer, max, idle_ms, read_job, &jobs);
}

static void result_topic(const char *ingress, char topic[static TOPIC_SIZE])
{
    snprintf(topic, TOPIC_SIZE, "tollgate:results:%s", ingress);
}

bool tg_job_end(struct tg_stream *stream, const struct tg_job *jobs, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    const struct tg_entry *entries[TG_BATCH_MAX];
    struct tg_notice notices[TG_BATCH_MAX + 1];
    char topics[TG_BATCH_MAX][TOPIC_SIZE];
    char texts[TG_BATCH_MAX][TG_NOTICE_SIZE];
    size_t notice_count = 0;
    for (size_t i = 0; i < n; i++) {
        entries[i] = &jobs[i].entry;
        if (jobs[i].ingress[0] == '\0')
            continue;
        result_topic(jobs[i].ingress, topics[notice_count]);
        tg_job_write_notice(jobs[i].message_id, texts[notice_count]);
        notices[notice_count] = (struct tg_notice){topics[notice_count], texts[notice_count]};
        notice_count++;
    }
    notices[notice_count++] = tg_job_sign;
    return tg_stream_end(stream, entries, n, notices, notice_count);
}

// (Its name is one of those that deploy/redis.acl allows for notices, and no ingress's.)
const struct tg_notice tg_job_sign = {"tollgate:results:told", "1"};

bool tg_job_subscribe_to_signs(struct tg_stream *stream)
{
    return tg_stream_subscribe(stream, tg_job_sign.topic);
}

bool tg_job_subscribe(struct tg_stream *stream, const char *ingress)
{
    char topic[TOPIC_SIZE];
    result_topic(ingress, topic);
    return tg_stream_subscribe(stream, topic);
}

// The first member of a JSON object.
static const char notice_begin[] = "{\"message_id\":\"";
enum { NOTICE_ID = sizeof notice_begin - 1, NOTICE_END = NOTICE_ID + TG_UUID_TEXT_SIZE - 1 };

void tg_job_write_notice(struct tg_uuid message_id, char notice[static TG_NOTICE_SIZE])
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(message_id, id);
    snprintf(notice, TG_NOTICE_SIZE, "%s%s\"}", notice_begin, id);
}

bool tg_job_read_notice(const char *notice, struct tg_uuid *message_id)
{
    return strncmp(notice, notice_begin, NOTICE_ID) == 0 &&
           strnlen(notice, NOTICE_END + 1) > NOTICE_END && notice[NOTICE_END] == '"' &&
           tg_uuid_parse(notice + NOTICE_ID, TG_UUID_TEXT_SIZE - 1, message_id);
}

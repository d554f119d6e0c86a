#include "common/streams/webhook.h"

#include "common/limits.h"
#include "common/streams/job.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char tg_webhook_work[] = "webhooks";
const char tg_webhook_former_work[] = "events";

bool tg_webhook_publish(struct tg_stream *stream, int partition,
                        const struct tg_new_webhook *webhooks, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    struct tg_new_entry entries[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct tg_new_entry){
            .partition = partition,
            .fields = 2,
            .field = {{"body", tg_text_string(webhooks[i].body), webhooks[i].body->length},
                      {"signature", webhooks[i].signature, TG_SIGNATURE_LENGTH}}};
    return tg_stream_publish_together(stream, entries, n);
}

// Fields that we do not know are for later versions.
static bool read_webhook(void *context, const struct tg_entry *entry,
                         const struct tg_entry_field *fields, size_t n)
{
    struct tg_webhook **next = context;
    struct tg_webhook *webhook = *next;
    const struct tg_entry_field *body = NULL;
    *webhook = (struct tg_webhook){.entry = *entry};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].name, "body") == 0)
            body = &fields[i];
        else if (strcmp(fields[i].name, "signature") == 0)
            snprintf(webhook->signature, sizeof webhook->signature, "%s", fields[i].value);
    }
    if (!body || body->length > TG_WEBHOOK_BODY_MAX)
        return false;
    tg_text_append(&webhook->body, body->value, body->length);
    (*next)++;
    return true;
}

int tg_webhook_take(struct tg_stream *stream, const char *consumer, struct tg_webhook *webhooks,
                    int max, int block_ms)
{
    return tg_stream_take(stream, consumer, max, block_ms, read_webhook, &webhooks);
}

int tg_webhook_take_over(struct tg_stream *stream, const char *consumer,
                         struct tg_webhook *webhooks, int max, int idle_ms)
{
    return tg_stream_take_over(stream, consumer, max, idle_ms, read_webhook, &webhooks);
}

bool tg_webhook_waits(struct tg_stream *stream)
{
    long long lengths[TG_PARTITIONS_MAX];
    bool waits = false;
    if (!tg_stream_lengths(stream, lengths))
        return false;
    for (int i = 0; i < tg_stream_partitions(stream); i++)
        waits = waits || lengths[i] > 0;
    return waits;
}

bool tg_webhook_end(struct tg_stream *stream, const struct tg_webhook *webhooks, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    const struct tg_entry *entries[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        entries[i] = &webhooks[i].entry;
    return tg_stream_end(stream, entries, n, &tg_job_sign, 1);
}

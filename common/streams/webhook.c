#include "common/streams/webhook.h"

#include "common/limits.h"

#include <assert.h>
#include <string.h>

const char tg_event_work[] = "events";

void tg_event_finish(struct tg_event *event)
{
    tg_text_finish(&event->body);
}

bool tg_event_publish(struct tg_stream *stream, int partition, const struct tg_text *const *bodies,
                      size_t n)
{
    assert(n <= TG_BATCH_MAX);
    struct tg_new_entry entries[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct tg_new_entry){
            .partition = partition,
            .fields = 1,
            .field = {{"body", tg_text_string(bodies[i]), bodies[i]->length}}};
    return tg_stream_publish_together(stream, entries, n);
}

struct taken {
    struct tg_event *events;
    size_t n;
};

// Fields that we do not know are for later versions.
static bool read_event(void *context, const struct tg_entry *entry, const struct tg_field *fields,
                       size_t n)
{
    struct taken *taken = context;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].name, "body") != 0)
            continue;
        struct tg_event *event = &taken->events[taken->n++];
        *event = (struct tg_event){.entry = *entry};
        tg_text_append(&event->body, fields[i].value, fields[i].length);
        return true;
    }
    return false;
}

int tg_event_take(struct tg_stream *stream, const char *consumer, struct tg_event *events, int max,
                  int block_ms)
{
    struct taken taken = {.events = events};
    return tg_stream_take(stream, consumer, max, block_ms, read_event, &taken);
}

int tg_event_take_over(struct tg_stream *stream, const char *consumer, struct tg_event *events,
                       int max, int idle_ms)
{
    struct taken taken = {.events = events};
    return tg_stream_take_over(stream, consumer, max, idle_ms, read_event, &taken);
}

bool tg_event_done(struct tg_stream *stream, const struct tg_event *events, size_t n)
{
    assert(n <= TG_BATCH_MAX);
    const struct tg_entry *entries[TG_BATCH_MAX];
    for (size_t i = 0; i < n; i++)
        entries[i] = &events[i].entry;
    return tg_stream_finish(stream, entries, n, NULL, 0);
}

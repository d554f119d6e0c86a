// Events: entries of the stream "events" that hold one raw webhook body each. Threads, outages and
// repeats: see stream.h.
#pragma once

#include "common/base/text.h"
#include "common/redis/stream.h"

extern const char tg_event_work[]; // the stream's kind of work, for tg_stream_create

struct tg_event {
    struct tg_entry entry;
    struct tg_text body; // owned by whoever took the event
};
void tg_event_finish(struct tg_event *event);

// Adds up to TG_BATCH_MAX bodies (at least one) to one partition: all, or none of them
// (tg_stream_publish_together).
bool tg_event_publish(struct tg_stream *stream, int partition, const struct tg_text *const *bodies,
                      size_t n) TG_MUST_CHECK;

// Takes up to `max` new events (tg_stream_take), or events that their consumer has left lying
// (tg_stream_take_over).
int tg_event_take(struct tg_stream *stream, const char *consumer, struct tg_event *events, int max,
                  int block_ms) TG_MUST_CHECK;
int tg_event_take_over(struct tg_stream *stream, const char *consumer, struct tg_event *events,
                       int max, int idle_ms) TG_MUST_CHECK;

// Ends up to TG_BATCH_MAX events.
bool tg_event_done(struct tg_stream *stream, const struct tg_event *events, size_t n) TG_MUST_CHECK;

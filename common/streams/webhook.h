// Webhooks: entries of the stream "webhooks" that hold one raw body each, and what Meta has signed
// it with: whoever reaches Redis can add entries. Threads, outages and repeats: see stream.h.
#pragma once

#include "common/base/text.h"
#include "common/crypto/signature.h"
#include "common/redis/stream_group.h"

extern const char tg_webhook_work[]; // the stream's kind of work, for tg_stream_create
// What it was called once: an ingress of the version before still adds to it, workers take it off.
extern const char tg_webhook_former_work[];

// One to be added; borrowed.
struct tg_new_webhook {
    const struct tg_text *body;
    const char *signature; // as Meta wrote it, of at least TG_SIGNATURE_LENGTH characters
};

struct tg_webhook {
    struct tg_entry entry;
    struct tg_text body; // to be finished by whoever took the webhook
    // Not checked; "" if there is none: an ingress of the version before adds none.
    char signature[TG_SIGNATURE_LENGTH + 1];
};

// Adds up to TG_BATCH_MAX webhooks (at least one) to one partition: all, or none of them
// (tg_stream_publish_together).
bool tg_webhook_publish(struct tg_stream *stream, int partition,
                        const struct tg_new_webhook *webhooks, size_t n) TG_MUST_CHECK;

// Takes up to `max` new webhooks (tg_stream_take), or webhooks that their consumer has left lying
// (tg_stream_take_over). A body that is longer than any of ours is none.
int tg_webhook_take(struct tg_stream *stream, const char *consumer, struct tg_webhook *webhooks,
                    int max, int block_ms) TG_MUST_CHECK;
int tg_webhook_take_over(struct tg_stream *stream, const char *consumer,
                         struct tg_webhook *webhooks, int max, int idle_ms) TG_MUST_CHECK;

// Does any partition hold a webhook, taken or not? Asks Redis once. False too while it is away.
bool tg_webhook_waits(struct tg_stream *stream);

// Ends up to TG_BATCH_MAX webhooks.
bool tg_webhook_end(struct tg_stream *stream, const struct tg_webhook *webhooks,
                    size_t n) TG_MUST_CHECK;

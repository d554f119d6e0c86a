// What a daemon tells Prometheus: every metric stands in one table in metrics.c with its help text.
// All functions are thread-safe and cheap enough for the hot path.
#pragma once

#include "common/base/text.h"

#include <stdint.h>

enum tg_counter {
    TG_HTTP_REQUESTS,        // label: status
    TG_WEBHOOKS,             // label: result ("stored", "bad_signature", "unavailable", ...)
    TG_SENDS,                // label: verdict of accept_sends
    TG_JOBS_PUBLISHED,       // no label; of messages that were just accepted
    TG_JOBS_UNPUBLISHED,     // Redis did not take the job of a queued message; the janitor finds it
    TG_SENDS_CLAIMED,        // no label
    TG_OUTCOMES,             // label: outcome ("sent", "131026", "network:refused", ...)
    TG_UNKNOWN_ERROR_CODES,  // label: Meta's code that has no error rule
    TG_SECOND_POSTS_REFUSED, // no label
    TG_SENDS_SETTLED,        // label: status
    TG_REFUNDS,              // no label
    TG_CHANNELS_PAUSED,      // label: the outcome of a dispatch that paused it
    TG_JOBS_REPUBLISHED,     // label: why ("due", "lost", "released")
    TG_JOBS_TAKEN_OVER,      // no label
    TG_JANITOR,              // label: duty ("due", "lost", "expired", ...)
    TG_INBOUND_ITEMS,        // label: result ("message_saved", "status_applied", "dead", ...)
    TG_DEAD_LETTERS,         // label: reason
    TG_REFUND_REVERSALS,     // no label
    TG_REPLIES,              // label: verdict of accept_replies
    TG_POSTGRES_ERRORS,      // label: kind ("unavailable", "unknown", "retry", "refused")
    TG_REDIS_ERRORS,         // no label
    TG_COUNTERS
};

enum tg_gauge {
    TG_BODY_BYTES,     // held of the bodies of all requests
    TG_WEBHOOK_QUEUE,  // webhooks that wait for Redis
    TG_LANE_QUEUE,     // requests waiting for a batch
    TG_JOB_QUEUE,      // jobs waiting for Redis
    TG_WAITERS,        // requests waiting for Meta's answer
    TG_DISPATCHES,     // requests under way at Meta
    TG_DISPATCH_QUEUE, // claimed messages on their way to the thread that posts them
    TG_SETTLE_QUEUE,   // outcomes that wait to be settled
    TG_GAUGES
};

enum tg_histogram {
    TG_WEBHOOK_BATCH,    // webhooks per pipeline
    TG_WEBHOOK_SECONDS,  // duration of that pipeline
    TG_ACCEPT_BATCH,     // sends per accept_sends call
    TG_ACCEPT_SECONDS,   // duration of accept_sends
    TG_DISPATCH_SECONDS, // duration of a request to Meta
    TG_SETTLE_BATCH,
    TG_SETTLE_SECONDS,
    TG_INBOUND_BATCH,   // items of webhooks per transaction
    TG_INBOUND_SECONDS, // duration of that transaction
    TG_HISTOGRAMS
};

// Adds to a counter. `label` is the value of the counter's one label (copied; at most 47
// characters), NULL for a counter without. A counter takes 128 different values; more are counted
// as "other".
void tg_count(enum tg_counter counter, const char *label, uint64_t n);

void tg_gauge_add(enum tg_gauge gauge, int64_t n);
void tg_gauge_set(enum tg_gauge gauge, int64_t value);

// Records one observation: seconds for *_SECONDS, a number of items for *_BATCH.
void tg_observe(enum tg_histogram histogram, double value);

// Appends everything in Prometheus' text format 0.0.4. Metrics that were never touched stand there
// with 0 where they have no label.
void tg_metrics_render(struct tg_text *text);

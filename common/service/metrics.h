// What a daemon tells Prometheus. All functions are thread-safe and cheap enough for the hot path.
#pragma once

#include "common/base/text.h"

#include <stdint.h>

// Every metric: how the code names it, its name, and its help text; of a counter its label in
// between, NULL if it has none; of a histogram the bounds of its buckets (metrics.c) at the end.
#define TG_COUNTER_TABLE(ROW)                                                                      \
    ROW(TG_HTTP_REQUESTS, "tollgate_http_requests_total", "status", "HTTP requests answered.")     \
    ROW(TG_WEBHOOKS, "tollgate_webhooks_total", "result", "Webhooks posted to us.")                \
    ROW(TG_SENDS, "tollgate_sends_total", "verdict", "Sends by verdict of accept_sends.")          \
    ROW(TG_NOTICES, "tollgate_notices_total", "result",                                            \
        "Notices of messages that are settled: of one that a request waits for, of others.")       \
    ROW(TG_JOBS_PUBLISHED, "tollgate_jobs_published_total", NULL,                                  \
        "Jobs of new messages that Redis took.")                                                   \
    ROW(TG_JOBS_UNPUBLISHED, "tollgate_jobs_unpublished_total", NULL,                              \
        "Queued messages whose job Redis did not take; published later.")                          \
    ROW(TG_SENDS_CLAIMED, "tollgate_sends_claimed_total", NULL,                                    \
        "Messages claimed by this worker.")                                                        \
    ROW(TG_OUTCOMES, "tollgate_outcomes_total", "outcome", "Dispatches by what came of them.")     \
    ROW(TG_UNKNOWN_ERROR_CODES, "tollgate_unknown_error_codes_total", "code",                      \
        "Error codes of Meta that have no error rule.")                                            \
    ROW(TG_SECOND_POSTS_REFUSED, "tollgate_second_posts_refused_total", NULL,                      \
        "Times that libcurl would have posted a message again by itself.")                         \
    ROW(TG_SENDS_SETTLED, "tollgate_sends_settled_total", "status",                                \
        "Messages settled, by status.")                                                            \
    ROW(TG_REFUNDS, "tollgate_refunds_total", NULL, "Fees given back.")                            \
    ROW(TG_CHANNELS_PAUSED, "tollgate_channels_paused_total", "outcome",                           \
        "Channels paused, by the outcome that did it.")                                            \
    ROW(TG_JOBS_REPUBLISHED, "tollgate_jobs_republished_total", "why",                             \
        "Jobs published by workers: due, lost and found, or released by the message before.")      \
    ROW(TG_JOBS_TAKEN_OVER, "tollgate_jobs_taken_over_total", NULL,                                \
        "Jobs taken over after 5 s: their worker is gone, or has no answer of Meta's yet.")        \
    ROW(TG_JANITOR, "tollgate_janitor_total", "duty", "What the janitor has dealt with, by duty.") \
    ROW(TG_INBOUND_ITEMS, "tollgate_inbound_items_total", "result",                                \
        "Items of webhooks, by what came of them.")                                                \
    ROW(TG_DEAD_LETTERS, "tollgate_dead_letters_total", "reason",                                  \
        "Times that an item of a webhook could not be applied, each try of it.")                   \
    ROW(TG_REFUND_REVERSALS, "tollgate_refund_reversals_total", NULL,                              \
        "Fees taken again: delivered after the refund.")                                           \
    ROW(TG_REPLIES, "tollgate_replies_total", "verdict",                                           \
        "Automatic replies by verdict of accept_replies.")                                         \
    ROW(TG_CONNECTIONS_CUT, "tollgate_connections_cut_total", "why",                               \
        "Clients cut off: late with headers or a body, not taking an answer, to make room.")       \
    ROW(TG_POSTGRES_ERRORS, "tollgate_postgres_errors_total", "kind",                              \
        "Calls to PostgreSQL that failed.")                                                        \
    ROW(TG_REDIS_ERRORS, "tollgate_redis_errors_total", NULL, "Calls to Redis that failed.")

#define TG_GAUGE_TABLE(ROW)                                                                        \
    ROW(TG_CONNECTIONS, "tollgate_http_connections", "Connections of clients.")                    \
    ROW(TG_BODY_BYTES, "tollgate_body_bytes", "Bytes held of the bodies of all requests.")         \
    ROW(TG_WEBHOOK_QUEUE, "tollgate_webhook_queue_requests", "Webhooks that wait for Redis.")      \
    ROW(TG_LANE_QUEUE, "tollgate_lane_queue_requests", "Requests that wait for a batch.")          \
    ROW(TG_JOB_QUEUE, "tollgate_job_queue_jobs", "Jobs that wait for Redis.")                      \
    ROW(TG_WAITERS, "tollgate_waiting_requests", "Requests that wait for the answer of Meta.")     \
    ROW(TG_DISPATCHES, "tollgate_dispatches_in_flight", "Requests under way at Meta.")             \
    ROW(TG_DISPATCH_QUEUE, "tollgate_dispatch_queue_messages",                                     \
        "Claimed messages that wait to be posted.")                                                \
    ROW(TG_SETTLE_QUEUE, "tollgate_settle_queue_outcomes", "Outcomes that wait to be settled.")

#define TG_HISTOGRAM_TABLE(ROW)                                                                    \
    ROW(TG_WEBHOOK_BATCH, "tollgate_webhook_batch_bodies", "Webhooks per pipeline to Redis.",      \
        batch_bounds)                                                                              \
    ROW(TG_WEBHOOK_SECONDS, "tollgate_webhook_duration_seconds", "Duration of such a pipeline.",   \
        database_bounds)                                                                           \
    ROW(TG_ACCEPT_BATCH, "tollgate_accept_batch_sends", "Sends per call of accept_sends.",         \
        batch_bounds)                                                                              \
    ROW(TG_ACCEPT_SECONDS, "tollgate_accept_duration_seconds", "Duration of accept_sends.",        \
        database_bounds)                                                                           \
    ROW(TG_DISPATCH_SECONDS, "tollgate_dispatch_duration_seconds",                                 \
        "Duration of a request to Meta.", meta_bounds)                                             \
    ROW(TG_SETTLE_BATCH, "tollgate_settle_batch_outcomes", "Outcomes per call of settle_sends.",   \
        batch_bounds)                                                                              \
    ROW(TG_SETTLE_SECONDS, "tollgate_settle_duration_seconds", "Duration of settle_sends.",        \
        database_bounds)                                                                           \
    ROW(TG_INBOUND_BATCH, "tollgate_inbound_batch_items",                                          \
        "Items of webhooks applied in one transaction.", batch_bounds)                             \
    ROW(TG_INBOUND_SECONDS, "tollgate_inbound_duration_seconds", "Duration of that transaction.",  \
        database_bounds)

#define TG_METRIC_ID(id, ...) id,
enum tg_counter { TG_COUNTER_TABLE(TG_METRIC_ID) TG_COUNTERS };
enum tg_gauge { TG_GAUGE_TABLE(TG_METRIC_ID) TG_GAUGES };
enum tg_histogram { TG_HISTOGRAM_TABLE(TG_METRIC_ID) TG_HISTOGRAMS };
#undef TG_METRIC_ID

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

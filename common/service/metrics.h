// What a daemon tells Prometheus. All functions are thread-safe and cheap enough for the hot path.
#pragma once

#include "common/base/text.h"

#include <stdint.h>

// Every metric: how the code names it, which daemon has it, its name and its help text. Before the
// help stand, of a counter or a figure, its label and those values of it, with blanks between, that
// stand there from the start; of a histogram its label. NULL: there is no label. A histogram ends
// with the bounds of its buckets (metrics.c). Each stands in docs/operations.md.
#define TG_COUNTER_TABLE(ROW)                                                                      \
    ROW(TG_HTTP_REQUESTS, INGRESS, "tollgate_http_requests_total", "status",                       \
        "200 202 206 400 401 402 403 404 405 409 410 413 414 415 429 431 500 503",                 \
        "HTTP requests answered.")                                                                 \
    ROW(TG_WEBHOOKS, INGRESS, "tollgate_webhooks_total", "result",                                 \
        "stored repeated bad_signature unavailable overloaded", "Webhooks posted to us.")          \
    ROW(TG_SENDS, INGRESS, "tollgate_sends_total", "verdict",                                      \
        "accepted duplicate insufficient_balance no_org org_suspended no_channel channel_paused "  \
        "contact_opted_out outside_window idempotency_conflict expired no_message "                \
        "too_many_receipts template_paused template_disabled template_rejected "                   \
        "template_not_found template_parameters",                                                  \
        "Sends by verdict of accept_sends.")                                                       \
    ROW(TG_REPEATS, INGRESS, "tollgate_repeats_total", "of", "joined told unknown",                \
        "Sends that a client repeated by itself: of one in hand, told before, perhaps accepted.")  \
    ROW(TG_NOTICES, INGRESS, "tollgate_notices_total", "result", "awaited not_awaited invalid",    \
        "Notices of messages that are settled: of one that a request waits for, of others.")       \
    ROW(TG_JOBS_PUBLISHED, BOTH, "tollgate_jobs_published_total", NULL, NULL,                      \
        "Jobs of new messages that Redis took.")                                                   \
    ROW(TG_JOBS_UNPUBLISHED, BOTH, "tollgate_jobs_unpublished_total", NULL, NULL,                  \
        "Queued messages whose job Redis did not take; published later.")                          \
    ROW(TG_SENDS_CLAIMED, WORKER, "tollgate_sends_claimed_total", NULL, NULL,                      \
        "Messages claimed by this worker.")                                                        \
    ROW(TG_OUTCOMES, WORKER, "tollgate_outcomes_total", "outcome",                                 \
        "sent network:dns network:refused network:tls network:before_write network:after_write "   \
        "http:2xx_without_id http:5xx",                                                            \
        "Dispatches by what came of them.")                                                        \
    ROW(TG_UNKNOWN_ERROR_CODES, WORKER, "tollgate_unknown_error_codes_total", "code", "",          \
        "Error codes of Meta that have no error rule.")                                            \
    ROW(TG_SECOND_POSTS_REFUSED, WORKER, "tollgate_second_posts_refused_total", NULL, NULL,        \
        "Times that libcurl would have posted a message again by itself.")                         \
    ROW(TG_SENDS_SETTLED, WORKER, "tollgate_sends_settled_total", "status",                        \
        "sent failed scheduled unconfirmed", "Messages settled, by status.")                       \
    ROW(TG_REFUNDS, BOTH, "tollgate_refunds_total", NULL, NULL, "Fees given back.")                \
    ROW(TG_CHANNELS_PAUSED, WORKER, "tollgate_channels_paused_total", "outcome", "",               \
        "Channels paused, by the outcome that did it.")                                            \
    ROW(TG_JOBS_REPUBLISHED, WORKER, "tollgate_jobs_republished_total", "why",                     \
        "due lost released",                                                                       \
        "Jobs published by workers: due, lost and found, or released by the message before.")      \
    ROW(TG_JOBS_TAKEN_OVER, WORKER, "tollgate_jobs_taken_over_total", NULL, NULL,                  \
        "Jobs taken over after 5 s: their worker is gone, or has no answer of Meta's yet.")        \
    ROW(TG_JANITOR, WORKER, "tollgate_janitor_total", "duty",                                      \
        "due lost expired abandoned unheard undelivered keys receipts rules notices consumers "    \
        "bodies seal deliveries media",                                                            \
        "What the janitor has dealt with, by duty.")                                               \
    ROW(TG_CHANNEL_LOOKS, WORKER, "tollgate_channel_looks_total", "outcome",                       \
        "answered 190 network:after_write", "Times that Meta was asked how a number is.")          \
    ROW(TG_DELIVERIES, WORKER, "tollgate_deliveries_total", "outcome",                             \
        "delivered gone aborted no_host no_connection inside no_tls no_answer erased not_signed",  \
        "Attempts to tell endpoints of events, by what came of them.")                             \
    ROW(TG_TEMPLATE_LOOKS, WORKER, "tollgate_template_looks_total", "outcome",                     \
        "answered 190 network:after_write",                                                        \
        "Times that Meta was asked for an account's templates.")                                   \
    ROW(TG_MEDIA, WORKER, "tollgate_media_total", "outcome",                                       \
        "kept too_large wrong_hash gone_at_meta 190 no_room quota network:after_write",            \
        "Times that a contact's file was fetched from Meta, by what came of it.")                  \
    ROW(TG_MEDIA_BYTES, WORKER, "tollgate_media_bytes_total", NULL, NULL,                          \
        "Bytes of files that came from Meta.")                                                     \
    ROW(TG_MEDIA_REMOVED, WORKER, "tollgate_media_removed_total", NULL, NULL,                      \
        "Files removed from the store, as they are kept no longer.")                               \
    ROW(TG_INBOUND_ITEMS, WORKER, "tollgate_inbound_items_total", "result",                        \
        "status_applied status_early status_not_ours message_saved message_duplicate copy_saved "  \
        "copy_duplicate preference_applied account_notice dead",                                   \
        "Items of webhooks, by what came of them.")                                                \
    ROW(TG_DEAD_LETTERS, WORKER, "tollgate_dead_letters_total", "reason",                          \
        "unknown_number before_hand_over foreign_message wallet_held refused poison invalid_json " \
        "bad_signature no_signature",                                                              \
        "Times that an item of a webhook could not be applied, each try of it.")                   \
    ROW(TG_REFUND_REVERSALS, WORKER, "tollgate_refund_reversals_total", NULL, NULL,                \
        "Fees taken again: delivered after the refund.")                                           \
    ROW(TG_REPLIES, WORKER, "tollgate_replies_total", "verdict",                                   \
        "accepted answered contact_opted_out invalid_reply cooldown daily_cap daily_spend_cap "    \
        "loop_guard rule_changed insufficient_balance channel_paused org_suspended wallet_held "   \
        "template_paused template_disabled template_rejected template_not_found "                  \
        "template_parameters",                                                                     \
        "Automatic replies by verdict of accept_replies.")                                         \
    ROW(TG_RELAYED_CALLS, INGRESS, "tollgate_relayed_calls_total", "outcome",                      \
        "answered meta_unavailable outcome_unknown client_left token_not_opened not_found "        \
        "too_many_requests overloaded",                                                            \
        "Calls of the Cloud API relayed to Meta: answered by it, or why not.")                     \
    ROW(TG_RELAYED_BYTES, INGRESS, "tollgate_relayed_bytes_total", "way", "up down",               \
        "Bytes of media relayed to Meta, and from it.")                                            \
    ROW(TG_UPLOADS, INGRESS, "tollgate_media_uploads_total", "outcome",                            \
        "kept media_quota unsupported_media_type body_too_large unavailable",                      \
        "Files that orgs have uploaded: kept, or why not.")                                        \
    ROW(TG_LOANS, INGRESS, "tollgate_media_lent_total", "outcome",                                 \
        "lent media_not_found media_gone refused_by_meta meta_unavailable unavailable",            \
        "Times that a kept file was asked for to be sent: Meta has it, or why not.")               \
    ROW(TG_LENT_BYTES, INGRESS, "tollgate_media_lent_bytes_total", NULL, NULL,                     \
        "Bytes of kept files brought to Meta.")                                                    \
    ROW(TG_CONNECTIONS_CUT, INGRESS, "tollgate_connections_cut_total", "why",                      \
        "headers body answer room",                                                                \
        "Clients cut off: late with headers or a body, not taking an answer, to make room.")       \
    ROW(TG_POSTGRES_ERRORS, BOTH, "tollgate_postgres_errors_total", "kind",                        \
        "unavailable unknown retry refused", "Calls to PostgreSQL that failed.")                   \
    ROW(TG_REDIS_ERRORS, BOTH, "tollgate_redis_errors_total", NULL, NULL,                          \
        "Calls to Redis that failed.")

#define TG_GAUGE_TABLE(ROW)                                                                        \
    ROW(TG_READY, BOTH, "tollgate_ready",                                                          \
        "1: PostgreSQL, its schema and Redis are there; looked at every 5 s.")                     \
    ROW(TG_CONNECTIONS, INGRESS, "tollgate_http_connections", "Connections of clients.")           \
    ROW(TG_BODY_BYTES, INGRESS, "tollgate_body_bytes",                                             \
        "Bytes held of the bodies of all requests.")                                               \
    ROW(TG_WEBHOOK_QUEUE, INGRESS, "tollgate_webhook_queue_requests",                              \
        "Webhooks that wait for Redis.")                                                           \
    ROW(TG_LANE_QUEUE, INGRESS, "tollgate_lane_queue_requests", "Requests that wait for a batch.") \
    ROW(TG_JOB_QUEUE, INGRESS, "tollgate_job_queue_jobs", "Jobs that wait for Redis.")             \
    ROW(TG_WAITERS, INGRESS, "tollgate_waiting_requests",                                          \
        "Requests that wait for the answer of Meta.")                                              \
    ROW(TG_FEED_READERS, INGRESS, "tollgate_waiting_feeds", "Requests that wait for events.")      \
    ROW(TG_RELAYS, INGRESS, "tollgate_relayed_calls_in_hand",                                      \
        "Calls of the Cloud API that are being relayed.")                                          \
    ROW(TG_MEDIA_FETCHES, WORKER, "tollgate_media_fetches_in_hand",                                \
        "Files that are being fetched from Meta.")                                                 \
    ROW(TG_DISPATCHES, WORKER, "tollgate_dispatches_in_flight", "Requests under way at Meta.")     \
    ROW(TG_DISPATCH_QUEUE, WORKER, "tollgate_dispatch_queue_messages",                             \
        "Claimed messages that wait to be posted.")                                                \
    ROW(TG_SETTLE_QUEUE, WORKER, "tollgate_settle_queue_outcomes",                                 \
        "Outcomes that wait to be settled.")                                                       \
    ROW(TG_DELIVERIES_UNDER_WAY, WORKER, "tollgate_deliveries_under_way",                          \
        "Requests under way at endpoints.")

// Gauges of what PostgreSQL and Redis hold, of all daemons together.
#define TG_FIGURE_TABLE(ROW)                                                                       \
    ROW(TG_OUTBOX, "tollgate_outbox_messages", "state", "queued sending scheduled held",           \
        "Accepted messages that have not left, by state; up to 200,000.")                          \
    ROW(TG_OUTBOX_AGE, "tollgate_outbox_oldest_age_seconds", "state",                              \
        "queued sending scheduled held",                                                           \
        "How long the oldest of them has been queued or, before that, accepted.")                  \
    ROW(TG_UNCONFIRMED, "tollgate_unconfirmed_messages", NULL, NULL,                               \
        "Messages of which nobody knows whether Meta took them; up to 200,000.")                   \
    ROW(TG_UNCONFIRMED_AGE, "tollgate_unconfirmed_oldest_age_seconds", NULL, NULL,                 \
        "How long the oldest of them has been so.")                                                \
    ROW(TG_ALERTS, "tollgate_open_alerts", "kind",                                                 \
        "channel_paused account rule_unchecked rule_refused rule_failed reply_refused "            \
        "endpoint_failing endpoint_disabled",                                                      \
        "Rows of alerts that nobody has resolved, by kind.")                                       \
    ROW(TG_PAUSED, "tollgate_paused_channels", "outcome", "by_hand 190 131042",                    \
        "Channels that are paused, by what paused them.")                                          \
    ROW(TG_LETTERS, "tollgate_dead_letters", "reason", "",                                         \
        "Rows of dead_letters, by reason; of the newest 10,000.")                                  \
    ROW(TG_OPEN_TOKENS, "tollgate_open_tokens", NULL, NULL,                                        \
        "Access tokens that lie open in the database; up to 200,000.")                             \
    ROW(TG_UNTOLD, "tollgate_untold_events", "state", "due held_back",                             \
        "Events of which no endpoint has been told yet; of the oldest 10,000.")                    \
    ROW(TG_UNTOLD_AGE, "tollgate_untold_oldest_age_seconds", "state", "due held_back",             \
        "How old the oldest of them is.")                                                          \
    ROW(TG_STREAM, "tollgate_stream_entries", "stream", "sends webhooks",                          \
        "Entries of the streams in Redis.")                                                        \
    ROW(TG_STREAM_PENDING, "tollgate_stream_pending", "stream", "sends webhooks",                  \
        "Those of them that a worker has.")                                                        \
    ROW(TG_STREAM_AGE, "tollgate_stream_oldest_age_seconds", "stream", "sends webhooks",           \
        "The age of the oldest of them.")

#define TG_HISTOGRAM_TABLE(ROW)                                                                    \
    ROW(TG_HTTP_SECONDS, INGRESS, "tollgate_http_request_duration_seconds", "endpoint",            \
        "From a request's first line to its answer.", request_bounds)                              \
    ROW(TG_WEBHOOK_BATCH, INGRESS, "tollgate_webhook_batch_bodies", NULL,                          \
        "Webhooks per pipeline to Redis.", batch_bounds)                                           \
    ROW(TG_WEBHOOK_SECONDS, INGRESS, "tollgate_webhook_duration_seconds", NULL,                    \
        "Duration of such a pipeline.", database_bounds)                                           \
    ROW(TG_ACCEPT_BATCH, INGRESS, "tollgate_accept_batch_sends", NULL,                             \
        "Sends per call of accept_sends.", batch_bounds)                                           \
    ROW(TG_ACCEPT_SECONDS, INGRESS, "tollgate_accept_duration_seconds", NULL,                      \
        "Duration of accept_sends.", database_bounds)                                              \
    ROW(TG_RELAY_SECONDS, INGRESS, "tollgate_relayed_call_duration_seconds", NULL,                 \
        "Duration of a relayed call, once its request is there.", meta_bounds)                     \
    ROW(TG_DISPATCH_SECONDS, WORKER, "tollgate_dispatch_duration_seconds", NULL,                   \
        "Duration of a request to Meta.", meta_bounds)                                             \
    ROW(TG_SETTLE_BATCH, WORKER, "tollgate_settle_batch_outcomes", NULL,                           \
        "Outcomes per call of settle_sends.", batch_bounds)                                        \
    ROW(TG_SETTLE_SECONDS, WORKER, "tollgate_settle_duration_seconds", NULL,                       \
        "Duration of settle_sends.", database_bounds)                                              \
    ROW(TG_DELIVERY_SECONDS, WORKER, "tollgate_delivery_duration_seconds", NULL,                   \
        "Duration of a request to an endpoint.", meta_bounds)                                      \
    ROW(TG_DELIVERIES_SETTLE_SECONDS, WORKER, "tollgate_deliveries_settle_duration_seconds", NULL, \
        "Duration of settle_deliveries.", database_bounds)                                         \
    ROW(TG_INBOUND_BATCH, WORKER, "tollgate_inbound_batch_items", NULL,                            \
        "Items of webhooks applied in one transaction.", batch_bounds)                             \
    ROW(TG_INBOUND_SECONDS, WORKER, "tollgate_inbound_duration_seconds", NULL,                     \
        "Duration of that transaction.", database_bounds)

#define TG_METRIC_ID(id, ...) id,
enum tg_counter { TG_COUNTER_TABLE(TG_METRIC_ID) TG_COUNTERS };
enum tg_gauge { TG_GAUGE_TABLE(TG_METRIC_ID) TG_GAUGES };
enum tg_figure { TG_FIGURE_TABLE(TG_METRIC_ID) TG_FIGURES };
enum tg_histogram { TG_HISTOGRAM_TABLE(TG_METRIC_ID) TG_HISTOGRAMS };
#undef TG_METRIC_ID

// What a daemon has of them: "ingress" or "worker" has its own, with the known values of its labels
// at 0. Until it is called there are all, and no value of a label. Call before threads start.
void tg_metrics_start(const char *service);

// Adds to a counter. `label` is the value of the counter's one label (copied; at most 47
// characters), NULL for a counter without. A counter takes 128 different values; more are counted
// as "other".
void tg_count(enum tg_counter counter, const char *label, uint64_t n);

void tg_gauge_add(enum tg_gauge gauge, int64_t n);
void tg_gauge_set(enum tg_gauge gauge, int64_t value);

// What a figure is now: its values, or the one of a figure without a label, replace the former
// ones, and known values that are not among them are 0. Labels are copied; at most
// TG_FIGURE_VALUES_MAX. Forgotten, it is not told at all: who does not know says nothing.
struct tg_figure_value {
    char label[48];
    int64_t value;
};
void tg_figure_tell(enum tg_figure figure, const struct tg_figure_value *values, size_t n);
void tg_figure_forget(enum tg_figure figure);

// Records one observation: seconds for *_SECONDS, a number of items for *_BATCH.
void tg_observe(enum tg_histogram histogram, double value);

// The same for one with a label, which is counted under the values that were added: `series` is
// what adding returned; -1 is nothing's. One thread adds; at most TG_METRIC_SERIES_MAX of all. The
// text is borrowed for ever.
int tg_histogram_add(enum tg_histogram histogram, const char *method, const char *path);
void tg_observe_in(int series, double value);

// Appends everything in Prometheus' text format 0.0.4. Metrics that were never touched stand there
// with 0 where they have no label.
void tg_metrics_render(struct tg_text *text);

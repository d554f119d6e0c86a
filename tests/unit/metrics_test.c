#include "common/service/metrics.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Is this a whole line of what Prometheus would be told?
static bool told(const char *line)
{
    TG_TEXT_AUTO all = {0};
    TG_TEXT_AUTO wanted = {0};
    tg_text_append_string(&all, "\n");
    tg_metrics_render(&all);
    tg_text_append_format(&wanted, "\n%s\n", line);
    return strstr(tg_text_string(&all), tg_text_string(&wanted)) != NULL;
}

static int lines_that_start_with(const char *start)
{
    TG_TEXT_AUTO all = {0};
    tg_metrics_render(&all);
    int n = 0;
    for (const char *line = tg_text_string(&all); *line; line += strcspn(line, "\n") + 1)
        n += strncmp(line, start, strlen(start)) == 0;
    return n;
}

Test(metrics, untouched_ones_without_a_label_are_zero)
{
    cr_assert(told("tollgate_refunds_total 0"));
    cr_assert(told("tollgate_dispatches_in_flight 0"));
    cr_assert(told("tollgate_dispatch_duration_seconds_count 0"));
    cr_assert_eq(lines_that_start_with("tollgate_sends_total{"), 0);
}

Test(metrics, every_metric_has_its_help_and_its_type)
{
    cr_assert(told("# TYPE tollgate_sends_total counter"));
    cr_assert(told("# TYPE tollgate_waiting_requests gauge"));
    cr_assert(told("# TYPE tollgate_accept_batch_sends histogram"));
    int metrics = (int)TG_COUNTERS + (int)TG_GAUGES + (int)TG_HISTOGRAMS;
    cr_assert_eq(lines_that_start_with("# TYPE tollgate_"), metrics);
    cr_assert_eq(lines_that_start_with("# HELP tollgate_"), metrics);
}

Test(metrics, a_counter_adds_up_per_label)
{
    tg_count(TG_SENDS, "accepted", 3);
    tg_count(TG_SENDS, "duplicate", 1);
    tg_count(TG_SENDS, "accepted", 4);
    tg_count(TG_REFUNDS, NULL, 2);
    cr_assert(told("tollgate_sends_total{verdict=\"accepted\"} 7"));
    cr_assert(told("tollgate_sends_total{verdict=\"duplicate\"} 1"));
    cr_assert(told("tollgate_refunds_total 2"));
}

Test(metrics, a_label_is_cut_and_escaped)
{
    static const char start[7] = "a\"b\\c\nd";
    char label[] = "123456789 123456789 123456789 123456789 123456789";
    memcpy(label, start, sizeof start);
    tg_count(TG_OUTCOMES, label, 1);
    label[47] = '!';
    tg_count(TG_OUTCOMES, label, 1);
    cr_assert(told("tollgate_outcomes_total{outcome="
                   "\"a\\\"b\\\\c\\nd89 123456789 123456789 123456789 1234567\"} 2"));
}

Test(metrics, after_128_values_of_a_label_the_rest_is_other)
{
    char label[16];
    tg_count(TG_UNKNOWN_ERROR_CODES, "other", 1);
    for (int i = 0; i < 130; i++) {
        snprintf(label, sizeof label, "%d", i);
        tg_count(TG_UNKNOWN_ERROR_CODES, label, 1);
    }
    tg_count(TG_UNKNOWN_ERROR_CODES, "127", 1);
    cr_assert(told("tollgate_unknown_error_codes_total{code=\"127\"} 2"));
    cr_assert(told("tollgate_unknown_error_codes_total{code=\"other\"} 3"));
    cr_assert_eq(lines_that_start_with("tollgate_unknown_error_codes_total{"), 129);
}

Test(metrics, a_gauge_goes_up_and_down)
{
    tg_gauge_set(TG_DISPATCHES, 5);
    tg_gauge_add(TG_DISPATCHES, 2);
    tg_gauge_add(TG_DISPATCHES, -4);
    cr_assert(told("tollgate_dispatches_in_flight 3"));
}

Test(metrics, a_histogram_counts_an_observation_in_every_bucket_that_holds_it)
{
    tg_observe(TG_ACCEPT_BATCH, 1);
    tg_observe(TG_ACCEPT_BATCH, 3);
    tg_observe(TG_ACCEPT_BATCH, 256);
    tg_observe(TG_ACCEPT_BATCH, 257);
    cr_assert(told("tollgate_accept_batch_sends_bucket{le=\"1\"} 1"));
    cr_assert(told("tollgate_accept_batch_sends_bucket{le=\"2\"} 1"));
    cr_assert(told("tollgate_accept_batch_sends_bucket{le=\"4\"} 2"));
    cr_assert(told("tollgate_accept_batch_sends_bucket{le=\"256\"} 3"));
    cr_assert(told("tollgate_accept_batch_sends_bucket{le=\"+Inf\"} 4"));
    cr_assert(told("tollgate_accept_batch_sends_sum 517.000000"));
    cr_assert(told("tollgate_accept_batch_sends_count 4"));
}

Test(metrics, durations_are_summed_in_seconds)
{
    tg_observe(TG_DISPATCH_SECONDS, .04);
    tg_observe(TG_DISPATCH_SECONDS, 1.5);
    cr_assert(told("tollgate_dispatch_duration_seconds_bucket{le=\"0.025\"} 0"));
    cr_assert(told("tollgate_dispatch_duration_seconds_bucket{le=\"0.05\"} 1"));
    cr_assert(told("tollgate_dispatch_duration_seconds_sum 1.540000"));
}

Test(metrics, each_daemon_tells_its_own_with_what_is_known_of_their_labels)
{
    tg_metrics_start("ingress");
    cr_assert(told("tollgate_sends_total{verdict=\"accepted\"} 0"));
    cr_assert(told("tollgate_connections_cut_total{why=\"room\"} 0"));
    cr_assert(told("tollgate_postgres_errors_total{kind=\"refused\"} 0"));
    cr_assert(told("tollgate_ready 0"));
    cr_assert_eq(lines_that_start_with("tollgate_outcomes_total"), 0);
    cr_assert_eq(lines_that_start_with("tollgate_settle_queue_outcomes"), 0);
    cr_assert_eq(lines_that_start_with("tollgate_settle_duration_seconds"), 0);
    tg_count(TG_SENDS, "accepted", 2);
    cr_assert(told("tollgate_sends_total{verdict=\"accepted\"} 2"));
    tg_metrics_start("worker");
    cr_assert(told("tollgate_outcomes_total{outcome=\"network:after_write\"} 0"));
    cr_assert_eq(lines_that_start_with("tollgate_sends_total"), 0);
    cr_assert(told("tollgate_build_info{service=\"worker\",version=\"" TOLLGATE_VERSION "\"} 1"));
}

Test(metrics, the_process_is_told_of_by_the_usual_names)
{
    static const char *const names[] = {
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    };
    tg_metrics_start("worker");
    TG_TEXT_AUTO all = {0};
    tg_metrics_render(&all);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char start[64];
        snprintf(start, sizeof start, "\n%s ", names[i]);
        const char *line = strstr(tg_text_string(&all), start);
        cr_assert(line && strtod(line + strlen(start), NULL) > 0, "%s", names[i]);
    }
    const char *began = strstr(tg_text_string(&all), "\nprocess_start_time_seconds ") + 28;
    double age = (double)time(NULL) - strtod(began, NULL);
    cr_assert(age > -2 && age < 3600, "%f", age);
}

Test(metrics, a_figure_is_told_while_it_is_known)
{
    const struct tg_figure_value two[] = {{"queued", 7}, {"odd", 1}};
    cr_assert_eq(lines_that_start_with("# TYPE tollgate_outbox_messages"), 0);
    tg_figure_tell(TG_OUTBOX, two, 2);
    cr_assert(told("# TYPE tollgate_outbox_messages gauge"));
    cr_assert(told("tollgate_outbox_messages{state=\"queued\"} 7"));
    cr_assert(told("tollgate_outbox_messages{state=\"odd\"} 1"));
    cr_assert(told("tollgate_outbox_messages{state=\"held\"} 0"));
    tg_figure_tell(TG_OUTBOX, two, 0);
    cr_assert(told("tollgate_outbox_messages{state=\"queued\"} 0"));
    cr_assert_eq(lines_that_start_with("tollgate_outbox_messages{state=\"odd\"}"), 0);
    tg_figure_tell(TG_UNCONFIRMED, (const struct tg_figure_value[]){{"", 3}}, 1);
    cr_assert(told("tollgate_unconfirmed_messages 3"));
    tg_figure_forget(TG_OUTBOX);
    cr_assert_eq(lines_that_start_with("tollgate_outbox_messages"), 0);
    cr_assert_eq(lines_that_start_with("# TYPE tollgate_outbox_messages"), 0);
}

Test(metrics, durations_are_told_by_endpoint)
{
    int get = tg_histogram_add(TG_HTTP_SECONDS, "GET", "/api/wallet");
    (void)tg_histogram_add(TG_HTTP_SECONDS, "POST", "/webhook");
    tg_observe_in(get, .002);
    tg_observe_in(get, 31);
    tg_observe_in(-1, 1);
#define OF(name, more)                                                                             \
    "tollgate_http_request_duration_seconds_" name "{endpoint=\"GET /api/wallet\"" more "} "
    cr_assert(told(OF("bucket", ",le=\"0.001\"") "0"));
    cr_assert(told(OF("bucket", ",le=\"0.0025\"") "1"));
    cr_assert(told(OF("bucket", ",le=\"30\"") "1"));
    cr_assert(told(OF("bucket", ",le=\"+Inf\"") "2"));
    cr_assert(told(OF("sum", "") "31.002000"));
    cr_assert(told(OF("count", "") "2"));
    cr_assert(told("tollgate_http_request_duration_seconds_count{endpoint=\"POST /webhook\"} 0"));
    cr_assert_eq(lines_that_start_with("# TYPE tollgate_http_request_duration_seconds"), 1);
}

enum { RIVALS = 2, ROUNDS = 100 };
static const enum tg_counter with_label[] = {TG_HTTP_REQUESTS, TG_SENDS, TG_OUTCOMES,
                                             TG_UNKNOWN_ERROR_CODES, TG_SENDS_SETTLED};
enum { WITH_LABEL = sizeof with_label / sizeof with_label[0] };

// Counts each label once, at the same moment as the rivals.
static void *count_new_labels(void *argument)
{
    _Atomic int *arrived = argument;
    char label[16];
    for (int i = 0; i < ROUNDS * WITH_LABEL; i++) {
        snprintf(label, sizeof label, "%d", i / WITH_LABEL);
        ++*arrived;
        for (int spins = 0; *arrived < (i + 1) * RIVALS; spins++) {
            if (spins > 10000) // a machine with one processor
                sched_yield();
        }
        tg_count(with_label[i % WITH_LABEL], label, 1);
    }
    return NULL;
}

Test(metrics, threads_that_meet_a_new_label_at_once_share_it, .timeout = 60)
{
    static _Atomic int arrived;
    pthread_t threads[RIVALS];
    for (int i = 0; i < RIVALS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_new_labels, &arrived), 0);
    for (int i = 0; i < RIVALS; i++)
        pthread_join(threads[i], NULL);
    cr_assert(told("tollgate_outcomes_total{outcome=\"99\"} 2"));
    cr_assert_eq(lines_that_start_with("tollgate_http_requests_total{"), ROUNDS);
    cr_assert_eq(lines_that_start_with("tollgate_sends_total{"), ROUNDS);
    cr_assert_eq(lines_that_start_with("tollgate_outcomes_total{"), ROUNDS);
    cr_assert_eq(lines_that_start_with("tollgate_unknown_error_codes_total{"), ROUNDS);
    cr_assert_eq(lines_that_start_with("tollgate_sends_settled_total{"), ROUNDS);
}

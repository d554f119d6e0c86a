#include "common/service/metrics.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

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

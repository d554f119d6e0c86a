// What Prometheus is told: in its text format, by each daemon its own, by one worker what all have.
#include "tests/system/org.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

TestSuite(metrics, .timeout = 120);

static const char *metrics_of(const struct daemon *daemon)
{
    struct answer answer = ask(http_open(daemon->admin_url), .path = "/metrics");
    cr_assert_eq(answer.status, 200);
    return answer.body;
}

static size_t name_length(const char *at)
{
    size_t n = 0;
    while (isalnum((unsigned char)at[n]) || at[n] == '_' || at[n] == ':')
        n++;
    return n;
}

// Goes over {key="value",...}, where there is any.
static const char *after_labels(const char *at)
{
    if (*at != '{')
        return at;
    do {
        size_t length = name_length(++at);
        cr_assert(length > 0 && strncmp(at + length, "=\"", 2) == 0, "%.60s", at);
        for (at += length + 2; *at != '"'; at++) {
            cr_assert(*at && *at != '\n', "%.60s", at);
            if (*at == '\\')
                cr_assert(strchr("\\\"n", *++at), "%.60s", at);
        }
    } while (*++at == ',');
    cr_assert_eq(*at, '}', "%.60s", at);
    return at + 1;
}

// A sample belongs to the metric whose HELP and TYPE stand before it, is the only one of its name
// and labels, and has a number.
static void expect_sample(const char *all, const char *line, const char *metric)
{
    static const char *const suffixes[] = {"", "_bucket", "_sum", "_count"};
    size_t length = name_length(line);
    bool belongs = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *name = text_of("%s%s", metric, suffixes[i]);
        belongs = belongs || (strlen(name) == length && strncmp(name, line, length) == 0);
    }
    cr_assert(belongs, "%.60s of %s", line, metric);
    const char *value = after_labels(line + length);
    const char *series = text_of("\n%.*s ", (int)(value - line), line);
    const char *first = strstr(all, series);
    cr_assert(first && !strstr(first + 1, series), "twice: %s", series);
    char *end;
    cr_assert_eq(*value, ' ', "%.60s", line);
    (void)strtod(value + 1, &end);
    cr_assert(end > value + 1 && *end == '\n', "%.60s", line);
}

static int expect_text_format(const char *body)
{
    const char *all = text_of("\n%s", body);
    const char *metric = "";
    int samples = 0;
    for (const char *line = all + 1; *line; line = strchr(line, '\n') + 1) {
        cr_assert(strchr(line, '\n'), "%s", line);
        if (strncmp(line, "# HELP ", 7) == 0) {
            metric = text_of("%.*s", (int)name_length(line + 7), line + 7);
            const char *type = text_of("\n# TYPE %s ", metric);
            cr_assert(strncmp(strchr(line, '\n'), type, strlen(type)) == 0, "%s", line);
            cr_assert(!strstr(strstr(all, type) + 1, type), "twice: %s", metric);
        } else if (*line != '#') {
            expect_sample(all, line, metric);
            samples++;
        }
    }
    return samples;
}

Test(metrics, each_daemon_tells_its_own_in_the_format)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200);
    const struct daemon *ingress = &gateway->ingress;
    const struct daemon *worker = &gateway->workers[0];
    cr_assert_gt(expect_text_format(metrics_of(ingress)), 100);
    cr_assert_gt(expect_text_format(metrics_of(worker)), 100);
    expect_equal(daemon_metric(ingress, "tollgate_sends_total{verdict=\"accepted\"}"), "1");
    expect_equal(daemon_metric(ingress, "tollgate_sends_total{verdict=\"no_org\"}"), "0");
    expect_equal(daemon_metric(worker, "tollgate_outcomes_total{outcome=\"network:dns\"}"), "0");
    expect_equal(daemon_metric(ingress, "tollgate_outcomes_total{outcome=\"sent\"}"), "");
    expect_equal(daemon_metric(worker, "tollgate_sends_total{verdict=\"accepted\"}"), "");
    expect_equal(daemon_metric(ingress, "tollgate_http_request_duration_seconds_count{endpoint="
                                        "\"POST /api/send-message\"}"),
                 "1");
    expect_equal(daemon_metric(ingress, "tollgate_http_request_duration_seconds_count{endpoint="
                                        "\"POST /webhook\"}"),
                 "0");
    cr_assert(strstr(metrics_of(ingress), "\ntollgate_build_info{service=\"ingress\",version="));
    cr_assert_gt(strtod(daemon_metric(worker, "process_resident_memory_bytes"), NULL), 1e6);
    stop_gateway(gateway);
}

Test(metrics, ready_is_told_though_nobody_asks)
{
    struct gateway *gateway = given_gateway();
    eventually(strcmp(daemon_metric(&gateway->ingress, "tollgate_ready"), "1") == 0);
    eventually(strcmp(daemon_metric(&gateway->workers[0], "tollgate_ready"), "1") == 0);
    redis_kill(gateway->redis);
    eventually(strcmp(daemon_metric(&gateway->ingress, "tollgate_ready"), "0") == 0);
    eventually(strcmp(daemon_metric(&gateway->workers[0], "tollgate_ready"), "0") == 0);
    redis_start(gateway->redis);
    eventually(strcmp(daemon_metric(&gateway->workers[0], "tollgate_ready"), "1") == 0);
    stop_gateway(gateway);
}

Test(metrics, one_worker_tells_what_all_have)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct daemon *workers = gateway->workers;
    (void)start_worker(gateway);
    struct answer refused = send_text(&org, "15550000190");
    (void)expect_accepted(&refused);
    const char *paused = "tollgate_paused_channels{outcome=\"190\"}";
    const char *alerts = "tollgate_open_alerts{kind=\"channel_paused\"}";
    eventually(strcmp(daemon_metric(&workers[0], paused), "1") == 0);
    eventually(strcmp(daemon_metric(&workers[0], alerts), "1") == 0);
    expect_equal(daemon_metric(&workers[0], "tollgate_outbox_messages{state=\"held\"}"), "0");
    expect_equal(daemon_metric(&workers[0], "tollgate_unconfirmed_messages"), "0");
    // Redis is asked after PostgreSQL.
    const char *entries = "tollgate_stream_entries{stream=\"sends\"}";
    eventually(strcmp(daemon_metric(&workers[0], entries), "0") == 0);
    eventually(*daemon_metric(&workers[0], "tollgate_stream_oldest_age_seconds{stream=\"sends\"}"));
    expect_equal(daemon_metric(&workers[0], "tollgate_stream_pending{stream=\"webhooks\"}"), "0");
    cr_assert_gt(expect_text_format(metrics_of(&workers[0])), 100);
    // The other one has nothing to say of it until it is its turn.
    expect_equal(daemon_metric(&workers[1], paused), "");
    struct daemon other = workers[1];
    process_stop_cleanly(workers[0].process);
    workers[0] = other;
    gateway->worker_count = 1;
    eventually_within(2LL * PATIENCE_S, strcmp(daemon_metric(&other, paused), "1") == 0);
    stop_gateway(gateway);
}

// Two ingresses that listen on one socket, which is neither's: one after the other they are
// restarted, under load, and nobody notices. The load's client repeats nothing by itself, so that
// every connection that is refused, cut off or reset shows.
#include "common/http/client.h"
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(rolling, .timeout = 300);

// Which begin in a second, how many workers, how many restarts. TOLLGATE_SHOW_ROLLING=FOLDER has
// the rates of a busy deployment, with the daemons in that folder, and prints what came of it.
struct plan {
    int sends;
    int webhooks;
    int workers;
    int restarts;
};

enum { CALLS_MAX = 512, PATIENCE_MS = 30000, ANSWER_MAX = 4096 };

struct call {
    bool is_used;
    bool is_send;
    const char *body;
    const char *headers[3];
};

static struct {
    struct gateway *gateway;
    const struct org *org;
    struct tg_http *http;
    const char *url;
    struct call calls[CALLS_MAX];
    long sends; // begun, and of them accepted
    long accepted;
    long webhooks; // begun, and of them acknowledged
    long acknowledged;
    long failed;
    const char *failure; // the first one
    double longest_s;
} load;

static int listen_for_all(const char **url)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 &&
              listen(listener, 1024) == 0);
    cr_assert(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    *url = text_of("http://127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

static void begin(struct call *call, bool is_send)
{
    long n = is_send ? ++load.sends : ++load.webhooks;
    call->is_used = true;
    call->is_send = is_send;
    call->headers[0] = "Content-Type: application/json";
    if (is_send) {
        call->body = text_body(text_of("9198765%05ld", n));
        call->headers[1] = text_of("Authorization: Bearer %s", load.org->key);
    } else {
        call->body = text_message_body(load.org->phone_number_id, text_of("9187%08ld", n),
                                       text_of("wamid.in.%ld", n), "Hello");
        call->headers[1] = signature_header(GATEWAY_APP_SECRET, call->body, strlen(call->body));
    }
    // Every third one comes as somebody who has no connection yet.
    call->headers[2] = n % 3 == 0 ? "Connection: close" : NULL;
    tg_http_begin(load.http,
                  &(const struct tg_http_request){
                      .method = "POST",
                      .url = text_of("%s/%s", load.url, is_send ? "api/send-message" : "webhook"),
                      .headers = {call->headers[0], call->headers[1], call->headers[2]},
                      .body = {call->body, strlen(call->body)},
                      .connect_timeout_ms = PATIENCE_MS,
                      .timeout_ms = PATIENCE_MS,
                      .answer_max = ANSWER_MAX,
                      .context = call});
}

static void begin_some(const long *begun, int per_second, long long since_ms, bool is_send)
{
    long due = (long)((testbed_now_ms() - since_ms) * per_second / 1000);
    for (int i = 0; i < CALLS_MAX && *begun < due; i++) {
        if (!load.calls[i].is_used)
            begin(&load.calls[i], is_send);
    }
}

static void take_ended(void)
{
    struct tg_http_answer answer;
    while (tg_http_take(load.http, &answer)) {
        struct call *call = answer.context;
        bool good = answer.end == TG_HTTP_ANSWERED && answer.status == (call->is_send ? 202 : 200);
        load.accepted += good && call->is_send;
        load.acknowledged += good && !call->is_send;
        load.longest_s = answer.seconds > load.longest_s ? answer.seconds : load.longest_s;
        if (!good && load.failed++ == 0)
            load.failure = text_of("%d %s %.*s", answer.status, answer.reason,
                                   (int)answer.body.length, answer.body.data);
        call->is_used = false;
    }
}

static bool has_started(const struct daemon *ingress)
{
    return daemon_has_logged(ingress, "service_started");
}

// The load goes on until `condition` of the daemon holds.
static void go_on_until(const struct plan *plan, long long since_ms,
                        bool (*condition)(const struct daemon *ingress),
                        const struct daemon *ingress)
{
    long long deadline_ms = testbed_now_ms() + PATIENCE_MS;
    while (!condition(ingress)) {
        cr_assert_lt(testbed_now_ms(), deadline_ms, "%s", process_log(ingress->process));
        begin_some(&load.sends, plan->sends, since_ms, true);
        begin_some(&load.webhooks, plan->webhooks, since_ms, false);
        tg_http_run(load.http, 2);
        take_ended();
    }
}

static bool has_ended(const struct daemon *ingress)
{
    return !process_running(ingress->process);
}

static void restart(const struct plan *plan, long long since_ms, struct daemon *ingress)
{
    process_signal(ingress->process, SIGTERM);
    go_on_until(plan, since_ms, has_ended, ingress);
    cr_assert_eq(ingress->process->status, 0, "%s", process_log(ingress->process));
    *ingress = begin_ingress(load.gateway);
    go_on_until(plan, since_ms, has_started, ingress);
}

static void end_load(void)
{
    while (tg_http_active(load.http) > 0) {
        tg_http_run(load.http, 10);
        take_ended();
    }
    take_ended();
    tg_http_destroy(load.http);
}

static void expect_all_there(struct org *org)
{
    cr_assert_eq(load.failed, 0, "%ld of %ld, the first: %s", load.failed,
                 load.sends + load.webhooks, load.failure);
    cr_assert_eq(load.accepted, load.sends);
    cr_assert_eq(load.acknowledged, load.webhooks);
    eventually_within(120,
                      database_number(load.gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_eq(database_number(load.gateway->database,
                                 "SELECT count(*) FROM messages WHERE direction = 'outbound'"),
                 load.accepted);
    eventually_within(120, webhooks_left(load.gateway) == 0);
    cr_assert_eq(database_number(load.gateway->database,
                                 "SELECT count(*) FROM messages WHERE direction = 'inbound'"),
                 load.acknowledged);
    (void)org;
}

Test(rolling, restarts_under_load_refuse_reset_and_lose_nothing)
{
    const char *show = getenv("TOLLGATE_SHOW_ROLLING"); // NOLINT(concurrency-mt-unsafe)
    const struct plan plan = show ? (struct plan){200, 400, 4, 60} : (struct plan){40, 80, 1, 4};
    const char *url;
    int listener = listen_for_all(&url);
    struct gateway *gateway = given_gateway(.listener = listener, .daemons = show);
    for (int i = 1; i < plan.workers; i++)
        (void)start_worker(gateway);
    struct org org = given_org(gateway, .balance = "100000.00");
    (void)database_text(gateway->database, "UPDATE channels SET max_mps = 10000");
    load.gateway = gateway;
    load.org = &org;
    load.url = url;
    load.http = tg_http_create(
        &(const struct tg_http_options){.calls_max = CALLS_MAX, .silence_ms = PATIENCE_MS});
    struct daemon ingresses[2] = {gateway->ingress, start_ingress(gateway)};
    expect_equal(ingresses[1].url, url);

    long long since_ms = testbed_now_ms();
    for (int i = 0; i < plan.restarts; i++)
        restart(&plan, since_ms, &ingresses[i % 2]);
    end_load();
    double seconds = (double)(testbed_now_ms() - since_ms) / 1000;
    if (show)
        (void)fprintf(stderr,
                      "%d restarts in %.1f s: %ld sends, %ld webhooks, %ld failed, the "
                      "slowest took %.3f s\n",
                      plan.restarts, seconds, load.sends, load.webhooks, load.failed,
                      load.longest_s);

    expect_all_there(&org);
    process_stop_cleanly(ingresses[1].process);
    gateway->ingress = ingresses[0];
    stop_gateway(gateway);
    close(listener);
}

enum { ASKERS = 20 };

struct hold {
    struct gateway *gateway;
    long long stopped_ms; // 0: not yet
    bool let_go;
};

static bool look_up_waits(struct database *database)
{
    (void)database_text(database, "SELECT pg_stat_clear_snapshot()");
    return database_number(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                     "current_database() AND wait_event_type = 'Lock'") > 0;
}

// Longer than connections are kept of whom nothing is to be done.
static void stop_before_the_key_is_found(size_t ended, void *context)
{
    enum { LONGER_MS = 2500 };
    struct hold *hold = context;
    const struct gateway *gateway = hold->gateway;
    if (hold->stopped_ms == 0 && look_up_waits(gateway->database)) {
        cr_assert_eq(ended, 0);
        process_signal(gateway->ingress.process, SIGTERM);
        hold->stopped_ms = testbed_now_ms();
    }
    if (hold->stopped_ms > 0 && !hold->let_go && testbed_now_ms() > hold->stopped_ms + LONGER_MS) {
        (void)database_text(gateway->database, "COMMIT");
        hold->let_go = true;
    }
}

Test(rolling, who_waits_for_the_look_up_of_a_key_is_not_refused)
{
    const char *url;
    int listener = listen_for_all(&url);
    struct gateway *gateway = given_gateway(.listener = listener, .without_worker = true);
    struct org org = given_org(gateway);
    struct http_request requests[ASKERS];
    struct answer answers[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        requests[i] = (struct http_request){.path = "/api/send-message",
                                            .key = org.key,
                                            .body = text_body(text_of("9198765%05d", i))};
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE api_keys");

    http_ask_all(url, requests, ASKERS, answers, stop_before_the_key_is_found,
                 &(struct hold){.gateway = gateway});

    process_end_cleanly(gateway->ingress.process);
    for (int i = 0; i < ASKERS; i++)
        cr_assert_eq(answers[i].status, 202, "%d %s", answers[i].status, answers[i].body);
    gateway->ingress = start_ingress(gateway);
    stop_gateway(gateway);
    close(listener);
}

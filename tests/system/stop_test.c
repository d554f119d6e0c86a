// SIGTERM under load: a daemon ends within 10 s with status 0 (process_stop_cleanly says so), and
// what was answered 202 still ends.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <string.h>

TestSuite(stop, .timeout = 120);

enum { SENDS = 400 };

static struct http_request requests[SENDS];
static struct answer answers[SENDS];

static void given_requests(const struct org *org)
{
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){.path = "/api/send-message",
                                            .key = org->key,
                                            .body = text_body(text_of("9198765%05d", i))};
}

// Everything that was answered 202 ends sent, posted once; and nothing else is anywhere.
static void expect_all_sent_once(struct gateway *gateway, const struct org *org)
{
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    for (int i = 0; i < SENDS; i++) {
        if (answers[i].status != 202)
            continue;
        const char *id = answer_text(&answers[i], "/message_id");
        expect_equal(message_state(gateway, id), "sent");
        cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    }
    cr_assert_eq(simulator_posts(gateway->simulator), org_messages(org, "sent"));
}

Test(stop, of_a_loaded_worker_loses_nothing_and_sends_nothing_twice)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=16"});
    struct org org = given_org(gateway);
    given_requests(&org);
    // All of them may leave at once, and 16 a second do.
    (void)database_text(gateway->database, "UPDATE channels SET max_mps = 10000");
    simulator_set(gateway->simulator, "{\"latency_ms\": 1000}");
    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);
    eventually(org_messages(&org, "sent") > 0);

    process_stop_cleanly(gateway->workers[0].process);

    cr_assert_gt(org_messages(&org, "queued"), 0, "the worker was not loaded");
    cr_assert_eq(org_messages(&org, "sending"), 0);
    cr_assert_eq(org_messages(&org, "unconfirmed"), 0);
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    (void)start_worker(gateway);
    expect_all_sent_once(gateway, &org);
    cr_assert_eq(org_messages(&org, "sent"), SENDS);
    stop_gateway(gateway);
}

Test(stop, of_a_worker_does_not_wait_for_ever_for_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "15552000001");
    const char *id = expect_accepted(&answer);
    eventually(simulator_posts_of(gateway->simulator, id) == 1);

    process_signal(gateway->workers[0].process, SIGTERM);

    // It gives Meta nearly all of the 10 s, and Meta would have 30 s.
    cr_assert_eq(process_wait(gateway->workers[0].process, PATIENCE_S), 0);
    cr_assert(daemon_has_logged(&gateway->workers[0], "dispatches_broken_off"));
    expect_equal(message_state(gateway, id), "unconfirmed network:after_write");
    stop_gateway(gateway);
}

// Once: a second signal would end it at once.
static void stop_ingress(const struct gateway *gateway)
{
    static bool stopped;
    if (!stopped)
        process_signal(gateway->ingress.process, SIGTERM);
    stopped = true;
}

static void stop_ingress_in_the_middle(size_t ended, void *context)
{
    if (ended > 0)
        stop_ingress(context);
}

Test(stop, of_a_loaded_ingress_answers_what_it_has_taken)
{
    struct gateway *gateway = given_gateway();
    struct daemon second = start_ingress(gateway);
    struct org org = given_org(gateway);
    given_requests(&org);

    http_ask_all(gateway->ingress.url, requests, SENDS, answers, stop_ingress_in_the_middle,
                 gateway);
    process_end_cleanly(gateway->ingress.process);

    long accepted = 0;
    for (int i = 0; i < SENDS; i++) {
        cr_assert(answers[i].status == 202 || answers[i].status == 503 || answers[i].status == 0,
                  "%d %s", answers[i].status, answers[i].body);
        accepted += answers[i].status == 202;
    }
    cr_assert_geq(accepted, 1);
    expect_all_sent_once(gateway, &org);
    cr_assert_eq(org_messages(&org, "sent"), accepted, "something was taken and not answered");
    gateway->ingress = second;
    stop_gateway(gateway);
}

enum { WAITING = 20 };

// Those whose message has come to Meta are waiting.
static void stop_ingress_when_all_wait(size_t ended, void *context)
{
    const struct gateway *gateway = context;
    if (ended == 0 && simulator_posts(gateway->simulator) == WAITING)
        stop_ingress(gateway);
}

Test(stop, of_an_ingress_answers_those_who_wait_for_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    given_requests(&org);
    simulator_set(gateway->simulator, "{\"latency_ms\": 5000}");
    for (int i = 0; i < WAITING; i++)
        requests[i].headers[0] = "Prefer: wait=30";

    http_ask_all(gateway->ingress.url, requests, WAITING, answers, stop_ingress_when_all_wait,
                 gateway);
    process_end_cleanly(gateway->ingress.process);

    for (int i = 0; i < WAITING; i++) {
        const char *status = answer_text(&answers[i], "/status");
        cr_assert(answers[i].status == 202, "%d %s", answers[i].status, answers[i].body);
        expect_equal(status, "sending");
    }
    eventually(org_messages(&org, "sent") == WAITING);
    gateway->ingress = start_ingress(gateway);
    stop_gateway(gateway);
}

Test(stop, is_not_held_up_by_an_idle_connection)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = get(&org, "/api/wallet");
    cr_assert_eq(answer.status, 200);
    process_stop_cleanly(gateway->ingress.process);
    gateway->ingress = start_ingress(gateway);
    stop_gateway(gateway);
}

enum { WEBHOOKS = 40 };

// Once what was asked of Redis waits for its time-out.
static void stop_ingress_when_sends_are_accepted(size_t ended, void *context)
{
    if (ended >= SENDS - WEBHOOKS)
        stop_ingress(context);
}

Test(stop, of_an_ingress_is_not_held_up_by_a_redis_that_hangs)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    given_requests(&org);
    for (int i = 0; i < WEBHOOKS; i++)
        requests[i] =
            (struct http_request){.path = "/webhook",
                                  .body = "{}",
                                  .headers = {signature_header(GATEWAY_APP_SECRET, "{}", 2)}};
    process_signal(gateway->redis->process, SIGSTOP);

    http_ask_all(gateway->ingress.url, requests, SENDS, answers,
                 stop_ingress_when_sends_are_accepted, gateway);
    process_end_cleanly(gateway->ingress.process);

    long accepted = 0;
    for (int i = 0; i < SENDS; i++) {
        bool good = i < WEBHOOKS ? answers[i].status == 503 : answers[i].status == 202;
        cr_assert(good || answers[i].status == 0, "%d: %d %s", i, answers[i].status,
                  answers[i].body);
        accepted += answers[i].status == 202;
    }
    cr_assert_geq(accepted, 1);
    process_signal(gateway->redis->process, SIGCONT);
    gateway->ingress = start_ingress(gateway);
    (void)start_worker(gateway);
    eventually_within(60, org_messages(&org, "sent") == accepted);
    stop_gateway(gateway);
}

// After a moment at which Meta might have taken a message it is never posted again: a customer
// never gets the same message twice.
#include "tests/system/org.h"

#include <string.h>

TestSuite(double_send, .timeout = 120);

// One message after the other goes out on the connection that the one before has left.
static void warm_up(struct gateway *gateway, const struct org *org)
{
    enum { SENDS = 3 };
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text_and_wait(org, "919876543210");
        cr_assert_eq(answer.status, 200, "%s", answer.body);
    }
    cr_assert_geq(simulator_stat(gateway->simulator, "reused"), 1);
}

// A new worker looks at everything that is left, and has sent something: what it would post again,
// it has posted. It gives Meta its usual time.
static void let_a_new_worker_look(struct gateway *gateway, const struct org *org)
{
    process_stop_cleanly(gateway->workers[gateway->worker_count - 1].process);
    (void)start_worker_with_settings(gateway, WORDS(NULL));
    struct answer answer = send_text_and_wait(org, "919876543219");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
}

static void expect_one_post_unconfirmed(const char *phone)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    warm_up(gateway, &org);
    const char *ledger = org_ledger(&org);
    long reused = simulator_stat(gateway->simulator, "reused");

    struct answer answer = send_text_and_wait(&org, phone);

    cr_assert_eq(simulator_stat(gateway->simulator, "reused"), reused + 1,
                 "the message did not go out on a reused connection");
    expect_equal(answer_text(&answer, "/status"), "unconfirmed");
    const char *id = answer_text(&answer, "/message_id");
    expect_ends(gateway, id, "unconfirmed network:after_write");
    cr_assert_eq(simulator_posts_to(gateway->simulator, phone), 1);
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    expect_equal(org_ledger(&org), text_of("%s, service_fee -0.20", ledger));

    let_a_new_worker_look(gateway, &org);
    cr_assert_eq(simulator_posts_to(gateway->simulator, phone), 1);
    expect_equal(message_state(gateway, id), "unconfirmed network:after_write");
    stop_gateway(gateway);
}

Test(double_send, none_when_a_reused_connection_is_closed_without_a_byte)
{
    expect_one_post_unconfirmed("15552000003");
}

// Where the test above says that nothing was posted twice, this one says why: libcurl wanted to.
Test(double_send, libcurl_s_own_second_post_is_refused_by_us)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    warm_up(gateway, &org);
    const struct daemon *worker = &gateway->workers[0];
    expect_equal(daemon_metric(worker, "tollgate_second_posts_refused_total"), "0");
    (void)send_text_and_wait(&org, "15552000003");
    expect_equal(daemon_metric(worker, "tollgate_second_posts_refused_total"), "1");
    stop_gateway(gateway);
}

Test(double_send, none_when_the_connection_is_reset)
{
    expect_one_post_unconfirmed("15552000004");
}

// Many at once, so that connections are reused while others are made.
Test(double_send, none_among_many_closed_connections)
{
    enum { SENDS = 120 };
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=8"});
    struct org org = given_org(gateway);
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){
            .path = "/api/send-message",
            .key = org.key,
            .body = text_body(i % 3 == 0 ? "15552000003" : text_of("9198765%05d", i))};

    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);

    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    for (int i = 0; i < SENDS; i++) {
        cr_assert_eq(answers[i].status, 202, "%d %s", answers[i].status, answers[i].body);
        const char *id = answer_text(&answers[i], "/message_id");
        cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    }
    cr_assert_eq(simulator_posts(gateway->simulator), SENDS);
    cr_assert_geq(org_messages(&org, "unconfirmed"), 1);
    cr_assert_eq(org_messages(&org, "failed"), 0);
    stop_gateway(gateway);
}

static const struct {
    const char *phone;
    const char *state;
} faults[] = {
    {"15552000002", "unconfirmed network:after_write"}, // closed; a client cannot know better
    {"15552000005", "unconfirmed http:2xx_without_id"}, // garbage
    {"15552000006", "unconfirmed http:2xx_without_id"}, // no id
    {"15552000007", "unconfirmed http:5xx"},            // a proxy's 502
    {"15552000008", "sent"},                            // late
};
enum { FAULTS = sizeof faults / sizeof *faults };

Test(double_send, every_fault_of_the_connection_ends_as_its_rule_says)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *ids[FAULTS];
    for (size_t i = 0; i < FAULTS; i++) {
        struct answer answer = send_text(&org, faults[i].phone);
        ids[i] = expect_accepted(&answer);
    }
    for (size_t i = 0; i < FAULTS; i++)
        expect_ends(gateway, ids[i], faults[i].state);
    let_a_new_worker_look(gateway, &org);
    for (size_t i = 0; i < FAULTS; i++)
        cr_assert_eq(simulator_posts_to(gateway->simulator, faults[i].phone), 1, "%s",
                     faults[i].phone);
    stop_gateway(gateway);
}

Test(double_send, none_when_the_answer_never_comes)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=1000"});
    struct org org = given_org(gateway);
    struct answer silent = send_text(&org, "15552000001");
    struct answer late = send_text(&org, "15552000008");
    expect_ends(gateway, expect_accepted(&silent), "unconfirmed network:after_write");
    expect_ends(gateway, expect_accepted(&late), "unconfirmed network:after_write");
    let_a_new_worker_look(gateway, &org);
    cr_assert_eq(simulator_posts_to(gateway->simulator, "15552000001"), 1);
    cr_assert_eq(simulator_posts_to(gateway->simulator, "15552000008"), 1);
    expect_equal(org_ledger(&org),
                 "adjustment 100.00, service_fee -0.20, service_fee -0.20, service_fee -0.20");
    stop_gateway(gateway);
}

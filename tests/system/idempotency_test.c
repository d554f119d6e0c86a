// `Idempotency-Key`: however often a send is repeated, and wherever, it is one message and one fee,
// and everybody gets the first answer.
#include "tests/system/org.h"

#include <string.h>

TestSuite(idempotency, .timeout = 120);

static struct http_request request_with(const struct org *org, const char *key, const char *body)
{
    return (struct http_request){.path = "/api/send-message",
                                 .key = org->key,
                                 .body = body,
                                 .headers = {text_of("Idempotency-Key: %s", key)}};
}

static struct answer send_keyed(const struct org *org, const char *key, const char *body)
{
    struct http_request request = request_with(org, key, body);
    return http_ask(org->gateway->http, &request);
}

// The first answer once more.
#define expect_replayed(answer, first) expect_replayed_at(HERE, answer, first)
static void expect_replayed_at(const char *here, const struct answer *answer,
                               const struct answer *first)
{
    expect_equal_at(here, "the header", answer_header(answer, "Idempotency-Replayed"), "true");
    cr_assert_eq(answer->status, first->status, "%s: %d %s", here, answer->status, answer->body);
    expect_equal_at(here, "the body", answer->body, first->body);
}

Test(idempotency, a_repeated_send_gets_the_first_answer_and_costs_nothing)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *body = text_body("919876543210");
    struct answer first = send_keyed(&org, "order-42", body);
    const char *id = expect_accepted(&first);
    expect_equal(answer_header(&first, "Idempotency-Replayed"), "");
    expect_ends(gateway, id, "sent");
    (void)send_text_and_wait(&org, "919876543211"); // the balance is another one by now

    for (int i = 0; i < 3; i++) {
        struct answer again = send_keyed(&org, i == 1 ? "  order-42 " : "order-42", body);
        expect_replayed(&again, &first);
    }

    expect_equal(org_balance(&org), "99.60");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    cr_assert_eq(simulator_posts(gateway->simulator), 2);
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_sends_total{verdict=\"duplicate\"}"),
                 "3");
    stop_gateway(gateway);
}

Test(idempotency, a_key_is_for_one_body)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *body = text_body("919876543210");
    struct answer first = send_keyed(&org, "order-42", body);
    (void)expect_accepted(&first);
    const char *const others[] = {text_body("919876543211"), text_of("%s ", body)};
    for (size_t i = 0; i < 2; i++) {
        struct answer other = send_keyed(&org, "order-42", others[i]);
        expect_refused(&other, 409, "idempotency_conflict", "Idempotency-Key");
        expect_equal(answer_header(&other, "Idempotency-Replayed"), "");
    }
    struct answer again = send_keyed(&org, "order-42", body);
    expect_replayed(&again, &first);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

Test(idempotency, what_is_no_key_is_refused)
{
    static const char *const bad[] = {"Idempotency-Key;", "Idempotency-Key: \xc3\xbc",
                                      "Idempotency-Key: a\tb"};
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct http_request request = request_with(&org, "", text_body("919876543210"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request.headers[0] = bad[i];
        struct answer answer = http_ask(gateway->http, &request);
        expect_refused(&answer, 400, "invalid_header", "Idempotency-Key");
    }
    request.headers[0] = text_of("Idempotency-Key: %0256d", 1);
    struct answer answer = http_ask(gateway->http, &request);
    expect_refused(&answer, 400, "invalid_header", "Idempotency-Key");
    request.headers[0] = text_of("Idempotency-Key: %0255d", 1);
    answer = http_ask(gateway->http, &request);
    (void)expect_accepted(&answer);
    request.headers[1] = request.headers[0];
    answer = http_ask(gateway->http, &request);
    expect_refused(&answer, 400, "invalid_header", "Idempotency-Key");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    // Where nothing is sent nobody minds.
    answer = ask(gateway->http, .path = "/api/wallet", .key = org.key,
                 .headers = {"Idempotency-Key: \xc3\xbc"});
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

enum { SENDS = 50 };
static struct http_request requests[SENDS];
static struct answer answers[SENDS];

// All were answered for one message, of which one fee was taken; all but one were told so.
static void expect_one_message(const struct org *org)
{
    int first = 0;
    for (int i = 0; i < SENDS; i++) {
        expect_equal(expect_accepted(&answers[i]), expect_accepted(&answers[0]));
        expect_equal(answer_text(&answers[i], "/balance"), "99.80");
        first += *answer_header(&answers[i], "Idempotency-Replayed") == '\0';
    }
    cr_assert_eq(first, 1);
    expect_equal(org_ledger(org), "adjustment 100.00, service_fee -0.20");
    expect_ends(org->gateway, expect_accepted(&answers[0]), "sent");
    cr_assert_eq(simulator_posts(org->gateway->simulator), 1);
}

Test(idempotency, fifty_at_once_are_one_message)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (int i = 0; i < SENDS; i++)
        requests[i] = request_with(&org, "order-42", text_body("919876543210"));
    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);
    expect_one_message(&org);
    stop_gateway(gateway);
}

Test(idempotency, fifty_at_once_through_two_ingresses_are_one_message)
{
    struct gateway *gateway = given_gateway();
    struct daemon second = start_ingress(gateway);
    struct org org = given_org(gateway);
    for (int i = 0; i < SENDS; i++) {
        requests[i] = request_with(&org, "order-42", text_body("919876543210"));
        requests[i].path =
            text_of("%s/api/send-message", i % 2 ? second.url : gateway->ingress.url);
    }
    http_ask_all("", requests, SENDS, answers, NULL, NULL);
    expect_one_message(&org);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

Test(idempotency, a_refused_send_does_not_use_up_its_key)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.10");
    const char *body = text_body("919876543210");
    struct answer poor = send_keyed(&org, "order-42", body);
    expect_refused(&poor, 402, "insufficient_balance", NULL);
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 1, 'UPI 4711')",
                        org.id);
    struct answer rich = send_keyed(&org, "order-42", body);
    const char *id = expect_accepted(&rich);
    expect_equal(answer_header(&rich, "Idempotency-Replayed"), "");
    struct answer again = send_keyed(&org, "order-42", body);
    expect_replayed(&again, &rich);
    expect_ends(gateway, id, "sent");
    expect_equal(org_balance(&org), "0.90");
    stop_gateway(gateway);
}

// It has three seconds to be accepted, which may be too few.
static bool accepted_in_time(const struct org *org, const char **soon, const char **body,
                             struct answer *answer)
{
    *soon = database_text(org->gateway->database,
                          "SELECT to_char((now() + interval '3 seconds') AT TIME ZONE 'UTC', "
                          "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')");
    *body =
        text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", \"not_after\": \"%s\"}", *soon);
    *answer = send_keyed(org, "order-42", *body);
    return answer->status == 202;
}

Test(idempotency, a_repeated_send_gets_the_first_answer_when_its_time_is_over)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *soon = NULL;
    const char *body = NULL;
    struct answer first;
    eventually(accepted_in_time(&org, &soon, &body, &first));
    eventually(database_number(gateway->database, "SELECT (clock_timestamp() > '%s')::int", soon) ==
               1);
    struct answer again = send_keyed(&org, "order-42", body);
    expect_replayed(&again, &first);
    struct answer another = send_keyed(&org, "order-43", body);
    expect_refused(&another, 400, "invalid_field", "not_after");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

Test(idempotency, each_org_has_keys_of_its_own)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    const char *body = text_body("919876543210");
    struct answer one = send_keyed(&org, "order-42", body);
    struct answer two = send_keyed(&other, "order-42", body);
    const char *id = expect_accepted(&one);
    cr_assert_str_neq(id, expect_accepted(&two));
    expect_equal(answer_header(&two, "Idempotency-Replayed"), "");
    struct answer three = send_keyed(&other, "order-42", text_body("919876543211"));
    expect_refused(&three, 409, "idempotency_conflict", "Idempotency-Key");
    expect_equal(org_balance(&org), "99.80");
    expect_equal(org_balance(&other), "99.80");
    stop_gateway(gateway);
}

Test(idempotency, survives_a_restart_of_the_ingress)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *body = text_body("919876543210");
    struct answer first = send_keyed(&org, "order-42", body);
    (void)expect_accepted(&first);
    process_kill(gateway->ingress.process);
    gateway->ingress = start_ingress(gateway);
    gateway->http = http_open(gateway->ingress.url);
    struct answer again = send_keyed(&org, "order-42", body);
    expect_replayed(&again, &first);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

static struct answer send_keyed_and_wait(const struct org *org, const char *key, const char *phone)
{
    struct http_request request = request_with(org, key, text_body(phone));
    request.headers[1] = "Prefer: wait=30";
    return http_ask(org->gateway->http, &request);
}

// Who would wait is told how the message stands.
Test(idempotency, a_repeated_send_that_waits_gets_the_result)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer sent = send_keyed_and_wait(&org, "sent", "919876543210");
    struct answer again = send_keyed_and_wait(&org, "sent", "919876543210");
    cr_assert_eq(sent.status, 200, "%s", sent.body);
    cr_assert_eq(again.status, 200, "%s", again.body);
    expect_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    expect_equal(answer_text(&again, "/message_id"), answer_text(&sent, "/message_id"));
    expect_equal(answer_text(&again, "/wamid"), answer_text(&sent, "/wamid"));

    struct answer failed = send_keyed_and_wait(&org, "failed", "15550131026");
    again = send_keyed_and_wait(&org, "failed", "15550131026");
    expect_refused(&failed, 500, "send_failed", NULL);
    expect_refused(&again, 500, "send_failed", NULL);
    expect_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    expect_equal(answer_text(&again, "/detail/message_id"),
                 answer_text(&failed, "/detail/message_id"));
    expect_equal(org_balance(&org), "99.60");
    stop_gateway(gateway);
}

Test(idempotency, a_repeated_send_does_not_wait_again)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer first = send_keyed(&org, "order-42", text_body("919876543210"));
    (void)expect_accepted(&first);
    long long began_ms = testbed_now_ms();
    struct answer again = send_keyed_and_wait(&org, "order-42", "919876543210");
    expect_replayed(&again, &first);
    cr_assert_lt(testbed_now_ms() - began_ms, 10000);
    stop_gateway(gateway);
}

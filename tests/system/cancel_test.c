// DELETE /api/messages/{id}: what has not left yet is not sent, and its fee comes back, once.
#include "tests/system/org.h"

#include <string.h>

TestSuite(cancel, .timeout = 120);

static struct answer cancel(const struct org *org, const char *id)
{
    return ask(org->gateway->http, .method = "DELETE", .path = text_of("/api/messages/%s", id),
               .key = org->key);
}

// A message that is to leave in an hour.
static const char *given_scheduled(const struct org *org)
{
    const char *time =
        database_text(org->gateway->database, "SELECT to_char((now() + interval '1 hour') AT TIME "
                                              "ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    struct answer answer = send_body(
        org,
        text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", \"send_at\": \"%s\"}", time));
    return expect_accepted_as(HERE, &answer, "scheduled");
}

#define LEDGER_OF_ONE "adjustment 100.00, service_fee -0.20, refund 0.20"

static void expect_cancelled(const struct answer *answer, const char *id)
{
    cr_assert_eq(answer->status, 200, "%d %s", answer->status, answer->body);
    expect_equal(answer_text(answer, "/message_id"), id);
    expect_equal(answer_text(answer, "/status"), "failed");
    expect_equal(answer_text(answer, "/refunded"), "true");
    expect_equal(answer_text(answer, "/error/code"), "cancelled");
}

Test(cancel, of_a_scheduled_message_refunds_it_once)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *id = given_scheduled(&org);
    expect_equal(org_balance(&org), "99.80");
    for (int i = 0; i < 3; i++) {
        struct answer answer = cancel(&org, id);
        expect_cancelled(&answer, id);
        expect_equal(org_ledger(&org), LEDGER_OF_ONE);
    }
    struct answer message = get(&org, text_of("/api/messages/%s", id));
    expect_cancelled(&message, id);
    expect_equal(org_balance(&org), "100.00");
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_refunds_total"), "1");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    stop_gateway(gateway);
}

Test(cancel, of_a_held_message_refunds_it_and_the_next_one_leaves)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer first = send_text(&org, "919876543210");
    struct answer second = send_text(&org, "919876543210");
    struct answer third = send_text(&org, "919876543210");
    (void)expect_accepted(&first);
    const char *held = expect_accepted_as(HERE, &second, "held");
    struct answer answer = cancel(&org, held);
    expect_cancelled(&answer, held);
    (void)start_worker(gateway);
    expect_ends(gateway, answer_text(&first, "/message_id"), "sent");
    expect_ends(gateway, expect_accepted_as(HERE, &third, "held"), "sent");
    cr_assert_eq(simulator_posts(gateway->simulator), 2);
    expect_equal(org_balance(&org), "99.60");
    stop_gateway(gateway);
}

Test(cancel, of_what_is_on_its_way_comes_too_late)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer sent = send_text(&org, "919876543210");
    const char *id = expect_accepted(&sent);
    struct answer answer = cancel(&org, id);
    expect_refused(&answer, 409, "too_late", NULL);
    (void)start_worker(gateway);
    expect_ends(gateway, id, "sent");
    answer = cancel(&org, id);
    expect_refused(&answer, 409, "too_late", NULL);
    expect_equal(answer_text(&answer, "/error"), "The message is no longer scheduled or held");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

Test(cancel, of_another_org_s_message_finds_none)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    const char *id = given_scheduled(&org);
    struct answer answer = cancel(&other, id);
    expect_refused(&answer, 404, "not_found", NULL);
    answer = cancel(&other, text_of("%s?org_id=%s", id, org.id));
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = cancel(&org, "00000000-0000-7000-8000-000000000000");
    expect_refused(&answer, 404, "not_found", NULL);
    answer = cancel(&org, "1"); // it might be one of Meta's
    expect_refused(&answer, 404, "not_found", NULL);
    answer = ask(gateway->http, .method = "DELETE", .path = text_of("/api/messages/%s", id));
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    expect_equal(message_state(gateway, id), "scheduled");
    stop_gateway(gateway);
}

Test(cancel, names_the_org_in_trusted_mode)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    const char *id = given_scheduled(&org);
    struct answer answer =
        ask(gateway->http, .method = "DELETE", .path = text_of("/api/messages/%s", id));
    expect_refused(&answer, 400, "missing_field", "org_id");
    answer = ask(gateway->http, .method = "DELETE",
                 .path = text_of("/api/messages/%s?org_id=%s", id, org.id));
    expect_cancelled(&answer, id);
    stop_gateway(gateway);
}

Test(cancel, many_at_once_refund_once)
{
    enum { TIMES = 40 };
    static struct http_request requests[TIMES];
    static struct answer answers[TIMES];
    struct gateway *gateway = given_gateway();
    struct daemon second = start_ingress(gateway);
    struct org org = given_org(gateway);
    const char *id = given_scheduled(&org);
    for (int i = 0; i < TIMES; i++)
        requests[i] = (struct http_request){
            .method = "DELETE",
            .path = text_of("%s/api/messages/%s", i % 2 ? second.url : gateway->ingress.url, id),
            .key = org.key};
    http_ask_all("", requests, TIMES, answers, NULL, NULL);
    for (int i = 0; i < TIMES; i++)
        expect_cancelled(&answers[i], id);
    expect_equal(org_ledger(&org), LEDGER_OF_ONE);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

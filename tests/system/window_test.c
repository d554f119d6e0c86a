// Meta's 24-hour window: what an org is told of messages that come too late for it, at each door.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(window, .timeout = 120);

#define ASHA "919812345678"

static void set_window(struct org *org, const char *what)
{
    org->key =
        database_text(org->gateway->database,
                      "SELECT create_api_key('%s', '%s', '{send,read,manage}')", org->id, what);
    struct answer answer =
        ask(org->gateway->http, .method = "PATCH", .path = "/api/settings", .key = org->key,
            .body = text_of("{\"outside_window\": \"%s\"}", what));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/outside_window"), what);
}

static void customer_writes(const struct org *org)
{
    static int written;
    const char *wamid = text_of("wamid.%d", ++written);
    struct answer answer =
        post_webhook(org->gateway, text_message_body(org->phone_number_id, ASHA, wamid, "Hi"), 0);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(webhooks_left(org->gateway) == 0);
}

// Asha has written two days ago, to a number that has been here for longer.
static struct org given_org_that_hears_late(struct gateway *gateway, const char *window)
{
    struct org org = given_org(gateway);
    set_window(&org, window);
    (void)database_text(gateway->database,
                        "UPDATE channels SET created_at = now() - interval '3 days'");
    customer_writes(&org);
    (void)database_text(
        gateway->database,
        "UPDATE conversations SET last_inbound_at = last_inbound_at - interval '2 days';"
        "UPDATE messages SET sent_at = sent_at - interval '2 days'");
    return org;
}

static struct answer send_bundle(const struct org *org, const char *sends)
{
    return ask(org->gateway->http, .path = "/api/send-messages", .key = org->key,
               .body = text_of("{\"messages\": [%s]}", sends));
}

static struct answer send_as_meta(const struct org *org, const char *members)
{
    return ask(org->gateway->http, .path = text_of("/v23.0/%s/messages", org->phone_number_id),
               .key = org->key,
               .body = text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"+" ASHA "\", %s}",
                               members));
}

#define TEXT "{\"phone\": \"+" ASHA "\", \"message\": \"Hello\"}"
#define TEMPLATE                                                                                   \
    "{\"phone\": \"+" ASHA "\", \"payload\": {\"type\": \"template\", \"template\": {\"name\": "   \
    "\"news\", \"language\": {\"code\": \"en\"}}}}"
#define DIRECT                                                                                     \
    "{\"phone\": \"+" ASHA "\", \"payload\": {\"type\": \"text\", \"text\": {\"body\": \"Hi\"}, "  \
    "\"category\": \"utility\"}}"

Test(window, what_comes_too_late_is_refused_at_every_door)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org_that_hears_late(gateway, "refuse");
    struct answer answer = send_body(&org, TEXT);
    expect_refused(&answer, 409, "outside_window", "phone");
    answer = send_body_and_wait(&org, TEXT);
    expect_refused(&answer, 409, "outside_window", "phone");

    answer = send_bundle(&org, TEXT "," TEMPLATE "," TEXT "," DIRECT);
    cr_assert_eq(answer.status, 207, "%s", answer.body);
    expect_equal(answer_text(&answer, "/accepted"), "2");
    for (int i = 0; i <= 2; i += 2) {
        expect_equal(answer_text(&answer, text_of("/messages/%d/status_code", i)), "409");
        expect_equal(answer_text(&answer, text_of("/messages/%d/code", i)), "outside_window");
        expect_equal(answer_text(&answer, text_of("/messages/%d/detail/field", i)), "phone");
    }
    expect_equal(answer_text(&answer, "/messages/3/balance"), "99.60");

    answer = send_as_meta(&org, "\"type\": \"text\", \"text\": {\"body\": \"Hello\"}");
    cr_assert_eq(answer.status, 400, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error/code"), "131047");
    expect_equal(answer_text(&answer, "/error/message"), "(#131047) Re-engagement message");
    cr_assert_neq(*answer_text(&answer, "/error/error_data/details"), '\0');
    answer = send_as_meta(&org, "\"type\": \"template\", \"template\": {\"name\": \"news\", "
                                "\"language\": {\"code\": \"en\"}}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);

    expect_equal(org_ledger(&org),
                 "adjustment 100.00, service_fee -0.20, service_fee -0.20, service_fee -0.20");
    expect_equal(
        daemon_metric(&gateway->ingress, "tollgate_sends_total{verdict=\"outside_window\"}"), "5");
    customer_writes(&org);
    answer = send_body_and_wait(&org, TEXT);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

Test(window, who_wants_a_warning_hears_it_with_the_answer)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org_that_hears_late(gateway, "warn");
    struct answer answer = send_body(&org, TEXT);
    const char *id = expect_accepted(&answer);
    expect_equal(answer_text(&answer, "/warning"), "outside_window");
    answer = get(&org, text_of("/api/messages/%s", id));
    expect_equal(answer_text(&answer, "/warning"), "outside_window");
    expect_ends(gateway, id, "sent");

    answer = send_body_and_wait(&org, TEXT);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/warning"), "outside_window");
    answer = send_body_and_wait(&org, TEMPLATE);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_not(strstr(answer.body, "warning"), "%s", answer.body);
    answer = send_bundle(&org, TEXT "," TEMPLATE);
    expect_equal(answer_text(&answer, "/messages/0/warning"), "outside_window");
    expect_equal(answer_text(&answer, "/messages/1/warning"), "");
    answer = send_as_meta(&org, "\"type\": \"text\", \"text\": {\"body\": \"Hello\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_not(strstr(answer.body, "warning"), "Meta's answers have no such member: %s",
                  answer.body);

    customer_writes(&org);
    answer = send_body(&org, TEXT);
    (void)expect_accepted(&answer);
    cr_assert_not(strstr(answer.body, "warning"), "%s", answer.body);
    stop_gateway(gateway);
}

Test(window, a_repeat_is_answered_with_the_first_one_s_warning)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org_that_hears_late(gateway, "warn");
    struct http_request request = {.path = "/api/send-message",
                                   .key = org.key,
                                   .body = TEXT,
                                   .headers = {"Idempotency-Key: late"}};
    struct answer first = http_ask(gateway->http, &request);
    expect_equal(answer_text(&first, "/warning"), "outside_window");
    customer_writes(&org);
    struct answer again = http_ask(gateway->http, &request);
    expect_equal(again.body, first.body);
    expect_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    stop_gateway(gateway);
}

Test(window, who_has_just_written_is_answered_automatically)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org_that_hears_late(gateway, "refuse");
    (void)database_text(gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, pattern, reply) VALUES "
                        "('%s', 'exact', 'hi', '\"Welcome\"')",
                        org.id);
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'unchecked'") == 0);
    customer_writes(&org);
    eventually(org_messages(&org, "sent") == 1);
    expect_equal(org_balance(&org), "99.80");
    stop_gateway(gateway);
}

Test(window, its_setting_is_one_of_three_words_and_the_operators_too)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .desk = true);
    struct org org = given_org(gateway);
    set_window(&org, "warn");
    struct answer answer = ask(gateway->http, .method = "PATCH", .path = "/api/settings",
                               .key = org.key, .body = "{\"outside_window\": \"block\"}");
    expect_refused(&answer, 400, "invalid_field", "outside_window");
    answer = ask(gateway->http, .method = "PATCH", .path = "/api/settings", .key = org.key,
                 .body = "{\"outside_window\": true}");
    expect_refused(&answer, 400, "invalid_field", "outside_window");
    struct http *desk = http_open(gateway->ingress.admin_url);
    answer = ask(desk, .method = "PATCH", .path = text_of("/admin/orgs/%s", org.id),
                 .key = GATEWAY_ADMIN_TOKEN, .body = "{\"outside_window\": \"refuse\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/outside_window"), "refuse");
    answer = get(&org, "/api/settings");
    expect_equal(answer_text(&answer, "/outside_window"), "refuse");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(concat_ws(' ', before ->> 'outside_window', "
                               "after ->> 'outside_window'), ', ' ORDER BY n) FROM audit_log WHERE "
                               "object = 'organizations' AND action = 'update'"),
                 "off warn, warn refuse");
    http_close(desk);
    stop_gateway(gateway);
}

// What operators see and do of rules, dead letters, alerts, messages and the whole house.
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(desk_rooms, .timeout = 120);

static struct answer last;

// What an answer has there; the answer stays in `last`.
static const char *part(struct answer answer, const char *pointer)
{
    last = answer;
    return answer_text(&last, pointer);
}

static struct answer of_org(const struct org *org, const char *method, const char *path,
                            const char *body)
{
    return tell(org->gateway, method, text_of("/admin/orgs/%s%s", org->id, path), body);
}

Test(desk_rooms, a_rule_is_written_checked_changed_and_deleted)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer =
        of_org(&org, "POST", "/rules",
               "{\"match_kind\": \"regex\", \"pattern\": \"(\", \"reply\": \"Hello\"}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *rule = text_of("/rules/%s", answer_text(&answer, "/id"));
    eventually(strcmp(part(of_org(&org, "GET", rule, NULL), "/state"), "refused") == 0);
    answer = of_org(&org, "PATCH", rule, "{\"match_kind\": \"exact\", \"pattern\": \"hi\"}");
    expect_equal(answer_text(&answer, "/refused_for"), "");
    eventually(strcmp(part(of_org(&org, "GET", rule, NULL), "/state"), "good") == 0);
    answer = of_org(&org, "GET", "/rules", NULL);
    expect_equal(answer_text(&answer, "/rules/0/reply"), "Hello");
    answer = of_org(&org, "DELETE", rule, NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = of_org(&org, "GET", rule, NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    stop_gateway(gateway);
}

Test(desk_rooms, a_dead_letter_is_read_and_replayed_or_dismissed)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    for (int i = 1; i <= 2; i++) {
        const char *body = text_message_body("4711", "919876543210", text_of("wamid.%d", i), "hi");
        cr_assert_eq(post_webhook(gateway, body, strlen(body)).status, 200);
    }
    struct answer answer;
    eventually(strcmp(part(look(gateway, "/admin/dead-letters"), "/dead_letters/1/reason"),
                      "unknown_number") == 0);
    const char *first = text_of("/admin/dead-letters/%s", answer_text(&last, "/dead_letters/1/id"));
    const char *second =
        text_of("/admin/dead-letters/%s", answer_text(&last, "/dead_letters/0/id"));
    answer = look(gateway, first);
    cr_assert(strstr(answer_text(&answer, "/body"), "wamid."), "%s", answer.body);
    (void)database_text(gateway->database,
                        "INSERT INTO channels (org_id, phone_number_id, access_token) VALUES "
                        "('%s', '4711', 'EAA')",
                        org.id);
    answer = tell(gateway, "POST", text_of("%s/replay", first), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(look(gateway, first).status == 404);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), 1);
    answer = tell(gateway, "POST", text_of("%s/dismiss", second), "{}");
    expect_refused(&answer, 400, "missing_field", "reason");
    answer = tell(gateway, "POST", text_of("%s/dismiss", second), "{\"reason\": \"a test\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = look(gateway, "/admin/audit-log?object=dead_letters");
    expect_equal(answer_text(&answer, "/changes/0/after/reason"), "a test");
    stop_gateway(gateway);
}

Test(desk_rooms, a_failure_is_found_with_its_alert_and_its_refund)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "15550000190");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(org_balance(&org), "100.00") == 0);
    eventually(strcmp(part(look(gateway, "/admin/alerts"), "/alerts/0/outcome"), "190") == 0);
    answer =
        tell(gateway, "POST",
             text_of("/admin/alerts/%s/acknowledge", answer_text(&last, "/alerts/0/id")), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/acknowledged_by"), "operator:admin");
    answer = look(gateway, "/admin/messages?phone=%2B15550000190");
    expect_equal(answer_text(&answer, "/messages/0/message_id"), id);
    answer = look(gateway, text_of("/admin/messages/%s", id));
    expect_equal(answer_text(&answer, "/timeline/0/what"), "accepted");
    expect_equal(answer_text(&answer, "/timeline/4/what"), "failed");
    expect_equal(answer_text(&answer, "/timeline/5/what"), "refund");
    answer = look(gateway, "/admin/overview");
    expect_equal(answer_text(&answer, "/today/accepted"), "1");
    expect_equal(answer_text(&answer, "/today/failed/190"), "1");
    expect_equal(answer_text(&answer, "/month/refunded"), "1");
    expect_equal(answer_text(&answer, "/month/fees"), "0.00");
    expect_equal(answer_text(&answer, "/paused_channels/0/paused_for"), "190");
    expect_equal(answer_text(&answer, "/open_alerts"), "1");
    stop_gateway(gateway);
}

Test(desk_rooms, an_error_rule_that_was_changed_judges_what_comes)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer =
        tell(gateway, "PATCH", "/admin/error-rules/131026", "{\"refundable\": true}");
    expect_equal(answer_text(&answer, "/refundable"), "true");
    answer = look(gateway, "/admin/error-rules");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = send_text(&org, "15550131026");
    (void)expect_accepted(&answer);
    eventually(database_number(gateway->database, "SELECT count(*) FROM wallet_transactions") == 3);
    expect_equal(database_text(gateway->database, "SELECT string_agg(kind, ' ' ORDER BY n) FROM "
                                                  "wallet_transactions"),
                 "adjustment service_fee refund");
    stop_gateway(gateway);
}

// What an org used, by day: through the API, as a worker rolls it up.
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(usage, .timeout = 120);

// The figures are made again now, and not in a minute.
static void make_figures_due(struct gateway *gateway)
{
    (void)database_text(
        gateway->database,
        "UPDATE usage_days SET due_at = now() WHERE due_at > now(); UPDATE usage_walk SET "
        "due_at = now() WHERE due_at > now()");
}

// A member of the only line of the org's usage once it is that.
static bool has(const struct org *org, const char *member, const char *expected)
{
    make_figures_due(org->gateway);
    struct answer answer = get(org, "/api/usage");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return strcmp(answer_text(&answer, text_of("/usage/0/%s", member)), expected) == 0;
}

Test(usage, tells_what_was_sent_refunded_received_and_paid)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct org beta = given_org(gateway);
    given_last_attempts(gateway);
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    cr_assert_eq(send_text_and_wait(&org, "919876543211").status, 200);
    cr_assert_eq(send_text_and_wait(&org, "15550131026").status, 500);
    cr_assert_eq(send_text_and_wait(&org, "15550131000").status, 500);
    struct answer answer = post_webhook(
        gateway, text_message_body(org.phone_number_id, "919876543212", "wamid.1", "hi"), 0);
    cr_assert_eq(answer.status, 200);

    eventually(has(&org, "read", "2"));
    eventually(has(&org, "received", "1"));
    eventually(has(&org, "fees_refunded", "0.20"));
    answer = get(&org, "/api/usage");
    static const char *const members[][2] = {
        {"accepted", "4"},        {"sent", "2"},        {"delivered", "2"},
        {"failed", "2"},          {"refunded", "1"},    {"auto_replies", "0"},
        {"fees_charged", "0.80"}, {"fees_net", "0.60"}, {"categories/0/delivered", "2"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        expect_equal(answer_text(&answer, text_of("/usage/0/%s", members[i][0])), members[i][1]);
    expect_equal(answer_text(&answer, "/usage/0/channel_id"), org.channel_id);
    expect_equal(answer_text(&answer, "/usage/1"), "");
    expect_equal(answer_text(&answer, "/other_bookings/0/amount"), "100.00");
    cr_assert_str_neq(answer_text(&answer, "/as_of"), "");
    expect_equal(answer_text(&answer, "/usage/0/day"),
                 database_text(gateway->database, "SELECT (now() AT TIME ZONE 'UTC')::date"));
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM audit_ledger()"), "0");

    answer = get(&org, text_of("/api/usage?channel_id=%s", org.channel_id));
    expect_equal(answer_text(&answer, "/usage/0/accepted"), "4");
    expect_equal(answer_text(&answer, "/other_bookings/0/amount"), "");
    answer = get(&beta, "/api/usage");
    expect_equal(answer_text(&answer, "/usage/0"), "");
    answer = get(&beta, text_of("/api/usage?channel_id=%s", org.channel_id));
    expect_refused(&answer, 404, "channel_not_found", "channel_id");
    answer = look(gateway, text_of("/admin/orgs/%s/usage", org.id));
    expect_equal(answer_text(&answer, "/usage/0/fees_net"), "0.60");
    stop_gateway(gateway);
}

Test(usage, has_its_period)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .desk = true);
    struct org org = given_org(gateway);
    static const struct {
        const char *query;
        const char *code;
        const char *field;
    } bad[] = {{"since=yesterday", "invalid_field", "since"},
               {"since=2026-02-30", "invalid_field", "since"},
               {"since=0000-01-01", "invalid_field", "since"},
               {"until=2026-11-28T00:00:00Z", "invalid_field", "until"},
               {"since=2026-11-02&until=2026-11-02", "invalid_field", "until"},
               {"since=2026-01-01&until=2026-04-04", "invalid_field", "since"},
               {"channel_id=7", "invalid_field", "channel_id"},
               {"day=2026-11-02", "unknown_field", "day"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = get(&org, text_of("/api/usage?%s", bad[i].query));
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
        answer = look(gateway, text_of("/admin/orgs/%s/usage?%s", org.id, bad[i].query));
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    struct answer answer = get(&org, "/api/usage?since=2026-01-01&until=2026-04-03");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/as_of"), ""); // no worker has begun
    answer = look(gateway, "/admin/orgs/00000000-0000-4000-8000-000000000000/usage");
    cr_assert_eq(answer.status, 404);
    stop_gateway(gateway);
}

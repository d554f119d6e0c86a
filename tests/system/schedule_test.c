// Sending later: `send_at`.
#include "tests/system/org.h"

#include <string.h>

TestSuite(schedule, .timeout = 120);

static const char *body_at(const char *send_at)
{
    return text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", \"send_at\": %s}", send_at);
}

// The database's time and an interval, in RFC 3339 with this offset.
static struct answer send_at(const struct org *org, const char *interval, const char *offset)
{
    const char *time = database_text(org->gateway->database,
                                     "SELECT to_char((now() + interval '%s') AT TIME ZONE 'UTC', "
                                     "'YYYY-MM-DD\"T\"HH24:MI:SS.MS')",
                                     interval);
    return send_body(org, body_at(text_of("\"%s%s\"", time, offset)));
}

Test(schedule, a_message_leaves_when_it_is_due)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_at(&org, "2 seconds", "Z");
    const char *id = expect_accepted_as(HERE, &answer, "scheduled");
    expect_equal(answer_text(&answer, "/balance"), "99.80");
    struct answer message = get(&org, text_of("/api/messages/%s", id));
    cr_assert(*answer_text(&message, "/due_at"), "%s", message.body);

    expect_ends(gateway, id, "sent");

    expect_equal(database_text(gateway->database,
                               "SELECT sent_at >= created_at + interval '1.9 seconds' "
                               "FROM messages WHERE id = '%s'",
                               id),
                 "t");
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}

Test(schedule, a_message_for_later_does_not_leave_before)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer later = send_at(&org, "1 hour", "Z");
    const char *id = expect_accepted_as(HERE, &later, "scheduled");
    struct answer soon = send_at(&org, "1 second", "Z");
    expect_ends(gateway, expect_accepted_as(HERE, &soon, "scheduled"), "sent");
    expect_equal(message_state(gateway, id), "scheduled");
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}

Test(schedule, a_time_that_has_passed_is_now)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_at(&org, "-1 hour", "Z");
    expect_ends(gateway, expect_accepted(&answer), "sent");
    stop_gateway(gateway);
}

// +05:30 of the same instant, whatever zone it is told in.
Test(schedule, a_time_has_its_zone)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_at(&org, "390 minutes", "+05:30");
    const char *id = expect_accepted_as(HERE, &answer, "scheduled");
    expect_equal(database_text(gateway->database,
                               "SELECT due_at BETWEEN now() + interval '59 minutes' AND "
                               "now() + interval '61 minutes' FROM outbox WHERE message_id = '%s'",
                               id),
                 "t");
    stop_gateway(gateway);
}

Test(schedule, what_is_no_time_is_refused)
{
    static const char *const bad[] = {
        "1795512600",
        "true",
        "\"\"",
        "\"tomorrow\"",
        "\"2026-11-24\"",
        "\"2026-11-24T09:30:00\"",
        "\"2026-11-24 09:30:00Z\"",
        "\"2026-13-24T09:30:00Z\"",
        "\"2026-11-24T25:30:00Z\"",
        "\"2026-11-24T09:30:00Zx\"",
        "\"2026-11-24T09:30:00.Z\"",
        "\"2026-11-24T09:30:00+0530\"",
        "\"2026-11-24T09:30:00+5:30\"",
        "\"2026-02-30T09:30:00Z\"",
        "\"2026-11-24T09:30:00+99:99\"",
        "\"9999-11-24T09:30:00Z\"",
    };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = send_body(&org, body_at(bad[i]));
        cr_assert(answer.status == 400, "%s: %d %s", bad[i], answer.status, answer.body);
        expect_refused(&answer, 400, "invalid_field", "send_at");
    }
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

// Sending later: `send_at`; and not too late: `not_after`.
#include "tests/system/org.h"

#include <string.h>

TestSuite(schedule, .timeout = 120);

static const char *body_at(const char *send_at)
{
    return text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", \"send_at\": %s}", send_at);
}

// The database's time and an interval, as RFC 3339 has it but for the offset.
static const char *time_in(const struct org *org, const char *interval)
{
    return database_text(org->gateway->database,
                         "SELECT to_char((now() + interval '%s') AT TIME ZONE 'UTC', "
                         "'YYYY-MM-DD\"T\"HH24:MI:SS.MS')",
                         interval);
}

static struct answer send_at(const struct org *org, const char *interval, const char *offset)
{
    return send_body(org, body_at(text_of("\"%s%s\"", time_in(org, interval), offset)));
}

// Leaves at `send_at`, by `not_after` at the latest.
static struct answer send_between(const struct org *org, const char *send_at, const char *not_after)
{
    return send_body(org, text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", "
                                  "\"send_at\": \"%sZ\", \"not_after\": \"%sZ\"}",
                                  time_in(org, send_at), time_in(org, not_after)));
}

Test(schedule, a_message_leaves_when_it_is_due)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *time = time_in(&org, "5 seconds");
    struct answer answer = send_body(&org, body_at(text_of("\"%sZ\"", time)));
    const char *id = expect_accepted_as(HERE, &answer, "scheduled");
    expect_equal(answer_text(&answer, "/balance"), "99.80");
    struct answer message = get(&org, text_of("/api/messages/%s", id));
    cr_assert(*answer_text(&message, "/due_at"), "%s", message.body);

    expect_ends(gateway, id, "sent");

    expect_equal(database_text(gateway->database,
                               "SELECT sent_at >= '%sZ' FROM messages WHERE id = '%s'", time, id),
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
    struct answer other = send_at(&org, "1 hour", "Z");
    const char *due = expect_accepted_as(HERE, &other, "scheduled");
    make_due(gateway, due);
    expect_ends(gateway, due, "sent");
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

Test(schedule, what_could_not_leave_in_time_is_not_sent_and_refunded)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer first = send_between(&org, "-1 hour", "2 hours");
    struct answer second = send_between(&org, "-1 hour", "2 hours");
    const char *queued = expect_accepted(&first);
    const char *held = expect_accepted_as(HERE, &second, "held");
    // As if their time were over.
    (void)database_text(gateway->database, "UPDATE outbox SET not_after = now(), "
                                           "look_at = CASE state WHEN 'held' THEN now() END");

    (void)start_worker(gateway);

    expect_ends(gateway, queued, "failed expired refunded");
    expect_ends(gateway, held, "failed expired refunded");
    expect_equal(org_balance(&org), "100.00");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    stop_gateway(gateway);
}

Test(schedule, a_message_has_a_day_to_leave_unless_it_says_otherwise)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer standard = send_at(&org, "1 hour", "Z");
    struct answer given = send_between(&org, "1 hour", "2 hours");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(round(extract(epoch FROM not_after - now()) / "
                               "3600)::text, ' ' ORDER BY message_id = '%s') FROM outbox",
                               expect_accepted_as(HERE, &given, "scheduled")),
                 "25 2");
    (void)expect_accepted_as(HERE, &standard, "scheduled");
    stop_gateway(gateway);
}

Test(schedule, a_message_cannot_be_too_late_before_it_is_due)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    static const char *const times[][2] = {
        {"2 hours", "1 hour"}, {"-2 hours", "-1 hour"}, {"1 hour", "368 days"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct answer answer = send_between(&org, times[i][0], times[i][1]);
        expect_refused(&answer, 400, "invalid_field", "not_after");
    }
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

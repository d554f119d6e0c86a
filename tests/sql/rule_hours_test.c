// Hours at which rules answer, and what they may spend a day.

#include "tests/sql/inbound.h"

#include <stdio.h>
#include <string.h>

TestSuite(rule_hours, .init = database_create, .fini = database_drop);

// When a rule with these hours answers, from then until then, by the clocks of UTC.
static const char *within(const char *hours, const char *from, const char *until)
{
    run("SET TIME ZONE 'UTC'");
    return rows("SELECT to_char(lower(r), 'Dy DD HH24:MI'), to_char(upper(r), 'Dy DD HH24:MI') "
                "FROM unnest(hours_within($h$%s$h$, '%s', '%s')) r",
                hours, from, until);
}

Test(rule_hours, are_those_of_the_week_in_a_time_zone)
{
    static const char week[] =
        "{\"answers\": \"within\", \"time_zone\": \"Asia/Kolkata\", \"open\": "
        "[{\"days\": [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"], \"from\": \"09:00\", "
        "\"to\": \"18:00\"}, {\"days\": [\"sat\"], \"from\": \"10:00\", \"to\": \"13:30\"}]}";
    // Friday, 27 November 2026, to Monday.
    assert_rows(within(week, "2026-11-27 00:00Z", "2026-11-30 08:00Z"),
                "Fri 27 03:30, Fri 27 12:30", "Sat 28 04:30, Sat 28 08:00",
                "Mon 30 03:30, Mon 30 08:00");
    char outside[sizeof week + 8];
    (void)snprintf(outside, sizeof outside, "{\"answers\": \"outside\"%s", strchr(week, ','));
    assert_rows(within(outside, "2026-11-27 00:00Z", "2026-11-30 08:00Z"),
                "Fri 27 00:00, Fri 27 03:30", "Fri 27 12:30, Sat 28 04:30",
                "Sat 28 08:00, Mon 30 03:30");
}

Test(rule_hours, that_end_on_the_day_after_or_meet_are_one)
{
    assert_rows(
        within("{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"days\": [\"fri\"], "
               "\"from\": \"22:00\", \"to\": \"06:00\"}]}",
               "2026-11-25 00:00Z", "2026-11-30 00:00Z"),
        "Fri 27 22:00, Sat 28 06:00");
    assert_rows(
        within("{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"00:00\", "
               "\"to\": \"24:00\"}]}",
               "2026-11-25 00:00Z", "2026-11-30 00:00Z"),
        "Wed 25 00:00, Mon 30 00:00");
    assert_no_rows(within(
        "{\"answers\": \"outside\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"00:00\", "
        "\"to\": \"24:00\"}]}",
        "2026-11-25 00:00Z", "2026-11-30 00:00Z"));
}

// In Berlin clocks are set forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
Test(rule_hours, follow_clocks_that_are_set)
{
    static const char nine[] =
        "{\"answers\": \"within\", \"time_zone\": \"Europe/Berlin\", \"open\": "
        "[{\"from\": \"09:00\", \"to\": \"10:00\"}]}";
    assert_rows(within(nine, "2026-03-28 00:00Z", "2026-03-30 00:00Z"),
                "Sat 28 08:00, Sat 28 09:00", "Sun 29 07:00, Sun 29 08:00");
    assert_rows(within(nine, "2026-10-24 00:00Z", "2026-10-26 00:00Z"),
                "Sat 24 07:00, Sat 24 08:00", "Sun 25 08:00, Sun 25 09:00");
    // A night that has the hour twice is an hour longer, one that lacks it an hour shorter.
    static const char night[] =
        "{\"answers\": \"within\", \"time_zone\": \"Europe/Berlin\", \"open\": "
        "[{\"days\": [\"sat\"], \"from\": \"22:00\", \"to\": \"06:00\"}]}";
    assert_rows(within(night, "2026-03-27 00:00Z", "2026-03-30 00:00Z"),
                "Sat 28 21:00, Sun 29 04:00");
    assert_rows(within(night, "2026-10-23 00:00Z", "2026-10-26 00:00Z"),
                "Sat 24 20:00, Sun 25 05:00");
    // What begins in the hour that is not there begins when it is over.
    assert_rows(within("{\"answers\": \"within\", \"time_zone\": \"Europe/Berlin\", \"open\": "
                       "[{\"days\": [\"sun\"], "
                       "\"from\": \"02:30\", \"to\": \"05:00\"}]}",
                       "2026-03-28 00:00Z", "2026-03-30 00:00Z"),
                "Sun 29 01:30, Sun 29 03:00");
}

Test(rule_hours, that_cannot_be_are_refused)
{
    const char *org = given_org_with_channel("1.00");
    static const char *const cases[] = {
        "9 to 5",
        "{}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\"}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": []}",
        "{\"answers\": \"always\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"10:00\"}]}",
        "{\"answers\": \"within\", \"open\": [{\"from\": \"09:00\", \"to\": \"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"Mars/Olympus\", \"open\": [{\"from\": "
        "\"09:00\", \"to\": "
        "\"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"Etc/GMT+5\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": "
        "\"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"EST\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"9:00\", \"to\": "
        "\"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"24:00\", "
        "\"to\": \"10:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"09:00\"}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"10:00\", "
        "\"days\": []}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"10:00\", "
        "\"days\": [\"monday\"]}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", "
        "\"to\": \"10:00\", "
        "\"day\": [\"mon\"]}]}",
        "{\"answers\": \"within\", \"time_zone\": \"UTC\", \"open\": [7]}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_text = cases[i][0] != '{';
        assert_told("invalid_field", "hours",
                    "SELECT create_rule('key:1', '%s', json_build_object('match_kind', 'any', "
                    "'reply', 'x', 'hours', "
                    "$h$%s%s%s$h$::json))",
                    org, is_text ? "\"" : "", cases[i], is_text ? "\"" : "");
    }
    // Whoever writes it.
    assert_refused(CHECK_VIOLATION,
                   "INSERT INTO automation_rules (org_id, match_kind, reply, hours) VALUES ('%s', "
                   "'any', 'x', '{}')",
                   org);
    assert_refused(CHECK_VIOLATION, "UPDATE organizations SET time_zone = 'Mars/Olympus'");
    assert_told("invalid_field", "time_zone",
                "SELECT change_settings('key:1', '%s', '{\"time_zone\": \"IST\"}')", org);
    assert_told("invalid_field", "reply_meta_cost",
                "SELECT change_settings('key:1', '%s', '{\"reply_meta_cost\": \"-1\"}')", org);
}

Test(rule_hours, come_with_the_rules_for_who_knows_of_them)
{
    const char *org = given_org_with_channel("1.00");
    run("SELECT create_rule('key:1', '%s', '{\"match_kind\": \"any\", \"reply\": \"x\", \"hours\": "
        "{\"answers\": "
        "\"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"09:00\", \"to\": "
        "\"10:00\"}]}}'), "
        "create_rule('key:1', '%s', '{\"match_kind\": \"any\", \"reply\": \"y\", \"priority\": "
        "200}')",
        org, org);
    run("UPDATE automation_rules SET state = 'good'");
    // 2026-11-29 09:30:00 UTC is 1795944600. A worker of the version before gets none that has
    // hours.
    assert_rows(rows("SELECT reply, has_hours, hours, hours_from, hours_until FROM "
                     "list_rules('%s', true, 1795944600)",
                     org),
                "\"x\", t, 1795942800,1795946400 1796029200,1796031000, 1795941000, 1796031000",
                "\"y\", f, null, 1795941000, 1796031000");
    assert_rows(rows("SELECT reply FROM list_rules('%s', true)", org), "\"y\"");
}

// A reply to a message of one more person's, by the org's one rule.
static const char *replied(const char *org, int n)
{
    return value(
        "SELECT verdict FROM accept_replies('{%s}', '{%s}', ARRAY[(SELECT id FROM "
        "automation_rules)], "
        "'{%s}', '{text}', '{\"{}\"}', '{NULL}')",
        org,
        given_inbound(.org = org, .wamid = text("wamid.%d", n), .phone = text("91987654%04d", n)),
        new_id());
}

Test(rule_hours, what_a_day_s_replies_cost_is_capped)
{
    const char *org = given_org_with_channel("9.00"); // 0.20 each
    run("SELECT change_settings('key:1', '%s', '{\"reply_meta_cost\": \"0.115\"}'), "
        "create_rule('key:1', '%s', "
        "'{\"match_kind\": \"any\", \"reply\": \"x\", \"daily_spend_cap\": \"0.70\"}')",
        org, org);
    cr_assert_str_eq(replied(org, 1), "accepted");
    cr_assert_str_eq(replied(org, 2), "accepted");
    cr_assert_str_eq(replied(org, 3), "daily_spend_cap");
    assert_rows(rows("SELECT replies, spent FROM reply_days"), "2, 0.630");
    // What the rule says of its own cost goes first; and up to the cap it is spent.
    run("UPDATE automation_rules SET meta_cost = 0, daily_spend_cap = 0.83");
    cr_assert_str_eq(replied(org, 4), "accepted");
    cr_assert_str_eq(replied(org, 5), "daily_spend_cap");
    assert_rows(rows("SELECT replies, spent FROM reply_days"), "3, 0.830");
}

Test(rule_hours, the_day_is_that_of_the_org_s_time_zone)
{
    const char *org = given_org_with_channel("9.00");
    run("SELECT create_rule('key:1', '%s', '{\"match_kind\": \"any\", \"reply\": \"x\", "
        "\"daily_cap\": 1}')",
        org);
    // Of these, 25 hours apart, one has another day than UTC has now.
    const char *zone =
        value("SELECT z FROM unnest('{Pacific/Kiritimati,Pacific/Pago_Pago}'::text[]) z "
              "WHERE (now() AT TIME ZONE z)::date <> (now() AT TIME ZONE 'UTC')::date LIMIT 1");
    cr_assert_str_eq(replied(org, 1), "accepted");
    cr_assert_str_eq(replied(org, 2), "daily_cap");
    run("SELECT change_settings('key:1', '%s', '{\"time_zone\": \"%s\"}')", org, zone);
    cr_assert_str_eq(replied(org, 3), "accepted");
    assert_rows(rows("SELECT count(*), count(*) FILTER (WHERE day = (now() AT TIME ZONE "
                     "'%s')::date) FROM reply_days",
                     zone),
                "2, 1");
}

Test(rule_hours, a_cap_is_shared_by_a_batch)
{
    const char *org = given_org_with_channel("9.00");
    run("SELECT create_rule('key:1', '%s', '{\"match_kind\": \"any\", \"reply\": \"x\", "
        "\"daily_spend_cap\": \"0.40\"}')",
        org);
    for (int i = 0; i < 3; i++)
        (void)given_inbound(.org = org, .wamid = text("wamid.%d", i),
                            .phone = text("91987654%04d", i));
    assert_rows(
        rows(
            "SELECT r.verdict FROM (SELECT array_agg(m.org_id) AS o, array_agg(m.id ORDER BY "
            "m.wamid) AS m, "
            "array_agg((SELECT id FROM automation_rules)) AS r, array_agg(gen_random_uuid()) AS i, "
            "array_agg('text'::text) AS t, array_agg('{}'::text) AS p, array_agg(NULL::text) AS s "
            "FROM messages m) b, accept_replies(b.o, b.m, b.r, b.i, b.t, b.p, b.s) r"),
        "accepted", "accepted", "daily_spend_cap");
}

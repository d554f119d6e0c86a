// The room admin: rules, error rules, dead letters, alerts, messages, and how the house does.

#include "tests/sql/inbound.h"

TestSuite(desk_rooms, .init = database_create, .fini = database_drop);

#define AS_ANNA "'operator:anna'"
#define LAST "9223372036854775807"

static const char *given_rule(const char *org, const char *body)
{
    return value("SELECT admin_create_rule(" AS_ANNA ", '%s', '%s') ->> 'id'", org, body);
}

Test(desk_rooms, a_rule_is_made_changed_and_deleted)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *rule = given_rule(
        acme, "{\"match_kind\": \"exact\", \"pattern\": \"hi\", \"reply\": \"Hello {name}\"}");
    assert_rows(rows("SELECT r ->> 'pattern', r ->> 'reply', r ->> 'priority', r ->> 'state' "
                     "FROM admin_get_rule('%s', '%s') r",
                     acme, rule),
                "hi, Hello {name}, 100, unchecked");
    run("SELECT admin_change_rule(" AS_ANNA ", '%s', '%s', '{\"daily_cap\": 5, \"reply\": "
        "{\"type\": \"text\", \"text\": {\"body\": \"Yes\"}}}')",
        acme, rule);
    assert_rows(rows("SELECT pattern, reply, daily_cap FROM automation_rules"),
                "hi, {\"type\": \"text\", \"text\": {\"body\": \"Yes\"}}, 5");
    run("SELECT admin_change_rule(" AS_ANNA ", '%s', '%s', '{\"daily_cap\": null, \"active\": "
        "false}')",
        acme, rule);
    assert_rows(rows("SELECT active, daily_cap FROM automation_rules"), "f, null");
    assert_told("not_found", "", "SELECT admin_get_rule('%s', '%s')", beta, rule);
    assert_told("not_found", "", "SELECT admin_delete_rule(" AS_ANNA ", '%s', '%s')", beta, rule);
    run("SELECT admin_delete_rule(" AS_ANNA ", '%s', '%s')", acme, rule);
    cr_assert_str_eq(number_of("automation_rules"), "0");
    assert_rows(rows("SELECT actor, action FROM audit_log WHERE object = 'automation_rules' AND "
                     "org_id = '%s' ORDER BY n",
                     acme),
                "operator:anna, insert", "operator:anna, update", "operator:anna, update",
                "operator:anna, delete");
}

// Without a pattern "contains" would answer whatever is written, at the org's expense.
Test(desk_rooms, a_rule_that_compares_keeps_a_pattern)
{
    const char *acme = given_org_with_channel("1.00");
    const char *any = given_rule(acme, "{\"match_kind\": \"any\", \"reply\": \"x\"}");
    assert_told("missing_field", "pattern",
                "SELECT admin_change_rule(" AS_ANNA ", '%s', '%s', '{\"match_kind\": \"regex\"}')",
                acme, any);
    const char *old = value("INSERT INTO automation_rules (org_id, match_kind, reply) "
                            "VALUES ('%s', 'contains', 'x') RETURNING id",
                            acme);
    cr_assert_str_eq(value("SELECT admin_change_rule(" AS_ANNA
                           ", '%s', '%s', '{\"active\": false}') ->> 'active'",
                           acme, old),
                     "false");
}

Test(desk_rooms, a_rule_that_cannot_be_is_refused_by_its_name)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"{\"match_kind\": \"like\", \"reply\": \"x\"}", "invalid_field", "match_kind"},
        {"{\"match_kind\": \"any\", \"match_on\": \"x\", \"reply\": \"x\"}", "invalid_field",
         "match_on"},
        {"{\"match_kind\": \"contains\", \"reply\": \"x\"}", "missing_field", "pattern"},
        {"{\"match_kind\": \"any\", \"reply\": \"Dear {friend}\"}", "invalid_field", "reply"},
        {"{\"match_kind\": \"any\", \"reply\": \" \"}", "invalid_field", "reply"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"channel_id\": "
         "\"00000000-0000-4000-8000-000000000000\"}",
         "channel_not_found", "channel_id"}};
    const char *acme = given_org_with_channel("1.00");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i].code, bad[i].field, "SELECT admin_create_rule(" AS_ANNA ", '%s', '%s')",
                    acme, bad[i].body);
    assert_told("org_not_found", "",
                "SELECT admin_create_rule(" AS_ANNA ", '%s', '{\"match_kind\": \"any\", \"reply\": "
                "\"x\"}')",
                new_id());
    cr_assert_str_eq(number_of("automation_rules"), "0");
}

Test(desk_rooms, rules_come_in_pages)
{
    const char *acme = given_org_with_channel("1.00");
    for (int i = 0; i < 3; i++)
        (void)given_rule(acme, text("{\"match_kind\": \"exact\", \"pattern\": \"%d\", \"reply\": "
                                    "\"x\"}",
                                    i));
    const char *next = value("SELECT admin_list_rules('%s', NULL, 2) ->> 'next_before'", acme);
    assert_rows(rows("SELECT r ->> 'pattern' FROM json_array_elements(admin_list_rules('%s', NULL, "
                     "2) -> 'rules') r",
                     acme),
                "2", "1");
    assert_rows(rows("SELECT r ->> 'pattern' FROM json_array_elements(admin_list_rules('%s', '%s', "
                     "2) -> 'rules') r",
                     acme, next),
                "0");
}

Test(desk_rooms, an_error_rule_is_changed_and_what_it_was_is_kept)
{
    run("SELECT admin_change_error_rule(" AS_ANNA ", '130472', '{\"refundable\": false, "
        "\"advice\": \"Ask\"}')");
    assert_rows(rows("SELECT refundable, advice, changed_at IS NOT NULL FROM error_rules WHERE "
                     "outcome = '130472'"),
                "f, Ask, t");
    assert_rows(rows("SELECT actor, rule ->> 'refundable' FROM former_error_rules"),
                "operator:anna, true");
    // What says nothing new changes nothing.
    run("SELECT admin_change_error_rule(" AS_ANNA ", '130472', '{\"refundable\": false}')");
    cr_assert_str_eq(number_of("former_error_rules"), "1");
    assert_told("invalid_field", "retry",
                "SELECT admin_change_error_rule(" AS_ANNA ", '130472', '{\"retry\": \"often\"}')");
    assert_told("invalid_field", "action",
                "SELECT admin_change_error_rule(" AS_ANNA ", '130472', '{\"action\": \"shout\"}')");
    assert_told("invalid_field", "retry",
                "SELECT admin_change_error_rule(" AS_ANNA
                ", '130472', '{\"retry\": \"backoff\", \"unconfirmed\": true}')");
    assert_told("not_found", "", "SELECT admin_change_error_rule(" AS_ANNA ", '999999', '{}')");
    cr_assert_str_eq(value("SELECT json_array_length(admin_list_error_rules() -> 'error_rules') = "
                           "count(*) FROM error_rules"),
                     "t");
}

static void given_letters(const char *org)
{
    run("INSERT INTO dead_letters (org_id, phone_number_id, reason, body, digest, tries, retry_at) "
        "VALUES ('%s', '4711', 'unknown_number', '{\"a\": \"\303\244\"}', 'a', 5, NULL), "
        "(NULL, NULL, 'bad_signature', '\\xff00', 'b', 1, 'infinity'), "
        "(NULL, '1', 'unknown_number', '{}', 'c', 2, NULL)",
        org);
}

Test(desk_rooms, dead_letters_are_listed_read_replayed_and_dismissed)
{
    const char *acme = given_org_with_channel("1.00");
    given_letters(acme);
    assert_rows(rows("SELECT d ->> 'id', d ->> 'bytes', d ->> 'body' FROM json_array_elements("
                     "admin_list_dead_letters(NULL, 'unknown_number', " LAST
                     ", 50) -> 'dead_letters') d"),
                "3, 2, null", "1, 11, null");
    assert_rows(rows("SELECT d ->> 'id' FROM json_array_elements(admin_list_dead_letters('%s', "
                     "NULL, " LAST ", 50) -> 'dead_letters') d",
                     acme),
                "1");
    assert_rows(rows("SELECT d ->> 'body', d ->> 'body_base64' FROM admin_get_dead_letter(1) d"),
                "{\"a\": \"\303\244\"}, null");
    assert_rows(rows("SELECT d ->> 'body', d ->> 'body_base64' FROM admin_get_dead_letter(2) d"),
                "null, /wA=");
    run("SELECT admin_replay_dead_letter(" AS_ANNA ", 1)");
    assert_rows(
        rows("SELECT tries, retry_at = now() OR retry_at < now() FROM dead_letters WHERE id "
             "= 1"),
        "0, t");
    assert_told("conflict", "", "SELECT admin_replay_dead_letter(" AS_ANNA ", 2)");
    run("SELECT admin_dismiss_dead_letter(" AS_ANNA ", 3, '{\"reason\": \"a test\"}')");
    assert_told("not_found", "", "SELECT admin_get_dead_letter(3)");
    assert_rows(rows("SELECT actor, action, object_id, after ->> 'reason' FROM audit_log WHERE "
                     "object = 'dead_letters' AND action = 'delete'"),
                "operator:anna, delete, 3, a test");
}

Test(desk_rooms, an_alert_is_acknowledged_by_who_was_first)
{
    const char *acme = given_org_with_channel("1.00");
    run("INSERT INTO alerts (org_id, channel_id, kind, outcome, resolved_at) SELECT org_id, id, "
        "'channel_paused', '190', r FROM channels, (VALUES (NULL::timestamptz), (now())) v (r)");
    const char *open = value("SELECT id FROM alerts WHERE resolved_at IS NULL");
    run("SELECT admin_acknowledge_alert(" AS_ANNA ", %s)", open);
    run("SELECT admin_acknowledge_alert('operator:berta', %s)", open);
    assert_rows(rows("SELECT a ->> 'id' = '%s', a ->> 'acknowledged_by' FROM json_array_elements("
                     "admin_list_alerts('%s', NULL, " LAST ", 50) -> 'alerts') a",
                     open, acme),
                "t, operator:anna");
    cr_assert_str_eq(
        value("SELECT json_array_length(admin_list_alerts(NULL, 'all', " LAST ", 50) -> 'alerts')"),
        "2");
    assert_told("invalid_field", "state", "SELECT admin_list_alerts(NULL, 'closed', " LAST ", 50)");
    assert_told("not_found", "", "SELECT admin_acknowledge_alert(" AS_ANNA ", 99)");
}

// Rows of what a search finds.
static const char *found(const char *arguments)
{
    return rows("SELECT m ->> 'message_id' FROM json_array_elements(admin_find_messages(%s) -> "
                "'messages') m",
                arguments);
}

Test(desk_rooms, messages_are_found_by_id_wamid_and_phone)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *first = given_inbound(.org = acme, .wamid = "wamid.1", .phone = "919876543210");
    const char *second = given_inbound(.org = beta, .wamid = "wamid.2", .phone = "919876543210");
    (void)given_inbound(.org = beta, .wamid = "wamid.3", .phone = "919876543211");
    assert_rows(found(text("'%s', NULL, NULL, NULL, 50", first)), first);
    assert_rows(found("NULL, 'wamid.2', NULL, NULL, 50"), second);
    cr_assert_str_eq(value("SELECT json_array_length(admin_find_messages(NULL, NULL, "
                           "'+91 98765-43210', NULL, 50) -> 'messages')"),
                     "2");
    const char *next = value("SELECT admin_find_messages(NULL, NULL, '919876543210', NULL, 1) ->> "
                             "'next_before'");
    cr_assert_str_eq(value("SELECT json_array_length(admin_find_messages(NULL, NULL, "
                           "'919876543210', '%s', 50) -> 'messages')",
                           next),
                     "1");
    assert_told("invalid_field", "id", "SELECT admin_find_messages(NULL, NULL, NULL, NULL, 50)");
    assert_told("invalid_field", "id", "SELECT admin_find_messages('x', NULL, NULL, NULL, 50)");
}

Test(desk_rooms, a_message_tells_what_has_happened_to_it_and_its_fee)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = message, .outcome = "130472", .error = "no"});
    assert_rows(rows("SELECT t ->> 'what', t ->> 'amount', t ->> 'balance', t ->> 'outcome' FROM "
                     "json_array_elements(admin_get_message('%s') -> 'timeline') t",
                     message),
                "accepted, null, null, null", "service_fee, -0.20, 0.80, null",
                "claimed, null, null, null", "attempt, null, null, 130472",
                "failed, null, null, 130472", "refund, 0.20, 1.00, null");
    assert_told("message_not_found", "", "SELECT admin_get_message('%s')", new_id());
}

Test(desk_rooms, the_overview_adds_up_what_was_sent_and_earned)
{
    const char *acme = given_org_with_channel("1.00");
    const char *sent = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = sent, .outcome = "sent"});
    const char *failed = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = failed, .outcome = "130472", .error = "no"});
    (void)given_message(.org = acme);
    run("UPDATE channels SET status = 'paused'");
    // (Ids of tests do not tell when they were made: of all of them.)
    run("CREATE TABLE sums AS SELECT array_agg(s) AS sums FROM sum_messages('1970-01-01', "
        "date_trunc('day', now()), date_trunc('month', now())) s");
    assert_rows(rows("SELECT overview_of(sums, 'day')::text = overview_of(sums, 'month')::text, "
                     "overview_of(sums, 'day') FROM sums"),
                "t, {\"accepted\" : 3, \"sent\" : 1, \"failed\" : { \"130472\" : 1 }, "
                "\"refunded\" : 1, \"fees\" : \"0.40\"}");
    assert_rows(rows("SELECT running_dry(sums) FROM sums"), "[]");
    run("UPDATE wallets SET balance = 0.10");
    assert_rows(rows("SELECT d ->> 'balance', d ->> 'days' FROM sums, "
                     "json_array_elements(running_dry(sums)) d"),
                "0.10, 1.8");
    assert_rows(rows("SELECT o ->> 'open_alerts', o -> 'waiting' -> 'queued' ->> 'messages', "
                     "json_array_length(o -> 'paused_channels') FROM admin_overview() o"),
                "0, 1, 1");
}

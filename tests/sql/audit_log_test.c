// audit_log: what people change leaves a row, whatever they change it by; what daemons do all the
// time leaves none.

#include "tests/sql/givens.h"

TestSuite(audit_log, .init = database_create, .fini = database_drop);

// The rows since the test's givens: actor, action, object, before, after.
static const char *told(void)
{
    return rows("SELECT actor, action, object, before, after FROM audit_log WHERE n > "
                "coalesce((SELECT max(n) FROM audit_log WHERE actor = 'given'), 0) ORDER BY n");
}

// What stands there by now is given.
static void given_until_here(void)
{
    run("SET tollgate.actor = 'given'");
    run("UPDATE organizations SET name = name || '.'");
    run("RESET tollgate.actor");
}

Test(audit_log, a_change_by_sql_tells_who_and_what_was_before)
{
    const char *acme = given_org(.name = "Acme");
    given_until_here();
    run("UPDATE organizations SET name = 'Acme Ltd', replies_per_minute_max = 7 WHERE id = '%s'",
        acme);
    assert_rows(told(), "postgres, update, organizations, "
                        "{\"name\": \"Acme.\", \"replies_per_minute_max\": 5}, "
                        "{\"name\": \"Acme Ltd\", \"replies_per_minute_max\": 7}");
    assert_rows(rows("SELECT org_id = '%s', object_id = '%s', session_role FROM audit_log "
                     "ORDER BY n DESC LIMIT 1",
                     acme, acme),
                "t, t, postgres");
}

Test(audit_log, the_actor_is_whom_the_transaction_names_and_the_session_is_told_all_the_same)
{
    const char *acme = given_org();
    given_until_here();
    run("BEGIN");
    run("SELECT act_as('operator:anna')");
    run("UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme);
    run("COMMIT");
    run("UPDATE organizations SET status = 'active' WHERE id = '%s'", acme);
    assert_rows(rows("SELECT actor, session_role, after FROM audit_log ORDER BY n DESC LIMIT 2"),
                "postgres, postgres, {\"status\": \"active\"}",
                "operator:anna, postgres, {\"status\": \"suspended\"}");
}

// What daemons and deploy/migrate say of what they do themselves, any role can say.
Test(audit_log, an_operator_s_change_is_told_whatever_its_session_says)
{
    const char *acme = given_org();
    const char *channel = given_channel(.org = acme, .access_token = "EAAone");
    run("UPDATE channels SET token_changed_at = '2000-01-01'");
    given_until_here();
    run("SET SESSION AUTHORIZATION tollgate_operator");
    run("SET tollgate.loading = 'yes'; SET tollgate.sealing = 'yes'; SET tollgate.reason = 'so'");
    run("SELECT admin_change_error_rule('operator:anna', '131026', '{\"advice\": \"none\"}')");
    run("SELECT admin_change_channel('operator:anna', '%s', '%s', '{\"access_token\": "
        "\"EAAtwo\"}')",
        acme, channel);
    run("SELECT admin_delete_rule('operator:anna', '%s', (admin_create_rule('operator:anna', '%s', "
        "'{\"match_kind\": \"any\", \"reply\": \"Hi\"}') ->> 'id')::uuid)",
        acme, acme);
    run("RESET SESSION AUTHORIZATION");
    assert_rows(rows("SELECT actor, session_role, action, object, after ? 'reason' FROM audit_log "
                     "WHERE n > (SELECT max(n) FROM audit_log WHERE actor = 'given') ORDER BY n"),
                "operator:anna, tollgate_operator, update, error_rules, f",
                "operator:anna, tollgate_operator, update, channels, f",
                "operator:anna, tollgate_operator, insert, automation_rules, f",
                "operator:anna, tollgate_operator, delete, automation_rules, null");
    assert_rows(rows("SELECT token_changed_at > '2001-01-01' FROM channels"), "t");
}

Test(audit_log, a_change_that_is_taken_back_leaves_nothing)
{
    const char *acme = given_org();
    given_until_here();
    run("BEGIN");
    run("UPDATE organizations SET name = 'Other' WHERE id = '%s'", acme);
    run("ROLLBACK");
    run("UPDATE organizations SET name = name WHERE id = '%s'", acme);
    assert_no_rows(told());
}

Test(audit_log, secrets_are_masked_and_that_they_changed_is_told)
{
    const char *acme = given_org();
    given_until_here();
    const char *channel = given_channel(.org = acme, .access_token = "EAAtoken-one");
    run("UPDATE channels SET access_token = 'EAAtoken-two' WHERE id = '%s'", channel);
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    cr_assert_str_eq(number_of("audit_log WHERE object = 'channels' AND action = 'update' "
                               "AND before = '{\"access_token\": \"***\"}' AND after = before"),
                     "1");
    cr_assert_str_eq(number_of("audit_log WHERE object = 'api_keys' AND action = 'insert' "
                               "AND after ->> 'key_hash' = '***'"),
                     "1");
    cr_assert_str_eq(
        number_of(text("audit_log WHERE before::text || after::text ~ 'EAAtoken|%s' OR "
                       "after::text ~ (SELECT substr(key_hash::text, 3) FROM api_keys)",
                       key)),
        "0");
}

Test(audit_log, rules_operators_and_keys_are_told)
{
    const char *acme = given_org();
    given_until_here();
    run("INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', 'any', 'Hello')",
        acme);
    run("UPDATE automation_rules SET priority = 7");
    run("DELETE FROM automation_rules");
    run("SELECT create_api_key('%s', 'main')", acme);
    run("SET client_min_messages = warning; SELECT revoke_api_key('%s', 'main')", acme);
    run("INSERT INTO operators (name, role, prefix, token_hash) "
        "VALUES ('anna', 'viewer', 'tgo_', sha256('x'))");
    run("UPDATE operators SET role = 'owner'");
    assert_rows(rows("SELECT action, object FROM audit_log WHERE n > (SELECT max(n) FROM audit_log "
                     "WHERE actor = 'given') ORDER BY n"),
                "insert, automation_rules", "update, automation_rules", "delete, automation_rules",
                "insert, api_keys", "update, api_keys", "insert, operators", "update, operators");
}

Test(audit_log, what_daemons_do_with_each_message_leaves_nothing)
{
    const char *acme = given_org_with_channel("100.00");
    given_until_here();
    (void)given_settled_message(acme, "sent");
    (void)given_settled_message(acme, "131026");
    run("UPDATE organizations SET rules_version = rules_version + 1");
    run("UPDATE operators SET last_used_at = now()");
    run("SET SESSION AUTHORIZATION tollgate_worker");
    run("SELECT record_dead_letters('{}', ARRAY['{}'::bytea], '{refused}', '{777}', '{0}')");
    run("SELECT end_dead_letters('{1}', '{NULL}')");
    run("RESET SESSION AUTHORIZATION");
    assert_no_rows(told());
}

Test(audit_log, a_channel_that_an_outcome_pauses_is_told_as_the_worker_s)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    const char *claim = claim_of(message);
    given_until_here();
    run("SET SESSION AUTHORIZATION tollgate_worker");
    (void)settle_sends({.org = acme, .message = message, .claim_id = claim, .outcome = "190"});
    run("RESET SESSION AUTHORIZATION");
    assert_rows(told(), "tollgate_worker, update, channels, "
                        "{\"status\": \"active\", \"paused_for\": null}, "
                        "{\"status\": \"paused\", \"paused_for\": \"190\"}");
}

Test(audit_log, a_suspended_org_is_one_row_however_many_channels_it_has)
{
    const char *acme = given_org_with_channel("1.00");
    (void)given_channel(.org = acme);
    given_until_here();
    run("UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme);
    assert_rows(told(), "postgres, update, organizations, {\"status\": \"active\"}, "
                        "{\"status\": \"suspended\"}");
}

Test(audit_log, dead_letters_that_a_person_replays_or_deletes_are_told_without_their_bodies)
{
    (void)given_org();
    run("INSERT INTO dead_letters (reason, body, digest) "
        "VALUES ('refused', 'a customer''s words', sha256('x'))");
    given_until_here();
    run("SELECT replay_dead_letters('refused')");
    run("DELETE FROM dead_letters");
    assert_rows(rows("SELECT action, object, before ->> 'reason', before::text ~ 'customer|digest' "
                     "FROM audit_log WHERE object = 'dead_letters' ORDER BY n"),
                "update, dead_letters, null, f", "delete, dead_letters, refused, f");
}

Test(audit_log, nobody_changes_it)
{
    (void)given_org();
    assert_refused(RESTRICT_VIOLATION, "UPDATE audit_log SET actor = 'nobody'");
    assert_refused(RESTRICT_VIOLATION, "DELETE FROM audit_log");
    assert_refused(RESTRICT_VIOLATION, "TRUNCATE audit_log");
}

Test(audit_log, money_names_its_actor_in_its_own_book)
{
    const char *acme = given_org();
    run("BEGIN");
    run("SELECT act_as('operator:anna')");
    run("SELECT add_wallet_credits('%s', 50, 'paid')", acme);
    run("COMMIT");
    run("SELECT adjust_wallet('%s', -1, 'typo')", acme);
    assert_rows(rows("SELECT n, actor FROM bookings ORDER BY n"), "1, operator:anna",
                "2, postgres");
}

Test(audit_log, a_rule_that_is_changed_by_hand_leaves_the_former_one_and_outlives_the_file)
{
    given_until_here();
    run("UPDATE error_rules SET refundable = true WHERE outcome = '131026'");
    assert_rows(rows("SELECT outcome, rule ->> 'refundable' FROM former_error_rules"),
                "131026, false");
    cr_assert_str_eq(number_of("audit_log WHERE object = 'error_rules'"), "1");
    run("BEGIN");
    run("CREATE TEMP TABLE error_rules_csv ON COMMIT DROP AS SELECT outcome, words, http, title, "
        "meaning, class, CASE WHEN refundable AND outcome <> '131026' THEN 'yes' ELSE 'no' END "
        "AS refundable, retry, action, source, CASE WHEN unconfirmed THEN 'yes' ELSE 'no' END "
        "AS unconfirmed, advice FROM error_rules");
    run("SELECT load_error_rules()");
    run("COMMIT");
    cr_assert_str_eq(value("SELECT refundable FROM error_rules WHERE outcome = '131026'"), "t");
    cr_assert_str_eq(number_of("audit_log WHERE object = 'error_rules'"), "1");
    cr_assert_str_eq(number_of("error_rules WHERE changed_at IS NOT NULL"), "1");
}

// Automatic replies: once per inbound message, through accept_sends, within the limits of rule and
// org; and how workers learn that rules have changed.

#include "tests/sql/inbound.h"

TestSuite(replies, .init = database_create, .fini = database_drop);

static const char *given_rule(const char *org, const char *limits)
{
    return value("INSERT INTO automation_rules (org_id, match_kind, pattern, reply, cooldown_s, "
                 "daily_cap) VALUES ('%s', 'exact', 'hi', '\"Welcome\"', %s) RETURNING id",
                 org, limits);
}

// Replies to a message; returns rows of verdict and status.
static const char *reply(const char *org, const char *message, const char *rule)
{
    return rows("SELECT * FROM accept_replies('{%s}', '{%s}', '{%s}', ARRAY[gen_random_uuid()], "
                "'{text}', '{\"{}\"}', '{NULL}')",
                org, message, rule);
}

static const char *replies(void)
{
    return rows("SELECT coalesce(reply_skipped, 'replied') FROM auto_replies ORDER BY created_at");
}

Test(replies, go_out_like_any_send_and_are_paid)
{
    const char *org = given_org_with_channel("1.00");
    const char *rule = given_rule(org, "0, NULL");
    const char *message = given_inbound(.org = org);
    assert_rows(reply(org, message, rule), "accepted, queued");
    assert_rows(rows("SELECT o.priority, o.state, m.contact_id = i.contact_id, "
                     "m.channel_id = i.channel_id, a.rule_id = '%s' FROM auto_replies a "
                     "JOIN messages i ON i.id = a.message_id JOIN messages m ON m.id = a.reply_id "
                     "JOIN outbox o ON o.message_id = m.id",
                     rule),
                "high, queued, t, t, t");
    cr_assert_str_eq(balance_of(org), "0.80");
    assert_healthy();
}

Test(replies, a_message_is_answered_once)
{
    const char *org = given_org_with_channel("1.00");
    const char *rule = given_rule(org, "0, NULL");
    const char *message = given_inbound(.org = org);
    (void)reply(org, message, rule);
    assert_rows(reply(org, message, rule), "answered, null");
    assert_rows(rows("SELECT verdict FROM accept_replies('{%s,%s}', '{%s,%s}', '{%s,%s}', "
                     "ARRAY[gen_random_uuid(), gen_random_uuid()], '{text,text}', "
                     "'{\"{}\",\"{}\"}', '{NULL,NULL}')",
                     org, org, message, message, rule, rule),
                "answered", "answered");
    cr_assert_str_eq(balance_of(org), "0.80");
}

Test(replies, without_money_the_skip_is_recorded)
{
    const char *org = given_org_with_channel("0.30");
    const char *rule = given_rule(org, "0, 9");
    const char *first = given_inbound(.org = org);
    const char *second = given_inbound(.org = org);
    assert_rows(reply(org, first, rule), "accepted, queued");
    assert_rows(reply(org, second, rule), "insufficient_balance, null");
    assert_rows(replies(), "replied", "insufficient_balance");
    assert_rows(rows("SELECT replies FROM reply_days"), "1");
    cr_assert_str_eq(number_of("messages"), "3");
    assert_healthy();
}

Test(replies, a_batch_is_judged_in_order)
{
    const char *org = given_org_with_channel("0.50");
    const char *rule = given_rule(org, "0, NULL");
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = given_inbound(.org = org, .phone = text("91980000000%d", i));
    assert_rows(rows("SELECT verdict FROM accept_replies('{%s,%s,%s,%s}', '{%s,%s,%s,%s}', "
                     "'{%s,%s,%s,%s}', ARRAY[gen_random_uuid(), gen_random_uuid(), "
                     "gen_random_uuid(), gen_random_uuid()], '{text,text,text,text}', "
                     "'{\"{}\",\"{}\",\"{}\",\"{}\"}', '{NULL,NULL,NULL,NULL}')",
                     org, org, org, org, ids[0], ids[0], ids[1], ids[2], rule, rule, rule, rule),
                "accepted", "answered", "accepted", "insufficient_balance");
    cr_assert_str_eq(balance_of(org), "0.10");
}

Test(replies, what_is_skipped_for_a_reason_given_is_recorded)
{
    const char *org = given_org_with_channel("1.00");
    const char *rule = given_rule(org, "0, NULL");
    assert_rows(rows("SELECT verdict FROM accept_replies('{%s}', '{%s}', '{%s}', "
                     "ARRAY[gen_random_uuid()], '{NULL}', '{NULL}', '{contact_opted_out}')",
                     org, given_inbound(.org = org), rule),
                "contact_opted_out");
    assert_rows(replies(), "contact_opted_out");
    cr_assert_str_eq(balance_of(org), "1.00");
}

Test(replies, a_rule_cools_down_for_each_contact)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "3600, NULL");
    const char *other = given_rule(org, "0, NULL");
    (void)reply(org, given_inbound(.org = org), rule);
    assert_rows(reply(org, given_inbound(.org = org), rule), "cooldown, null");
    assert_rows(reply(org, given_inbound(.org = org), other), "accepted, held");
    assert_rows(reply(org, given_inbound(.org = org, .phone = "919800000001"), rule),
                "accepted, queued");
    run("UPDATE auto_replies SET created_at = created_at - interval '1 hour 1 second'");
    assert_rows(reply(org, given_inbound(.org = org), rule), "accepted, held");
}

Test(replies, a_rule_has_its_cap_of_the_day)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, 2");
    for (int i = 0; i < 2; i++)
        assert_rows(reply(org, given_inbound(.org = org, .phone = text("91980000000%d", i)), rule),
                    "accepted, queued");
    assert_rows(reply(org, given_inbound(.org = org), rule), "daily_cap, null");
    run("UPDATE reply_days SET day = day - 1");
    assert_rows(reply(org, given_inbound(.org = org), rule), "accepted, queued");
}

Test(replies, two_machines_do_not_talk_for_ever)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    for (int i = 0; i < 5; i++)
        assert_rows(reply(org, given_inbound(.org = org), rule),
                    i == 0 ? "accepted, queued" : "accepted, held");
    assert_rows(reply(org, given_inbound(.org = org), rule), "loop_guard, null");
    assert_rows(reply(org, given_inbound(.org = org, .phone = "919800000001"), rule),
                "accepted, queued");
    run("UPDATE organizations SET replies_per_minute_max = 6");
    assert_rows(reply(org, given_inbound(.org = org), rule), "accepted, held");
    run("UPDATE auto_replies SET created_at = created_at - interval '61 seconds'");
    assert_rows(reply(org, given_inbound(.org = org), rule), "accepted, held");
}

Test(replies, a_rule_that_is_gone_replies_no_more)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    (void)reply(org, given_inbound(.org = org), rule);
    run("UPDATE automation_rules SET active = false");
    assert_rows(reply(org, given_inbound(.org = org), rule), "rule_changed, null");
    run("DELETE FROM automation_rules");
    assert_rows(reply(org, given_inbound(.org = org), rule), "rule_changed, null");
    assert_rows(rows("SELECT count(*), count(rule_id) FROM auto_replies"), "3, 1"); // what it did
}

static const char *version_of(const char *org)
{
    return value("SELECT rules_version FROM organizations WHERE id = '%s'", org);
}

Test(replies, a_change_of_rules_raises_the_org_s_version)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    cr_assert_str_eq(version_of(acme), "0");
    const char *rule = given_rule(acme, "0, NULL");
    cr_assert_str_eq(version_of(acme), "1");
    run("UPDATE automation_rules SET reply = '\"Bye\"' WHERE id = '%s'", rule);
    cr_assert_str_eq(version_of(acme), "2");
    run("DELETE FROM automation_rules WHERE id = '%s'", rule);
    cr_assert_str_eq(version_of(acme), "3");
    cr_assert_str_eq(version_of(beta), "0");
}

Test(replies, rules_are_listed_as_they_are_tried)
{
    const char *org = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, priority, match_kind, pattern, reply, active) "
        "VALUES "
        "('%s', 2, 'any', 'third', '{}', true), ('%s', 1, 'any', 'second', '{}', true), "
        "('%s', -1, 'any', 'first', '{}', true), ('%s', 0, 'any', 'never', '{}', false)",
        org, org, org, org);
    assert_no_rows(rows("SELECT rules_version, pattern FROM list_rules('%s')", org));
    run("UPDATE automation_rules SET state = 'good'");
    assert_rows(rows("SELECT rules_version, pattern FROM list_rules('%s')", org), "2, first",
                "2, second", "2, third");
    run("UPDATE automation_rules SET state = 'former' WHERE pattern = 'first'");
    run("UPDATE automation_rules SET state = 'refused' WHERE pattern = 'second'");
    assert_rows(rows("SELECT pattern FROM list_rules('%s')", org), "first", "third");
}

// A worker of the version before would hold them against what is said.
Test(replies, rules_about_choices_are_listed_for_who_knows_them)
{
    const char *org = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, match_kind, match_on, pattern, reply) VALUES "
        "('%s', 'exact', 'choice', 'yes-1', 'Yes it is')",
        org);
    run("UPDATE automation_rules SET state = 'good'");
    assert_no_rows(rows("SELECT id FROM list_rules('%s')", org));
    assert_rows(
        rows("SELECT match_kind, of_choice, pattern, reply FROM list_rules('%s', true)", org),
        "exact, t, yes-1, \"Yes it is\"");
}

static const char *wanted(const char *org, const char *wamid)
{
    return rows(
        "SELECT verdict, rules_version, is_first, is_word, opted_out "
        "FROM receive_messages(ARRAY[gen_random_uuid()], ARRAY[(SELECT phone_number_id FROM "
        "channels WHERE org_id = '%s')], '{%s}', '{919876543210}', '{NULL}', '{NULL}', "
        "'{NULL}', '{text}', '{Stop}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{\"{}\"}', "
        "ARRAY[extract(epoch FROM now())::bigint])",
        org, wamid);
}

Test(replies, are_thought_of_until_the_message_has_its_reply)
{
    const char *org = given_org_with_channel("1.00");
    const char *rule = given_rule(org, "0, NULL");
    assert_rows(wanted(org, "w"), "saved, 1, t, t, t");
    assert_rows(wanted(org, "w"), "duplicate, 1, t, t, t");
    assert_rows(wanted(org, "v"), "saved, 1, f, t, t");
    (void)reply(org, value("SELECT id FROM messages WHERE wamid = 'w'"), rule);
    assert_rows(wanted(org, "w"), "duplicate, 0, t, t, t");
    run("UPDATE messages SET created_at = created_at - interval '11 minutes' WHERE wamid = 'v'");
    assert_rows(wanted(org, "v"), "duplicate, 0, f, t, t");
}

static const char *shared_org;
static const char *shared_rule;
static const char *shared_message;

static void reply_at_once(struct session *session, int thread)
{
    (void)thread;
    (void)session_rows(session,
                       "SELECT * FROM accept_replies('{%s}', '{%s}', '{%s}', "
                       "ARRAY[gen_random_uuid()], '{text}', '{\"{}\"}', '{NULL}')",
                       shared_org, shared_message, shared_rule);
}

Test(replies, at_the_same_moment_are_one)
{
    shared_org = given_org_with_channel("10.00");
    shared_rule = given_rule(shared_org, "0, NULL");
    shared_message = given_inbound(.org = shared_org);
    at_once(8, reply_at_once);
    assert_rows(replies(), "replied");
    cr_assert_str_eq(balance_of(shared_org), "9.80");
    assert_healthy();
}

// A person's transaction.
Test(replies, a_held_wallet_keeps_its_own_org_from_replying_only)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *orgs =
        text("'{%s,%s}', '{%s,%s}', '{%s,%s}'", acme, beta, given_inbound(.org = acme),
             given_inbound(.org = beta), given_rule(acme, "0, NULL"), given_rule(beta, "0, NULL"));
    struct session *person = session_open();
    (void)session_rows(person, "BEGIN");
    (void)session_rows(person, "SELECT 1 FROM wallets WHERE org_id = '%s' FOR UPDATE", acme);
    assert_rows(rows("SELECT * FROM accept_replies(%s, ARRAY[gen_random_uuid(), "
                     "gen_random_uuid()], '{text,text}', '{\"{}\",\"{}\"}', '{NULL,NULL}')",
                     orgs),
                "wallet_held, null", "accepted, queued");
    session_close(person);
    cr_assert_str_eq(balance_of(acme), "1.00");
    cr_assert_str_eq(balance_of(beta), "0.80");
    assert_healthy();
}

// A rule and a reply of it that a worker has in hand; returns the reply's id.
static const char *given_reply(const char *org, const char *rule)
{
    (void)reply(org, given_inbound(.org = org, .phone = new_phone()), rule);
    const char *id = value("SELECT reply_id FROM auto_replies ORDER BY created_at DESC LIMIT 1");
    (void)claim(org, id);
    return id;
}

static const char *alerts(void)
{
    return rows("SELECT kind, outcome, message, resolved_at IS NOT NULL FROM alerts ORDER BY id");
}

Test(replies, that_meta_refuses_for_what_they_are_are_told_of_once)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    const char *other = given_rule(org, "0, NULL");
    for (int i = 0; i < 3; i++) {
        const char *id = given_reply(org, rule);
        (void)settle_sends(
            {.org = org, .message = id, .outcome = "132001", .error = "no such template"});
    }
    assert_rows(alerts(), "reply_refused, 132001, no such template, f");
    cr_assert_str_eq(value("SELECT rule_id FROM alerts"), rule);
    // Later, by a status.
    const char *sent = given_reply(org, other);
    (void)settle_sends({.org = org, .message = sent});
    (void)hear(org, sent, "failed", "131053");
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "2");
    run("UPDATE automation_rules SET reply = 'Hello' WHERE id = '%s'", rule);
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "1");
}

Test(replies, that_fail_for_another_reason_raise_no_alert)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    static const char *const outcomes[] = {"131026", "131047", "131000", "131049", "http:4xx"};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        const char *id = given_reply(org, rule);
        (void)settle_sends({.org = org, .message = id, .outcome = outcomes[i]});
    }
    (void)given_settled_message(org, "132001"); // no reply
    cr_assert_str_eq(number_of("alerts"), "0");
}

Test(replies, of_a_rule_that_was_written_anew_since_raise_no_alert)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    const char *id = given_reply(org, rule);
    run("UPDATE automation_rules SET reply = 'Hello'");
    (void)settle_sends({.org = org, .message = id, .outcome = "132001"});
    cr_assert_str_eq(number_of("alerts"), "0");
}

Test(replies, that_are_refused_while_somebody_changes_their_rule_wait_for_nobody)
{
    const char *org = given_org_with_channel("10.00");
    const char *rule = given_rule(org, "0, NULL");
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = given_reply(org, rule);
    struct session *somebody = session_open();
    (void)session_rows(somebody, "BEGIN");
    (void)session_rows(somebody, "UPDATE automation_rules SET priority = 1");
    run("SET lock_timeout = '1s'");
    (void)settle_sends({.org = org, .message = ids[0], .outcome = "132001"});
    cr_assert_str_eq(number_of("alerts"), "0");
    (void)session_rows(somebody, "ROLLBACK");
    (void)settle_sends({.org = org, .message = ids[1], .outcome = "132001"});
    (void)session_rows(somebody, "BEGIN");
    (void)session_rows(somebody, "UPDATE alerts SET resolved_at = now()");
    (void)settle_sends({.org = org, .message = ids[2], .outcome = "132001"});
    session_close(somebody);
    cr_assert_str_eq(number_of("alerts"), "1");
    assert_healthy();
}

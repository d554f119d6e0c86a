// The phases of accept_replies, each alone (sql/core/replies.sql).

#include "tests/sql/inbound.h"

TestSuite(reply_phases, .init = database_create, .fini = database_drop);

static const char *given_rule(const char *org, const char *limits)
{
    return value("INSERT INTO automation_rules (org_id, match_kind, reply, cooldown_s, daily_cap) "
                 "VALUES ('%s', 'any', '\"hi\"', %s) RETURNING id",
                 org, limits);
}

// A table `items` with a reply by that rule to each message of the org's, in the order of their
// wamids.
static void given_replies(const char *org, const char *rule)
{
    run("CREATE TABLE items AS SELECT ARRAY(SELECT i FROM (SELECT array_agg(org_id ORDER BY wamid) "
        "AS a, "
        "array_agg(id ORDER BY wamid) AS b, array_agg('%s'::uuid) AS c, "
        "array_agg(gen_random_uuid()) AS d, "
        "array_agg('text'::text) AS e, array_agg('{}'::text) AS f, array_agg(NULL::text) AS g FROM "
        "messages "
        "WHERE org_id = '%s' AND direction = 'inbound') m, find_replies(a, b, c, d, e, f, g) i) AS "
        "items",
        rule, org);
}

static const char *judged_replies(void)
{
    return value("SELECT judge_replies(items) FROM items");
}

static const char *const people[] = {"919876543210", "919876543211", "919876543212"};

// So many messages of Acme's, by these people in turn.
static void given_messages(const char *org, int n, int of)
{
    for (int i = 0; i < n; i++)
        (void)given_inbound(.org = org, .wamid = text("wamid.%d", i), .phone = people[i % of]);
}

Test(reply_phases, a_reply_is_found_its_contact_and_its_limits)
{
    const char *acme = given_org_with_channel("1.00");
    const char *rule = given_rule(acme, "60, 3");
    given_messages(acme, 2, 2);
    run("INSERT INTO reply_days (org_id, rule_id, day, replies) VALUES ('%s', '%s', (now() AT TIME "
        "ZONE "
        "'UTC')::date, 1)",
        acme, rule);
    given_replies(acme, rule);
    assert_rows(rows("SELECT i.n, i.phone, i.user_id, i.rule_id = '%s', i.skip, i.left_today, "
                     "i.left_this_minute, i.cools_down, i.is_cooling FROM items, unnest(items) i",
                     rule),
                "1, 919876543210, null, t, null, 2, 5, t, f",
                "2, 919876543211, null, t, null, 2, 5, t, f");
}

Test(reply_phases, a_rule_that_is_gone_and_a_message_that_is_answered_are_skipped)
{
    const char *acme = given_org_with_channel("1.00");
    const char *rule = given_rule(acme, "0, NULL");
    given_messages(acme, 1, 1);
    const char *message = value("SELECT id FROM messages");
    const char *reply = new_id();
    assert_rows(
        rows("SELECT i.skip, i.rule_id IS NULL FROM find_replies('{%s,%s}', '{%s,%s}', '{%s,%s}', "
             "'{%s,%s}', '{text,text}', '{\"{}\",\"{}\"}', '{NULL,NULL}') i",
             acme, acme, message, message, rule, rule, reply, reply),
        "null, f", "answered, f");
    assert_rows(
        rows("SELECT i.skip, i.rule_id IS NULL FROM find_replies('{%s}', '{%s}', '{%s}', '{%s}', "
             "'{text}', '{\"{}\"}', '{NULL}') i",
             acme, message, new_id(), reply),
        "rule_changed, t");
    assert_rows(rows("SELECT i.skip FROM find_replies('{%s}', '{%s}', '{%s}', '{%s}', '{text}', "
                     "'{NULL}', '{contact_opted_out}') i",
                     acme, message, rule, reply),
                "contact_opted_out");
}

Test(reply_phases, a_cap_is_shared_by_the_batch)
{
    const char *acme = given_org_with_channel("1.00");
    given_messages(acme, 3, 3);
    given_replies(acme, given_rule(acme, "0, 2"));
    cr_assert_str_eq(judged_replies(), "{NULL,NULL,daily_cap}");
}

Test(reply_phases, a_rule_cools_down_within_the_batch)
{
    const char *acme = given_org_with_channel("1.00");
    given_messages(acme, 4, 2);
    given_replies(acme, given_rule(acme, "60, NULL"));
    cr_assert_str_eq(judged_replies(), "{NULL,NULL,cooldown,cooldown}");
}

Test(reply_phases, a_contact_is_not_replied_to_too_often_within_the_batch)
{
    const char *acme = given_org_with_channel("1.00");
    run("UPDATE organizations SET replies_per_minute_max = 1");
    given_messages(acme, 4, 2);
    given_replies(acme, given_rule(acme, "0, NULL"));
    cr_assert_str_eq(judged_replies(), "{NULL,NULL,loop_guard,loop_guard}");
}

// The second is skipped, and leaves what it would have used to the third: which the first judgement
// does not know yet.
Test(reply_phases, what_is_skipped_uses_up_nothing)
{
    const char *acme = given_org_with_channel("1.00");
    const char *const order[] = {people[0], people[0], people[1], people[2]};
    for (int i = 0; i < 4; i++)
        (void)given_inbound(.org = acme, .wamid = text("wamid.%d", i), .phone = order[i]);
    given_replies(acme, given_rule(acme, "60, 2"));
    cr_assert_str_eq(judged_replies(), "{NULL,cooldown,NULL,daily_cap}");
}

Test(reply_phases, what_is_not_skipped_is_sent_as_far_as_the_money_goes)
{
    const char *acme = given_org_with_channel("0.40");
    given_messages(acme, 4, 3);
    given_replies(acme, given_rule(acme, "0, NULL"));
    assert_rows(rows("SELECT s.* FROM items, send_replies(items, '{NULL,cooldown,NULL,NULL}') s"),
                "{accepted,cooldown,accepted,insufficient_balance}, {queued,NULL,queued,NULL}");
    assert_rows(rows("SELECT m.id = (items[1]).reply_id, c.phone FROM items, messages m "
                     "JOIN contacts c ON c.id = m.contact_id "
                     "WHERE m.direction = 'outbound' ORDER BY c.phone"),
                "t, 919876543210", "f, 919876543212");
    assert_rows(rows("SELECT s.* FROM items, send_replies(items, '{a,b,c,d}') s"),
                "{a,b,c,d}, {NULL,NULL,NULL,NULL}");
}

Test(reply_phases, what_became_of_each_is_kept_in_its_place)
{
    const char *acme = given_org_with_channel("1.00");
    const char *rule = given_rule(acme, "0, 9");
    given_messages(acme, 3, 3);
    given_replies(acme, rule);
    run("SELECT send_replies(items, '{NULL,x,NULL}') FROM items");
    run("SELECT keep_replies(items, '{accepted,cooldown,answered}') FROM items");
    assert_rows(
        rows("SELECT a.reply_id = (items[1]).reply_id, a.reply_skipped FROM auto_replies a, items "
             "ORDER BY a.reply_skipped NULLS FIRST"),
        "t, null", "null, cooldown");
    assert_rows(rows("SELECT rule_id, replies FROM reply_days"), text("%s, 1", rule));
}

// What rules were, who has changed them, and in which order they are tried.

#include "tests/sql/inbound.h"

TestSuite(rule_versions, .init = database_create, .fini = database_drop);

static const char *org;

static const char *given_rule(const char *body)
{
    return value("SELECT create_rule('key:1', '%s', $b$%s$b$) ->> 'id'", org, body);
}

static void change(const char *actor, const char *rule, const char *body)
{
    run("SELECT change_rule('%s', '%s', '%s', $b$%s$b$)", actor, org, rule, body);
}

static const char *versions_of(const char *rule)
{
    return rows(
        "SELECT v ->> 'version', v ->> 'is_current', v -> 'rule' ->> 'pattern', v -> 'rule' ->> "
        "'reply', "
        "v ->> 'changed_by' "
        "FROM json_array_elements(list_rule_versions('%s', '%s', 1000, 10) -> 'versions') v",
        org, rule);
}

Test(rule_versions, each_change_keeps_what_was_with_who_and_when)
{
    org = given_org_with_channel("1.00");
    const char *rule =
        given_rule("{\"match_kind\": \"exact\", \"pattern\": \"hi\", \"reply\": \"Hello\"}");
    change("key:2", rule, "{\"reply\": \"Good day\"}");
    change("operator:anna", rule, "{\"pattern\": \"hey\", \"daily_spend_cap\": \"2.50\"}");
    assert_rows(versions_of(rule), "3, true, hey, Good day, operator:anna",
                "2, false, hi, Good day, key:2", "1, false, hi, Hello, key:1");
    assert_rows(rows("SELECT r ->> 'version', r ->> 'changed_by', r ->> 'daily_spend_cap', "
                     "(r ->> 'changed_at')::timestamptz > now() - interval '1 minute' FROM "
                     "get_rule('%s', '%s') r",
                     org, rule),
                "3, operator:anna, 2.50, t");
    assert_rows(rows("SELECT v -> 'rule' ->> 'daily_spend_cap', v ->> 'is_current' "
                     "FROM get_rule_version('%s', '%s', 2) v",
                     org, rule),
                "null, false");
    assert_told("not_found", "", "SELECT get_rule_version('%s', '%s', 4)", org, rule);
    // A page at a time.
    assert_rows(rows("SELECT p ->> 'next_before', p #>> '{versions,0,version}' "
                     "FROM list_rule_versions('%s', '%s', 3, 1) p",
                     org, rule),
                "2, 2");
}

Test(rule_versions, what_changes_nothing_and_what_a_worker_finds_are_none)
{
    org = given_org_with_channel("1.00");
    const char *rule = given_rule("{\"match_kind\": \"any\", \"reply\": \"Hello\"}");
    change("key:2", rule, "{\"reply\": \"Hello\", \"priority\": 7}");
    run("UPDATE automation_rules SET state = 'good'");
    assert_rows(versions_of(rule), "1, true, , Hello, key:1");
    // Nor can anybody say which version it is.
    run("UPDATE automation_rules SET version = 9, changed_by = 'nobody'");
    assert_rows(versions_of(rule), "1, true, , Hello, key:1");
}

Test(rule_versions, never_change_or_go)
{
    org = given_org_with_channel("1.00");
    (void)given_rule("{\"match_kind\": \"any\", \"reply\": \"Hello\"}");
    assert_refused(RESTRICT_VIOLATION, "UPDATE rule_versions SET changed_by = 'x'");
    assert_refused(RESTRICT_VIOLATION, "DELETE FROM rule_versions");
}

Test(rule_versions, an_old_one_is_restored_as_a_new_one)
{
    org = given_org_with_channel("1.00");
    const char *rule =
        given_rule("{\"match_kind\": \"exact\", \"pattern\": \"hi\", \"reply\": \"Hello\"}");
    change("key:2", rule, "{\"pattern\": \"hey\", \"priority\": 7, \"daily_cap\": 3}");
    run("UPDATE automation_rules SET state = 'good'");
    assert_rows(rows("SELECT r ->> 'version', r ->> 'pattern', r ->> 'daily_cap', r ->> "
                     "'priority', r ->> 'state', "
                     "r ->> 'changed_by' FROM restore_rule('key:3', '%s', '%s', 1) r",
                     org, rule),
                "3, hi, null, 7, unchecked, key:3"); // its place is no part of it
    assert_rows(versions_of(rule), "3, true, hi, Hello, key:3", "2, false, hey, Hello, key:2",
                "1, false, hi, Hello, key:1");
    assert_told("not_found", "", "SELECT restore_rule('key:3', '%s', '%s', 4)", org, rule);
    assert_told("not_found", "", "SELECT restore_rule('key:3', '%s', '%s', 1)", given_org(), rule);
}

Test(rule_versions, of_a_rule_that_was_deleted_stay_and_bring_it_back)
{
    org = given_org_with_channel("1.00");
    const char *rule =
        given_rule("{\"match_kind\": \"exact\", \"pattern\": \"hi\", \"reply\": \"Hello\"}");
    run("SELECT delete_rule('key:2', '%s', '%s')", org, rule);
    assert_rows(versions_of(rule), "1, false, hi, Hello, key:1");
    assert_told("not_found", "", "SELECT get_rule('%s', '%s')", org, rule);
    assert_rows(
        rows(
            "SELECT r ->> 'id' = '%s', r ->> 'version' FROM restore_rule('key:3', '%s', '%s', 1) r",
            rule, org, rule),
        "t, 2");
    assert_rows(versions_of(rule), "2, true, hi, Hello, key:3", "1, false, hi, Hello, key:1");
}

Test(rule_versions, a_reply_and_what_is_skipped_name_theirs)
{
    org = given_org_with_channel("1.00");
    const char *rule = given_rule("{\"match_kind\": \"any\", \"reply\": \"Hello\"}");
    change("key:1", rule, "{\"reply\": \"Hi\"}");
    change("key:1", rule, "{\"reply\": \"Hey\"}");
    const char *one = given_inbound(.org = org);
    const char *two = given_inbound(.org = org, .wamid = "wamid.two");
    const char *reply = new_id();
    // A worker that has read version 2 has answered by it; one of the version before does not say.
    run("SELECT accept_replies('{%s,%s}', '{%s,%s}', '{%s,%s}', '{%s,%s}', '{text,text}', "
        "'{\"{}\",NULL}', "
        "'{NULL,invalid_reply}', '{2,NULL}')",
        org, org, one, two, rule, rule, reply, new_id());
    run("SELECT delete_rule('key:2', '%s', '%s')", org, rule);
    assert_rows(
        rows("SELECT d -> 'auto_reply' ->> 'rule_id' = '%s', d -> 'auto_reply' ->> 'rule_version', "
             "d ->> 'answers' FROM (SELECT document AS d FROM get_message('%s', '%s')) m",
             rule, org, one),
        "t, 2, null");
    assert_rows(rows("SELECT d #>> '{auto_reply,rule_version}' "
                     "FROM (SELECT document AS d FROM get_message('%s', '%s')) m",
                     org, two),
                "3");
    assert_rows(
        rows("SELECT d #>> '{answers,message_id}' = '%s', d #>> '{answers,rule_id}' = '%s', "
             "d #>> '{answers,rule_version}', d ->> 'auto_reply' "
             "FROM (SELECT document AS d FROM get_message('%s', '%s')) m",
             one, rule, org, reply),
        "t, t, 2, null");
}

// The order in which rules are tried, by their patterns.
static const char *order(void)
{
    return value("SELECT string_agg(r ->> 'pattern', ' ') "
                 "FROM json_array_elements(list_own_rules('%s', NULL, 100) -> 'rules') r",
                 org);
}

static void move(const char *pattern, const char *where)
{
    run("SELECT move_rule('key:1', '%s', (SELECT id FROM automation_rules WHERE pattern = '%s'), "
        "$b$%s$b$)",
        org, pattern, where);
}

static const char *id_of(const char *pattern)
{
    return value("SELECT id FROM automation_rules WHERE pattern = '%s'", pattern);
}

Test(rule_versions, rules_are_moved_and_stay_what_they_are)
{
    org = given_org_with_channel("1.00");
    for (int i = 0; i < 5; i++)
        (void)given_rule(
            text("{\"match_kind\": \"exact\", \"pattern\": \"%c\", \"reply\": \"x\"}", 'a' + i));
    cr_assert_str_eq(order(), "a b c d e");
    move("d", "{\"place\": \"first\"}");
    cr_assert_str_eq(order(), "d a b c e");
    move("d", "{\"place\": \"last\"}");
    cr_assert_str_eq(order(), "a b c e d");
    move("a", text("{\"after\": \"%s\"}", id_of("c")));
    cr_assert_str_eq(order(), "b c a e d");
    move("d", text("{\"before\": \"%s\"}", id_of("b")));
    cr_assert_str_eq(order(), "d b c a e");
    for (int i = 0; i < 40; i++) // until there is no room between their priorities, and on
        move(i % 2 ? "e" : "a", text("{\"after\": \"%s\"}", id_of("d")));
    cr_assert_str_eq(order(), "d e a b c");
    assert_rows(rows("SELECT max(version), min(priority) >= 0 FROM automation_rules"), "1, t");
    assert_told("not_found", "after",
                "SELECT move_rule('key:1', '%s', '%s', '{\"after\": \"%s\"}')", org, id_of("a"),
                id_of("a"));
    assert_told("invalid_field", "place", "SELECT move_rule('key:1', '%s', '%s', '{}')", org,
                id_of("a"));
}

Test(rule_versions, rules_come_in_the_order_in_which_they_are_tried)
{
    org = given_org_with_channel("1.00");
    for (int i = 0; i < 3; i++)
        (void)given_rule(text(
            "{\"match_kind\": \"exact\", \"pattern\": \"%c\", \"reply\": \"x\", \"priority\": %d}",
            'a' + i, 9 - i));
    assert_rows(rows("SELECT r ->> 'pattern' FROM json_array_elements(list_own_rules('%s', NULL, "
                     "2) -> 'rules') r",
                     org),
                "c", "b");
    assert_rows(rows("SELECT r ->> 'pattern' FROM json_array_elements(list_own_rules('%s', "
                     "(list_own_rules('%s', NULL, 2) ->> 'next_before')::uuid, 2) -> 'rules') r",
                     org, org),
                "a");
}

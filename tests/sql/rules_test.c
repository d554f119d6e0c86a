// Automation rules: what is refused as they are written, and what a worker keeps of having checked
// the rest.

#include "common/limits.h"
#include "common/store/rules.h"
#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(rules, .init = database_create, .fini = database_drop);

static const char *org;

// Its SQL for a rule of org's, with that reply.
static const char *insert(const char *reply)
{
    return text("INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', 'any', "
                "$rule$%s$rule$)",
                org, reply);
}

static const char *written(const char *reply)
{
    run("DELETE FROM automation_rules");
    run("%s", insert(reply));
    return value("SELECT reply FROM automation_rules");
}

Test(rules, a_reply_is_a_plain_text_or_json)
{
    org = given_org_with_channel("1.00");
    static const char *const cases[][2] = {
        {"Welcome!", "\"Welcome!\""},
        {"\"Welcome, {name}!\"", "\"Welcome, {name}!\""},
        {"{name}, welcome", "\"{name}, welcome\""},
        {"Two\nlines \"and\" more\\", "\"Two\\nlines \\\"and\\\" more\\\\\""},
        {"\"Hello\" is our word", "\"\\\"Hello\\\" is our word\""},
        {"7", "\"7\""},
        {"true", "\"true\""},
        {"[closed]", "\"[closed]\""},
        {"{\"type\": \"text\", \"text\": {\"body\": \"{name|you}\"}}",
         "{\"type\": \"text\", \"text\": {\"body\": \"{name|you}\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(written(cases[i][0]), cases[i][1], "%s", cases[i][0]);
}

Test(rules, what_looks_like_json_and_is_none_is_refused)
{
    org = given_org_with_channel("1.00");
    static const char *const cases[] = {
        "{\"type\": \"text\"",
        "{}}",
        "[\"a\", \"b\"",
        "\"one\ntwo\"",
        "[1]",
        "[{\"a\": 1}]",
        "null",
        "",
        "  ",
        "\"\"",
        "\" \\n\"",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(strlen(refusal("%s", insert(cases[i]))) == 5, "%s", cases[i]);
    cr_assert_str_eq(number_of("automation_rules"), "0");
}

Test(rules, a_placeholder_that_stands_for_nothing_is_refused)
{
    org = given_org_with_channel("1.00");
    static const char *const bad[] = {
        "Hi {firstname}",
        "\"Hi {Name}\"",
        "Hi { name }",
        "Hi {name|}",
        "Hi {{name}}",
        "Hi {{1}}",
        "{1}",
        "{phone|none}",
        "{\"type\": \"text\", \"text\": {\"body\": \"Hi {first_name|you}\"}}",
    };
    static const char *const good[] = {
        "{name} {name|my \"friend\"}",
        "a { } {?} {\"a\" {name",
        "{ \"type\": \"image\", \"image\": { \"id\": \"1\", \"caption\": \"{name}\" } }",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_str_eq(refusal("%s", insert(bad[i])), "23514", "%s", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        run("%s", insert(good[i]));
    cr_expect_str_eq(refusal("UPDATE automation_rules SET reply = 'Hi {you}'"), "23514");
}

// Takes what is to be checked and keeps that the rules are good, or refused for `fault`.
static void check_all(const char *part, const char *fault)
{
    run("SELECT keep_rule_verdicts(array_agg(org_id), array_agg(id), array_agg(%s::text), "
        "array_agg(%s::text)) FROM take_rules_to_check(64)",
        part ? text("'%s'", part) : "NULL", fault ? text("'%s'", fault) : "NULL");
}

static const char *states(void)
{
    return rows("SELECT state, refused_for FROM automation_rules ORDER BY created_at, id");
}

static const char *alerts(void)
{
    return rows(
        "SELECT kind, outcome, message, rule_id IS NOT NULL, channel_id, resolved_at IS NOT "
        "NULL FROM alerts ORDER BY id");
}

// Its caller finishes all of a rule, of which not all is asked for.
Test(rules, that_are_taken_can_be_finished_wherever_they_were_put)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    struct tg_pg *pg = tg_pg_create(database_conninfo(), "tests");
    struct tg_rule rules[2];
    size_t n = 0;
    memset(rules, 0x5a, sizeof rules);
    cr_assert_eq(tg_store_take_rules_to_check(pg, 2, rules, &n), TG_PG_OK);
    cr_expect_eq(n, 1);
    cr_expect_str_eq(rules[0].reply.data, "\"Welcome\"");
    cr_expect_null(rules[0].hours.data);
    tg_pg_destroy(pg);
    tg_rule_finish(&rules[0]);
}

Test(rules, are_tried_once_they_are_checked)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    assert_rows(states(), "unchecked, null");
    assert_rows(rows("SELECT match_kind, reply, is_former FROM take_rules_to_check(64)"),
                "any, \"Welcome\", f");
    check_all(NULL, NULL);
    assert_rows(states(), "good, null");
    assert_no_rows(rows("SELECT id FROM take_rules_to_check(64)"));
    run("UPDATE automation_rules SET priority = 7, cooldown_s = 1, reply = '\"Welcome\"'");
    assert_rows(states(), "good, null");
    run("UPDATE automation_rules SET reply = 'Welcome!'");
    assert_rows(states(), "unchecked, null");
    cr_assert_str_eq(number_of("alerts"), "0");
}

Test(rules, are_as_many_as_a_worker_reads)
{
    org = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, match_kind, reply) SELECT '%s', 'any', 'hi' FROM "
        "generate_series(1, %d)",
        org, TG_RULES_MAX);
    cr_assert_str_eq(refusal("%s", insert("hi")), "23514");
    run("UPDATE automation_rules SET active = false WHERE id = (SELECT min(id::text)::uuid FROM "
        "automation_rules)");
    run("%s", insert("hi"));
    cr_assert_str_eq(refusal("UPDATE automation_rules SET active = true"), "23514");
}

Test(rules, that_cannot_work_are_told_of_until_they_are_mended)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    check_all("reply.text.body", "is bad");
    assert_rows(states(), "refused, reply.text.body: is bad");
    assert_rows(alerts(), "rule_refused, reply.text.body, is bad, t, null, f");
    assert_no_rows(rows("SELECT id FROM list_rules('%s')", org));
    run("UPDATE automation_rules SET reply = 'Welcome!'");
    assert_rows(states(), "unchecked, null");
    assert_rows(alerts(), "rule_refused, reply.text.body, is bad, t, null, t");
    check_all("pattern", "is bad");
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "1");
    run("UPDATE automation_rules SET active = false");
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "0");
    assert_no_rows(rows("SELECT id FROM take_rules_to_check(64)"));
    run("UPDATE automation_rules SET active = true");
    check_all("pattern", "is bad");
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "1");
    run("DELETE FROM automation_rules");
    cr_assert_str_eq(number_of("alerts"), "0");
}

Test(rules, that_nobody_checks_are_told_of)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    cr_assert_str_eq(value("SELECT alert_unchecked_rules(5)"), "0");
    run("UPDATE automation_rules SET written_at = now() - interval '6 seconds'");
    cr_assert_str_eq(value("SELECT alert_unchecked_rules(5)"), "1");
    cr_assert_str_eq(value("SELECT alert_unchecked_rules(5)"), "0");
    assert_rows(rows("SELECT kind, outcome, resolved_at FROM alerts"),
                "rule_unchecked, state, null");
    check_all(NULL, NULL);
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "0");
    run("UPDATE automation_rules SET written_at = now() - interval '6 seconds'");
    cr_assert_str_eq(value("SELECT alert_unchecked_rules(5)"), "0");
}

Test(rules, that_fail_later_are_told_of_once)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    check_all(NULL, NULL);
    const char *rule = value("SELECT id FROM automation_rules");
    for (int i = 0; i < 2; i++)
        run("SELECT raise_rule_alerts('{%s,%s}', '{%s,%s}', '{rule_failed,rule_failed}', "
            "'{pattern,pattern}', '{costs,costs}')",
            org, org, rule, rule);
    assert_rows(alerts(), "rule_failed, pattern, costs, t, null, f");
    assert_rows(states(), "good, null");
    run("DELETE FROM automation_rules");
    run("SELECT raise_rule_alerts('{%s}', '{%s}', '{rule_failed}', '{pattern}', '{costs}')", org,
        rule);
    cr_assert_str_eq(number_of("alerts"), "0");
}

// Who checks never waits for who writes, and so never makes anybody wait for ever.
Test(rules, that_somebody_is_changing_are_let_alone)
{
    org = given_org_with_channel("1.00");
    run("%s", insert("Welcome"));
    assert_no_rows(meanwhile(insert("Welcome back"), "SELECT id FROM take_rules_to_check(64)"));
    assert_rows(rows("SELECT count(*) FROM take_rules_to_check(64)"), "2");
}

Test(rules, words_are_listed_by_their_orgs)
{
    org = given_org_with_channel("1.00");
    run("UPDATE organizations SET opt_out_words = '{Stop,no more}', opt_in_words = '{}'");
    assert_rows(rows("SELECT replace(opt_out, E'\\n', '|'), opt_in, words_id IS NOT NULL FROM "
                     "list_words('{%s,%s,%s}')",
                     org, new_id(), org),
                "Stop|no more, , t", "null, null, f", "Stop|no more, , t");
    run("UPDATE organizations SET opt_out_words = array_fill('w'::text, '{1000}')");
    cr_assert_str_eq(value("SELECT length(opt_out) FROM list_words('{%s}')", org), "199");
}

Test(rules, orgs_with_the_same_words_have_the_same_name_for_them)
{
    org = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *const same = "SELECT count(DISTINCT words_id) FROM organizations";
    cr_assert_str_eq(value("%s", same), "1");
    run("UPDATE organizations SET opt_out_words = '{Ende}' WHERE id = '%s'", org);
    cr_assert_str_eq(value("%s", same), "2");
    run("UPDATE organizations SET opt_out_words = '{Ende}' WHERE id = '%s'", beta);
    cr_assert_str_eq(value("%s", same), "1");
    run("UPDATE organizations SET opt_in_words = opt_out_words, opt_out_words = opt_in_words "
        "WHERE id = '%s'",
        beta);
    cr_assert_str_eq(value("%s", same), "2");
    cr_assert_str_eq(
        value("SELECT words_id = (SELECT words_id FROM receive_messages('{%s}', "
              "'{%s}', '{w}', '{919876543210}', '{NULL}', '{NULL}', '{NULL}', "
              "'{text}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{\"{}\"}', "
              "'{1}', p_words_later => true)) FROM organizations WHERE id = '%s'",
              new_id(), number_of_org(org), org),
        "t");
}

// What is known of templates, from looks and from webhooks (sql/core/templates.sql); and what
// becomes of sends that Meta would refuse for theirs (organizations.template_check).

#include "tests/sql/givens.h"

#include <stdio.h>
#include <string.h>

TestSuite(templates, .init = database_create, .fini = database_drop);

#define LOOK "'00000000-0000-4000-8000-000000000001'"
#define OTHER_LOOK "'00000000-0000-4000-8000-000000000002'"
#define ID "1689556908129832"

static const char *acme;

// An org with a number of account 1004.
static const char *given_number(const char *org, const char *phone_number_id)
{
    const char *channel = given_channel(.org = org, .phone_number_id = phone_number_id);
    run("UPDATE channels SET waba_id = '1004' WHERE id = '%s'", channel);
    return channel;
}

static const char *given_acme(void)
{
    acme = given_org(.balance = "10.00");
    return given_number(acme, "4711");
}

// Rows of the accounts that were claimed.
static const char *claim_looks(const char *look)
{
    return rows("SELECT waba_id, access_token FROM claim_template_looks(%s, 4, 60, 120, 3600) "
                "ORDER BY 1",
                look);
}

static void make_due_again(void)
{
    run("UPDATE template_accounts SET due_at = now(), asked_at = asked_at - interval '10 minutes'");
}

static const char *keep(const char *look, const char *org, const char *templates)
{
    return value("SELECT keep_templates_of(%s, '%s', '1004', '%s')", look, org, templates);
}

static void record(const char *look, const char *org, const char *ids, const char *code,
                   const char *retry_after_s)
{
    (void)value("SELECT record_template_looks(%s, 3600, ARRAY['%s'::uuid], '{1004}', ARRAY[%s], "
                "ARRAY[%s], ARRAY[%s], '{%s}')",
                look, org, ids, code, code, retry_after_s);
}

#define BODY(text) "[{\"type\": \"BODY\", \"text\": \"" text "\"}]"
#define TEMPLATE(id, name, status, components)                                                     \
    "{\"id\": \"" id "\", \"name\": \"" name "\", \"language\": \"en_US\", \"status\": \"" status  \
    "\", \"category\": \"UTILITY\", \"components\": " components "}"

// Meta's whole list is that, of one template.
static void given_templates(const char *org, const char *templates)
{
    make_due_again();
    (void)claim_looks(LOOK);
    cr_assert_str_eq(keep(LOOK, org, text("[%s]", templates)), "t");
    record(
        LOOK, org,
        text("(SELECT json_agg(t ->> 'id') FROM json_array_elements('[%s]') t)::text", templates),
        "NULL", "0");
}

// Meta says that of account 1004, so many seconds ago; below zero: it will.
static void tell(const char *event, long ago_s, const char *members)
{
    run("SELECT record_account_notices('{NULL}', '{1004}', ARRAY[extract(epoch FROM "
        "clock_timestamp())::bigint - %ld], '{message_template_status_update}', "
        "ARRAY['{\"message_template_id\": " ID ", \"message_template_name\": \"shipped\", "
        "\"message_template_language\": \"en_US\"%s}'], ARRAY[nullif('%s', '')])",
        ago_s, members, event);
    (void)value("SELECT follow_notices(100)");
}

static const char *known(const char *column)
{
    return value("SELECT coalesce((SELECT %s::text FROM templates WHERE id = '" ID "'), 'nothing')",
                 column);
}

Test(templates, an_account_is_claimed_once_and_again_when_its_lease_is_over)
{
    (void)given_acme();
    (void)given_number(acme, "4712");
    assert_rows(claim_looks(LOOK), "1004, token");
    assert_no_rows(claim_looks(OTHER_LOOK));
    run("UPDATE template_accounts SET due_at = now()");
    assert_no_rows(claim_looks(OTHER_LOOK)); // not within a minute
    make_due_again();
    assert_rows(claim_looks(OTHER_LOOK), "1004, token");
    cr_assert_str_eq(keep(LOOK, acme, "[]"), "f"); // it was given up
}

Test(templates, an_account_of_two_orgs_or_of_a_suspended_one_is_not_looked_at)
{
    (void)given_acme();
    const char *beta = given_org(.name = "Beta");
    const char *channel = given_number(beta, "4712");
    assert_no_rows(claim_looks(LOOK));
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    make_due_again();
    run("UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme);
    assert_no_rows(claim_looks(LOOK));
    run("UPDATE organizations SET status = 'active' WHERE id = '%s'", acme);
    assert_rows(claim_looks(LOOK), "1004, token");
}

Test(templates, are_as_the_newest_list_says_and_gone_with_it)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "PENDING", BODY("Hi {{1}}")) "," TEMPLATE(
                              "77", "news", "APPROVED", BODY("Hi")));
    assert_rows(rows("SELECT id, name, language, status, category, parameter_format, wants FROM "
                     "templates ORDER BY n"),
                ID ", shipped, en_US, PENDING, UTILITY, POSITIONAL, {\"body 1\"}",
                "77, news, en_US, APPROVED, UTILITY, POSITIONAL, {}");
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi {{name}}")));
    assert_rows(rows("SELECT id, status, parameter_format, wants FROM templates"),
                ID ", APPROVED, NAMED, {\"body name\"}");
    assert_rows(rows("SELECT looked_at = asked_at, error_code, look_id, due_at BETWEEN now() + "
                     "interval '50 minutes' AND now() + interval '70 minutes' FROM "
                     "template_accounts"),
                "t, null, null, t");
}

Test(templates, what_is_as_before_is_not_written_again)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    const char *before = value("SELECT xmin FROM templates");
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    cr_assert_str_eq(value("SELECT xmin FROM templates"), before);
}

Test(templates, of_a_list_that_is_not_whole_nothing_is_gone)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    make_due_again();
    (void)claim_looks(LOOK);
    (void)keep(LOOK, acme, "[" TEMPLATE("77", "news", "APPROVED", BODY("Hi")) "]");
    record(LOOK, acme, "NULL", "'190'", "0");
    cr_assert_str_eq(number_of("templates"), "2");
    assert_rows(rows("SELECT error_code, failures, failed_at = asked_at, looked_at < asked_at, "
                     "due_at < now() + interval '6 minutes' FROM template_accounts"),
                "190, 1, t, t, t");
}

Test(templates, meta_is_let_alone_for_as_long_as_it_asks)
{
    (void)given_acme();
    (void)claim_looks(LOOK);
    record(LOOK, acme, "NULL", "'4'", "7200");
    assert_rows(rows("SELECT due_at BETWEEN now() + interval '119 minutes' AND now() + interval "
                     "'121 minutes' FROM template_accounts"),
                "t");
}

Test(templates, what_is_no_template_of_metas_is_left_out)
{
    (void)given_acme();
    given_templates(
        acme, TEMPLATE(ID, "shipped", "APPROVED",
                       "null") ", 5, {}, {\"id\": \"x\", "
                               "\"name\": \"a\", \"language\": \"en\", \"status\": \"APPROVED\"}");
    assert_rows(rows("SELECT id, wants FROM templates"), ID ", null");
}

Test(templates, of_a_look_and_a_notice_the_newer_word_counts)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    tell("PAUSED", 600, ", \"event\": \"PAUSED\"");
    cr_assert_str_eq(known("status"), "APPROVED");
    tell("PAUSED", -5,
         ", \"event\": \"PAUSED\", \"reason\": \"NONE\", \"other_info\": {\"title\": "
         "\"FIRST_PAUSE\", \"description\": \"For 3 hours.\"}");
    assert_rows(rows("SELECT status, reason, reason_says FROM templates"),
                "PAUSED, FIRST_PAUSE, For 3 hours.");
    // A look that began before.
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    cr_assert_str_eq(known("status"), "PAUSED");
    cr_assert_str_eq(value("SELECT due_at > now() + interval '50 minutes' FROM template_accounts"),
                     "t");
    tell("APPROVED", -7, ", \"event\": \"APPROVED\"");
    assert_rows(rows("SELECT status, reason, reason_says FROM templates"), "APPROVED, null, null");
    cr_assert_str_eq(value("SELECT due_at < now() + interval '2 minutes' FROM template_accounts"),
                     "t");
}

Test(templates, notices_tell_what_they_tell_whatever_their_field_is)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    tell("", -1, ", \"previous_quality_score\": \"GREEN\", \"new_quality_score\": \"RED\"");
    cr_assert_str_eq(known("quality"), "RED");
    tell("", -1, ", \"new_category\": \"UTILITY\", \"correct_category\": \"MARKETING\"");
    cr_assert_str_eq(known("category"), "UTILITY"); // it will, in a day
    tell("", -1, ", \"previous_category\": \"UTILITY\", \"new_category\": \"MARKETING\"");
    cr_assert_str_eq(known("category"), "MARKETING");
    tell("REJECTED", -2,
         ", \"event\": \"REJECTED\", \"reason\": \"INVALID_FORMAT\", \"rejection_info\": "
         "{\"reason\": \"No text between.\", \"recommendation\": \"Put some.\"}");
    assert_rows(rows("SELECT status, reason, reason_says FROM templates"),
                "REJECTED, INVALID_FORMAT, No text between. Put some.");
    tell("FLAGGED", -3, ", \"event\": \"FLAGGED\"");
    cr_assert_str_eq(known("status"), "REJECTED");
}

Test(templates, one_that_was_made_elsewhere_is_known_by_its_notice)
{
    (void)given_acme();
    tell("DELETED", 5, ", \"event\": \"DELETED\"");
    tell("", 5, ", \"new_quality_score\": \"RED\"");
    cr_assert_str_eq(known("status"), "nothing");
    tell("APPROVED", 5, ", \"event\": \"APPROVED\", \"message_template_category\": \"MARKETING\"");
    assert_rows(rows("SELECT waba_id, name, language, status, category, components, wants FROM "
                     "templates"),
                "1004, shipped, en_US, APPROVED, MARKETING, null, null");
}

Test(templates, notices_of_an_account_of_nobodys_or_of_anothers_change_nothing)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    run("SELECT record_account_notices('{NULL}', '{9999}', ARRAY[extract(epoch FROM "
        "clock_timestamp())::bigint + 5], '{x}', ARRAY['{\"message_template_id\": " ID
        ", \"event\": \"PAUSED\"}'], '{PAUSED}')");
    (void)value("SELECT follow_notices(100)");
    cr_assert_str_eq(known("status"), "APPROVED");
    cr_assert_str_eq(value("SELECT bool_or(pending) FROM account_notices"), "f");
}

Test(templates, nothing_is_known_any_more_of_an_account_that_is_given_up)
{
    const char *channel = given_acme();
    const char *second = given_number(acme, "4712");
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    cr_assert_str_eq(number_of("templates"), "1");
    run("UPDATE channels SET waba_id = '1005' WHERE id = '%s'", second);
    cr_assert_str_eq(number_of("templates"), "0");
    assert_rows(rows("SELECT waba_id FROM template_accounts"), "1005");
}

Test(templates, a_new_token_has_the_account_looked_at)
{
    const char *channel = given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    run("UPDATE channels SET access_token = 'new' WHERE id = '%s'", channel);
    cr_assert_str_eq(value("SELECT due_at <= clock_timestamp() FROM template_accounts"), "t");
}

Test(templates, another_status_is_told_to_who_asks)
{
    (void)given_acme();
    run("SELECT set_event_wishes('%s', '{template.*}')", acme);
    given_templates(acme, TEMPLATE(ID, "shipped", "PENDING", BODY("Hi")));
    cr_assert_str_eq(number_of("events"), "0");
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    tell("PAUSED", -5, ", \"event\": \"PAUSED\", \"other_info\": {\"title\": \"FIRST_PAUSE\"}");
    tell("PAUSED", -6, ", \"event\": \"PAUSED\"");
    given_templates(acme, TEMPLATE("77", "news", "APPROVED", BODY("Hi")));
    run("UPDATE templates SET seen_at = seen_at - interval '1 hour'");
    given_templates(acme, TEMPLATE("77", "news", "APPROVED", BODY("Hi")));
    assert_rows(rows("SELECT type, data ->> 'template_id', data ->> 'former_status', data ->> "
                     "'status', data ->> 'reason' FROM events ORDER BY xact, id"),
                "template.status, " ID ", PENDING, APPROVED, null",
                "template.status, " ID ", APPROVED, PAUSED, FIRST_PAUSE",
                "template.status, " ID ", PAUSED, DELETED, null");
}

static void expect_wants(const char *components, const char *wants)
{
    cr_expect_str_eq(value("SELECT coalesce(array_to_string(template_wants('%s', "
                           "parameter_format_of(NULL, '%s') = 'NAMED'), ', '), 'null')",
                           components, components),
                     wants, "%s", components);
}

#define BUTTONS(of) "{\"type\": \"BUTTONS\", \"buttons\": [" of "]}"
#define HI "{\"type\": \"BODY\", \"text\": \"Hi\"}"

Test(templates, what_a_message_must_bring_is_read_from_components)
{
    expect_wants(BODY("Hi"), "");
    expect_wants(BODY("Hi {{1}}, {{2}}, {{1}}"), "body 2");
    expect_wants(BODY("Hi {{ first_name }}, {{order}}"), "body first_name, body order");
    expect_wants("[{\"type\": \"HEADER\", \"format\": \"IMAGE\"}, " HI "]", "header image");
    expect_wants("[{\"type\": \"HEADER\", \"format\": \"TEXT\", \"text\": \"{{1}}\"}, " HI
                 ", {\"type\": \"FOOTER\", \"text\": \"{{1}}\"}]",
                 "header 1");
    expect_wants("[" HI ", " BUTTONS(
                     "{\"type\": \"QUICK_REPLY\", \"text\": \"No\"}, {\"type\": \"URL\", \"url\": "
                     "\"https://a.example/{{1}}\"}, {\"type\": \"COPY_CODE\"}, {\"type\": \"URL\", "
                     "\"url\": \"https://a.example/\"}") "]",
                 "button 1 url, button 2 copy_code");
    expect_wants("[" HI ", " BUTTONS("{\"type\": \"OTP\"}") "]", "null");
    expect_wants("[{\"type\": \"BODY\", \"add_security_recommendation\": true}]", "null");
    expect_wants("[" HI ", {\"type\": \"CAROUSEL\"}]", "null");
    expect_wants("[{\"type\": \"HEADER\", \"format\": \"GIF\"}, " HI "]", "null");
    expect_wants("[" HI ", 5]", "null");
    expect_wants("[]", "null");
    expect_wants("\"Hi\"", "null");
}

static void expect_gives(const char *components, const char *named, const char *gives)
{
    cr_expect_str_eq(
        value("SELECT array_to_string(template_gives('%s', %s), ', ')", components, named), gives,
        "%s", components);
}

Test(templates, what_a_message_brings_is_read_from_its_components)
{
    expect_gives("[]", "false", "");
    expect_gives("\"?\"", "false", "");
    expect_gives("[{\"type\": \"body\", \"parameters\": [{\"type\": \"text\", \"text\": \"A\"}, "
                 "{\"type\": \"currency\"}]}]",
                 "false", "body 2");
    expect_gives("[{\"type\": \"BODY\", \"parameters\": [{\"type\": \"text\", \"parameter_name\": "
                 "\"b\"}, {\"type\": \"text\", \"parameter_name\": \"a\"}]}]",
                 "true", "body a, body b");
    expect_gives("[{\"type\": \"header\", \"parameters\": [{\"type\": \"image\"}]}]", "false",
                 "header image");
    expect_gives("[{\"type\": \"header\", \"parameters\": [{\"type\": \"text\"}]}, {\"type\": "
                 "\"body\", \"parameters\": []}]",
                 "false", "header 1");
    expect_gives("[{\"type\": \"button\", \"sub_type\": \"url\", \"index\": 1, \"parameters\": "
                 "[{\"type\": \"text\", \"text\": \"x\"}]}, {\"type\": \"button\", \"sub_type\": "
                 "\"quick_reply\", \"index\": \"0\", \"parameters\": [{\"type\": \"payload\"}]}, "
                 "{\"type\": \"button\", \"sub_type\": \"COPY_CODE\", \"index\": \"2\", "
                 "\"parameters\": [{\"type\": \"coupon_code\"}]}]",
                 "false", "button 1 url, button 2 copy_code");
}

// As ingress reads it.
static const char *listed(const char *org, const char *find, const char *path)
{
    return value("SELECT coalesce(list_templates('%s', '%s', 9999999, 2) #>> '{%s}', 'null')", org,
                 find, path);
}

Test(templates, are_listed_for_their_org_alone_as_it_asks)
{
    const char *channel = given_acme();
    const char *beta = given_org(.name = "Beta");
    const char *other = given_channel(.org = beta);
    given_templates(acme, TEMPLATE("77", "news", "PAUSED", BODY("Hi")) "," TEMPLATE(
                              ID, "shipped", "APPROVED",
                              BODY("Hi {{1}}")) "," TEMPLATE("79", "gone", "APPROVED", BODY("Hi")));
    run("UPDATE templates SET status = 'DELETED' WHERE id = '79'");
    cr_expect_str_eq(listed(acme, "{}", "templates,0,id"), "77"); // (a page is kept by its ids)
    cr_expect_str_eq(listed(acme, "{}", "templates,1,parameters"), "[\"body 1\"]");
    cr_expect_str_eq(listed(acme, "{}", "templates,2"), "null");
    cr_expect_str_eq(listed(acme, "{}", "next_before"), "null");
    cr_expect_str_eq(listed(acme, "{}", "accounts,0,waba_id"), "1004");
    cr_expect_str_eq(listed(acme, "{\"status\": \"PAUSED\"}", "templates,0,name"), "news");
    cr_expect_str_eq(listed(acme, "{\"status\": \"PAUSED\"}", "templates,1"), "null");
    cr_expect_str_eq(listed(acme, "{\"name\": \"none\"}", "templates,0"), "null");
    cr_expect_str_eq(listed(acme, text("{\"channel_id\": \"%s\"}", channel), "templates,0,id"),
                     "77");
    cr_expect_str_eq(listed(beta, "{}", "templates,0"), "null");
    cr_expect_str_eq(listed(beta, text("{\"channel_id\": \"%s\"}", other), "templates,0"), "null");
    cr_expect_str_eq(value("SELECT get_template('%s', '" ID "') ->> 'name'", acme), "shipped");
}

Test(templates, of_the_next_page_stand_behind_the_cursor)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE("77", "a", "APPROVED", BODY("Hi")) "," TEMPLATE(
                              "78", "b", "APPROVED", BODY("Hi")) "," TEMPLATE("79", "c", "APPROVED",
                                                                              BODY("Hi")));
    const char *next = listed(acme, "{}", "next_before");
    cr_assert_str_eq(value("SELECT string_agg(t ->> 'id', ' ') FROM json_array_elements("
                           "list_templates('%s', '{}', 9999999, 2) -> 'templates') t",
                           acme),
                     "79 78");
    assert_rows(rows("SELECT l ->> 'next_before', l #>> '{templates,0,id}', l #>> '{templates,1}' "
                     "FROM list_templates('%s', '{}', %s, 2) l",
                     acme, next),
                "null, 77, null");
}

#define NEW "{\"name\": \"shipped\", \"language\": \"en_US\", \"category\": \"UTILITY\", "
#define MADE "{\"id\": \"" ID "\", \"status\": \"PENDING\", \"category\": \"MARKETING\"}"

static const char *make(const char *org, const char *components, const char *answer)
{
    return value("SELECT keep_new_template('key:x', '%s', '1004', '" NEW "\"components\": %s}', "
                 "'%s') ->> 'status'",
                 org, components, answer);
}

Test(templates, one_that_meta_has_made_is_known_and_asked_about_soon)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE("77", "news", "APPROVED", BODY("Hi")));
    cr_assert_str_eq(make(acme, BODY("Hi {{1}}"), MADE), "PENDING");
    assert_rows(rows("SELECT id, name, status, category, wants FROM templates WHERE id = '" ID "'"),
                ID ", shipped, PENDING, MARKETING, {\"body 1\"}");
    cr_assert_str_eq(value("SELECT due_at < now() + interval '10 seconds' FROM template_accounts"),
                     "t");
    assert_rows(rows("SELECT actor, action, object_id, after ->> 'name' FROM audit_log WHERE "
                     "object = 'templates'"),
                "key:x, insert, " ID ", shipped");
}

Test(templates, what_a_webhook_has_told_of_a_new_one_counts_before_the_answer)
{
    (void)given_acme();
    tell("APPROVED", 1, ", \"event\": \"APPROVED\"");
    cr_assert_str_eq(make(acme, BODY("Hi {{1}}"), MADE), "APPROVED");
    assert_rows(rows("SELECT status, wants FROM templates"), "APPROVED, {\"body 1\"}");
}

Test(templates, an_answer_without_an_id_or_of_an_account_that_is_gone_is_kept_nowhere)
{
    (void)given_acme();
    assert_refused("TG001",
                   "SELECT keep_new_template('key:x', '%s', '1004', '" NEW
                   "\"components\": []}', '{}')",
                   acme);
    assert_refused("TG001",
                   "SELECT keep_new_template('key:x', '%s', '1009', '" NEW
                   "\"components\": []}', '" MADE "')",
                   acme);
    cr_assert_str_eq(number_of("templates"), "0");
}

Test(templates, one_that_was_deleted_does_not_come_back_by_a_look_that_was_under_way)
{
    (void)given_acme();
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    make_due_again();
    (void)claim_looks(LOOK);
    (void)value("SELECT keep_template_deletion('key:x', '%s', '" ID "')", acme);
    (void)keep(LOOK, acme, "[" TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")) "]");
    record(LOOK, acme, "'[\"" ID "\"]'", "NULL", "0");
    cr_assert_str_eq(known("status"), "DELETED");
    given_templates(acme, TEMPLATE("77", "news", "APPROVED", BODY("Hi")));
    cr_assert_str_eq(known("status"), "nothing");
}

static const char *found_call(const char *org, const char *id, const char *number)
{
    return rows("SELECT waba_id, name, phone_number_id, access_token, is_suspended FROM "
                "find_template_call('%s', %s, NULL, %s)",
                org, id, number);
}

Test(templates, are_changed_under_the_token_of_their_account_and_of_no_other_org_s)
{
    (void)given_acme();
    (void)given_number(acme, "4712");
    const char *elsewhere = given_channel(.org = acme, .phone_number_id = "4713");
    run("UPDATE channels SET waba_id = '1005', access_token = 'other' WHERE id = '%s'", elsewhere);
    given_templates(acme, TEMPLATE(ID, "shipped", "APPROVED", BODY("Hi")));
    const char *beta = given_org(.name = "Beta");
    const char *channel = given_channel(.org = beta, .phone_number_id = "4714");
    assert_rows(found_call(acme, "'" ID "'", "NULL"), "1004, shipped, 4711, token, f");
    assert_rows(found_call(acme, "NULL", "NULL"), "1004, null, 4711, token, f");
    assert_rows(found_call(acme, "NULL", "'4712'"), "1004, null, 4712, token, f");
    assert_rows(found_call(acme, "NULL", "'4713'"), "1005, null, 4713, other, f");
    assert_no_rows(found_call(acme, "NULL", "'4714'"));
    assert_no_rows(found_call(acme, "'78'", "NULL"));
    assert_no_rows(found_call(beta, "'" ID "'", "NULL"));
    assert_no_rows(found_call(beta, "NULL", "NULL")); // its number is in no account
    run("UPDATE channels SET waba_id = '1004' WHERE id = '%s'", channel);
    assert_no_rows(found_call(acme, "'" ID "'", "NULL")); // the account is two orgs' now
}

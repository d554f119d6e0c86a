// The room admin: what operators ask for and change, and what they are refused.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(desk, .init = database_create, .fini = database_drop);

Test(desk, an_operator_is_found_by_its_token_until_it_is_revoked)
{
    const char *token = value("SELECT admin_create_operator('operator:admin', "
                              "'{\"name\": \"anna\", \"role\": \"viewer\"}') ->> 'token'");
    const char *found = text("SELECT name, role FROM admin_find_operator(sha256('%s'))", token);
    assert_rows(rows("%s", found), "anna, viewer");
    assert_no_rows(rows("SELECT * FROM admin_find_operator(sha256('tgo_other'))"));
    cr_assert_str_eq(number_of("operators WHERE last_used_at IS NOT NULL"), "1");
    assert_rows(rows("SELECT admin_revoke_operator('operator:admin', 'Anna') ->> 'name'"), "anna");
    assert_no_rows(rows("%s", found));
    assert_told("not_found", "", "SELECT admin_revoke_operator('operator:admin', 'anna')");
    assert_rows(rows("SELECT actor, action, after ->> 'token_hash' FROM audit_log "
                     "WHERE object = 'operators' ORDER BY n"),
                "operator:admin, insert, ***", "operator:admin, update, null");
}

Test(desk, an_operator_has_a_name_of_its_own_and_one_of_three_roles)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {{"{\"name\": \"Anna\", \"role\": \"owner\"}", "already_exists", "name"},
               {"{\"name\": \"admin\", \"role\": \"owner\"}", "invalid_field", "name"},
               {"{\"name\": \"a b\", \"role\": \"owner\"}", "invalid_field", "name"},
               {"{\"name\": \"berta\", \"role\": \"root\"}", "invalid_field", "role"}};
    run("SELECT admin_create_operator('operator:admin', '{\"name\": \"anna\", \"role\": "
        "\"viewer\"}')");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i].code, bad[i].field,
                    "SELECT admin_create_operator('operator:admin', '%s')", bad[i].body);
    cr_assert_str_eq(number_of("operators"), "1");
}

Test(desk, an_operator_s_role_is_changed_and_told)
{
    static const char change[] = "SELECT admin_change_operator('operator:admin', '%s', '%s')";
    const char *token = value("SELECT admin_create_operator('operator:admin', "
                              "'{\"name\": \"anna\", \"role\": \"viewer\"}') ->> 'token'");
    const char *found = text("SELECT role FROM admin_find_operator(sha256('%s'))", token);
    run(change, "Anna", "{\"role\": \"operator\"}");
    cr_assert_str_eq(value("%s", found), "operator");
    run(change, "anna", "{}");
    assert_rows(rows("SELECT action, before, after FROM audit_log WHERE object = 'operators' AND "
                     "action = 'update'"),
                "update, {\"role\": \"viewer\"}, {\"role\": \"operator\"}");
    assert_told("invalid_field", "role", change, "anna", "{\"role\": \"root\"}");
    assert_told("conflict", "", change, "Admin", "{\"role\": \"viewer\"}");
    assert_told("not_found", "", change, "berta", "{\"role\": \"viewer\"}");
    run("SELECT admin_revoke_operator('operator:admin', 'anna')");
    assert_told("not_found", "", change, "anna", "{\"role\": \"owner\"}");
}

Test(desk, who_acts_must_be_said)
{
    assert_refused(INVALID_PARAMETER, "SELECT admin_create_operator('', '{\"name\": \"anna\", "
                                      "\"role\": \"viewer\"}')");
    cr_assert_str_eq(number_of("operators"), "0");
}

// Rows of n, and of whether the change is the org's, of a page.
static const char *changes(const char *org, const char *arguments)
{
    return rows("SELECT c ->> 'n', c ->> 'org_id' = '%s' FROM "
                "json_array_elements(admin_list_audit_log(%s) -> 'changes') c",
                org, arguments);
}

Test(desk, the_audit_log_comes_in_pages_and_is_found_by_org_actor_and_object)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    run("UPDATE organizations SET name = 'A' WHERE id = '%s'", acme);
    run("UPDATE organizations SET name = 'B' WHERE id = '%s'", beta);
    assert_rows(changes(beta, "NULL, NULL, 'organizations', 9223372036854775807, 2"), "4, t",
                "3, f");
    cr_assert_str_eq(value("SELECT admin_list_audit_log(NULL, NULL, 'organizations', "
                           "9223372036854775807, 2) ->> 'next_before'"),
                     "3");
    assert_rows(changes(beta, "NULL, NULL, 'organizations', 3, 2"), "2, t", "1, f");
    cr_assert_str_eq(value("SELECT admin_list_audit_log(NULL, NULL, 'organizations', 3, 2) ->> "
                           "'next_before'"),
                     "null");
    assert_rows(changes(acme, text("'%s', 'postgres', NULL, 9223372036854775807, 50", acme)),
                "3, t", "1, t");
    assert_no_rows(changes(acme, "NULL, 'operator:anna', NULL, 9223372036854775807, 50"));
}

// A member of the document that a call returns.
static const char *told_of(const char *call, const char *member)
{
    return value("SELECT %s ->> '%s'", call, member);
}

#define AS_ANNA "'operator:anna'"

Test(desk, an_org_is_made_changed_suspended_and_resumed)
{
    const char *acme = told_of("admin_create_org(" AS_ANNA ", '{\"name\": \"Acme\", \"currency\": "
                               "\"EUR\", \"undelivered_after_s\": 3600}')",
                               "id");
    assert_rows(rows("SELECT name, currency, undelivered_after FROM organizations"),
                "Acme, EUR, 01:00:00");
    const char *change = text("admin_change_org(" AS_ANNA ", '%s', '{\"name\": \"Acme Ltd\", "
                              "\"default_country\": \"IN\", \"undelivered_after_s\": null, "
                              "\"opt_out_words\": [\"STOP\", \"HALT\"]}')",
                              acme);
    cr_assert_str_eq(told_of(change, "name"), "Acme Ltd");
    assert_rows(rows("SELECT name, currency, undelivered_after, default_country, opt_out_words, "
                     "opt_in_words FROM organizations"),
                "Acme Ltd, EUR, null, IN, {STOP,HALT}, {START}");
    cr_assert_str_eq(told_of(text("admin_suspend_org(" AS_ANNA ", '%s')", acme), "status"),
                     "suspended");
    cr_assert_str_eq(told_of(text("admin_resume_org(" AS_ANNA ", '%s')", acme), "status"),
                     "active");
    cr_assert_str_eq(number_of("audit_log WHERE actor = 'operator:anna' AND object = "
                               "'organizations'"),
                     "5"); // made, its first setting, changed, suspended, resumed
}

Test(desk, what_an_org_cannot_have_is_refused_by_its_name)
{
    static const char *const bad[][3] = {
        {"{\"name\": \" \"}", "invalid_field", "name"},
        {"{\"currency\": \"inr\"}", "invalid_field", "currency"},
        {"{\"currency\": \"EUR\"}", "conflict", "currency"},
        {"{\"default_country\": \"in\"}", "invalid_field", "default_country"},
        {"{\"undelivered_after_s\": 0}", "invalid_field", "undelivered_after_s"},
        {"{\"keep_bodies_for_s\": 0}", "invalid_field", "keep_bodies_for_s"}};
    const char *acme = given_org(.balance = "1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *before = rows("SELECT * FROM organizations ORDER BY id");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i][1], bad[i][2], "SELECT admin_change_org(" AS_ANNA ", '%s', '%s')", acme,
                    bad[i][0]);
    assert_told("invalid_field", "default_channel_id",
                "SELECT admin_change_org(" AS_ANNA
                ", '%s', json_build_object('default_channel_id', "
                "(SELECT id FROM channels WHERE org_id = '%s')))",
                acme, beta);
    cr_assert_str_eq(rows("SELECT * FROM organizations ORDER BY id"), before);
}

Test(desk, of_an_org_that_is_not_there_nothing_is_told_and_nothing_changed)
{
    static const char *const calls[] = {
        "admin_get_org(%s)",
        "admin_change_org(" AS_ANNA ", %s, '{\"name\": \"A\"}')",
        "admin_suspend_org(" AS_ANNA ", %s)",
        "admin_list_channels(%s, NULL, 50)",
        "admin_add_channel(" AS_ANNA ", %s, '{\"phone_number_id\": \"1\", \"access_token\": "
        "\"t\"}')",
        "admin_get_wallet(%s)",
        "admin_list_wallet_transactions(%s, 9, 50)",
        "admin_credit_wallet(" AS_ANNA ", %s, '{\"amount\": \"1.00\", \"reference\": \"r\"}')",
        "admin_adjust_wallet(" AS_ANNA ", %s, '{\"amount\": \"1.00\", \"reason\": \"r\"}')",
        "admin_list_keys(%s, NULL, 50)",
        "admin_create_key(" AS_ANNA ", %s, '{\"name\": \"a\"}')",
        "admin_revoke_key(" AS_ANNA ", %s, gen_random_uuid())"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const char *at = strstr(calls[i], "%s");
        assert_told("org_not_found", "", "SELECT %.*s gen_random_uuid() %s", (int)(at - calls[i]),
                    calls[i], at + 2);
    }
    assert_no_rows(rows("SELECT * FROM audit_log"));
}

static const char *names_of(const char *arguments)
{
    return value("SELECT string_agg(o ->> 'name', ' ') FROM "
                 "json_array_elements(admin_list_orgs(%s) -> 'orgs') o",
                 arguments);
}

Test(desk, orgs_come_newest_first_in_pages_and_by_their_name)
{
    for (int i = 1; i <= 5; i++)
        run("INSERT INTO organizations (name, created_at) VALUES ('Org %d', now() + %d * "
            "interval '1 second')",
            i, i);
    const char *next = value("SELECT admin_list_orgs(NULL, NULL, 2) ->> 'next_before'");
    cr_assert_str_eq(names_of("NULL, NULL, 2"), "Org 5 Org 4");
    cr_assert_str_eq(names_of(text("NULL, '%s', 2", next)), "Org 3 Org 2");
    cr_assert_str_eq(names_of("'oRG 2', NULL, 2"), "Org 2");
    cr_assert_str_eq(value("SELECT admin_list_orgs(NULL, NULL, 5) ->> 'next_before'"), "null");
}

static const char *add_channel(const char *org, const char *number)
{
    return told_of(text("admin_add_channel(" AS_ANNA ", '%s', '{\"phone_number_id\": \"%s\", "
                        "\"access_token\": \"EAAone\", \"service_fee_per_msg\": \"0.35\"}')",
                        org, number),
                   "id");
}

Test(desk, a_channel_is_added_changed_paused_and_resumed_and_its_token_is_never_told)
{
    const char *acme = given_org();
    const char *channel = add_channel(acme, "777");
    const char *call[] = {text("admin_get_channel('%s', '%s')", acme, channel),
                          text("admin_list_channels('%s', NULL, 50)", acme),
                          text("admin_change_channel(" AS_ANNA
                               ", '%s', '%s', '{\"access_token\": \"EAAtwo\", "
                               "\"max_mps\": 9, \"waba_id\": \"1001\"}')",
                               acme, channel),
                          text("admin_pause_channel(" AS_ANNA ", '%s', '%s')", acme, channel),
                          text("admin_resume_channel(" AS_ANNA ", '%s', '%s')", acme, channel)};
    for (size_t i = 0; i < sizeof call / sizeof *call; i++)
        cr_assert(!strstr(value("SELECT %s", call[i]), "EAA"), "%s", call[i]);
    assert_rows(rows("SELECT access_token, max_mps, waba_id, service_fee_per_msg, status FROM "
                     "channels"),
                "EAAtwo, 9, 1001, 0.35, active");
    assert_rows(rows("SELECT action, after FROM audit_log WHERE object = 'channels' AND action = "
                     "'update' ORDER BY n"),
                "update, {\"max_mps\": 9, \"waba_id\": \"1001\", \"access_token\": \"***\"}",
                "update, {\"status\": \"paused\"}", "update, {\"status\": \"active\"}");
    assert_told("channel_not_found", "", "SELECT admin_get_channel('%s', '%s')", given_org(),
                channel);
}

Test(desk, a_new_token_sets_going_what_an_outcome_has_paused)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_settled_message(acme, "190");
    const char *channel = value("SELECT id FROM channels");
    cr_assert_str_eq(told_of(text("admin_get_channel('%s', '%s')", acme, channel), "paused_for"),
                     "190");
    cr_assert_str_eq(told_of(text("admin_change_channel(" AS_ANNA ", '%s', '%s', "
                                  "'{\"access_token\": \"new\"}')",
                                  acme, channel),
                             "status"),
                     "active");
    cr_assert_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "0");
}

Test(desk, what_a_channel_cannot_have_is_refused_by_its_name)
{
    static const char *const bad[][3] = {
        {"{\"phone_number_id\": \"+1\", \"access_token\": \"t\"}", "invalid_field",
         "phone_number_id"},
        {"{\"phone_number_id\": \"777\", \"access_token\": \"t\"}", "already_exists",
         "phone_number_id"},
        {"{\"phone_number_id\": \"1\", \"access_token\": \"a b\"}", "invalid_field",
         "access_token"},
        {"{\"phone_number_id\": \"1\", \"access_token\": \"sealed:k:AAAA\"}", "invalid_field",
         "access_token"},
        {"{\"phone_number_id\": \"1\", \"access_token\": \"t\", \"max_mps\": 0}", "invalid_field",
         "max_mps"},
        {"{\"phone_number_id\": \"1\", \"access_token\": \"t\", \"service_fee_per_msg\": "
         "\"-0.10\"}",
         "invalid_field", "service_fee_per_msg"}};
    const char *acme = given_org();
    (void)add_channel(acme, "777");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i][1], bad[i][2], "SELECT admin_add_channel(" AS_ANNA ", '%s', '%s')", acme,
                    bad[i][0]);
    cr_assert_str_eq(number_of("channels"), "1");
}

Test(desk, a_number_is_handed_over_with_what_belongs_to_it)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    const char *channel = add_channel(acme, "777");
    static const char hand_over[] = "SELECT admin_hand_over_channel(" AS_ANNA ", '%s', '%s', "
                                    "json_build_object('to_org_id', %s))";
    assert_told("invalid_field", "to_org_id", hand_over, acme, channel, text("'%s'", acme));
    assert_told("org_not_found", "to_org_id", hand_over, acme, channel, "gen_random_uuid()");
    (void)value(hand_over, acme, channel, text("'%s'", beta));
    assert_rows(
        rows("SELECT o.name, c.status, c.phone_number_id, c.access_token, "
             "c.service_fee_per_msg FROM channels c JOIN organizations o ON o.id = c.org_id "
             "ORDER BY 1"),
        "Acme, disabled, 777, EAAone, 0.35", "Beta, active, 777, EAAone, 0.35");
    assert_told("conflict", "", hand_over, acme, channel, text("'%s'", beta));
    assert_told("conflict", "", "SELECT admin_resume_channel(" AS_ANNA ", '%s', '%s')", acme,
                channel);
}

Test(desk, a_sealed_token_is_not_handed_over)
{
    const char *acme = given_org();
    const char *beta = given_org();
    const char *channel = add_channel(acme, "777");
    run("UPDATE channels SET access_token = 'sealed:k1:AAAA'");
    assert_told("missing_field", "access_token",
                "SELECT admin_hand_over_channel(" AS_ANNA ", '%s', '%s', "
                "'{\"to_org_id\": \"%s\"}')",
                acme, channel, beta);
    cr_assert_str_eq(number_of("channels"), "1");
    run("SELECT admin_hand_over_channel(" AS_ANNA ", '%s', '%s', '{\"to_org_id\": \"%s\", "
        "\"access_token\": \"EAAnew\"}')",
        acme, channel, beta);
    cr_assert_str_eq(value("SELECT access_token FROM channels WHERE org_id = '%s'", beta),
                     "EAAnew");
}

// As ingress sends it, where it has keys: the id was made before, since what is sealed is bound to
// it.
Test(desk, a_token_that_comes_sealed_stands_as_it_came_in_the_row_that_it_is_bound_to)
{
    const char *acme = given_org();
    const char *beta = given_org();
    const char *id = new_id();
    const char *next = new_id();
    cr_assert_str_eq(told_of(text("admin_add_channel(" AS_ANNA ", '%s', '{\"phone_number_id\": "
                                  "\"777\", \"sealed_token\": \"sealed:k1:AAAA\", \"id\": "
                                  "\"%s\"}')",
                                  acme, id),
                             "id"),
                     id);
    assert_rows(rows("SELECT id, access_token, token_key FROM channels"),
                text("%s, sealed:k1:AAAA, k1", id));
    // A new one sets going what an outcome has paused, as one that lies open does.
    run("UPDATE channels SET status = 'paused', paused_for = '190'");
    cr_assert_str_eq(told_of(text("admin_change_channel(" AS_ANNA ", '%s', '%s', "
                                  "'{\"sealed_token\": \"sealed:k2:BBBB\"}')",
                                  acme, id),
                             "status"),
                     "active");
    assert_rows(rows("SELECT access_token, token_changed_at > created_at FROM channels"),
                "sealed:k2:BBBB, t");
    run("SELECT admin_hand_over_channel(" AS_ANNA ", '%s', '%s', '{\"to_org_id\": \"%s\", "
        "\"sealed_token\": \"sealed:k2:CCCC\", \"id\": \"%s\"}')",
        acme, id, beta, next);
    assert_rows(rows("SELECT id, access_token FROM channels WHERE org_id = '%s'", beta),
                text("%s, sealed:k2:CCCC", next));
    assert_told("invalid_field", "sealed_token",
                "SELECT admin_change_channel(" AS_ANNA ", '%s', '%s', "
                "'{\"sealed_token\": \"EAAclear\"}')",
                beta, next);
    cr_assert_str_eq(number_of("audit_log WHERE before::text || after::text ~ 'sealed:'"), "0");
}

Test(desk, a_credit_counts_once_by_its_reference_and_names_who_has_booked)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    static const char credit[] =
        "SELECT admin_credit_wallet(" AS_ANNA ", '%s', '{\"amount\": \"%s\", "
        "\"reference\": \"inv-42\"}') ->> 'balance'";
    cr_assert_str_eq(value(credit, acme, "50"), "50.00");
    cr_assert_str_eq(value(credit, acme, "50"), "50.00");
    assert_told("conflict", "reference", credit, acme, "51");
    assert_told("conflict", "reference", credit, beta, "50");
    assert_rows(rows("SELECT actor, reference FROM bookings"), "operator:anna, inv-42");
    assert_rows(rows("SELECT t ->> 'kind', t ->> 'amount', t ->> 'actor', t ->> 'reference', t ->> "
                     "'description' FROM json_array_elements(admin_list_wallet_transactions('%s', "
                     "9, 50) -> 'transactions') t",
                     acme),
                "recharge, 50.00, operator:anna, inv-42, credit inv-42");
    assert_healthy();
}

Test(desk, an_adjustment_needs_a_reason_and_a_balance_that_carries_it)
{
    const char *acme = given_org(.balance = "10.00");
    static const char adjust[] =
        "SELECT admin_adjust_wallet(" AS_ANNA ", '%s', '{\"amount\": \"%s\", "
        "\"reason\": \"%s\"}') ->> 'balance'";
    cr_assert_str_eq(value(adjust, acme, "-2.50", "typo"), "7.50");
    assert_told("insufficient_balance", "amount", adjust, acme, "-8", "typo");
    assert_told("invalid_field", "amount", adjust, acme, "0", "typo");
    assert_told("invalid_field", "reason", adjust, acme, "1", " ");
    assert_told("invalid_field", "amount",
                "SELECT admin_credit_wallet(" AS_ANNA ", '%s', '{\"amount\": \"-1\", "
                "\"reference\": \"r\"}')",
                acme);
    cr_assert_str_eq(balance_of(acme), "7.50");
    assert_healthy();
}

Test(desk, a_key_is_made_told_once_and_revoked)
{
    const char *acme = given_org();
    const char *made = value("SELECT admin_create_key(" AS_ANNA ", '%s', '{\"name\": \"main\", "
                             "\"rights\": [\"send\"], \"expires_at\": \"2999-01-01T00:00:00Z\", "
                             "\"addresses\": [\"203.0.113.0/24\"]}')",
                             acme);
    const char *key = value("SELECT '%s'::json ->> 'key'", made);
    assert_rows(rows("SELECT name, rights, addresses, key_hash = sha256('%s') FROM api_keys", key),
                "main, {send}, {203.0.113.0/24}, t");
    const char *id = value("SELECT id FROM api_keys");
    cr_assert(!strstr(value("SELECT admin_list_keys('%s', NULL, 50)", acme), key));
    assert_told("not_found", "", "SELECT admin_revoke_key(" AS_ANNA ", '%s', '%s')", given_org(),
                id);
    cr_assert_str_neq(
        told_of(text("admin_revoke_key(" AS_ANNA ", '%s', '%s')", acme, id), "revoked_at"), "null");
    cr_assert_str_eq(number_of("api_keys WHERE revoked_at IS NOT NULL"), "1");
}

Test(desk, an_org_s_own_key_may_do_no_more_than_who_makes_it)
{
    static const char *const made[][3] = {
        {"send,keys", "{\"name\": \"a\", \"rights\": [\"send\"]}", ""},
        {"send,read,keys", "{\"name\": \"b\"}", ""},
        {"keys", "{\"name\": \"c\"}", "rights"},
        {"send,keys", "{\"name\": \"d\", \"rights\": [\"send\", \"money\"]}", "rights"}};
    const char *acme = given_org();
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        const char *call =
            text("SELECT create_key('key:tg_1', '%s', '%s', '%s')", made[i][0], acme, made[i][1]);
        if (*made[i][2])
            assert_told("invalid_field", made[i][2], "%s", call);
        else
            run("%s", call);
    }
    assert_rows(rows("SELECT name, rights FROM api_keys ORDER BY name"), "a, {send}",
                "b, {send,read}");
    assert_rows(rows("SELECT DISTINCT actor FROM audit_log WHERE object = 'api_keys'"), "key:tg_1");
    assert_told("not_found", "", "SELECT revoke_key('key:tg_1', '%s', '%s')", given_org(),
                value("SELECT id FROM api_keys WHERE name = 'a'"));
}

Test(desk, what_a_key_cannot_have_is_refused_by_its_name)
{
    static const char *const bad[][3] = {
        {"{\"name\": \"main\"}", "already_exists", "name"},
        {"{\"name\": \" a\"}", "invalid_field", "name"},
        {"{\"name\": \"a\", \"rights\": [\"fly\"]}", "invalid_field", "rights"},
        {"{\"name\": \"a\", \"rights\": []}", "invalid_field", "rights"},
        {"{\"name\": \"a\", \"expires_at\": \"2001-01-01T00:00:00Z\"}", "invalid_field",
         "expires_at"},
        {"{\"name\": \"a\", \"addresses\": []}", "invalid_field", "addresses"},
        {"{\"name\": \"a\", \"addresses\": [\"home\"]}", "invalid_field", "addresses"}};
    const char *acme = given_org();
    run("SELECT create_api_key('%s', 'main')", acme);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i][1], bad[i][2], "SELECT admin_create_key(" AS_ANNA ", '%s', '%s')", acme,
                    bad[i][0]);
    cr_assert_str_eq(number_of("api_keys"), "1");
}

Test(desk, a_link_lets_one_person_in_whose_session_is_listed_and_ended)
{
    const char *acme = given_org();
    const char *path = told_of(text("admin_create_console_link(" AS_ANNA ", '%s', "
                                    "'{\"rights\": [\"read\", \"money\"]}')",
                                    acme),
                               "path");
    assert_rows(rows("SELECT rights, made_by, expires_at - created_at FROM console_links"),
                "{read,money}, operator:anna, 00:15:00");
    const char *use = text("SELECT document ->> 'id' FROM use_console_link(sha256(replace('%s', "
                           "'/console/links/', '')::bytea))",
                           path);
    const char *session = value("%s", use);
    assert_no_rows(rows("%s", use));
    assert_rows(rows("SELECT s ->> 'id', s ->> 'rights', s ->> 'revoked_at' FROM "
                     "json_array_elements(admin_list_sessions('%s', NULL, 50) -> 'sessions') s",
                     acme),
                text("%s, [\"read\",\"money\"], null", session));
    assert_told("not_found", "", "SELECT admin_revoke_session(" AS_ANNA ", '%s', '%s')",
                given_org(), session);
    run("SELECT admin_revoke_session(" AS_ANNA ", '%s', '%s')", acme, session);
    cr_assert_str_eq(number_of("sessions WHERE revoked_at IS NOT NULL"), "1");
    assert_rows(rows("SELECT object, action FROM audit_log WHERE actor = 'operator:anna' "
                     "ORDER BY n"),
                "console_links, insert", "sessions, update");
    assert_told("invalid_field", "rights",
                "SELECT admin_create_console_link(" AS_ANNA ", '%s', "
                "'{\"rights\": [\"fly\"]}')",
                acme);
    assert_told("invalid_field", "good_for_s",
                "SELECT admin_create_console_link(" AS_ANNA ", '%s', "
                "'{\"good_for_s\": 0}')",
                acme);
    assert_told("org_not_found", "", "SELECT admin_list_sessions(gen_random_uuid(), NULL, 50)");
}

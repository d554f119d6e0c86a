// What follows from what Meta tells of accounts and numbers: alerts, pauses and a higher rate.

#include "tests/sql/givens.h"

TestSuite(notices, .init = database_create, .fini = database_drop);

static const char *acme;

static const char *given_number(const char *org, const char *waba_id)
{
    const char *channel = given_channel(.org = org, .max_mps = "80");
    run("UPDATE channels SET waba_id = '%s', number_since = now() - interval '1 day', "
        "token_changed_at = now() - interval '1 day' WHERE id = '%s'",
        waba_id, channel);
    return channel;
}

// An org with a number of account 1004.
static const char *given_acme(void)
{
    acme = given_org(.balance = "10.00");
    return given_number(acme, "1004");
}

// Meta has said that so many seconds ago, of account 1004.
static void record(const char *field, const char *event, long ago_s, const char *value)
{
    run("SELECT record_account_notices('{NULL}', '{1004}', ARRAY[extract(epoch FROM "
        "now())::bigint - %ld], '{%s}', ARRAY['%s'], '{%s}')",
        ago_s, field, value, event);
}

static const char *follow(void)
{
    return value("SELECT follow_notices(100)");
}

static void tell(const char *event, long ago_s, const char *value)
{
    record("account_update", event, ago_s, value);
    (void)follow();
}

#define BAN(state) "{\"ban_info\": {\"waba_ban_state\": \"" state "\"}}"
#define RESTRICTED "{\"restriction_info\": [{\"restriction_type\": \"%s\", \"expiration\": %s}%s]}"
#define FROM_WRITING "RESTRICTED_BIZ_INITIATED_MESSAGING"
#define FROM_ANSWERING                                                                             \
    ", {\"restriction_type\": \"RESTRICTED_CUSTOMER_INITIATED_MESSAGING\", \"expiration\": %s}"

static const char *states(void)
{
    return rows("SELECT status, paused_for FROM channels ORDER BY created_at");
}

static const char *alerts(void)
{
    return rows("SELECT outcome, resolved_at IS NULL FROM alerts ORDER BY id");
}

Test(notices, a_ban_pauses_every_number_of_the_account_with_one_alert)
{
    (void)given_acme();
    (void)given_number(acme, "1004");
    (void)given_number(acme, "1005");
    const char *beta = given_org(.balance = "1.00");
    (void)given_number(beta, "1005");
    record("account_update", "DISABLED_UPDATE", 5, BAN("DISABLE"));
    cr_assert_str_eq(follow(), "1");
    cr_assert_str_eq(follow(), "0");
    assert_rows(states(), "paused, account:disabled", "paused, account:disabled", "active, null",
                "active, null");
    assert_rows(rows("SELECT org_id = '%s', channel_id, kind, outcome, waba_id, message, advice "
                     "LIKE 'Meta has disabled your WhatsApp account%%' FROM alerts",
                     acme),
                "t, null, account, account:disabled, 1004, " BAN("DISABLE") ", t");
}

Test(notices, what_a_ban_has_paused_goes_on_once_it_is_reinstated)
{
    (void)given_acme();
    const char *message = given_message(.org = acme);
    tell("DISABLED_UPDATE", 9, BAN("DISABLE"));
    assert_no_rows(claim(acme, message));
    tell("DISABLED_UPDATE", 5, BAN("REINSTATE"));
    assert_rows(states(), "active, null");
    assert_rows(alerts(), "account:disabled, f");
    assert_rows(release_due(10), message);
    assert_healthy();
}

Test(notices, what_somebody_has_paused_stays_so)
{
    (void)given_acme();
    run("UPDATE channels SET status = 'paused'");
    tell("DISABLED_UPDATE", 9, BAN("DISABLE"));
    assert_rows(states(), "paused, null");
    tell("DISABLED_UPDATE", 5, BAN("REINSTATE"));
    assert_rows(states(), "paused, null");
    assert_rows(alerts(), "account:disabled, f");
}

Test(notices, of_two_words_the_newer_counts_in_whatever_order_they_come)
{
    (void)given_acme();
    tell("DISABLED_UPDATE", 5, BAN("REINSTATE"));
    tell("DISABLED_UPDATE", 9, BAN("DISABLE"));
    assert_rows(states(), "active, null");
    cr_assert_str_eq(number_of("alerts"), "0");
    // A day that is named, and then has come.
    tell("DISABLED_UPDATE", 4, BAN("SCHEDULE_FOR_DISABLE"));
    assert_rows(states(), "active, null");
    tell("DISABLED_UPDATE", 3, BAN("DISABLE"));
    assert_rows(states(), "paused, account:disabled");
    assert_rows(alerts(), "account:disable_scheduled, f", "account:disabled, t");
}

Test(notices, what_is_told_of_before_the_token_or_of_the_number_s_former_owner_pauses_nothing)
{
    (void)given_acme();
    run("UPDATE channels SET access_token = 'new'");
    tell("PARTNER_REMOVED", 60, "{}");
    assert_rows(states(), "active, null");
    cr_assert_str_eq(number_of("alerts"), "0");
    run("UPDATE channels SET number_since = now()");
    tell("ACCOUNT_VIOLATION", 60, "{}");
    cr_assert_str_eq(number_of("alerts"), "0");
}

static const struct {
    const char *event;
    const char *value;
    const char *paused_for; // "null": it only raises an alert
    const char *ended_by;   // NULL: nothing that Meta says
} events[] = {
    {"ACCOUNT_DELETED", "{}", "account:deleted", NULL},
    {"PARTNER_REMOVED", "{}", "account:removed", "PARTNER_ADDED"},
    {"PARTNER_REMOVED", "{\"phone_number\": \"919810000004\"}", "account:removed", "PARTNER_ADDED"},
    {"PARTNER_REMOVED", "{\"disconnection_info\": {\"reason\": \"PRIMARY_INACTIVITY\"}}",
     "account:removed", "PARTNER_ADDED"},
    {"ACCOUNT_OFFBOARDED", "{\"phone_number\": \"919810000004\"}", "account:offboarded",
     "ACCOUNT_RECONNECTED"},
    {"PARTNER_APP_UNINSTALLED", "{}", "null", "PARTNER_APP_INSTALLED"},
    {"ACCOUNT_VIOLATION", "{}", "null", NULL},
};

Test(notices, what_stops_sending_pauses_and_what_may_not_only_tells)
{
    (void)given_acme();
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        tell(events[i].event, 100 - 4 * (long)i, events[i].value);
        const char *paused_for = value("SELECT coalesce(paused_for, 'null') FROM channels");
        cr_expect_str_eq(paused_for, events[i].paused_for, "%s: %s", events[i].event, paused_for);
        cr_expect_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "1", "%s", events[i].event);
        if (events[i].ended_by)
            tell(events[i].ended_by, 98 - 4 * (long)i, events[i].value);
        else
            run("UPDATE alerts SET resolved_at = now()");
        (void)follow();
        assert_rows(states(), "active, null");
        cr_expect_str_eq(number_of("alerts WHERE resolved_at IS NULL"), "0", "%s", events[i].event);
        run("UPDATE channels SET token_changed_at = now() - interval '1 day'");
    }
}

Test(notices, of_one_number_meets_the_channel_that_has_it)
{
    const char *one = given_acme();
    (void)given_number(acme, "1004");
    // Which of the two cannot be told.
    tell("ACCOUNT_OFFBOARDED", 60, "{\"phone_number\": \"919810000004\"}");
    assert_rows(states(), "active, null", "active, null");
    assert_rows(rows("SELECT number, outcome FROM alerts"), "919810000004, account:offboarded");
    run("UPDATE alerts SET resolved_at = now()");
    run("UPDATE channels SET display_phone_number = CASE WHEN id = '%s' THEN '+91 98100-00004' "
        "ELSE '+91 98100-00005' END",
        one);
    tell("ACCOUNT_OFFBOARDED", 50, "{\"phone_number\": \"919810000004\"}");
    tell("ACCOUNT_OFFBOARDED", 49, "{\"phone_number\": \"919810000005\"}");
    assert_rows(states(), "paused, account:offboarded", "paused, account:offboarded");
    tell("ACCOUNT_RECONNECTED", 40, "{\"phone_number\": \"919810000004\"}");
    assert_rows(states(), "active, null", "paused, account:offboarded");
}

Test(notices, a_restriction_is_told_and_ends_by_itself_or_by_the_next_word)
{
    (void)given_acme();
    const char *soon = value("SELECT extract(epoch FROM now())::bigint + 600");
    tell("ACCOUNT_RESTRICTION", 60, text(RESTRICTED, FROM_WRITING, soon, ""));
    assert_rows(states(), "active, null");
    assert_rows(rows("SELECT outcome, ends_at = to_timestamp(%s) FROM alerts", soon),
                "account:restricted, t");
    run("UPDATE alerts SET ends_at = now() - interval '1 s'");
    (void)follow();
    assert_rows(alerts(), "account:restricted, f");
    // Neither writing nor answering: nothing can be sent.
    tell("ACCOUNT_RESTRICTION", 50,
         text(RESTRICTED, FROM_WRITING, soon, text(FROM_ANSWERING, soon)));
    assert_rows(states(), "paused, account:restricted_wholly");
    tell("ACCOUNT_RESTRICTION", 40, text(RESTRICTED, FROM_WRITING, soon, ""));
    assert_rows(states(), "active, null");
    tell("ACCOUNT_RESTRICTION", 30, "{\"restriction_info\": []}");
    assert_rows(alerts(), "account:restricted, f", "account:restricted_wholly, f",
                "account:restricted, f");
    tell("ACCOUNT_RESTRICTION", 20, text(RESTRICTED, FROM_WRITING, "1763800000", ""));
    cr_assert_str_eq(number_of("alerts"), "3");
}

Test(notices, another_end_moves_the_one_alert)
{
    (void)given_acme();
    const char *soon = value("SELECT extract(epoch FROM now())::bigint + 600");
    tell("ACCOUNT_RESTRICTION", 60, text(RESTRICTED, FROM_WRITING, soon, ""));
    tell("ACCOUNT_RESTRICTION", 50, text(RESTRICTED, FROM_WRITING, "4102444800", ""));
    assert_rows(rows("SELECT outcome, ends_at = to_timestamp(4102444800) FROM alerts"),
                "account:restricted, t");
}

Test(notices, a_number_that_goes_on_by_hand_or_a_new_token_has_no_alert_any_more)
{
    (void)given_acme();
    (void)given_number(acme, "1004");
    tell("PARTNER_REMOVED", 5, "{}");
    run("UPDATE channels SET access_token = 'new' WHERE id = (SELECT min(id::text)::uuid FROM "
        "channels)");
    assert_rows(alerts(), "account:removed, t");
    run("UPDATE channels SET status = 'active'");
    assert_rows(alerts(), "account:removed, f");
    (void)follow();
    assert_rows(states(), "active, null", "active, null");
}

Test(notices, of_quality_and_review_are_told)
{
    (void)given_acme();
    record("phone_number_quality_update", "FLAGGED", 60,
           "{\"display_phone_number\": \"919810000004\"}");
    record("account_review_update", "REJECTED", 60, "{}");
    cr_assert_str_eq(follow(), "2");
    assert_rows(alerts(), "account:flagged, t", "account:rejected, t");
    assert_rows(states(), "active, null");
    record("phone_number_quality_update", "UNFLAGGED", 50,
           "{\"display_phone_number\": \"919810000004\"}");
    record("account_review_update", "APPROVED", 50, "{}");
    (void)follow();
    assert_rows(alerts(), "account:flagged, f", "account:rejected, f");
}

Test(notices, an_account_of_several_orgs_is_told_to_each)
{
    (void)given_acme();
    const char *beta = given_org(.balance = "1.00");
    (void)given_number(beta, "1004");
    tell("DISABLED_UPDATE", 5, BAN("DISABLE"));
    assert_rows(states(), "paused, account:disabled", "paused, account:disabled");
    cr_assert_str_eq(value("SELECT count(DISTINCT org_id) FROM alerts"), "2");
}

static void upgrade(void)
{
    record("phone_number_quality_update", "THROUGHPUT_UPGRADE", 5,
           "{\"display_phone_number\": \"919810000004\", \"current_limit\": \"TIER_UNLIMITED\"}");
    (void)follow();
}

static const char *rates(void)
{
    return rows("SELECT max_mps FROM channels ORDER BY created_at");
}

Test(notices, a_faster_number_is_used_as_fast_and_what_waits_follows)
{
    (void)given_acme();
    run("UPDATE pace SET high_free_at = now() + interval '1 hour', bulk_free_at = now() + interval "
        "'1 hour'");
    (void)given_message(.org = acme);
    upgrade();
    assert_rows(rates(), "1000");
    cr_assert_str_eq(value("SELECT due_at < now() + interval '5 s' FROM outbox"), "t");
}

Test(notices, a_rate_that_somebody_has_set_stays)
{
    (void)given_acme();
    run("UPDATE channels SET max_mps = 20");
    upgrade();
    assert_rows(rates(), "20");
}

Test(notices, which_of_two_numbers_is_faster_must_be_known)
{
    (void)given_acme();
    const char *two = given_number(acme, "1004");
    upgrade();
    assert_rows(rates(), "80", "80");
    run("DELETE FROM account_notices");
    run("UPDATE channels SET display_phone_number = '+91 98100 00004' WHERE id = '%s'", two);
    upgrade();
    assert_rows(rates(), "80", "1000");
}

// Whoever holds a wallet or a channel keeps the janitor waiting for a moment, and what follows from
// the notice comes later.
Test(notices, that_meet_a_held_wallet_or_channel_are_followed_later)
{
    (void)given_acme();
    struct session *somebody = session_open();
    record("phone_number_quality_update", "THROUGHPUT_UPGRADE", 9, "{}");
    (void)session_rows(somebody, "BEGIN");
    (void)session_rows(somebody, "SELECT lock_wallets(array_agg(id)) FROM organizations");
    cr_assert_str_eq(follow(), "0");
    (void)session_rows(somebody, "COMMIT");
    cr_assert_str_eq(follow(), "1");
    record("account_update", "ACCOUNT_DELETED", 5, "{}");
    (void)session_rows(somebody, "BEGIN");
    (void)session_rows(somebody, "UPDATE channels SET max_mps = 1");
    cr_assert_str_eq(follow(), "0");
    (void)session_rows(somebody, "COMMIT");
    session_close(somebody);
    assert_rows(states(), "active, null");
    cr_assert_str_eq(follow(), "1");
    assert_rows(states(), "paused, account:deleted");
}

Test(notices, of_any_shape_are_kept_and_harm_nothing)
{
    (void)given_acme();
    static const char *const values[] = {"[]",
                                         "1",
                                         "null",
                                         "\"x\"",
                                         "{\"ban_info\": 1}",
                                         "{\"restriction_info\": {}}",
                                         "{\"restriction_info\": [1, null, {\"expiration\": {}}]}",
                                         "{\"phone_number\": {\"a\": 1}}"};
    static const char *const names[] = {"DISABLED_UPDATE", "ACCOUNT_RESTRICTION",
                                        "ACCOUNT_RECONNECTED"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            tell(names[k], 60 - (long)i, values[i]);
    }
    cr_assert_str_eq(number_of("account_notices WHERE pending"), "0");
    assert_rows(states(), "active, null");
}

Test(notices, on_a_number_that_is_none_are_told_and_bounded)
{
    (void)given_acme();
    tell("ACCOUNT_VIOLATION", 9,
         value("SELECT json_build_object('phone_number', repeat('7', 3000))"));
    cr_assert_str_eq(number_of("account_notices WHERE pending"), "0");
    assert_rows(rows("SELECT length(number) FROM alerts"), "20");
}

// What keeps one from being followed (here a matter that the table of rules lost) keeps no other.
Test(notices, that_cannot_be_followed_keep_no_others_from_being)
{
    (void)given_acme();
    run("ALTER TABLE alerts ADD CONSTRAINT odd CHECK (outcome <> 'account:violation')");
    record("account_update", "ACCOUNT_VIOLATION", 9, "{}");
    record("account_update", "DISABLED_UPDATE", 5, BAN("DISABLE"));
    (void)follow();
    cr_assert_str_eq(number_of("account_notices WHERE pending"), "0");
    assert_rows(states(), "paused, account:disabled");
}

Test(notices, of_an_account_with_many_are_looked_up)
{
    (void)given_acme();
    run("SELECT record_account_notices(array_agg(NULL::text), array_agg('1004'::text), "
        "array_agg(extract(epoch FROM now())::bigint - 10000 + n), "
        "array_agg('account_update'::text), array_agg(format('{\"phone_number\": \"1%%s\"}', n)), "
        "array_agg('ACCOUNT_VIOLATION'::text)) FROM generate_series(1, 3000) n");
    run("ANALYZE account_notices");
    struct session *session = session_open();
    (void)session_rows(session, "BEGIN");
    (void)session_rows(session, "SELECT follow_notices(100)");
    assert_rows(session_rows(session, "SELECT seq_tup_read + idx_tup_fetch < 5000 FROM "
                                      "pg_stat_xact_user_tables WHERE relname = 'account_notices'"),
                "t");
    session_close(session);
}

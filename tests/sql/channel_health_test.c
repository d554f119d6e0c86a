// What is known of numbers: from webhooks and from looks, whichever comes first; whose it is.

#include "tests/sql/givens.h"

#include <stdio.h>
#include <string.h>

TestSuite(channel_health, .init = database_create, .fini = database_drop);

#define LOOK "'00000000-0000-4000-8000-000000000001'"
#define OTHER_LOOK "'00000000-0000-4000-8000-000000000002'"

static const char *acme;

// An org with a number of account 1004, which it has had for a day.
static const char *given_number(const char *org, const char *phone_number_id)
{
    const char *channel = given_channel(.org = org, .phone_number_id = phone_number_id);
    run("UPDATE channels SET waba_id = '1004', display_phone_number = '+91 98100 ' || "
        "phone_number_id, number_since = now() - interval '1 day' WHERE id = '%s'",
        channel);
    return channel;
}

static const char *given_acme(void)
{
    acme = given_org(.balance = "10.00");
    return given_number(acme, "4711");
}

// Rows of the numbers that were claimed.
static const char *claim_looks(const char *look)
{
    return rows("SELECT phone_number_id, access_token FROM claim_channel_looks(%s, 4, 60, 120, "
                "3600) ORDER BY 1",
                look);
}

static const char *answered(const char *look, const char *channel, const char *facts)
{
    return value("SELECT record_channel_looks(%s, 3600, ARRAY[org_id], ARRAY[id], ARRAY['%s'], "
                 "'{NULL}', '{NULL}') FROM channels WHERE id = '%s'",
                 look, facts, channel);
}

static const char *failed(const char *look, const char *channel, const char *code)
{
    return value("SELECT record_channel_looks(%s, 3600, ARRAY[org_id], ARRAY[id], '{NULL}', "
                 "'{%s}', '{Meta''s words}') FROM channels WHERE id = '%s'",
                 look, code, channel);
}

// Meta says that of account 1004, at a time of its clock, in whole seconds.
static void tell_at(const char *field, const char *event, const char *time_s, const char *value_)
{
    run("SELECT record_account_notices('{NULL}', '{1004}', ARRAY[%s], '{%s}', ARRAY['%s'], "
        "ARRAY[nullif('%s', '')])",
        time_s, field, value_, event);
    (void)value("SELECT follow_notices(100)");
}

// So many seconds ago; below zero: it will.
static void tell(const char *field, const char *event, long ago_s, const char *value_)
{
    tell_at(field, event,
            value("SELECT extract(epoch FROM clock_timestamp())::bigint - %ld", ago_s), value_);
}

#define OF_ACME "\"display_phone_number\": \"91981004711\""

static const char *fact(const char *channel, const char *name)
{
    return value("SELECT coalesce((SELECT value #>> '{}' FROM channel_facts WHERE channel_id = "
                 "'%s' AND fact = '%s'), 'nothing')",
                 channel, name);
}

static void make_due_again(void)
{
    run("UPDATE channel_health SET due_at = now(), asked_at = asked_at - interval '10 minutes'");
}

Test(channel_health, a_number_is_claimed_once_and_again_when_its_lease_is_over)
{
    (void)given_acme();
    assert_rows(claim_looks(LOOK), "4711, token");
    assert_no_rows(claim_looks(OTHER_LOOK));
    assert_rows(rows("SELECT due_at BETWEEN now() + interval '110 seconds' AND now() + interval "
                     "'130 seconds' FROM channel_health"),
                "t");
    run("UPDATE channel_health SET due_at = now()");
    assert_no_rows(claim_looks(OTHER_LOOK)); // not within a minute
    make_due_again();
    assert_rows(claim_looks(OTHER_LOOK), "4711, token");
}

static void claim_one(struct session *session, int thread)
{
    (void)thread;
    const char *claimed =
        session_rows(session, "INSERT INTO claimed SELECT channel_id FROM "
                              "claim_channel_looks(gen_random_uuid(), 4, 60, 120, 3600)");
    cr_assert_str_eq(claimed, "");
}

Test(channel_health, workers_at_the_same_moment_claim_each_number_once)
{
    (void)given_acme();
    for (int i = 0; i < 20; i++)
        (void)given_number(acme, text("%d", 5000 + i));
    run("CREATE TABLE claimed (channel_id uuid)");
    at_once(8, claim_one);
    assert_rows(rows("SELECT count(*) = count(DISTINCT channel_id), count(*) > 4 FROM claimed"),
                "t, t");
}

Test(channel_health, what_is_answered_is_known_and_asked_again_after_about_the_interval)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    cr_assert_str_eq(answered(LOOK, channel, "{\"quality_rating\": \"GREEN\", \"status\": null}"),
                     "f");
    cr_assert_str_eq(fact(channel, "quality_rating"), "GREEN");
    cr_assert_str_eq(fact(channel, "status"), "nothing");
    assert_rows(rows("SELECT looked_at = asked_at, failures, error_code, look_id, due_at BETWEEN "
                     "now() + interval '50 minutes' AND now() + interval '70 minutes' "
                     "FROM channel_health"),
                "t, 0, null, null, t");
    // The same once more, from an answer of the database's that was lost: nothing.
    run("UPDATE channel_health SET due_at = now() + interval '1 day'");
    (void)answered(LOOK, channel, "{\"quality_rating\": \"RED\"}");
    cr_assert_str_eq(fact(channel, "quality_rating"), "GREEN");
}

Test(channel_health, what_fails_is_told_and_tried_again_for_longer_and_longer)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{\"quality_rating\": \"GREEN\"}");
    make_due_again();
    (void)claim_looks(LOOK);
    cr_assert_str_eq(failed(LOOK, channel, "190"), "f");
    assert_rows(
        rows("SELECT failures, error_code, error_message, failed_at = asked_at, looked_at < "
             "failed_at, due_at BETWEEN now() + interval '4 minutes' AND now() + interval "
             "'6 minutes' FROM channel_health"),
        "1, 190, Meta's words, t, t, t");
    cr_assert_str_eq(fact(channel, "quality_rating"), "GREEN");
    run("UPDATE channel_health SET failures = 20");
    make_due_again();
    (void)claim_looks(LOOK);
    (void)failed(LOOK, channel, "190");
    assert_rows(rows("SELECT due_at BETWEEN now() + interval '21 hours' AND now() + interval '27 "
                     "hours' FROM channel_health"),
                "t");
    // It pauses nothing: that is for a message to find out.
    assert_rows(rows("SELECT status FROM channels"), "active");
    assert_no_rows(rows("SELECT kind FROM alerts"));
    make_due_again();
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{}");
    assert_rows(rows("SELECT failures, error_code, failed_at FROM channel_health"),
                "0, null, null");
}

Test(channel_health, meta_is_left_alone_where_the_error_rules_say_so)
{
    static const struct {
        const char *code;
        const char *leave;
    } cases[] = {{"4", "t"},   {"80007", "t"}, {"network:refused", "t"}, {"http:503", "t"},
                 {"190", "f"}, {"100", "f"},   {"unreadable", "f"}};
    const char *channel = given_acme();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_due_again();
        (void)claim_looks(LOOK);
        cr_assert_str_eq(failed(LOOK, channel, cases[i].code), cases[i].leave, "%s", cases[i].code);
    }
}

Test(channel_health, suspended_orgs_and_disabled_channels_are_not_asked_about)
{
    const char *channel = given_acme();
    run("UPDATE organizations SET status = 'suspended'");
    assert_no_rows(claim_looks(LOOK));
    assert_rows(rows("SELECT due_at > now() + interval '50 minutes', asked_at, look_id "
                     "FROM channel_health"),
                "t, null, null");
    run("UPDATE organizations SET status = 'active'");
    assert_rows(claim_looks(LOOK), "4711, token");
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    assert_rows(rows("SELECT due_at FROM channel_health"), "infinity");
    run("UPDATE channels SET status = 'active' WHERE id = '%s'", channel);
    assert_rows(rows("SELECT due_at <= clock_timestamp() FROM channel_health"), "t");
}

Test(channel_health, a_new_token_is_looked_at_and_what_the_old_one_met_counts_no_more)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    run("UPDATE channels SET access_token = 'new' WHERE id = '%s'", channel);
    (void)failed(LOOK, channel, "190");
    assert_rows(
        rows("SELECT failures, error_code, due_at <= clock_timestamp() FROM channel_health"),
        "0, null, t");
    // To seal it is no change of it.
    make_due_again();
    (void)claim_looks(LOOK);
    run("SELECT seal_tokens(ARRAY[org_id], ARRAY[id], ARRAY[sha256('new'::bytea)], "
        "'{sealed:k1:AA==}') FROM channels");
    (void)answered(LOOK, channel, "{\"status\": \"CONNECTED\"}");
    cr_assert_str_eq(fact(channel, "status"), "CONNECTED");
}

Test(channel_health, webhooks_say_what_they_say_at_once)
{
    static const struct {
        const char *field;
        const char *event;
        const char *value;
        const char *fact;
        const char *is;
    } cases[] = {
        {"phone_number_quality_update", "FLAGGED", "{" OF_ACME ", \"current_limit\": \"TIER_10K\"}",
         "status", "FLAGGED"},
        {"phone_number_quality_update", "DOWNGRADE",
         "{" OF_ACME ", \"current_limit\": \"TIER_250\"}", "messaging_limit", "TIER_250"},
        {"phone_number_quality_update", "UNFLAGGED", "{" OF_ACME "}", "status", "CONNECTED"},
        {"phone_number_quality_update", "THROUGHPUT_UPGRADE", "{" OF_ACME "}", "throughput",
         "HIGH"},
        {"phone_number_quality_update", "UPGRADE",
         "{" OF_ACME ", \"max_daily_conversations_per_business\": 100000}", "messaging_limit",
         "TIER_100K"},
        {"business_capability_update", "", "{\"max_daily_conversations_per_business\": 2000}",
         "messaging_limit", "TIER_2K"},
        {"business_capability_update", "", "{\"max_daily_conversations_per_business\": -1}",
         "messaging_limit", "TIER_UNLIMITED"},
        {"business_capability_update", "",
         "{\"max_daily_conversations_per_business\": \"TIER_50\"}", "messaging_limit", "TIER_50"},
        {"business_capability_update", "", "{\"max_daily_conversations_per_business\": [1]}",
         "messaging_limit", "TIER_50"},
        {"phone_number_name_update", "APPROVED",
         "{" OF_ACME ", \"requested_verified_name\": \"Acme\"}", "verified_name", "Acme"},
        {"phone_number_name_update", "APPROVED",
         "{" OF_ACME ", \"requested_verified_name\": \"Acme\"}", "name_status", "APPROVED"},
        {"phone_number_name_update", "REJECTED",
         "{" OF_ACME ", \"requested_verified_name\": \"Best\", \"rejection_reason\": \"no\"}",
         "name_request", "{\"name\": \"Best\", \"reason\": \"no\", \"decision\": \"REJECTED\"}"},
        {"phone_number_name_update", "REJECTED", "{" OF_ACME "}", "verified_name", "Acme"},
        {"account_update", "DISABLED_UPDATE", "{\"ban_info\": {\"waba_ban_state\": \"DISABLE\"}}",
         "can_send_message", "BLOCKED"},
    };
    const char *channel = given_acme();
    const char *neighbour = given_number(acme, "4712");
    const char *beta = given_org(.name = "Beta");
    const char *stranger = given_channel(.org = beta);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell(cases[i].field, cases[i].event, 100 - (long)i, cases[i].value);
        cr_assert_str_eq(fact(channel, cases[i].fact), cases[i].is, "%zu: %s", i,
                         fact(channel, cases[i].fact));
    }
    // Meta is asked for the rest in a minute.
    assert_rows(rows("SELECT bool_and(due_at < now() + interval '70 seconds') FROM channel_health "
                     "WHERE channel_id = '%s'",
                     channel),
                "t");
    // What is said of one number, or of an account, is said of no other.
    cr_assert_str_eq(fact(neighbour, "status"), "nothing");
    cr_assert_str_eq(fact(neighbour, "messaging_limit"), "TIER_50");
    assert_rows(rows("SELECT count(*) FROM channel_facts WHERE channel_id = '%s'", stranger), "0");
}

Test(channel_health, the_newer_word_counts_in_whatever_order_they_come)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    // While Meta is asked, it says something: that is newer.
    tell("phone_number_quality_update", "FLAGGED", -2, "{" OF_ACME "}");
    (void)answered(LOOK, channel, "{\"status\": \"CONNECTED\", \"throughput\": \"STANDARD\"}");
    cr_assert_str_eq(fact(channel, "status"), "FLAGGED");
    cr_assert_str_eq(fact(channel, "throughput"), "STANDARD");
    // What was said before it was asked, and comes late, is older.
    tell("phone_number_quality_update", "THROUGHPUT_UPGRADE", 60, "{" OF_ACME "}");
    cr_assert_str_eq(fact(channel, "throughput"), "STANDARD");
    // A later look is newer than all of it.
    run("UPDATE channel_facts SET as_of = as_of - interval '10 minutes'");
    make_due_again();
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{\"status\": \"RESTRICTED\"}");
    cr_assert_str_eq(fact(channel, "status"), "RESTRICTED");
    // And of webhooks the later one counts, however late the earlier one comes.
    tell("phone_number_quality_update", "FLAGGED", -100, "{" OF_ACME ", \"n\": 1}");
    tell("phone_number_quality_update", "UNFLAGGED", -50, "{" OF_ACME ", \"n\": 2}");
    cr_assert_str_eq(fact(channel, "status"), "CONNECTED");
}

Test(channel_health, a_webhook_of_the_second_in_which_was_asked_is_the_newer_word)
{
    const char *channel = given_acme();
    const char *second = value("SELECT extract(epoch FROM now())::bigint - 10");
    (void)claim_looks(LOOK);
    run("UPDATE channel_health SET asked_at = to_timestamp(%s.9)", second);
    (void)answered(LOOK, channel, "{\"status\": \"CONNECTED\"}");
    tell_at("phone_number_quality_update", "FLAGGED", second, "{" OF_ACME "}");
    cr_assert_str_eq(fact(channel, "status"), "FLAGGED");
}

Test(channel_health, a_number_that_meta_has_told_is_found_by_it)
{
    const char *channel = given_acme();
    const char *neighbour = given_number(acme, "4712");
    run("UPDATE channels SET display_phone_number = NULL");
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{\"display_phone_number\": \"+91 98100 4711\"}");
    (void)answered(LOOK, neighbour, "{\"display_phone_number\": \"+91 98100 4712\"}");
    tell("phone_number_quality_update", "FLAGGED", -5, "{" OF_ACME "}");
    cr_assert_str_eq(fact(channel, "status"), "FLAGGED");
    cr_assert_str_eq(fact(neighbour, "status"), "nothing");
}

Test(channel_health, of_a_number_that_is_handed_over_nothing_is_known_any_more)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{\"verified_name\": \"Acme\"}");
    make_due_again();
    (void)claim_looks(LOOK);
    const char *beta = given_org(.name = "Beta");
    run("SELECT admin_hand_over_channel('operator:test', '%s', '%s', '{\"to_org_id\": \"%s\"}')",
        acme, channel, beta);
    // What was being asked comes to nothing, and what was said before is nobody's.
    (void)answered(LOOK, channel, "{\"verified_name\": \"Acme\"}");
    tell("phone_number_name_update", "APPROVED", 30,
         "{" OF_ACME ", \"requested_verified_name\": \"Acme\"}");
    assert_no_rows(rows("SELECT fact FROM channel_facts"));
    assert_rows(rows("SELECT o.name, h.looked_at, h.error_code, h.due_at <= clock_timestamp() "
                     "FROM channel_health h JOIN organizations o ON o.id = h.org_id ORDER BY 1"),
                "Acme, null, null, f", "Beta, null, null, t");
    assert_rows(claim_looks(OTHER_LOOK), "4711, token");
    // What is said from then on is Beta's.
    run("UPDATE channels SET number_since = now() - interval '20 seconds' WHERE org_id = '%s'",
        beta);
    tell("phone_number_quality_update", "FLAGGED", 10, "{" OF_ACME "}");
    assert_rows(rows("SELECT org_id = '%s', fact, value FROM channel_facts", beta),
                "t, status, \"FLAGGED\"");
}

Test(channel_health, who_takes_a_number_away_waits_for_what_is_being_learned)
{
    const char *channel = given_acme();
    (void)claim_looks(LOOK);
    (void)meanwhile(text("SELECT record_channel_looks(%s, 3600, ARRAY[org_id], ARRAY[id], "
                         "ARRAY['{\"status\": \"CONNECTED\"}'], '{NULL}', '{NULL}') FROM channels",
                         LOOK),
                    text("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel));
    assert_no_rows(rows("SELECT fact FROM channel_facts"));
}

Test(channel_health, since_when_a_channel_is_paused_is_known)
{
    const char *channel = given_acme();
    run("UPDATE channels SET status = 'paused' WHERE id = '%s'", channel);
    assert_rows(rows("SELECT paused_at BETWEEN now() - interval '1 minute' AND clock_timestamp() "
                     "FROM channel_health"),
                "t");
    run("UPDATE channel_health SET paused_at = '2026-01-01'");
    run("UPDATE channels SET paused_for = '190' WHERE id = '%s'", channel);
    run("UPDATE channels SET status = 'paused', waba_id = '1005' WHERE id = '%s'", channel);
    assert_rows(rows("SELECT paused_at::date FROM channel_health"), "2026-01-01");
    run("UPDATE channels SET status = 'active' WHERE id = '%s'", channel);
    assert_rows(rows("SELECT paused_at FROM channel_health"), "null");
}

static const char *seen_by(const char *org, const char *function, const char *arguments)
{
    return value("SELECT %s('%s', %s)", function, org, arguments);
}

Test(channel_health, an_org_sees_its_own_channels_and_no_others)
{
    const char *channel = given_acme();
    const char *beta = given_org(.name = "Beta");
    const char *other = given_number(beta, "4799");
    (void)claim_looks(LOOK);
    (void)answered(LOOK, channel, "{\"verified_name\": \"Acme\"}");
    (void)answered(LOOK, other, "{\"verified_name\": \"Beta\"}");
    database_connect_as("tollgate_ingress");
    run("SET search_path = tollgate");
    const char *list = seen_by(acme, "list_channels", "NULL, 50");
    cr_assert(strstr(list, channel) && strstr(list, "Acme"), "%s", list);
    cr_assert(!strstr(list, other) && !strstr(list, "Beta") && !strstr(list, "token"), "%s", list);
    cr_assert_str_eq(seen_by(acme, "get_channel", text("'%s'", channel)),
                     seen_by(acme, "get_channel", "'4711'"));
    assert_told("not_found", "", "SELECT get_channel('%s', '%s')", acme, other);
    assert_told("not_found", "", "SELECT get_channel('%s', '4799')", acme);
    assert_told("org_not_found", "org_id", "SELECT list_channels('%s', NULL, 50)", new_id());
    // And of the tables, with a statement of its own, no more.
    run("SELECT set_config('tollgate.org_id', '%s', false)", acme);
    assert_rows(rows("SELECT DISTINCT org_id = '%s' FROM channel_facts", acme), "t");
    assert_rows(rows("SELECT DISTINCT org_id = '%s' FROM channel_health", acme), "t");
}

Test(channel_health, lists_have_pages_and_count_what_waits_so_far)
{
    (void)given_acme();
    const char *newer = given_number(acme, "4712");
    run("UPDATE wallets SET balance = 1000");
    for (int i = 0; i < 3; i++)
        (void)given_message(.org = acme, .number = "4711");
    const char *page = seen_by(acme, "list_channels", "NULL, 1");
    cr_assert(strstr(page, newer) && strstr(page, "\"messages\" : 0"), "%s", page);
    const char *next = seen_by(acme, "list_channels", text("'%s', 1", newer));
    cr_assert(strstr(next, "\"messages\" : 3, \"more\" : false") &&
                  strstr(next, "\"next_before\" : null"),
              "%s", next);
    for (int i = 0; i < 998; i++)
        (void)given_message(.org = acme, .number = "4711");
    next = seen_by(acme, "get_channel", "'4711'");
    cr_assert(strstr(next, "\"messages\" : 1000, \"more\" : true"), "%s", next);
}

// What the table's file says of channels that are there already.
static const char *filling(void)
{
    static char sql[16384];
    FILE *file = fopen(TOLLGATE_SOURCE_DIR "/sql/tables/038_channel_health.sql", "re");
    cr_assert(file);
    sql[fread(sql, 1, sizeof sql - 1, file)] = '\0';
    (void)fclose(file);
    const char *insert = strstr(sql, "INSERT INTO channel_health");
    cr_assert(insert);
    return insert;
}

Test(channel_health, channels_of_before_are_looked_at_and_paused_since_their_alert)
{
    const char *channel = given_acme();
    const char *by_hand = given_channel(.org = acme, .status = "paused");
    const char *gone = given_channel(.org = acme, .status = "disabled");
    const char *banned = given_number(acme, "4712");
    run("UPDATE channels SET status = 'paused', paused_for = '190' WHERE id = '%s'", channel);
    run("UPDATE channels SET status = 'paused', paused_for = 'account:disabled' WHERE id = '%s'",
        banned);
    run("INSERT INTO alerts (org_id, channel_id, kind, outcome, raised_at) VALUES ('%s', '%s', "
        "'channel_paused', '190', '2026-01-02')",
        acme, channel);
    run("INSERT INTO alerts (org_id, kind, outcome, waba_id, matter, raised_at) VALUES ('%s', "
        "'account', 'account:disabled', '1004', 'ban', '2026-01-03')",
        acme);
    run("DELETE FROM channel_health");
    run("%s", filling());
    assert_rows(rows("SELECT count(*) FROM channel_health"), "4");
    assert_rows(rows("SELECT paused_at::date, due_at <= now() FROM channel_health WHERE channel_id "
                     "= '%s'",
                     channel),
                "2026-01-02, t");
    assert_rows(rows("SELECT paused_at::date, due_at <= now() FROM channel_health WHERE channel_id "
                     "= '%s'",
                     banned),
                "2026-01-03, t");
    assert_rows(rows("SELECT paused_at, due_at <= now() FROM channel_health WHERE channel_id = "
                     "'%s'",
                     by_hand),
                "null, t");
    assert_rows(rows("SELECT paused_at, due_at FROM channel_health WHERE channel_id = '%s'", gone),
                "null, infinity");
}

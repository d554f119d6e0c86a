// Links to the console, and sessions.

#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(sessions, .init = database_create, .fini = database_drop);

#define USE "SELECT token ~ '^tgs_[A-Za-z0-9_-]{43}$', document ->> 'org_id' FROM use_console_link("

Test(sessions, a_link_lets_one_in_at_the_same_moment)
{
    const char *acme = given_org();
    const char *link = value("SELECT create_console_link('%s')", acme);
    const char *use = text(USE "sha256('%s'))", link);
    // The second waits for the first, and comes too late.
    assert_no_rows(meanwhile(use, use));
    assert_rows(rows("SELECT count(*), min(s.rights::text), bool_and(s.made_by = 'link:' || l.id) "
                     "FROM sessions s, console_links l"),
                "1, {read}, t");
}

Test(sessions, a_link_that_cannot_be_meant_is_not_made)
{
    const char *acme = given_org();
    static const char *const wrong[] = {"'{}'", "'{fly}'", "NULL", "'{read}', '0'",
                                        "'{read}', '8 days'"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(INVALID_PARAMETER, "SELECT create_console_link('%s', %s)", acme, wrong[i]);
    cr_assert_str_eq(number_of("console_links"), "0");
}

Test(sessions, one_that_has_ended_gets_no_other_cookie)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    run("SELECT open_session('%s', '{read}', 'test')", acme);
    const char *id = value("SELECT id FROM sessions");
    assert_no_rows(rows("SELECT * FROM rotate_session('%s', '%s')", beta, id));
    assert_no_rows(rows("SELECT * FROM end_session('key:x', '%s', '%s')", beta, id));
    assert_no_rows(rows("SELECT * FROM get_session('%s', '%s')", beta, id));
    assert_rows(rows("SELECT document ->> 'revoked_at' IS NOT NULL FROM "
                     "end_session('key:x', '%s', '%s')",
                     acme, id),
                "t");
    assert_no_rows(rows("SELECT * FROM rotate_session('%s', '%s')", acme, id));
    assert_rows(rows("SELECT document -> 'sessions' FROM list_sessions('%s')", acme), "[]");
}

#define BEGIN "SELECT token FROM begin_session('key:%.11s', '%s', '%s')"
#define CALLER                                                                                     \
    "SELECT rights, addresses, round(good_for / 60000.0) FROM find_callers(ARRAY[sha256('%s')])"

Test(sessions, one_that_was_begun_with_a_key_may_no_more_than_it)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    const char *key = value("SELECT create_api_key('%s', 'main', '{send,read,money}', "
                            "now() + interval '2 hours', '{10.0.0.0/8}')",
                            acme);
    assert_no_rows(rows(BEGIN, key, beta, "read"));
    assert_no_rows(rows(BEGIN, key, acme, "read,keys"));
    const char *cookie = value(BEGIN, key, acme, "send,read");
    assert_rows(rows(CALLER, cookie), "send,read, 10.0.0.0/8, 120");
    run("UPDATE api_keys SET rights = '{read,keys}', addresses = '{192.0.2.0/24}', "
        "expires_at = now() + interval '1 hour'");
    assert_rows(rows(CALLER, cookie), "read, 192.0.2.0/24, 60");
    // What the key is given is not the session's.
    run("UPDATE api_keys SET rights = '{send,read,keys}', addresses = NULL, expires_at = NULL");
    assert_rows(rows(CALLER, cookie), "read, null, 60");
    run("UPDATE api_keys SET rights = '{money}'");
    assert_no_rows(rows(CALLER, cookie));
}

Test(sessions, one_ends_with_the_key_that_it_was_begun_with)
{
    const char *acme = given_org();
    static const char *const ends[] = {
        "UPDATE api_keys SET revoked_at = now()", "UPDATE api_keys SET expires_at = now()",
        "UPDATE api_keys SET key_hash = sha256('other')", "DELETE FROM api_keys"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *key = value("SELECT create_api_key('%s', 'main')", acme);
        const char *cookie = value(BEGIN, key, acme, "read");
        run("SELECT open_session('%s', '{read}', 'link:x')", acme);
        const char *since = value("SELECT until FROM find_changed_callers(NULL)");
        run("%s", ends[i]);
        assert_no_rows(rows(CALLER, cookie));
        // Gateways that remember it hear of it, and those that it has nothing to do with go on.
        assert_rows(rows("SELECT position(sha256('%s') IN hashes) %% 32 = 1 FROM "
                         "find_changed_callers(%s)",
                         cookie, since),
                    "t");
        assert_rows(rows("SELECT made_by FROM sessions WHERE revoked_at IS NULL "
                         "AND expires_at > now()"),
                    "link:x");
        run("DELETE FROM sessions; DELETE FROM api_keys");
    }
}

Test(sessions, none_is_begun_while_its_key_is_revoked)
{
    const char *acme = given_org();
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    const char *revoke = "UPDATE api_keys SET revoked_at = now()";
    assert_no_rows(meanwhile(revoke, text(BEGIN, key, acme, "read")));
    run("UPDATE api_keys SET revoked_at = NULL");
    (void)meanwhile(text(BEGIN, key, acme, "read"), revoke);
    assert_rows(rows("SELECT count(*), bool_and(revoked_at IS NOT NULL) FROM sessions"), "1, t");
}

Test(sessions, a_key_begins_so_many_within_an_hour)
{
    const char *acme = given_org();
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    const char *other = value("SELECT create_api_key('%s', 'other')", acme);
    run("SELECT begin_session('key:%.11s', '%s', 'read') FROM generate_series(1, 100)", key, acme);
    run("UPDATE sessions SET revoked_at = now()");
    assert_refused("TG001", BEGIN, key, acme, "read");
    cr_assert_not_null(value(BEGIN, other, acme, "read"));
    run("UPDATE sessions SET created_at = now() - interval '1 hour'");
    cr_assert_not_null(value(BEGIN, key, acme, "read"));
}

// Gateways that remember the first cookie would hear of its end no more.
Test(sessions, one_gets_another_cookie_once_a_second)
{
    const char *acme = given_org();
    const char *first = value("SELECT token FROM open_session('%s', '{read}', 'test')", acme);
    const char *rotate = text("SELECT token FROM rotate_session('%s', '%s')", acme,
                              value("SELECT id FROM sessions"));
    const char *second = value("%s", rotate);
    assert_refused("TG001", "%s", rotate);
    // The former is not remembered for longer than its end would go unheard.
    assert_rows(rows("SELECT good_for <= 1000 FROM find_callers(ARRAY[sha256('%s')])", first), "t");
    assert_rows(rows("SELECT good_for > 1000 FROM find_callers(ARRAY[sha256('%s')])", second), "t");
    run("UPDATE sessions SET former_until = former_until - interval '1 second'");
    cr_assert_str_neq(value("%s", rotate), second);
    assert_no_rows(rows("SELECT * FROM find_callers(ARRAY[sha256('%s')])", first));
}

// Ends in each way, so many days ago; -1: it goes on.
static void given_ended(const char *org, const char *columns, const char *ends)
{
    run("INSERT INTO sessions (org_id, token_hash, rights, made_by, %s) SELECT '%s', "
        "sha256(gen_random_uuid()::text::bytea), '{read}', 'key:x', %s",
        columns, org, ends);
}

Test(sessions, those_that_have_ended_long_ago_are_deleted_and_others_are_not)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    given_ended(acme, "expires_at", "now() - interval '31 days'");
    given_ended(beta, "expires_at, revoked_at",
                "now() - interval '1 day', now() - interval '31 days'");
    given_ended(acme, "expires_at", "now() - interval '29 days'");
    given_ended(beta, "revoked_at", "now() - interval '29 days'");
    given_ended(acme, "last_used_at", "now()");
    cr_assert_str_eq(value("SELECT delete_sessions(30 * 86400, 1)"), "1");
    cr_assert_str_eq(value("SELECT delete_sessions(30 * 86400, 10)"), "1");
    cr_assert_str_eq(value("SELECT delete_sessions(30 * 86400, 10)"), "0");
    cr_assert_str_eq(number_of("sessions"), "3");
}

Test(sessions, links_that_are_of_no_use_any_more_are_deleted_and_others_are_not)
{
    const char *acme = given_org();
    static const char *const links[] = {
        "now() - interval '31 days', NULL", "now() + interval '1 day', now() - interval '31 days'",
        "now() - interval '29 days', NULL", "now() + interval '1 day', now() - interval '29 days'",
        "now() + interval '1 day', NULL"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        run("INSERT INTO console_links (org_id, token_hash, rights, made_by, expires_at, used_at) "
            "SELECT '%s', sha256(gen_random_uuid()::text::bytea), '{read}', 'test', %s",
            acme, links[i]);
    cr_assert_str_eq(value("SELECT delete_console_links(30 * 86400, 1)"), "1");
    cr_assert_str_eq(value("SELECT delete_console_links(30 * 86400, 10)"), "1");
    cr_assert_str_eq(value("SELECT delete_console_links(30 * 86400, 10)"), "0");
    cr_assert_str_eq(number_of("console_links"), "3");
}

// What the janitor deletes is no change by anybody; what a person deletes is told.
Test(sessions, the_audit_log_tells_what_people_delete)
{
    const char *acme = given_org();
    given_ended(acme, "expires_at", "now() - interval '31 days'");
    given_ended(acme, "expires_at", "now()");
    run("SELECT create_console_link('%s')", acme);
    run("UPDATE console_links SET used_at = now() - interval '31 days'");
    long told = strtol(number_of("audit_log"), NULL, 10);
    database_connect_as("tollgate_worker");
    cr_assert_str_eq(value("SELECT tollgate.delete_sessions(30 * 86400, 10)"), "1");
    cr_assert_str_eq(value("SELECT tollgate.delete_console_links(30 * 86400, 10)"), "1");
    database_connect_as("postgres");
    cr_assert_eq(strtol(number_of("audit_log"), NULL, 10), told);
    run("DELETE FROM sessions");
    cr_assert_eq(strtol(number_of("audit_log"), NULL, 10), told + 1);
}

// However many there are that go on.
Test(sessions, looking_for_what_has_ended_reads_what_has)
{
    const char *acme = given_org();
    run("VACUUM ANALYZE sessions");
    run("VACUUM ANALYZE console_links");
    given_ended(acme, "expires_at", "now() - interval '31 days' FROM generate_series(1, 5)");
    given_ended(acme, "expires_at", "now() + interval '1 hour' FROM generate_series(1, 2000)");
    run("INSERT INTO console_links (org_id, token_hash, rights, made_by, expires_at) SELECT '%s', "
        "sha256(gen_random_uuid()::text::bytea), '{read}', 'test', now() - n * interval '1 day' + "
        "interval '1 hour' FROM generate_series(-2000, 35) n",
        acme);
    run("BEGIN");
    cr_assert_str_eq(value("SELECT delete_sessions(30 * 86400, 100)"), "5");
    cr_assert_str_eq(value("SELECT delete_console_links(30 * 86400, 100)"), "5");
    cr_assert_lt(
        strtol(value("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables "
                     "WHERE relname IN ('sessions', 'console_links')"),
               NULL, 10),
        40);
    run("COMMIT");
}

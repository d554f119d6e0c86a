// While somebody holds a snapshot (pg_dump, a report, a forgotten BEGIN) nothing can be vacuumed.
// What is looked up with every batch must not cost more for what it has left behind since.

#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(held, .init = database_create, .fini = database_drop);

enum { TIMES = 200, MORE_MAX = 40 };

static const char *acme;

// Holds a snapshot from here on. work(SQL) is how many pages and entries of indexes a statement
// reads.
static void given_a_held_snapshot(void)
{
    acme = given_org_with_channel("10000.00");
    run("CREATE FUNCTION entries() RETURNS numeric LANGUAGE sql VOLATILE AS $$ "
        "SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'tollgate'::regnamespace $$");
    run("CREATE FUNCTION work(statement text) RETURNS bigint LANGUAGE plpgsql AS $$ "
        "DECLARE plan json; entries numeric := entries(); BEGIN "
        "EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || statement INTO plan; "
        "RETURN entries() - entries + (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint "
        "+ (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint; END $$");
    struct session *holder = session_open();
    (void)session_rows(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    (void)session_rows(holder, "SELECT count(*) FROM organizations");
}

static long work(const char *statement)
{
    return strtol(value("SELECT work($$%s$$)", statement), NULL, 10);
}

// A message to always the same contact, all the way.
static void send_one(void)
{
    const char *message = given_claimed_message(.org = acme, .phone = "919876543210");
    (void)settle_sends({.org = acme, .message = message});
}

static void send_many(void)
{
    for (int i = 0; i < TIMES; i++)
        send_one();
}

Test(held, a_balance_is_looked_up_as_ever)
{
    given_a_held_snapshot();
    const char *statement = text("SELECT balance FROM wallets WHERE org_id = '%s'", acme);
    send_one();
    long before = work(statement);
    send_many();
    long after = work(statement);
    cr_assert_leq(after, before + MORE_MAX, "%ld, then %ld", before, after);
}

Test(held, a_channels_pace_is_looked_up_as_ever)
{
    given_a_held_snapshot();
    const char *statement =
        text("SELECT p.* FROM channels c CROSS JOIN LATERAL pace_of(c.org_id, c.id) p");
    send_one();
    long before = work(statement);
    send_many();
    long after = work(statement);
    cr_assert_leq(after, before + MORE_MAX, "%ld, then %ld", before, after);
    assert_rows(rows("SELECT count(*), max(id) >= %d FROM pace", TIMES / 32), "1, t");
}

// Whether this session is the janitor's, which remembers where its looks have got to.
static void remember(bool yes)
{
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    run("SET tollgate.remembers_looks = %s", yes ? "yes" : "no");
}

// Looks at everything, and then measures a look that goes on from where that one got to.
static long work_of_next(const char *look, const char *statement)
{
    remember(true);
    run("SET tollgate.look_%s = ''", look);
    (void)rows("%s", statement);
    const char *kept = text("(current_setting('tollgate.look_%s')::timestamptz[])", look);
    cr_assert_str_neq(value("SELECT %s[1]", kept), "-infinity");
    run("SELECT set_config('tollgate.look_%s', ARRAY[%s[1] + interval '1 second', "
        "clock_timestamp() + interval '1 hour']::text, false)",
        look, kept);
    long all = work(statement);
    run("SET tollgate.look_%s = ''", look);
    remember(false);
    return all;
}

static void expect_as_ever(const char *look, const char *statement, void (*leave_one)(void))
{
    remember(false);
    leave_one();
    long before = work_of_next(look, statement);
    for (int i = 0; i < TIMES; i++)
        leave_one();
    long after = work_of_next(look, statement);
    cr_expect_leq(after, before + MORE_MAX, "%s: %ld, then %ld", statement, before, after);
}

static void leave_one_due(void)
{
    (void)given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = now() - interval '1 minute', look_at = now() - interval '1 "
        "minute' "
        "WHERE state = 'scheduled'");
    cr_assert_str_not_empty(release_due(10));
    run("DELETE FROM outbox");
}

Test(held, what_is_due_is_looked_for_as_ever)
{
    given_a_held_snapshot();
    expect_as_ever("due", "SELECT * FROM release_due_sends(10)", leave_one_due);
}

static void leave_one_expired(void)
{
    (void)given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET not_after = now() - interval '1 minute', look_at = now() - interval '1 "
        "minute'");
    cr_assert_str_eq(number_of("expire_sends(10)"), "1");
}

Test(held, what_has_expired_is_looked_for_as_ever)
{
    given_a_held_snapshot();
    expect_as_ever("expired", "SELECT * FROM expire_sends(10)", leave_one_expired);
}

static void leave_one_that_flew(void)
{
    const char *message = given_message(.org = acme);
    run("UPDATE outbox SET queued_at = now() - interval '1 hour'");
    (void)claim(acme, message);
    (void)settle_sends({.org = acme, .message = message});
}

Test(held, what_was_lost_is_looked_for_as_ever)
{
    given_a_held_snapshot();
    expect_as_ever("flying", "SELECT * FROM find_lost_sends('{0}', 10)", leave_one_that_flew);
}

static void leave_an_old_key(void)
{
    (void)given_message(.org = acme, .key = new_id());
    run("SET session_replication_role = replica");
    run("UPDATE idempotency_keys SET created_at = now() - interval '1 hour'");
    run("RESET session_replication_role");
    cr_assert_str_eq(value("SELECT delete_idempotency_keys(1800, 10)"), "1");
}

Test(held, keys_that_are_too_old_are_looked_for_as_ever)
{
    given_a_held_snapshot();
    expect_as_ever("keys", "SELECT delete_idempotency_keys(1800, 10)", leave_an_old_key);
}

// What says that it was due before, and was committed or let go only now.
Test(held, what_a_look_has_missed_is_found_by_one_at_everything)
{
    acme = given_org_with_channel("1.00");
    remember(true);
    assert_no_rows(release_due(10));
    run("SELECT set_config('tollgate.look_due', ARRAY[clock_timestamp() - interval '1 second', "
        "clock_timestamp() + interval '1 hour']::text, false)");
    const char *late = given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = now() - interval '1 minute', look_at = now() - interval '1 "
        "minute'");
    assert_no_rows(release_due(10));
    run("SELECT set_config('tollgate.look_due', ARRAY[clock_timestamp() - interval '1 second', "
        "clock_timestamp()]::text, false)");
    assert_rows(release_due(10), late);
    cr_assert_str_eq(
        value(
            "SELECT (current_setting('tollgate.look_due')::timestamptz[])[2] > clock_timestamp()"),
        "t");
}

// As on a machine that had no time for it: what was missed would wait for a hundred times as long.
Test(held, after_a_slow_look_the_next_at_everything_is_soon)
{
    remember(true);
    (void)rows("SELECT keep_look('due', clock_timestamp() - interval '1 minute', '-infinity', "
               "clock_timestamp())");
    cr_assert_str_eq(value("SELECT (current_setting('tollgate.look_due')::timestamptz[])[2] <= "
                           "clock_timestamp() + interval '10 seconds'"),
                     "t");
}

// As when the clock was set back.
Test(held, a_look_never_begins_in_the_future)
{
    remember(true);
    run("SELECT set_config('tollgate.look_due', ARRAY[clock_timestamp() + interval '1 hour', "
        "clock_timestamp() + interval '2 hours']::text, false)");
    cr_assert_str_eq(value("SELECT look_from('due')"), "-infinity");
}

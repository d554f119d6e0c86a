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
        "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index $$");
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

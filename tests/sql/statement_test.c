// Statements: which rows of a ledger a period has, and between which balances.

#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(statement, .init = database_create, .fini = database_drop);

static const char *acme;

// A ledger of 300 rows of 0.01 to 3.00, each an hour after the one before, but for some that began
// earlier than those booked before them.
static void given_a_ledger(void)
{
    acme = given_org();
    run("SET session_replication_role = replica");
    run("INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, created_at) "
        "SELECT '%s', i, 'recharge', i * 0.01, sum(i * 0.01) OVER (ORDER BY i), "
        "timestamptz '2026-01-01 00:00Z' + i * interval '1 hour' "
        "- CASE WHEN i %% 7 = 3 THEN interval '3 hours' ELSE '0' END FROM generate_series(1, 300) "
        "i",
        acme);
    run("SET session_replication_role = origin");
}

static const char *statement_of(const char *since, const char *until)
{
    return text("open_statement('%s', 1000 * extract(epoch FROM timestamptz '%s')::bigint, "
                "1000 * extract(epoch FROM timestamptz '%s')::bigint, 1000)",
                acme, since, until);
}

Test(statement, periods_that_follow_each_other_have_each_row_once)
{
    given_a_ledger();
    run("CREATE TEMP TABLE periods AS SELECT s.*, e.at FROM generate_series(timestamptz "
        "'2025-12-31 "
        "22:00Z', '2026-01-15', interval '1 hour') e (at), open_statement('%s', 1000 * "
        "extract(epoch "
        "FROM e.at)::bigint, 1000 * extract(epoch FROM e.at + interval '1 hour')::bigint, 1000) s",
        acme);
    assert_rows(rows("SELECT min(after_n), max(until_n), sum(until_n - after_n) FROM periods"),
                "0, 300, 300");
    assert_no_rows(
        rows("SELECT * FROM (SELECT *, lag(until_n) OVER w AS ended, lag(closing) OVER w AS "
             "closed FROM periods WINDOW w AS (ORDER BY at)) p "
             "WHERE after_n <> ended OR opening <> closed"));
    assert_no_rows(rows("SELECT * FROM periods p WHERE closing::numeric - opening::numeric <> "
                        "(SELECT coalesce(sum(amount), 0) FROM wallet_transactions "
                        "WHERE n > p.after_n AND n <= p.until_n)"));
}

Test(statement, what_is_booked_later_moves_no_period_that_is_over)
{
    given_a_ledger();
    const char *period = statement_of("2026-01-03Z", "2026-01-08Z");
    const char *before = rows("SELECT * FROM %s", period);
    for (int i = 0; i < 20; i++)
        run("SELECT add_wallet_credits('%s', 1, 'more')", acme);
    cr_assert_str_eq(rows("SELECT * FROM %s", period), before);
}

Test(statement, pages_have_the_rows_of_the_moment_when_it_was_opened)
{
    given_a_ledger();
    const char *until = value("SELECT until_n FROM open_statement('%s', 1, 0, 1000)", acme);
    cr_assert_str_eq(until, "300");
    run("SELECT add_wallet_credits('%s', 1, 'meanwhile')", acme);
    assert_rows(rows("SELECT count(*), min(n), max(n) FROM list_statement('%s', 290, %s, 1000)",
                     acme, until),
                "10, 291, 300");
    assert_rows(rows("SELECT n, kind, amount, balance_after FROM list_statement('%s', 1, %s, 2)",
                     acme, until),
                "2, recharge, 0.02, 0.03", "3, recharge, 0.03, 0.06");
}

Test(statement, an_empty_ledger_and_an_empty_period_have_their_balances)
{
    acme = given_org();
    assert_rows(
        rows("SELECT after_n, until_n, opening, closing, currency FROM open_statement('%s', 0, 0, "
             "1)",
             acme),
        "0, 0, 0.00, 0.00, INR");
    given_a_ledger();
    assert_rows(rows("SELECT after_n, until_n, opening, closing FROM %s",
                     statement_of("2026-02-01Z", "2026-02-02Z")),
                "300, 300, 451.50, 451.50");
}

Test(statement, a_period_that_is_none_or_too_long_is_refused_by_its_name)
{
    given_a_ledger();
    assert_told("invalid_field", "until", "SELECT %s", statement_of("2026-01-03Z", "2026-01-03Z"));
    assert_told("invalid_field", "until", "SELECT open_statement('%s', 1, 0, 299)", acme);
    assert_told("org_not_found", "org_id", "SELECT open_statement('%s', 1, 0, 299)", new_id());
}

Test(statement, is_begun_without_reading_the_ledger)
{
    given_a_ledger();
    run("SET session_replication_role = replica");
    run("INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, created_at) "
        "SELECT '%s', i, 'recharge', 1, 451.50 + i - 300, timestamptz '2026-02-01Z' + i * interval "
        "'1 minute' "
        "FROM generate_series(301, 20000) i",
        acme);
    static const char *const counted =
        "SELECT sum(seq_tup_read + idx_tup_fetch) FROM "
        "pg_stat_xact_user_tables WHERE relname = 'wallet_transactions'";
    run("BEGIN");
    (void)rows("SELECT * FROM open_statement('%s', 1, 1769990400000, 100000)", acme);
    long read = strtol(value("%s", counted), NULL, 10);
    cr_assert(read > 0 && read < 100, "%ld rows were read", read);
    run("COMMIT");
}

// keep_bodies_for: what messages say goes once its org keeps it no longer.

#include "tests/sql/inbound.h"

#include <stdlib.h>
#include <string.h>

TestSuite(bodies, .init = database_create, .fini = database_drop);

static const char *acme;

// A message received so long ago: its id says so.
static const char *given_old(const char *org, const char *age, const char *said)
{
    return value("WITH made AS (SELECT first_id_of(now() - interval '%s') AS first) INSERT INTO "
                 "messages (id, org_id, channel_id, contact_id, direction, type, payload, status, "
                 "text, created_at) SELECT (left(first::text, 14) || '7' || right(gen_random_uuid()"
                 "::text, 21))::uuid, c.org_id, h.id, c.id, 'inbound', 'text', "
                 "'{\"text\": {\"body\": \"%s\"}}', 'received', '%s', now() - interval '%s' FROM "
                 "made, contacts c JOIN channels h ON h.org_id = c.org_id WHERE c.org_id = '%s' "
                 "LIMIT 1 RETURNING id",
                 age, said, said, age, org);
}

static const char *given_keeper(const char *keep_for)
{
    const char *org = given_org_with_channel("10.00");
    run("INSERT INTO contacts (org_id, phone) VALUES ('%s', '919876543210')", org);
    run("UPDATE organizations SET keep_bodies_for = %s WHERE id = '%s'", keep_for, org);
    return org;
}

// All that is to be done now; how many bodies went.
static long go(int batch)
{
    long deleted = 0;
    for (int i = 0; i < 1000; i++) {
        const char *row = rows("SELECT deleted, more FROM delete_bodies(%d)", batch);
        deleted += strtol(row, NULL, 10);
        if (strstr(row, ", f"))
            return deleted;
    }
    cr_assert(false, "it has no end");
    return 0;
}

static const char *said(void)
{
    return rows("SELECT text FROM messages WHERE text IS NOT NULL ORDER BY text");
}

Test(bodies, go_when_their_org_keeps_them_no_longer)
{
    acme = given_keeper("'30 days'");
    const char *beta = given_keeper("NULL");
    const char *gamma = given_keeper("'90 days'");
    const char *old = given_old(acme, "31 days", "acme old");
    (void)given_old(acme, "29 days", "acme new");
    (void)given_old(beta, "1000 days", "beta");
    (void)given_old(gamma, "89 days", "gamma new");
    (void)given_old(gamma, "91 days", "gamma old");
    cr_assert_eq(go(100), 2);
    assert_rows(said(), "acme new", "beta", "gamma new");
    assert_rows(
        rows("SELECT payload, status, body_gone_at IS NULL FROM messages WHERE id = '%s'", old),
        "{}, received, f");
    assert_rows(rows("SELECT document ->> 'payload', document ->> 'body_gone_at' IS NULL FROM "
                     "get_message('%s', '%s')",
                     acme, old),
                "null, f");
    cr_assert_eq(go(100), 0);
}

// Some mean "for ever" by a time that reaches back to before there are times.
Test(bodies, of_others_go_though_an_org_keeps_them_for_a_million_years)
{
    acme = given_keeper("'30 days'");
    const char *beta = given_keeper("'1000000 years'");
    (void)given_old(acme, "31 days", "acme old");
    (void)given_old(beta, "1000 days", "beta");
    cr_assert_eq(go(100), 1);
    assert_rows(said(), "beta");
}

Test(bodies, are_found_batch_by_batch)
{
    acme = given_keeper("'1 day'");
    const char *beta = given_keeper("NULL");
    for (int i = 0; i < 25; i++)
        (void)given_old(i % 2 ? beta : acme, "2 days", "x");
    cr_assert_eq(go(4), 13);
    cr_assert_str_eq(number_of("messages WHERE text = 'x'"), "12");
}

// Rows that it reads, of tables that were empty when its plans were made.
Test(bodies, are_found_without_reading_more_than_a_batch)
{
    enum { BATCH = 16, FULL = 3000 };
    static const char *const read = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM "
                                    "pg_stat_xact_user_tables WHERE schemaname = 'tollgate'";
    acme = given_keeper("'1 day'");
    (void)given_old(acme, "2 days", "first");
    cr_assert_eq(go(BATCH), 1);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, "
        "status) "
        "SELECT first_id_of(now() - interval '2 days' + n * interval '1 second'), org_id, "
        "channel_id, contact_id, 'inbound', 'text', '{}', 'received' FROM messages, "
        "generate_series(1, %d) n",
        FULL);
    run("UPDATE organizations SET keep_bodies_for = '1 day'");
    run("BEGIN");
    long before = strtol(value("%s", read), NULL, 10);
    assert_rows(rows("SELECT * FROM delete_bodies(%d)", BATCH), text("%d, t", BATCH - 1));
    long rows_read = strtol(value("%s", read), NULL, 10) - before;
    cr_assert_lt(rows_read, 16L * BATCH, "%ld", rows_read);
    run("COMMIT");
}

Test(bodies, of_before_are_found_by_who_sets_it_again)
{
    acme = given_keeper("'1 day'");
    (void)given_old(acme, "2 days", "old");
    cr_assert_eq(go(100), 1);
    (void)given_old(acme, "3 days", "imported"); // behind the walk
    cr_assert_eq(go(100), 0);
    run("UPDATE organizations SET keep_bodies_for = '1 day'");
    cr_assert_eq(go(100), 1);
    const char *beta = given_keeper("'2 days'");
    (void)given_old(beta, "9 days", "beta");
    cr_assert_eq(go(100), 1);
    run("UPDATE organizations SET keep_bodies_for = NULL");
    (void)given_old(acme, "3 days", "kept");
    cr_assert_eq(go(100), 0);
    cr_assert_eq(go(100), 0);
    assert_rows(said(), "kept");
}

Test(bodies, stay_until_they_have_left)
{
    acme = given_keeper("'1 day'");
    const char *id = value("SELECT first_id_of(now() - interval '3 days')");
    (void)accept_sends({.org = acme, .id = id, .payload = "{\"a\": 1}", .send_in_ms = 60000});
    cr_assert_eq(go(100), 0);
    cr_assert_str_eq(value("SELECT payload FROM messages WHERE id = '%s'", id), "{\"a\": 1}");
    run("UPDATE late_bodies SET due_at = now()");
    cr_assert_eq(go(100), 0);
    run("SELECT cancel_send('%s', '%s')", acme, id);
    run("UPDATE late_bodies SET due_at = now()");
    cr_assert_eq(go(100), 1);
    cr_assert_str_eq(value("SELECT payload FROM messages WHERE id = '%s'", id), "{}");
    cr_assert_str_eq(number_of("late_bodies"), "0");
    assert_healthy();
}

Test(bodies, cost_nothing_where_all_are_kept)
{
    acme = given_keeper("NULL");
    for (int i = 0; i < 50; i++)
        (void)given_old(acme, "2 days", "x");
    static const char *const read = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM "
                                    "pg_stat_xact_user_tables WHERE schemaname = 'tollgate'";
    run("BEGIN");
    const char *before = value("%s", read);
    cr_assert_eq(go(10), 0);
    cr_assert_str_eq(value("%s", read), before);
    run("COMMIT");
}

Test(bodies, a_time_that_is_none_is_refused)
{
    acme = given_org();
    assert_refused(CHECK_VIOLATION, "UPDATE organizations SET keep_bodies_for = '0'");
    assert_refused(CHECK_VIOLATION, "UPDATE organizations SET keep_bodies_for = '-1 day'");
}

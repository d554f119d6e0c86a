// What orgs use by day: made of messages and the ledger, and never other than they say.

#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(usage, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *beta;

// Messages of the last days, this one and the next, of two orgs with two channels each, as they may
// stand there, and a ledger that goes with them: refunds come days later, and what is taken again
// after that.
static void given_days(int messages)
{
    acme = given_org_with_channel("1000.00");
    beta = given_org_with_channel("1000.00");
    (void)given_channel(.org = acme);
    (void)given_channel(.org = beta);
    run("INSERT INTO contacts (org_id, phone) SELECT id, '4915100000001' FROM organizations");
    run("SELECT setseed(0.4711)");
    run("SET session_replication_role = replica");
    run("CREATE TEMP TABLE made AS SELECT i, (left(first_id_of(t.at)::text, 14) || '7' || "
        "substr(h, 1, 3) || '-8' || "
        "substr(h, 4, 3) || '-' || substr(h, 7, 12))::uuid AS id, c.org_id, c.id AS channel_id, "
        "t.at, random() AS a, "
        "random() AS b, random() AS c, random() AS d FROM generate_series(1, %d) i CROSS JOIN "
        "LATERAL (SELECT md5(i::text) "
        "AS h, date_trunc('milliseconds', now() - random() * interval '5 days' + i * "
        "'0'::interval) AS at) t "
        "CROSS JOIN LATERAL (SELECT * FROM channels ORDER BY md5(i::text || id) LIMIT 1) c",
        messages);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, origin, "
        "payload, fee, status, "
        "refunded, sent_at, delivered_at, read_at, failed_at, pricing, created_at) "
        "SELECT m.id, m.org_id, m.channel_id, (SELECT k.id FROM contacts k WHERE k.org_id = "
        "m.org_id), "
        "CASE WHEN m.a < 0.7 THEN 'outbound' ELSE 'inbound' END, CASE WHEN m.b < 0.1 THEN "
        "'receipt' ELSE 'text' END, "
        "CASE WHEN m.b > 0.95 THEN 'phone_app' END, '{}', CASE WHEN m.a < 0.7 AND m.b BETWEEN 0.1 "
        "AND 0.95 THEN 0.2 ELSE 0 "
        "END, CASE WHEN m.a >= 0.7 THEN 'received' WHEN m.c < 0.2 THEN 'failed' WHEN m.c < 0.5 "
        "THEN 'sent' "
        "WHEN m.c < 0.8 THEN 'delivered' ELSE 'read' END, m.a < 0.7 AND m.b BETWEEN 0.1 AND 0.95 "
        "AND m.c < 0.1, "
        "CASE WHEN m.a >= 0.7 OR m.c > 0.15 THEN m.at END, CASE WHEN m.a < 0.7 AND m.c >= 0.5 AND "
        "m.d < 0.9 THEN m.at END, "
        "CASE WHEN m.a < 0.7 AND m.c >= 0.8 THEN m.at END, CASE WHEN m.a < 0.7 AND m.c < 0.2 THEN "
        "m.at END, "
        "CASE WHEN m.a < 0.7 AND m.d < 0.6 THEN json_build_object('category', "
        "CASE WHEN m.d < 0.3 THEN 'utility' ELSE 'marketing' END) END, m.at FROM made m");
    run("INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, reply_id, "
        "reply_skipped) "
        "SELECT m.org_id, m.id, m.channel_id, m.contact_id, CASE WHEN d.d < 0.5 THEN m.id END, "
        "CASE WHEN d.d >= 0.5 THEN 'cooldown' END FROM messages m JOIN made d USING (id) "
        "WHERE m.direction = 'inbound' AND d.c < 0.5");
    run("INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id, "
        "created_at) "
        "SELECT e.org_id, 1 + row_number() OVER w, e.kind, e.amount, 1000 + sum(e.amount) OVER w, "
        "e.id, e.at FROM ("
        "SELECT m.org_id, 'service_fee' AS kind, -0.2 AS amount, m.id, d.at FROM messages m JOIN "
        "made d USING (id) "
        "WHERE m.fee > 0 UNION ALL "
        "SELECT m.org_id, 'refund', 0.2, m.id, d.at + d.d * interval '2 days' FROM messages m JOIN "
        "made d USING (id) "
        "WHERE m.fee > 0 AND d.c < 0.15 UNION ALL "
        "SELECT m.org_id, 'refund_reversal', -0.2, m.id, d.at + interval '2 days 1 hour' FROM "
        "messages m "
        "JOIN made d USING (id) WHERE m.fee > 0 AND d.c BETWEEN 0.1 AND 0.15) e WINDOW w AS "
        "(PARTITION BY e.org_id "
        "ORDER BY e.at, e.kind DESC, e.id)");
    run("SET session_replication_role = origin");
    run("DROP TABLE made");
}

static void roll_up(int limit)
{
    for (int i = 0; i < 10000; i++) {
        const char *done = value("SELECT (SELECT more FROM sum_ledgers(%d)) OR (SELECT more FROM "
                                 "count_usage(%d))",
                                 limit, limit);
        if (*done == 'f')
            return;
    }
    cr_assert_fail("it comes to no end");
}

static void make_all_due(void)
{
    run("UPDATE usage_days SET due_at = now()");
    run("UPDATE usage_walk SET due_at = now()");
}

// Where the figures are not what the tables say, counted directly.
static const char *differences(void)
{
    return rows("WITH said AS (SELECT day, org_id, channel_id, category, accepted, sent, "
                "delivered, read, failed, refunded, "
                "received, auto_replies FROM usage_messages), counted AS ("
                "SELECT (time_of_id(m.id) AT TIME ZONE 'UTC')::date, m.org_id, m.channel_id, "
                "coalesce(m.pricing ->> 'category', "
                "''), sum(o), sum(o * (m.sent_at IS NOT NULL OR m.status IN ('sent', 'delivered', "
                "'read'))::int), "
                "sum(o * (coalesce(m.delivered_at, m.read_at) IS NOT NULL)::int), sum(o * "
                "(m.read_at IS NOT NULL)::int), "
                "sum(o * (m.status = 'failed')::int), sum(o * m.refunded::int), sum(1 - o), "
                "sum((r.reply_id IS NOT NULL)::int) "
                "FROM messages m LEFT JOIN auto_replies r ON r.message_id = m.id "
                "CROSS JOIN LATERAL (SELECT (m.direction = 'outbound')::int AS o) x "
                "WHERE m.type <> 'receipt' AND m.origin IS NULL AND time_of_id(m.id) < now() + "
                "interval '1 day' "
                "GROUP BY 1, 2, 3, 4) "
                "(TABLE said EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE said)");
}

static const char *differences_of_money(void)
{
    return rows(
        "WITH said AS (SELECT day, org_id, channel_id, kind, amount FROM usage_money), counted AS ("
        "SELECT (t.created_at AT TIME ZONE 'UTC')::date, t.org_id, m.channel_id, t.kind, "
        "sum(t.amount) "
        "FROM wallet_transactions t LEFT JOIN messages m ON m.id = t.message_id GROUP BY 1, 2, 3, "
        "4) "
        "(TABLE said EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE said)");
}

static void assert_right(void)
{
    assert_no_rows(differences());
    assert_no_rows(differences_of_money());
    assert_no_rows(rows("SELECT * FROM usage_parts"));
    assert_no_rows(rows("SELECT * FROM audit_usage()"));
}

Test(usage, rolled_up_is_what_the_tables_say_in_pieces_of_any_size)
{
    given_days(3000);
    roll_up(7000);
    assert_right();
    cr_assert_str_eq(
        value("SELECT sum(accepted + received) > 2000 AND sum(auto_replies) > 100 AND "
              "count(DISTINCT category) = 3 AND count(DISTINCT day) >= 5 FROM usage_messages"),
        "t");
    cr_assert_str_eq(value("SELECT count(DISTINCT kind) FROM usage_money"), "4");
    run("SELECT remake_usage()");
    assert_no_rows(rows("SELECT * FROM usage_money"));
    roll_up(70);
    assert_right();
}

Test(usage, a_piece_is_bounded_and_what_stands_is_not_touched_until_the_day_is_counted)
{
    given_days(3000);
    roll_up(7000);
    run("UPDATE messages SET status = 'read', read_at = now() WHERE direction = 'outbound'");
    make_all_due();
    const char *before = rows("SELECT * FROM usage_messages ORDER BY 1, 2, 3, 4");
    assert_rows(rows("SELECT * FROM count_usage(20)"), "20, t");
    assert_rows(rows("SELECT * FROM count_usage(20)"), "20, t");
    cr_assert_str_eq(rows("SELECT * FROM usage_messages ORDER BY 1, 2, 3, 4"), before);
    cr_assert_str_eq(value("SELECT sum(accepted + received) BETWEEN 20 AND 40 FROM usage_parts"),
                     "t");
    run("SELECT remake_usage()");
    assert_rows(rows("SELECT * FROM sum_ledgers(25)"), "25, t");
    cr_assert_str_eq(value("SELECT sum(n) FROM usage_ledgers"), "25");
    roll_up(100);
    assert_right();
}

Test(usage, what_comes_late_counts_for_its_message_and_money_for_the_day_that_it_was_booked)
{
    given_days(300);
    roll_up(1000);
    const char *old = value(
        "SELECT id FROM messages WHERE org_id = '%s' AND direction = 'outbound' AND type = 'text' "
        "AND origin IS NULL AND status = 'sent' AND fee > 0 ORDER BY id LIMIT 1",
        acme);
    const char *day = value("SELECT (time_of_id('%s') AT TIME ZONE 'UTC')::date", old);
    const char *failed = text(
        "SELECT sum(failed), sum(refunded) FROM usage_messages WHERE org_id = '%s' AND day = '%s'",
        acme, day);
    const char *money = text("SELECT coalesce(sum(amount), 0) FROM usage_money WHERE org_id = '%s' "
                             "AND kind = 'refund' AND "
                             "day = (now() AT TIME ZONE 'UTC')::date",
                             acme);
    long failed_before =
        strtol(value("SELECT sum(failed) FROM usage_messages WHERE org_id = '%s' AND day = '%s'",
                     acme, day),
               NULL, 10);
    const char *money_before = value("%s", money);
    run("SELECT move_fees('{%s}', '{%s}', '{t}', '{f}')", acme, old);
    run("UPDATE messages SET status = 'failed', failed_at = now(), refunded = true WHERE id = '%s'",
        old);
    make_all_due();
    roll_up(1000);
    assert_right();
    cr_assert_eq(strtol(rows("%s", failed), NULL, 10), failed_before + 1);
    cr_assert_str_eq(value("SELECT (%s) - %s", money, money_before), "0.2000");
}

// Of November 1st, counted so long after its end.
static const char *next_of(const char *after, const char *took)
{
    return value("SELECT next_count('2026-11-01', t, t + interval '%s') AT TIME ZONE 'UTC' FROM "
                 "(SELECT timestamptz "
                 "'2026-11-02 00:00Z' + interval '%s' AS t) d",
                 took, after);
}

Test(usage, of_a_day_is_counted_again_seldom_and_never_after_a_month)
{
    cr_assert_str_eq(next_of("-2 hours", "1 second"), "2026-11-01 22:01:01");
    cr_assert_str_eq(next_of("-2 hours", "1 minute"), "2026-11-01 22:51:00");
    cr_assert_str_eq(next_of("0", "1 minute"), "2026-11-02 00:10:00");
    cr_assert_str_eq(next_of("1 day", "1 minute"), "2026-11-04 00:10:00");
    cr_assert_str_eq(next_of("21 days", "1 minute"), "infinity");
}

Test(usage, a_new_day_is_opened_and_a_day_that_is_over_stands)
{
    given_days(300);
    roll_up(1000);
    run("DELETE FROM usage_days WHERE day > (now() AT TIME ZONE 'UTC')::date - 2");
    run("UPDATE usage_days SET due_at = 'infinity'");
    run("UPDATE messages SET status = 'read', read_at = now() WHERE direction = 'outbound' AND "
        "time_of_id(id) < now() - "
        "interval '3 days'");
    const char *old = "SELECT * FROM usage_messages WHERE day < (now() AT TIME ZONE 'UTC')::date - "
                      "2 ORDER BY 1, 2, 3, 4";
    const char *before = rows("%s", old);
    roll_up(1000);
    cr_assert_str_eq(value("SELECT max(day) = (now() AT TIME ZONE 'UTC')::date AND "
                           "count(counted_at) = count(*) FROM "
                           "usage_days"),
                     "t");
    cr_assert_str_eq(rows("%s", old), before);
    assert_no_rows(rows("SELECT * FROM audit_usage()"));
}

static void go_on(struct session *session, int thread)
{
    for (int i = 0; i < 60; i++) {
        if (thread == 0)
            (void)session_rows_again(
                session, text("SELECT add_wallet_credits('%s', 1, 'more')", i % 2 ? acme : beta));
        (void)session_rows_again(session, "SELECT * FROM sum_ledgers(40)");
        (void)session_rows_again(session, "SELECT * FROM count_usage(40)");
    }
}

Test(usage, of_two_who_roll_up_at_once_each_row_is_counted_once)
{
    given_days(3000);
    at_once(4, go_on);
    make_all_due();
    roll_up(1000);
    assert_right();
}

Test(usage, is_an_orgs_own)
{
    given_days(600);
    roll_up(1000);
    const char *channel =
        value("SELECT id FROM channels WHERE org_id = '%s' ORDER BY id LIMIT 1", acme);
    const char *fees =
        value("SELECT money_text(-sum(amount)) FROM usage_money WHERE org_id = '%s' "
              "AND channel_id IS NOT NULL AND day <= (now() AT TIME ZONE 'UTC')::date",
              acme);
    const char *foreign = value("SELECT id FROM channels WHERE org_id = '%s' LIMIT 1", beta);
    // Who has had a number twice has it as one.
    const char *number = value("SELECT phone_number_id FROM channels WHERE id = '%s'", channel);
    const char *former =
        value("SELECT id FROM channels WHERE org_id = '%s' AND id <> '%s'", acme, channel);
    run("UPDATE channels SET status = 'disabled', phone_number_id = '%s' WHERE id = '%s'", number,
        former);
    database_connect_as("tollgate_ingress");
    cr_assert_str_eq(value("SELECT count(*) FROM tollgate.usage_messages"), "0");
    cr_assert_str_eq(value("SELECT sum((l ->> 'fees_net')::numeric) FROM "
                           "json_array_elements(tollgate.get_usage('%s', '{}') -> "
                           "'usage') l",
                           acme),
                     fees);
    assert_rows(
        rows("SELECT DISTINCT l ->> 'channel_id' FROM json_array_elements(tollgate.get_usage('%s', "
             "'{\"channel_id\": \"%s\"}') "
             "-> 'usage') l",
             acme, channel),
        channel);
    assert_told("channel_not_found", "channel_id",
                "SELECT tollgate.get_usage('%s', '{\"channel_id\": \"%s\"}')", acme, foreign);
    assert_told("channel_not_found", "channel",
                "SELECT tollgate.get_usage('%s', '{\"channel\": \"%s\"}')", acme, foreign);
    assert_rows(
        rows("SELECT count(DISTINCT l ->> 'channel_id') FROM "
             "json_array_elements(tollgate.get_usage('%s', '{\"channel\": \"%s\"}') -> 'usage') l",
             acme, number),
        "2");
    assert_rows(
        rows("SELECT DISTINCT l ->> 'channel_id' FROM json_array_elements(tollgate.get_usage('%s', "
             "'{\"channel\": \"%s\", \"channel_id\": \"%s\"}') -> 'usage') l",
             acme, number, former),
        former);
    assert_told(
        "invalid_field", "until",
        "SELECT tollgate.get_usage('%s', '{\"since\": \"2026-11-02\", \"until\": \"2026-11-02\"}')",
        acme);
    assert_told(
        "invalid_field", "since",
        "SELECT tollgate.get_usage('%s', '{\"since\": \"2026-01-01\", \"until\": \"2026-04-04\"}')",
        acme);
    cr_assert_str_eq(
        value("SELECT tollgate.get_usage('%s', '{\"since\": \"2026-01-01\", \"until\": "
              "\"2026-04-03\"}') ->> 'usage'",
              acme),
        "[]");
}

Test(usage, that_is_not_what_the_tables_say_is_found_by_the_audit)
{
    given_days(300);
    roll_up(1000);
    run("UPDATE usage_days SET counted_at = now() + interval '2 days'");
    assert_no_rows(rows("SELECT * FROM audit_ledger() WHERE invariant = 'I14'"));
    run("UPDATE usage_money SET amount = amount - 0.0001 WHERE ctid = (SELECT min(ctid) FROM "
        "usage_money)");
    assert_rows(rows("SELECT count(*) FROM audit_ledger() WHERE invariant = 'I14'"), "1");
    run("DELETE FROM usage_money WHERE ctid = (SELECT min(ctid) FROM usage_money WHERE org_id = "
        "'%s')",
        beta);
    assert_rows(rows("SELECT count(*) FROM audit_ledger() WHERE invariant = 'I14'"), "2");
    run("UPDATE usage_messages SET accepted = accepted + 1 WHERE (day, org_id, channel_id, "
        "category) = (SELECT day, org_id, channel_id, category FROM usage_messages ORDER BY 1 "
        "DESC, 2, 3, 4 LIMIT 1)");
    run("DELETE FROM usage_messages WHERE (day, org_id, channel_id) = (SELECT day, org_id, "
        "channel_id FROM usage_messages ORDER BY 1, 2, 3 LIMIT 1)");
    assert_rows(rows("SELECT count(*) FROM audit_ledger() WHERE invariant = 'I14'"), "4");
    run("UPDATE usage_days SET counted_at = now() - interval '9 days'"); // none of them after its
                                                                         // end
    assert_rows(rows("SELECT count(*) FROM audit_ledger() WHERE invariant = 'I14'"), "2");
}

Test(usage, counting_reads_what_is_counted)
{
    given_days(3000);
    roll_up(1000);
    make_all_due();
    static const char *const counted =
        "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE "
        "schemaname = 'tollgate'";
    run("BEGIN");
    long before = strtol(value("%s", counted), NULL, 10);
    (void)value("SELECT more FROM count_usage(50)");
    (void)value("SELECT more FROM sum_ledgers(50)");
    long read = strtol(value("%s", counted), NULL, 10) - before;
    cr_assert(read >= 50 && read < 400, "%ld rows were read", read);
    run("COMMIT");
}

// list_figures: how much there is, for whoever watches; what it costs is bounded.
#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(figures, .init = database_create, .fini = database_drop);

static const char *figure(const char *name)
{
    return rows("SELECT label, number FROM list_figures('%s') ORDER BY label", name);
}

Test(figures, without_anything_there_is_nothing)
{
    assert_no_rows(figure("outbox"));
    assert_no_rows(figure("alerts"));
    assert_no_rows(figure("paused_channels"));
    assert_no_rows(figure("dead_letters"));
    assert_rows(figure("unconfirmed"), "null, 0");
}

Test(figures, the_outbox_is_told_by_state_with_the_age_of_the_oldest)
{
    const char *acme = given_org_with_channel("100.00");
    const char *phone = new_phone();
    (void)given_message(.org = acme, .phone = phone);
    (void)given_message(.org = acme, .phone = phone);
    (void)given_message(.org = acme, .send_in_ms = 3600000);
    (void)given_message(.org = acme, .send_in_ms = 3600000);
    (void)given_claimed_message(.org = acme);
    (void)given_settled_message(acme, "sent");
    run("UPDATE outbox SET queued_at = now() - interval '90 seconds' WHERE state = 'queued'");
    assert_rows(figure("outbox"), "held, 1", "queued, 1", "scheduled, 2", "sending, 1");
    cr_assert_str_eq(value("SELECT age_s BETWEEN 90 AND 900 FROM list_figures('outbox') WHERE "
                           "label = 'queued'"),
                     "t");
    cr_assert_str_eq(
        value("SELECT age_s BETWEEN 0 AND 60 FROM list_figures('outbox') WHERE label = 'held'"),
        "t");
}

Test(figures, what_is_unconfirmed_paused_alerted_and_dead_is_told)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    (void)given_settled_message(acme, "network:after_write");
    (void)given_settled_message(acme, "network:after_write");
    assert_rows(figure("unconfirmed"), "null, 2");
    (void)given_settled_message(acme, "190");
    run("UPDATE channels SET status = 'paused' WHERE org_id = '%s'", beta);
    assert_rows(figure("alerts"), "channel_paused, 1");
    assert_rows(figure("paused_channels"), "190, 1", "by_hand, 1");
    run("UPDATE channels SET access_token = 'another' WHERE org_id = '%s'", acme);
    assert_no_rows(figure("alerts"));
    assert_rows(figure("paused_channels"), "by_hand, 1");
    run("INSERT INTO dead_letters (reason, body, digest) SELECT CASE WHEN n > 2 THEN 'poison' ELSE "
        "'refused' END, 'x', sha256(n::text::bytea) FROM generate_series(1, 5) n");
    assert_rows(figure("dead_letters"), "poison, 3", "refused, 2");
}

// Events of which nobody was told so far are counted so, once what is under way in other tests'
// databases, which holds them back as well, has ended.
#define UNTOLD                                                                                     \
    "(SELECT string_agg(label || ' ' || number, ', ' ORDER BY label) FROM "                        \
    "list_figures('untold_events'))"
static void expect_untold(const char *counts)
{
    run("DO $$ BEGIN FOR i IN 1..2000 LOOP EXIT WHEN " UNTOLD " = '%s'; "
        "PERFORM pg_sleep(0.01); END LOOP; END $$",
        counts);
    assert_rows(rows("SELECT " UNTOLD), counts);
}

Test(figures, events_that_are_not_told_are_due_or_held_back)
{
    const char *acme = given_org_with_channel("100.00");
    run("INSERT INTO events (org_id, id, type, created_at) SELECT '%s', gen_random_uuid(), "
        "'wallet.low', now() - interval '90 seconds' FROM generate_series(1, 2)",
        acme);
    expect_untold("due 2");
    cr_assert_str_eq(value("SELECT age_s BETWEEN 90 AND 900 FROM list_figures('untold_events')"),
                     "t");
    struct session *before = session_open();
    (void)session_rows(before, "BEGIN");
    (void)session_rows(before, "SELECT pg_current_xact_id()");
    run("INSERT INTO events (org_id, id, type) VALUES ('%s', gen_random_uuid(), 'wallet.low')",
        acme);
    expect_untold("due 2, held_back 1");
    (void)session_rows(before, "COMMIT");
    session_close(before);
    expect_untold("due 3");
    (void)rows("SELECT * FROM fan_out_events(100, 100, 60, 10, '{}', '{}')");
    assert_no_rows(figure("untold_events"));
}

// How many rows of these tables a look reads, from the tables or their indexes.
static long read_by(const char *name)
{
    static const char *const counted =
        "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables "
        "WHERE schemaname = 'tollgate'";
    run("BEGIN");
    long before = strtol(value("%s", counted), NULL, 10);
    run("SELECT * FROM list_figures('%s')", name);
    long after = strtol(value("%s", counted), NULL, 10);
    run("COMMIT");
    return after - before;
}

// Planned while the tables are empty, and asked when they are full.
Test(figures, no_figure_reads_what_it_does_not_count)
{
    enum { FULL = 3000 };
    static const char *const names[] = {"outbox",          "unconfirmed",  "alerts",
                                        "paused_channels", "dead_letters", "open_tokens",
                                        "untold_events"};
    enum { NAMES = sizeof names / sizeof *names };
    const char *acme = given_org_with_channel("100.00");
    run("VACUUM ANALYZE messages");
    for (int i = 0; i < NAMES; i++)
        run("SELECT * FROM list_figures('%s')", names[i]);
    run("INSERT INTO contacts (org_id, phone) VALUES ('%s', '4915200000001')", acme);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, fee, "
        "status) SELECT gen_random_uuid(), c.org_id, h.id, c.id, 'outbound', 'text', '{}', 0.20, "
        "'sent' FROM contacts c JOIN channels h ON h.org_id = c.org_id, generate_series(1, %d)",
        FULL);
    run("INSERT INTO alerts (org_id, channel_id, kind, outcome, resolved_at) SELECT org_id, id, "
        "'channel_paused', '190', now() FROM channels, generate_series(1, %d)",
        FULL);
    run("INSERT INTO events (org_id, id, type) SELECT '%s', gen_random_uuid(), 'wallet.low' FROM "
        "generate_series(1, %d)",
        acme, FULL);
    run("INSERT INTO fan_outs (xact, event_id) SELECT xact, id FROM events ORDER BY xact DESC, id "
        "DESC LIMIT 1");
    for (int i = 0; i < NAMES; i++)
        cr_assert_lt(read_by(names[i]), 10, "%s", names[i]);
}

Test(figures, no_figure_counts_without_end)
{
    run("INSERT INTO dead_letters (reason, body, digest) SELECT 'refused', 'x', "
        "sha256(n::text::bytea) FROM generate_series(1, 10100) n");
    assert_rows(figure("dead_letters"), "refused, 10000");
    cr_assert_leq(read_by("dead_letters"), 10000);
}

// What a database does that was restored from a backup, and what after_restore makes of it.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(restore, .init = database_create, .fini = database_drop);

#define CANNOT_CONNECT_NOW "57P03"
#define OBJECT_IN_USE "55006"

static const char *acme;

// From here on the database is somewhere else than where it was when it was backed up: on another
// server, with other tables, on another timeline.
static void restore(const char *change)
{
    run("UPDATE restores SET %s", change);
}

static const char *after_restore(const char *options)
{
    return rows("SELECT org, unconfirmed, waiting, awaited, balance FROM after_restore(%s)",
                options);
}

// A further connection, as a daemon's; what it answers.
static const char *anew(const char *statement)
{
    struct session *session = session_open();
    const char *answer = session_rows(session, "%s", statement);
    session_close(session);
    return answer;
}

Test(restore, a_database_at_home_is_not_a_restored_one)
{
    cr_assert_str_eq(value("SELECT is_restored()"), "f");
    acme = given_org_with_channel("10.00");
    const char *waits = given_message(.org = acme);
    assert_no_rows(after_restore(""));
    cr_assert_str_eq(state_of(waits), "queued");
}

Test(restore, nothing_is_accepted_or_claimed_until_it_was_dealt_with)
{
    static const char *const changes[] = {"system_identifier = 1", "table_oid = 1",
                                          "timeline = timeline + 1"};
    acme = given_org_with_channel("10.00");
    for (size_t i = 0; i < 3; i++) {
        restore(changes[i]);
        const struct send_spec send = {.org = acme};
        const char *const refused[] = {accept_sends_sql(&send, 1),
                                       text("SELECT claim_sends('%s', '{}', '{}')", acme),
                                       "SELECT take_janitor_lock()"};
        for (size_t k = 0; k < 3; k++)
            cr_assert_not_null(strstr(anew(refused[k]), CANNOT_CONNECT_NOW), "%s: %s", changes[i],
                               refused[k]);
        cr_assert_str_not_empty(after_restore(""));
        for (size_t k = 0; k < 3; k++)
            cr_assert_null(strstr(anew(refused[k]), "error"), "%s: %s", changes[i], refused[k]);
    }
}

Test(restore, an_empty_table_of_restores_is_not_taken_for_a_home)
{
    run("DELETE FROM restores");
    cr_assert_str_eq(value("SELECT is_restored()"), "t");
}

Test(restore, what_may_have_left_becomes_unconfirmed)
{
    acme = given_org_with_channel("10.00");
    const char *channel = given_channel(.org = acme, .max_mps = "1");
    const char *queued = given_message(.org = acme, .phone = "919876543210");
    const char *held = given_message(.org = acme, .phone = "919876543210");
    const char *sending = given_claimed_message(.org = acme);
    const char *due = given_message(.org = acme, .send_in_ms = 60000);
    (void)given_message(.org = acme, .channel = channel, .priority = "bulk");
    const char *paced = given_message(.org = acme, .channel = channel, .priority = "bulk");
    const char *later = given_message(.org = acme, .send_in_ms = 3600000);
    cr_assert_str_eq(state_of(paced), "scheduled");
    restore("table_oid = 1");
    assert_rows(after_restore("now() + interval '2 minutes'"), "Acme, 6, 1, 0, 8.60");
    const char *const unknown[] = {queued, held, sending, due, paced};
    for (size_t i = 0; i < 5; i++) {
        cr_assert_str_eq(state_of(unknown[i]), "gone");
        assert_rows(rows("SELECT status, error_code, unconfirmed_at IS NULL FROM messages WHERE "
                         "id = '%s'",
                         unknown[i]),
                    "unconfirmed, restored, f");
    }
    cr_assert_str_eq(state_of(later), "scheduled");
    assert_rows(rows("SELECT message_id, outcome FROM attempts"), text("%s, restored", sending));
    assert_healthy();

    // Dealt with once, it is not again, whatever is accepted since.
    const char *new = given_message(.org = acme);
    assert_no_rows(after_restore(""));
    cr_assert_str_eq(state_of(new), "queued");
}

// What was due between a time that is too early and the real one may have left.
Test(restore, a_stop_before_its_last_message_or_ahead_of_the_clock_is_refused)
{
    static const char *const times[] = {"now() - interval '1 day'", "'-infinity'", "'infinity'",
                                        "now() + interval '2 hours'"};
    acme = given_org_with_channel("10.00");
    const char *later = given_message(.org = acme, .send_in_ms = 60000);
    restore("table_oid = 1");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_refused(INVALID_PARAMETER, "SELECT * FROM after_restore(%s)", times[i]);
    cr_assert_str_eq(state_of(later), "scheduled");
    assert_rows(after_restore("now()"), "Acme, 0, 1, 0, 9.80");
}

Test(restore, what_is_parked_may_have_left)
{
    acme = given_org_with_channel("10.00");
    const char *parked = given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = 'infinity', look_at = not_after");
    restore("table_oid = 1");
    assert_rows(after_restore(""), "Acme, 1, 0, 0, 9.80");
    cr_assert_str_eq(status_of(parked), "unconfirmed");
}

Test(restore, what_is_unheard_of_afterwards_is_refunded_and_what_is_heard_of_is_not)
{
    acme = given_org_with_channel("10.00");
    const char *lost = given_message(.org = acme);
    const char *arrived = given_message(.org = acme);
    restore("table_oid = 1");
    (void)after_restore("");
    assert_rows(hear(acme, arrived, "delivered", NULL), "applied, f, f, null");
    run("UPDATE messages SET unconfirmed_at = unconfirmed_at - interval '2 days'");
    assert_rows(rows("SELECT message_id, refunded FROM fail_unheard_sends(86400, 100)"),
                text("%s, t", lost));
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(restore, deliveries_that_may_have_been_told_of_are_awaited_no_more)
{
    acme = given_org_with_channel("10.00");
    run("UPDATE organizations SET undelivered_after = '1 hour'");
    const char *sent = given_settled_message(acme, "sent");
    restore("table_oid = 1");
    assert_rows(after_restore(""), "Acme, 0, 0, 1, 9.80");
    run("UPDATE awaited SET due_at = now() - interval '1 day'");
    assert_no_rows(rows("SELECT * FROM fail_undelivered_sends(100)"));
    cr_assert_str_eq(status_of(sent), "sent");
}

Test(restore, where_nothing_was_lost_all_goes_on)
{
    acme = given_org_with_channel("10.00");
    const char *message = given_message(.org = acme);
    restore("system_identifier = 1");
    assert_rows(after_restore("p_nothing_lost => true"), "Acme, 0, 1, 0, 9.80");
    cr_assert_str_not_empty(claim(acme, message));
    assert_rows(rows("SELECT until, unconfirmed FROM restores ORDER BY n DESC LIMIT 1"),
                "null, null");
}

Test(restore, a_timeline_counts_unless_failovers_are_trusted)
{
    restore("timeline = timeline + 1");
    cr_assert_str_eq(value("SELECT is_restored()"), "t");
    (void)after_restore("p_nothing_lost => true, p_any_timeline => true");
    cr_assert_str_eq(value("SELECT is_restored()"), "f");
    assert_rows(rows("SELECT timeline FROM restores ORDER BY n DESC LIMIT 1"), "null");
}

Test(restore, a_copy_of_the_files_is_dealt_with_when_somebody_says_so)
{
    acme = given_org_with_channel("10.00");
    const char *message = given_message(.org = acme);
    assert_rows(after_restore("p_anyway => true"), "Acme, 1, 0, 0, 9.80");
    cr_assert_str_eq(status_of(message), "unconfirmed");
    assert_rows(rows("SELECT actor, unconfirmed FROM restores ORDER BY n DESC LIMIT 1"),
                "postgres, 1");
}

Test(restore, it_is_refused_while_a_daemon_is_connected)
{
    restore("table_oid = 1");
    struct session *daemon = session_open();
    (void)session_rows(daemon, "SET SESSION AUTHORIZATION tollgate_worker");
    (void)session_rows(daemon, "SET application_name = 'tollgate-worker intake'");
    assert_refused(OBJECT_IN_USE, "SELECT * FROM after_restore()");
    cr_assert_str_eq(value("SELECT is_restored()"), "t");
    session_close(daemon);
}

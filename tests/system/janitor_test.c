// Upkeep: one worker's janitor acts at a time, and what waits for ever ends.
#include "tests/system/org.h"

#include <signal.h>
#include <string.h>

TestSuite(janitor, .timeout = 120);

enum { HANDOVER_S = 10, HANDOVER_STANDING_S = 20 };

static struct answer send_later(const struct org *org, const char *interval)
{
    const char *time = database_text(org->gateway->database,
                                     "SELECT to_char((now() + interval '%s') AT TIME ZONE 'UTC', "
                                     "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
                                     interval);
    return send_body(
        org,
        text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", \"send_at\": \"%s\"}", time));
}

Test(janitor, of_another_worker_acts_when_the_acting_one_is_killed)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    eventually(daemon_has_logged(&gateway->workers[0], "janitor_lock_taken"));
    struct daemon *second = start_worker(gateway);
    struct answer answer = send_later(&org, "1 hour");
    const char *id = expect_accepted_as(HERE, &answer, "scheduled");
    cr_assert_not(daemon_has_logged(second, "janitor_lock_taken"));

    kill_worker(gateway, &gateway->workers[0]);

    eventually_within(HANDOVER_S, daemon_has_logged(&gateway->workers[0], "janitor_lock_taken"));
    make_due(gateway, id);
    expect_ends(gateway, id, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    stop_gateway(gateway);
}

Test(janitor, of_another_worker_acts_when_the_acting_one_stands_still)
{
    struct gateway *gateway = given_gateway();
    eventually(daemon_has_logged(&gateway->workers[0], "janitor_lock_taken"));
    struct daemon *second = start_worker(gateway);
    process_signal(gateway->workers[0].process, SIGSTOP);
    eventually_within(HANDOVER_STANDING_S, daemon_has_logged(second, "janitor_lock_taken"));
    process_signal(gateway->workers[0].process, SIGCONT);
    eventually(daemon_has_logged(&gateway->workers[0], "janitor_lock_lost"));
    stop_gateway(gateway);
}

// What an earlier clock of PostgreSQL's has written is an hour later than it would be.
Test(janitor, moves_what_waits_with_a_clock_that_was_set_back)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database, "UPDATE channels SET max_mps = 1");
    struct answer first = send_text(&org, "919876543210");
    struct answer second = send_text(&org, "919876543211");
    expect_ends(gateway, expect_accepted(&first), "sent");
    const char *id = expect_accepted_as(HERE, &second, "scheduled");

    (void)database_text(gateway->database,
                        "BEGIN; UPDATE outbox SET due_at = due_at + interval '1 hour', look_at = "
                        "look_at + interval '1 hour' WHERE state = 'scheduled'; UPDATE clock SET "
                        "seen_at = clock_timestamp() + interval '1 hour'; COMMIT");

    expect_ends(gateway, id, "sent");
    cr_assert(daemon_has_logged(&gateway->workers[0], "database_clock_set_back"));
    stop_gateway(gateway);
}

Test(janitor, fails_and_refunds_what_stays_unconfirmed)
{
    struct gateway *gateway =
        given_gateway(.worker_settings = {"TOLLGATE_CONFIRMATION_WINDOW_S=1"});
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "15552000007");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "failed http:5xx refunded") == 0);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20, refund 0.20");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    eventually(
        strcmp(daemon_metric(&gateway->workers[0], "tollgate_janitor_total{duty=\"unheard\"}"),
               "1") == 0);
    expect_equal(daemon_metric(&gateway->workers[0], "tollgate_refunds_total"), "1");
    stop_gateway(gateway);
}

Test(janitor, fails_and_refunds_what_has_expired)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_later(&org, "1 hour");
    const char *id = expect_accepted_as(HERE, &answer, "scheduled");
    (void)database_text(gateway->database,
                        "UPDATE outbox SET not_after = now(), look_at = now() "
                        "WHERE message_id = '%s'",
                        id);
    expect_ends(gateway, id, "failed expired refunded");
    expect_equal(org_balance(&org), "100.00");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    eventually(daemon_has_logged(&gateway->workers[0], "send_expired"));
    stop_gateway(gateway);
}

// A message that is scheduled and one that has expired, both due.
struct pair {
    const char *due;
    const char *expired;
};

static struct pair given_pair(const struct org *org)
{
    struct answer due = send_later(org, "1 hour");
    struct answer expired = send_later(org, "1 hour");
    struct pair pair = {expect_accepted_as(HERE, &due, "scheduled"),
                        expect_accepted_as(HERE, &expired, "scheduled")};
    make_due(org->gateway, pair.due);
    (void)database_text(org->gateway->database,
                        "UPDATE outbox SET not_after = now(), look_at = now() "
                        "WHERE message_id = '%s'",
                        pair.expired);
    return pair;
}

Test(janitor, passes_over_what_postgresql_refuses)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org bad = given_org(gateway);
    struct org good = given_org(gateway);
    struct pair refused = given_pair(&bad);
    struct pair taken = given_pair(&good);
    given_refusals(gateway, "UPDATE OR DELETE ON outbox", text_of("OLD.org_id = '%s'", bad.id));
    struct daemon *worker = start_worker(gateway);

    expect_ends(gateway, taken.due, "sent");
    expect_ends(gateway, taken.expired, "failed expired refunded");
    eventually(daemon_has_logged(worker, "duty_refused service=worker duty=due"));
    eventually(daemon_has_logged(worker, "duty_refused service=worker duty=expired"));
    expect_equal(message_state(gateway, refused.due), "scheduled");
    expect_equal(message_state(gateway, refused.expired), "scheduled");

    (void)database_text(gateway->database, "DROP TRIGGER refuse ON outbox");
    expect_ends(gateway, refused.due, "sent");
    expect_ends(gateway, refused.expired, "failed expired refunded");
    cr_assert_eq(simulator_posts(gateway->simulator), 2);
    stop_gateway(gateway);
}

Test(janitor, deletes_old_idempotency_keys_and_keeps_new_ones)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    (void)database_text(gateway->database,
                        "INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, "
                        "balance, created_at) SELECT '%s', key, sha256(''), '%s', 'queued', 0, at "
                        "FROM (VALUES ('old', now() - interval '25 hours 1 minute'), "
                        "('new', now() - interval '24 hours 59 minutes')) "
                        "AS k (key, at)",
                        org.id, id);
    (void)start_worker(gateway);
    eventually(database_number(gateway->database, "SELECT count(*) FROM idempotency_keys") == 1);
    expect_equal(database_text(gateway->database, "SELECT key FROM idempotency_keys"), "new");
    stop_gateway(gateway);
}

Test(janitor, deletes_sessions_and_links_that_have_ended_long_ago)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (int i = 0; i < 2; i++)
        (void)database_text(
            gateway->database,
            "SELECT create_console_link('%s'); SELECT open_session('%s', '{read}', 'test')", org.id,
            org.id);
    (void)database_text(gateway->database,
                        "UPDATE console_links SET expires_at = now() - interval '31 days' WHERE id "
                        "= (SELECT min(id::text)::uuid FROM console_links); UPDATE sessions SET "
                        "revoked_at = now() - interval '31 days' WHERE id = (SELECT "
                        "min(id::text)::uuid FROM sessions)");
    (void)start_worker(gateway);
    eventually(database_number(gateway->database, "SELECT (SELECT count(*) FROM sessions) + "
                                                  "(SELECT count(*) FROM console_links)") == 2);
    stop_gateway(gateway);
}

// What the janitor asks for: due messages, lost jobs, and the lock that lets one of them act.

#include "tests/sql/givens.h"

TestSuite(janitor, .init = database_create, .fini = database_drop);

// A scheduled message that has been due for that long, or will be.
static const char *given_scheduled(const char *org, const char *due)
{
    const char *message = given_message(.org = org, .send_in_ms = 3600000);
    run("UPDATE outbox SET due_at = now() + interval '%s', look_at = now() + interval '%s' "
        "WHERE message_id = '%s'",
        due, due, message);
    return message;
}

Test(janitor, a_due_message_is_queued)
{
    const char *acme = given_org_with_channel("100.00");
    const char *due = given_scheduled(acme, "-1 second");
    assert_rows(rows("SELECT * FROM release_due_sends(10)"), text("%s, %s", acme, due));
    assert_rows(rows("SELECT state, due_at, queued_at > now() - interval '1 minute' FROM outbox"),
                "queued, null, t");
    assert_no_rows(release_due(10));
    cr_assert_str_not_empty(claim(acme, due));
}

Test(janitor, what_is_not_due_yet_waits)
{
    const char *acme = given_org_with_channel("100.00");
    const char *later = given_scheduled(acme, "1 hour");
    assert_no_rows(release_due(10));
    cr_assert_str_eq(state_of(later), "scheduled");
}

Test(janitor, only_what_is_scheduled_is_released)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_message(.org = acme);
    (void)given_claimed_message(.org = acme);
    assert_no_rows(release_due(10));
}

Test(janitor, the_longest_due_are_released_first)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *second = given_scheduled(acme, "-2 minutes");
    const char *third = given_scheduled(beta, "-1 minute");
    const char *first = given_scheduled(beta, "-3 minutes");
    assert_rows(release_due(1), first);
    assert_rows(release_due(1), second);
    assert_rows(release_due(1), third);
}

Test(janitor, no_more_than_the_limit_are_released)
{
    const char *acme = given_org_with_channel("100.00");
    for (int i = 0; i < 5; i++)
        (void)given_scheduled(acme, "-1 second");
    (void)release_due(2);
    cr_assert_str_eq(number_of("outbox WHERE state = 'queued'"), "2");
    (void)release_due(10);
    cr_assert_str_eq(number_of("outbox WHERE state = 'queued'"), "5");
}

// Many of one org, due for long, and one each of two others.
Test(janitor, what_is_more_than_a_batch_is_released_by_turns)
{
    const char *acme = given_org_with_channel("1000.00");
    const char *beta = given_org_with_channel("100.00");
    const char *gamma = given_org_with_channel("100.00");
    const char *first = given_scheduled(acme, "-2 minutes");
    const char *second = given_scheduled(acme, "-1 minute");
    const char *third = given_scheduled(acme, "-59 seconds");
    const char *fourth = given_scheduled(acme, "-58 seconds");
    for (int i = 0; i < 20; i++)
        (void)given_scheduled(acme, "-30 seconds");
    const char *of_beta = given_scheduled(beta, "-2 seconds");
    const char *of_gamma = given_scheduled(gamma, "-1 second");
    (void)given_scheduled(gamma, "1 hour");

    assert_rows(release_due(6), first, second, of_beta, of_gamma);
    assert_rows(release_due(2), third, fourth);
    for (int i = 0; i < 5; i++)
        (void)release_due(10);
    cr_assert_str_eq(number_of("outbox WHERE look_at <= now()"), "0");
    assert_healthy();
}

// A round that passes over one passes over its channel while the others have their turns.
Test(janitor, turns_are_taken_behind_what_is_passed_over)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    (void)given_scheduled(acme, "-2 minutes");
    (void)given_scheduled(acme, "-1 minute");
    const char *of_beta = given_scheduled(beta, "-1 second");
    assert_rows(rows("SELECT message_id FROM release_due_sends(1, 1)"), of_beta);
    assert_no_rows(rows("SELECT message_id FROM release_due_sends(1, 2)"));
}

Test(janitor, a_due_message_that_another_holds_is_skipped)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_scheduled(acme, "-2 seconds");
    struct session *other = session_open();
    (void)session_rows(other, "BEGIN; SELECT FROM outbox FOR UPDATE");
    const char *freed = given_scheduled(acme, "-1 second");
    assert_rows(release_due(10), freed);
    session_close(other);
}

Test(janitor, next_due_says_how_long_to_sleep)
{
    const char *acme = given_org_with_channel("100.00");
    cr_assert_str_eq(value("SELECT next_due()"), "-1");
    (void)given_message(.org = acme);
    cr_assert_str_eq(value("SELECT next_due()"), "-1");
    (void)given_scheduled(acme, "1 hour");
    cr_assert_str_eq(value("SELECT next_due() BETWEEN 3500000 AND 3600000"), "t");
    const char *soon = given_scheduled(acme, "1 minute");
    cr_assert_str_eq(value("SELECT next_due() BETWEEN 30000 AND 60000"), "t");
    run("UPDATE outbox SET look_at = now() - interval '1 s' WHERE message_id = '%s'", soon);
    cr_assert_str_eq(value("SELECT next_due()"), "0");
}

Test(janitor, next_due_knows_of_expiry)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_message(.org = acme, .phone = "919876543210");
    (void)given_message(.org = acme, .phone = "919876543210", .not_after_in_ms = 60000);
    (void)given_message(.org = acme, .send_in_ms = 3600000, .not_after_in_ms = 90000);
    cr_assert_str_eq(value("SELECT next_due() BETWEEN 30000 AND 60000"), "t");
}

Test(janitor, what_is_parked_does_not_keep_it_awake)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_scheduled(acme, "-1 second");
    run("UPDATE channels SET status = 'paused'");
    assert_no_rows(release_due(10));
    cr_assert_str_eq(value("SELECT next_due() > 3600000"), "t");
}

Test(janitor, of_two_that_are_due_together_the_first_accepted_leaves_first)
{
    const char *acme = given_org(.balance = "10.00");
    given_channel(.org = acme, .max_mps = "1");
    run("UPDATE pace SET high_free_at = now() + interval '1 minute', bulk_free_at = high_free_at + "
        "interval '1 minute'");
    const char *ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] =
            given_message(.org = acme, .id = text("%d0000000-0000-4000-8000-000000000000", 9 - i));
    make_due();
    assert_rows(release_due(2), ids[0], ids[1]);
    assert_rows(release_due(2), ids[2], ids[3]);
    assert_rows(release_due(2), ids[4]);
}

// A queued message of partition 1 of 4, queued so long ago.
static const char *given_queued_for(const char *org, const char *last_byte, const char *age)
{
    const char *id =
        value("SELECT overlay(gen_random_uuid()::text PLACING '%s' FROM 35)", last_byte);
    (void)given_message(.org = org, .id = id);
    run("UPDATE outbox SET queued_at = now() - interval '%s' WHERE message_id = '%s'", age, id);
    return id;
}

static const char *find_lost(int partition, int age_ms, int limit)
{
    return rows("SELECT org_id, message_id FROM find_lost_sends(ARRAY[%s]::bigint[], %d) "
                "ORDER BY message_id",
                text(partition == 0   ? "%d, -1, -1, -1"
                     : partition == 1 ? "-1, %d, -1, -1"
                     : partition == 2 ? "-1, -1, %d, -1"
                                      : "-1, -1, -1, %d",
                     age_ms),
                limit);
}

Test(janitor, a_partition_is_the_last_byte_of_the_id)
{
    assert_rows(
        rows("SELECT job_partition(id, 4), job_partition(id, 64), job_partition(id, 1) FROM "
             "(VALUES ('00000000-0000-0000-0000-000000000005'::uuid), "
             "('00000000-0000-0000-0000-0000000000ff'::uuid)) AS job (id)"),
        "1, 5, 0", "3, 63, 0");
}

Test(janitor, a_job_that_is_older_than_the_oldest_live_one_is_lost)
{
    const char *acme = given_org_with_channel("100.00");
    const char *lost = given_queued_for(acme, "05", "11 seconds");
    (void)given_queued_for(acme, "05", "1 second");
    assert_rows(find_lost(1, 10000, 10), text("%s, %s", acme, lost));
}

Test(janitor, a_lost_job_is_found_in_its_partition_alone)
{
    const char *acme = given_org_with_channel("100.00");
    const char *mine = given_queued_for(acme, "fd", "1 hour");
    const char *other = given_queued_for(acme, "fe", "1 hour");
    assert_rows(find_lost(1, 10000, 10), text("%s, %s", acme, mine));
    assert_rows(find_lost(2, 10000, 10), text("%s, %s", acme, other));
    assert_no_rows(find_lost(3, 10000, 10));
}

Test(janitor, lost_jobs_are_found_by_each_partitions_age)
{
    const char *acme = given_org_with_channel("100.00");
    const char *old = given_queued_for(acme, "01", "1 hour");
    (void)given_queued_for(acme, "02", "1 hour");
    (void)given_queued_for(acme, "03", "1 hour");
    const char *idle = given_queued_for(acme, "00", "10 seconds");
    assert_rows(
        rows("SELECT message_id FROM find_lost_sends(ARRAY[5000, 1800000, 7200000, -1], 10) "
             "ORDER BY message_id = '%s'",
             idle),
        old, idle);
}

Test(janitor, a_lost_job_that_was_found_is_queued_anew)
{
    const char *acme = given_org_with_channel("100.00");
    const char *lost = given_queued_for(acme, "05", "1 hour");
    (void)find_lost(1, 10000, 10);
    assert_no_rows(find_lost(1, 10000, 10));
    assert_rows(rows("SELECT state, attempt, queued_at > now() - interval '1 minute' FROM outbox"),
                "queued, 0, t");
    cr_assert_str_not_empty(claim(acme, lost));
}

Test(janitor, only_what_is_queued_can_be_lost)
{
    const char *acme = given_org_with_channel("100.00");
    const char *claimed = given_queued_for(acme, "05", "1 hour");
    (void)claim(acme, claimed);
    const char *scheduled = given_queued_for(acme, "05", "1 hour");
    run("UPDATE outbox SET state = 'scheduled', due_at = now(), look_at = now() "
        "WHERE message_id = '%s'",
        scheduled);
    assert_no_rows(find_lost(1, 10000, 10));
}

Test(janitor, no_more_lost_jobs_than_the_limit_and_the_first_accepted_first)
{
    const char *acme = given_org_with_channel("100.00");
    const char *first = given_queued_for(acme, "05", "1 hour");
    const char *second = given_queued_for(acme, "05", "2 hours");
    assert_rows(find_lost(1, 10000, 1), text("%s, %s", acme, first));
    assert_rows(find_lost(1, 10000, 1), text("%s, %s", acme, second));
}

// A person's transaction that has locked one org's wallet.
static struct session *given_held_wallet(const char *org)
{
    struct session *person = session_open();
    (void)session_rows(person, "BEGIN");
    (void)session_rows(person, "SELECT 1 FROM wallets WHERE org_id = '%s' FOR UPDATE", org);
    run("SET lock_timeout = '2s'");
    return person;
}

Test(janitor, a_held_wallet_keeps_no_other_orgs_messages_from_being_released)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *held = given_message(.org = acme, .send_in_ms = 60000);
    const char *released = given_message(.org = beta, .send_in_ms = 60000);
    make_due();
    struct session *person = given_held_wallet(acme);
    assert_rows(release_due(10), released);
    assert_rows(rows("SELECT state, look_at > now() FROM outbox WHERE message_id = '%s'", held),
                "scheduled, t");
    session_close(person);
    make_due();
    assert_rows(release_due(10), held);
    assert_healthy();
}

Test(janitor, a_held_wallet_keeps_no_other_orgs_messages_from_their_end)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *messages[] = {given_message(.org = acme, .send_in_ms = 60000),
                              given_message(.org = beta, .send_in_ms = 60000)};
    const char *unheard[] = {given_settled_message(acme, "network:after_write"),
                             given_settled_message(beta, "network:after_write")};
    run("UPDATE outbox SET not_after = now(), look_at = now()");
    run("UPDATE messages SET unconfirmed_at = now() - interval '2 days' "
        "WHERE unconfirmed_at IS NOT NULL");
    struct session *person = given_held_wallet(acme);
    assert_rows(rows("SELECT message_id, refunded FROM expire_sends(10)"),
                text("%s, t", messages[1]));
    assert_rows(rows("SELECT message_id FROM fail_unheard_sends(86400, 10)"), unheard[1]);
    session_close(person);
    run("UPDATE outbox SET look_at = now()");
    assert_rows(rows("SELECT message_id, refunded FROM expire_sends(10)"),
                text("%s, t", messages[0]));
    assert_rows(rows("SELECT message_id FROM fail_unheard_sends(86400, 10)"), unheard[0]);
    assert_healthy();
}

Test(janitor, one_connection_holds_the_lock)
{
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    struct session *other = session_open();
    cr_assert_str_eq(session_rows(other, "SELECT take_janitor_lock()"), "f\n");
    session_close(other);
}

Test(janitor, whoever_holds_the_lock_may_ask_again_and_takes_it_once)
{
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    run("SELECT pg_advisory_unlock(key) FROM janitor_seat");
    struct session *other = session_open();
    cr_assert_str_eq(session_rows(other, "SELECT take_janitor_lock()"), "t\n");
    session_close(other);
}

Test(janitor, the_lock_goes_with_its_connection)
{
    struct session *other = session_open();
    cr_assert_str_eq(session_rows(other, "SELECT take_janitor_lock()"), "t\n");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "f");
    // Ended from here, so that its end is over when the statement is.
    const char *holder =
        value("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
              "(SELECT oid FROM pg_database WHERE datname = current_database())");
    cr_assert_str_eq(value("SELECT pg_terminate_backend(%s, 10000)", holder), "t");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    session_close(other);
}

// Advisory locks are everybody's to take.
Test(janitor, a_stranger_with_an_advisory_lock_keeps_nobody_from_it)
{
    struct session *stranger = session_open();
    struct session *janitor = session_open();
    (void)session_rows(stranger, "SELECT pg_advisory_lock(x'746f6c6c67617465'::bigint)");
    cr_assert_str_eq(session_rows(janitor, "SELECT take_janitor_lock()"), "t\n");
    // The number of the janitor's own one stands in pg_locks: whoever reads it gets it next.
    run("CREATE TABLE seen AS SELECT * FROM janitor_seat");
    session_close(janitor);
    (void)session_rows(stranger, "SELECT pg_advisory_lock(key) FROM seen");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    cr_assert_str_eq(session_rows(stranger, "SELECT take_janitor_lock()"), "f\n");
    session_close(stranger);
}

Test(janitor, the_seat_may_be_missing)
{
    run("DELETE FROM janitor_seat");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    struct session *other = session_open();
    cr_assert_str_eq(session_rows(other, "SELECT take_janitor_lock()"), "f\n");
    session_close(other);
}

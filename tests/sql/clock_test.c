// PostgreSQL's clock is set back: what waits moves with it, and waits no longer than it would have.
//
// The clock stays as it is here; what an earlier one has written is made later instead.

#include "tests/sql/givens.h"

TestSuite(clock, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *channel; // of 10 messages a second

static void given_acme(void)
{
    acme = given_org(.balance = "100.00");
    channel = given_channel(.org = acme, .max_mps = "10");
}

static void accept(int n, const char *priority)
{
    for (int i = 0; i < n; i++)
        (void)given_message(.org = acme, .priority = priority);
}

// All that was written until now was written by a clock that was an hour ahead.
static void set_back_an_hour(void)
{
    run("UPDATE pace SET high_free_at = high_free_at + interval '1 hour', bulk_free_at = "
        "bulk_free_at + "
        "interval '1 hour', written_at = written_at + interval '1 hour', slowed_at = slowed_at + "
        "interval "
        "'1 hour'");
    run("UPDATE outbox SET due_at = due_at + interval '1 hour', look_at = look_at + interval '1 "
        "hour' "
        "WHERE seq IS NOT NULL AND state IN ('scheduled', 'held')");
    run("UPDATE clock SET seen_at = clock_timestamp() + interval '1 hour'");
}

// Calls follow_clock until there is no more; returns by how many seconds it was set back.
static const char *follow(const char *expected_ms)
{
    const char *back = value("SELECT round(back_ms / 1000.0) FROM follow_clock(%s)", expected_ms);
    for (int i = 0; strcmp(value("SELECT back IS NOT NULL FROM clock"), "t") == 0; i++) {
        cr_assert(i < 100);
        run("SELECT follow_clock(0)");
    }
    return back;
}

// Whether the last of them leaves within so many seconds.
static const char *waits_at_most(int seconds)
{
    return value(
        "SELECT coalesce(max(due_at) < clock_timestamp() + interval '%d s', true) FROM outbox "
        "WHERE seq IS NOT NULL",
        seconds);
}

Test(clock, an_idle_number_sends_at_once)
{
    given_acme();
    accept(2, "high");
    set_back_an_hour();
    const char *next = given_message(.org = acme);
    cr_assert_str_eq(state_of(next), "queued");
}

// It was made while the clock was ahead.
Test(clock, a_number_that_has_never_sent_sends_at_once)
{
    given_acme();
    set_back_an_hour();
    const char *first = given_message(.org = acme);
    cr_assert_str_eq(state_of(first), "queued");
}

Test(clock, a_busy_number_is_as_far_ahead_as_it_was)
{
    given_acme();
    accept(20, "high");
    run("DELETE FROM outbox");
    set_back_an_hour();
    accept(1, "high");
    cr_assert_str_eq(waits_at_most(2), "t");
    cr_assert_str_eq(number_of("outbox WHERE state = 'scheduled'"), "1");
}

Test(clock, what_waits_for_its_slot_moves_with_it)
{
    given_acme();
    accept(30, "bulk");
    set_back_an_hour();
    cr_assert_str_eq(waits_at_most(60), "f");
    cr_assert_str_eq(follow("0"), "3600");
    cr_assert_str_eq(waits_at_most(6), "t");
    accept(1, "bulk");
    cr_assert_str_eq(waits_at_most(6), "t");
}

Test(clock, what_waits_for_a_retry_moves_with_it)
{
    given_acme();
    const char *message = given_claimed_message(.org = acme);
    (void)settle_sends(
        {.org = acme, .message = message, .outcome = "131056", .retry_after_s = "60"});
    set_back_an_hour();
    cr_assert_str_eq(follow("0"), "3600");
    cr_assert_str_eq(waits_at_most(61), "t");
    cr_assert_str_eq(waits_at_most(50), "f");
}

Test(clock, a_slot_of_what_is_tried_again_moves_with_it)
{
    given_acme();
    accept(30, "bulk");
    run("UPDATE outbox SET attempt = 1, slotted = 1");
    set_back_an_hour();
    cr_assert_str_eq(follow("0"), "3600");
    cr_assert_str_eq(waits_at_most(6), "t");
    cr_assert_str_eq(waits_at_most(0), "f");
}

Test(clock, a_send_at_stays)
{
    given_acme();
    (void)given_message(.org = acme, .send_in_ms = 7200000);
    const char *before = value("SELECT due_at FROM outbox");
    set_back_an_hour();
    (void)follow("0");
    cr_assert_str_eq(value("SELECT due_at FROM outbox"), before);
}

Test(clock, what_is_parked_stays_parked)
{
    given_acme();
    const char *message = given_message(.org = acme);
    run("UPDATE channels SET status = 'paused'");
    (void)claim(acme, message);
    set_back_an_hour();
    (void)follow("0");
    cr_assert_str_eq(value("SELECT due_at FROM outbox"), "infinity");
}

Test(clock, a_slowed_channel_recovers_as_fast_as_it_would_have)
{
    given_acme();
    accept(20, "high");
    run("UPDATE pace SET share = 0.5, slowed_at = clock_timestamp()");
    set_back_an_hour();
    (void)follow("0");
    cr_assert_str_eq(value("SELECT slowed_at <= clock_timestamp() FROM pace"), "t");
}

Test(clock, every_channel_is_seen_to_and_none_twice)
{
    given_acme();
    accept(20, "bulk");
    for (int i = 0; i < 3; i++) {
        acme = given_org(.balance = "100.00");
        channel = given_channel(.org = acme, .max_mps = "10");
        accept(20, "bulk");
    }
    set_back_an_hour();
    (void)follow("0");
    cr_assert_str_eq(waits_at_most(5), "t");
    const char *dues = rows("SELECT due_at FROM outbox ORDER BY seq");
    (void)follow("0");
    cr_assert_str_eq(rows("SELECT due_at FROM outbox ORDER BY seq"), dues);
}

Test(clock, what_the_caller_expects_tells_it_too)
{
    given_acme();
    const char *expected =
        value("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 20000");
    cr_assert_str_eq(follow(expected), "20");
}

Test(clock, a_clock_that_goes_forward_moves_nothing)
{
    given_acme();
    accept(30, "bulk");
    const char *dues = rows("SELECT due_at FROM outbox ORDER BY seq");
    run("UPDATE clock SET seen_at = seen_at - interval '1 day'");
    cr_assert_str_eq(follow("0"), "0");
    cr_assert_str_eq(rows("SELECT due_at FROM outbox ORDER BY seq"), dues);
    cr_assert_str_eq(value("SELECT seen_at > clock_timestamp() - interval '1 minute' FROM clock"),
                     "t");
}

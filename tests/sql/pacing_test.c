// Pacing: what a number cannot take now waits for its slot, so that it is never sent more than its
// rate.

#include "tests/sql/givens.h"

#include <stdlib.h>

TestSuite(pacing, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *channel; // of 10 messages a second

static void given_acme(void)
{
    acme = given_org(.balance = "1000.00");
    channel = given_channel(.org = acme, .max_mps = "10");
    run("CREATE SEQUENCE phones START 15550000000");
    run("CREATE FUNCTION accept(n integer, org uuid, channel uuid, priority text, type text "
        "DEFAULT "
        "'text') RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM (SELECT "
        "array_agg(gen_random_uuid()) AS ids, array_agg(org) AS orgs, array_agg(channel) AS "
        "channels, "
        "array_agg(CASE WHEN type <> 'receipt' THEN nextval('phones')::text END) AS phones, "
        "array_agg(NULL::text) AS nothing, array_agg(type) AS types, array_agg('{\"message_id\": "
        "\"wamid.received\"}'::text) AS payloads, "
        "array_agg(priority) AS priorities, array_agg(NULL::bigint) AS times, "
        "array_agg(NULL::bytea) AS "
        "hashes FROM generate_series(1, n)) b, accept_sends(ids, orgs, channels, phones, nothing, "
        "types, "
        "payloads, nothing, priorities, times, times, nothing, hashes) a WHERE a.verdict = "
        "'accepted' $$");
}

static void accept(int n, const char *priority)
{
    cr_assert_str_eq(value("SELECT accept(%d, '%s', '%s', '%s')", n, acme, channel, priority),
                     text("%d", n));
}

static const char *now(void)
{
    return value("SELECT clock_timestamp()");
}

// Whether `n` have left, and of those behind them only the ones whose slots, one every gap_ms, may
// have come since that time; and the gap between those that wait, in milliseconds.
static const char *waiting(const char *priority, int n, int gap_ms, const char *since)
{
    return rows("SELECT count(*) FILTER (WHERE state = 'queued') - %d BETWEEN 0 AND 1 + "
                "extract(epoch FROM clock_timestamp() - timestamptz '%s') * 1000 / %d, "
                "round(extract(epoch FROM max(due_at) - min(due_at)) * 1000 / "
                "nullif(count(due_at) - 1, 0)) FROM outbox WHERE priority = '%s'",
                n, since, gap_ms, priority);
}

Test(pacing, a_seconds_burst_goes_at_once_and_the_rest_at_the_rate)
{
    given_acme();
    const char *before = now();
    accept(50, "high");
    assert_rows(waiting("high", 10, 100, before), "t, 100");
    assert_healthy();
}

Test(pacing, bulk_takes_three_quarters_of_the_rate)
{
    given_acme();
    const char *before = now();
    accept(50, "bulk");
    assert_rows(waiting("bulk", 7, 133, before), "t, 133");
}

Test(pacing, high_has_the_last_quarter_while_bulk_waits)
{
    given_acme();
    run("UPDATE pace SET bulk_free_at = now() + interval '1 minute'");
    const char *before = now();
    accept(20, "high");
    assert_rows(waiting("high", 2, 400, before), "t, 400");
}

Test(pacing, high_alone_has_the_whole_rate_however_much_waits)
{
    given_acme();
    const char *before = now();
    accept(30, "high");
    accept(30, "high");
    assert_rows(waiting("high", 10, 100, before), "t, 100");
}

Test(pacing, high_takes_from_both_parts_and_bulk_from_one)
{
    given_acme();
    accept(10, "high");
    cr_assert_str_eq(
        value("SELECT round(extract(epoch FROM high_free_at - written_at)::numeric, 3) || ' ' || "
              "round(extract(epoch FROM bulk_free_at - written_at)::numeric, 3) FROM pace"),
        "1.000 1.000");
    run("UPDATE pace SET high_free_at = now() - interval '1 minute', bulk_free_at = now() - "
        "interval '1 minute'");
    accept(15, "bulk");
    cr_assert_str_eq(value("SELECT high_free_at < written_at + interval '1 ms' FROM pace"), "t");
    cr_assert_str_eq(
        value("SELECT round(extract(epoch FROM bulk_free_at - written_at)::numeric, 3) FROM pace"),
        "2.000");
}

Test(pacing, another_rate_paces_what_waits_anew)
{
    given_acme();
    accept(50, "high");
    run("UPDATE channels SET max_mps = 100");
    cr_assert_str_eq(value("SELECT max(due_at) < clock_timestamp() + interval '1 s' FROM outbox"),
                     "t");
    run("UPDATE channels SET max_mps = 1");
    cr_assert_str_eq(value("SELECT max(due_at) > clock_timestamp() + interval '20 s' FROM outbox"),
                     "t");
    // Nor does it take a second's burst once more.
    cr_assert_str_eq(value("SELECT count(*) <= 6 FROM outbox WHERE due_at > now() AND due_at < "
                           "now() + interval '5 s'"),
                     "t");
}

Test(pacing, another_rate_moves_no_date_and_nothing_that_is_parked)
{
    given_acme();
    (void)given_message(.org = acme, .send_in_ms = 60000);
    const char *parked = given_message(.org = acme);
    run("UPDATE outbox SET state = 'scheduled', due_at = 'infinity', look_at = not_after WHERE "
        "message_id = '%s'",
        parked);
    const char *before = rows("SELECT due_at FROM outbox ORDER BY message_id");
    run("UPDATE channels SET max_mps = 1");
    cr_assert_str_eq(rows("SELECT due_at FROM outbox ORDER BY message_id"), before);
}

Test(pacing, bulk_that_is_pulled_forward_takes_slots_of_high)
{
    given_acme();
    accept(50, "bulk");
    for (int i = 0; i < 20; i++)
        (void)given_message(.org = acme, .phone = text("9198765432%02d", i), .priority = "bulk");
    for (int i = 0; i < 20; i++)
        (void)given_message(.org = acme, .phone = text("9198765432%02d", i));
    // Two slots of the quarter for each, 0.8 s; without those of bulk the last would leave after 8
    // s, six of them after 5.
    cr_assert_str_eq(
        value("SELECT count(*) FILTER (WHERE due_at > clock_timestamp() + interval '5 s') > 10 "
              "FROM outbox WHERE priority = 'high'"),
        "t");
}

// Meta counts both.
Test(pacing, receipts_take_slots_as_messages_do)
{
    given_acme();
    given_received(acme);
    const char *before = now();
    cr_assert_str_eq(value("SELECT accept(50, '%s', '%s', 'high', 'receipt')", acme, channel),
                     "50");
    assert_rows(waiting("high", 10, 100, before), "t, 100");
}

Test(pacing, other_channels_do_not_wait)
{
    given_acme();
    accept(50, "high");
    const char *other = given_channel(.org = acme, .max_mps = "10");
    assert_rows(rows("SELECT status FROM (%s) a",
                     accept_sends_sql(&(struct send_spec){.org = acme, .channel = other}, 1)),
                "queued");
}

Test(pacing, what_waits_for_its_send_at_takes_its_slot_only_then)
{
    given_acme();
    const char *later = given_message(.org = acme, .send_in_ms = 60000);
    cr_assert_str_eq(number_of("pace WHERE high_free_at > now()"), "0");
    make_due();
    const char *before = value("SELECT high_free_at FROM pace");
    assert_rows(release_due(10), later);
    cr_assert_str_eq(value("SELECT high_free_at > '%s' FROM pace", before), "t");
}

Test(pacing, a_receipt_takes_its_slot_when_its_send_at_comes)
{
    given_acme();
    given_received(acme);
    const char *later = given_message(.org = acme, .type = "receipt", .send_in_ms = 60000);
    make_due();
    const char *before = value("SELECT high_free_at FROM pace");
    assert_rows(release_due(10), later);
    cr_assert_str_eq(value("SELECT high_free_at > '%s' FROM pace", before), "t");
}

Test(pacing, send_ats_that_are_due_together_leave_at_the_rate)
{
    given_acme();
    for (int i = 0; i < 50; i++)
        (void)given_message(.org = acme, .send_in_ms = 60000);
    make_due();
    const char *before = now();
    (void)release_due(100);
    assert_rows(waiting("high", 10, 100, before), "t, 100");
    cr_assert_str_eq(number_of("outbox WHERE state = 'scheduled' AND look_at <> due_at"), "0");
}

Test(pacing, high_behind_waiting_bulk_pulls_it_forward)
{
    given_acme();
    accept(50, "bulk");
    const char *bulk = given_message(.org = acme, .phone = "919876543210", .priority = "bulk");
    cr_assert_str_eq(state_of(bulk), "scheduled");
    const char *high = given_message(.org = acme, .phone = "919876543210");
    cr_assert_str_eq(state_of(high), "held");
    assert_rows(rows("SELECT due_at <= clock_timestamp(), look_at <= clock_timestamp() FROM outbox "
                     "WHERE message_id = '%s'",
                     bulk),
                "t, t");
    cr_assert_str_eq(
        number_of(text("outbox WHERE message_id = '%s' AND due_at > now() + interval '3 s'", bulk)),
        "0");
}

Test(pacing, high_does_not_pull_forward_what_a_slowed_channel_has_put_off)
{
    given_acme();
    accept(50, "bulk");
    const char *bulk = given_message(.org = acme, .phone = "919876543210", .priority = "bulk");
    run("UPDATE outbox SET paced = true WHERE message_id = '%s'", bulk);
    (void)given_message(.org = acme, .phone = "919876543210");
    cr_assert_str_eq(
        value("SELECT due_at > now() + interval '3 s' FROM outbox WHERE message_id = '%s'", bulk),
        "t");
}

Test(pacing, high_does_not_pull_high_forward)
{
    given_acme();
    accept(50, "high");
    const char *first = given_message(.org = acme, .phone = "919876543210");
    (void)given_message(.org = acme, .phone = "919876543210");
    cr_assert_str_eq(
        value("SELECT due_at > now() + interval '3 s' FROM outbox WHERE message_id = '%s'", first),
        "t");
}

Test(pacing, high_does_not_pull_a_retry_forward)
{
    given_acme();
    const char *first =
        given_claimed_message(.org = acme, .phone = "919876543210", .priority = "bulk");
    (void)settle_sends({.org = acme, .message = first, .outcome = "131056", .retry_after_s = "60"});
    (void)given_message(.org = acme, .phone = "919876543210");
    cr_assert_str_eq(
        value("SELECT due_at > now() + interval '50 s' FROM outbox WHERE message_id = '%s'", first),
        "t");
}

// So many messages that wait for another attempt, all of which have waited long enough.
static void given_retries(int n)
{
    accept(n, "high");
    run("UPDATE outbox SET state = 'scheduled', attempt = 1, due_at = clock_timestamp(), look_at = "
        "clock_timestamp()");
    run("UPDATE pace SET high_free_at = now() - interval '1 minute', bulk_free_at = now() - "
        "interval '1 minute'");
}

Test(pacing, what_is_tried_again_leaves_at_the_rate_too)
{
    given_acme();
    given_retries(30);
    const char *before = now();
    (void)release_due(100);
    assert_rows(waiting("high", 10, 100, before), "t, 100");
    // Each takes one slot, and what is new comes behind them.
    accept(1, "high");
    cr_assert_str_eq(value("SELECT max(due_at) FILTER (WHERE attempt = 0) > max(due_at) FILTER "
                           "(WHERE attempt = 1) FROM outbox"),
                     "t");
    make_due();
    (void)release_due(100);
    cr_assert_str_eq(number_of("outbox WHERE state = 'queued'"), "31");
    assert_healthy();
}

Test(pacing, what_is_tried_once_more_takes_a_slot_once_more)
{
    given_acme();
    given_retries(10);
    (void)release_due(100);
    run("UPDATE outbox SET state = 'scheduled', attempt = 2, due_at = clock_timestamp(), look_at = "
        "clock_timestamp()");
    (void)release_due(100);
    cr_assert_str_eq(value("SELECT max(due_at) > now() + interval '300 ms' FROM outbox"), "t");
}

Test(pacing, another_rate_moves_retries_that_have_slots_and_no_others)
{
    given_acme();
    given_retries(40);
    run("UPDATE outbox SET due_at = now() + interval '60 s', look_at = now() + interval '60 s' "
        "WHERE message_id IN (SELECT message_id FROM outbox ORDER BY seq DESC LIMIT 10)");
    (void)release_due(100);
    run("UPDATE channels SET max_mps = 1");
    cr_assert_str_eq(
        value("SELECT max(due_at) > now() + interval '15 s' FROM outbox WHERE slotted = "
              "1"),
        "t");
    cr_assert_str_eq(number_of("outbox WHERE slotted IS NULL AND due_at > now() + interval '59 s' "
                               "AND due_at < now() + interval '61 s'"),
                     "10");
}

static const char *shares(void)
{
    return rows("SELECT round(current_share(share, slowed_at)::numeric, 1) FROM pace");
}

Test(pacing, too_fast_halves_the_rate_once_a_second_at_the_most)
{
    given_acme();
    const char *a = given_claimed_message(.org = acme);
    const char *b = given_claimed_message(.org = acme);
    const char *c = given_claimed_message(.org = acme);
    run("BEGIN");
    (void)settle_sends({.org = acme, .message = a, .outcome = "130429"});
    assert_rows(shares(), "0.5");
    run("UPDATE pace SET slowed_at = clock_timestamp() + interval '10 s'"); // however long it takes
    (void)settle_sends({.org = acme, .message = b, .outcome = "130429"});
    assert_rows(shares(), "0.5");
    run("UPDATE pace SET slowed_at = clock_timestamp() - interval '1.1 s'");
    (void)settle_sends({.org = acme, .message = c, .outcome = "130429"});
    assert_rows(shares(), "0.3");
    run("COMMIT");
}

Test(pacing, a_slowed_channel_recovers_by_doubling_each_minute)
{
    given_acme();
    run("UPDATE pace SET share = 0.25, slowed_at = now() - interval '1 minute'");
    assert_rows(shares(), "0.5");
    run("UPDATE pace SET slowed_at = now() - interval '2 minutes'");
    assert_rows(shares(), "1.0");
    assert_rows(accept_sends({.org = acme}), "accepted, queued, 999.80, 0.20");
}

Test(pacing, a_channel_that_was_slowed_long_ago_is_as_fast_as_ever)
{
    given_acme();
    run("UPDATE pace SET share = 1.0 / 64, slowed_at = now() - interval '10 years'");
    assert_rows(shares(), "1.0");
    accept(5, "high");
    cr_assert_str_eq(number_of("outbox WHERE state = 'queued'"), "5");
    // Nor does a clock that was set back matter.
    run("UPDATE pace SET share = 0.5, slowed_at = now() + interval '10 years'");
    assert_rows(shares(), "0.5");
}

Test(pacing, no_channel_is_slowed_below_a_64th)
{
    given_acme();
    run("UPDATE pace SET share = 1.0 / 64, slowed_at = now() - interval '2 s'");
    run("SELECT slow_channels(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[])", acme, channel);
    assert_rows(rows("SELECT share >= 1.0 / 64 FROM pace"), "t");
}

static void given_slow_channel(void)
{
    given_acme();
    run("UPDATE pace SET share = 0.5, slowed_at = now()");
}

Test(pacing, sends_of_a_slowed_channel_drip)
{
    given_slow_channel();
    accept(100, "high");
    cr_assert_str_eq(number_of("outbox WHERE state = 'queued'"), "0");
    run("UPDATE outbox SET due_at = now(), look_at = now()");
    const char *before = now();
    (void)release_due(1000);
    // At 5 a second: what would leave before the next look leaves now, ten seconds' worth has its
    // slot, and the rest is looked at then.
    assert_rows(rows("SELECT count(*) FILTER (WHERE state = 'queued') BETWEEN 1 AND 3 + "
                     "5 * extract(epoch FROM clock_timestamp() - timestamptz '%s'), "
                     "count(*) FILTER (WHERE paced) BETWEEN 40 AND 60, "
                     "count(*) FILTER (WHERE state = 'scheduled' AND NOT paced) BETWEEN 40 AND 60, "
                     "max(due_at) < clock_timestamp() + interval '10 s' FROM outbox",
                     before),
                "t, t, t, t");
    assert_rows(rows("SELECT round(extract(epoch FROM max(due_at) - min(due_at))::numeric / "
                     "(count(due_at) - 1), "
                     "1) FROM outbox WHERE paced"),
                "0.2");
}

Test(pacing, a_slowed_channel_slows_no_other)
{
    given_slow_channel();
    const char *other = given_channel(.org = acme, .max_mps = "10");
    run("UPDATE pace SET share = 1, slowed_at = NULL WHERE channel_id = '%s'", other);
    const char *message = given_message(.org = acme, .channel = other);
    cr_assert_str_eq(state_of(message), "queued");
}

// Looks for what is due once a second for so long, the seconds being made up; returns how many left
// for each second that passed since `start`, those that were really spent included.
static double rate_over(int seconds, const char *start)
{
    int left = 0;
    for (int i = 0; i < seconds; i++) {
        left += (int)strtol(value("SELECT count(*) FROM release_due_sends(1000)"), NULL, 10);
        run("UPDATE outbox SET due_at = due_at - interval '1 s', look_at = look_at - interval '1 "
            "s' "
            "WHERE state = 'scheduled'");
        run("UPDATE pace SET high_free_at = high_free_at - interval '1 s', "
            "bulk_free_at = bulk_free_at - interval '1 s', slowed_at = clock_timestamp(), "
            "drip_free_at = drip_free_at - interval '1 s' WHERE slowed_at IS NOT NULL");
    }
    double spent = strtod(
        value("SELECT extract(epoch FROM clock_timestamp() - timestamptz '%s')", start), NULL);
    return left / (seconds + spent);
}

Test(pacing, in_sum_a_campaign_leaves_at_its_rate)
{
    given_acme();
    const char *before = now();
    accept(400, "bulk");
    double rate = rate_over(30, before);
    cr_assert(rate > 6.5 && rate < 7.8, "%f", rate);
}

Test(pacing, in_sum_a_slowed_campaign_leaves_at_the_slower_rate)
{
    given_slow_channel();
    accept(400, "bulk");
    run("UPDATE outbox SET due_at = now(), look_at = now()");
    double rate = rate_over(30, now());
    cr_assert(rate > 4 && rate < 5.6, "%f", rate);
}

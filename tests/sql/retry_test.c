// Retries: what Meta has certainly not taken is tried again, later each time, up to the sixth
// attempt or its not_after; then it has failed, and is refunded once.

#include "tests/sql/givens.h"

TestSuite(retry, .init = database_create, .fini = database_drop);

static const char *acme;

// A message that is being sent as its attempt of that number.
static const char *given_attempt(int attempt)
{
    acme = given_org_with_channel("10.00");
    const char *message = given_message(.org = acme);
    run("UPDATE outbox SET attempt = %d", attempt - 1);
    cr_assert_str_not_empty(claim(acme, message));
    return message;
}

// Whether the message is to be tried again so long after its failure, which came after its claim.
static const char *waits(const char *message, int seconds)
{
    return value("SELECT due_at BETWEEN a.claimed_at + interval '%d s' AND clock_timestamp() + "
                 "interval '%d s' AND look_at = due_at FROM outbox o JOIN attempts a USING "
                 "(message_id) WHERE message_id = '%s'",
                 seconds, seconds, message);
}

Test(retry, a_transient_failure_is_tried_again_without_a_refund)
{
    const char *message = given_attempt(1);
    assert_rows(
        settle_sends({.org = acme, .message = message, .outcome = "131000", .error = "wrong"}),
        "settled, scheduled, not refunded, known code, temporary");
    // Its pause, of up to two seconds, may happen to be next to nothing, and past by now.
    assert_rows(rows("SELECT o.state, o.attempt, o.claim_id, o.claimed_at, "
                     "o.due_at BETWEEN a.claimed_at AND a.settled_at + interval '2 s' "
                     "FROM outbox o JOIN attempts a ON a.message_id = o.message_id"),
                "scheduled, 1, null, null, t");
    cr_assert_str_eq(status_of(message), "queued");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80");
    assert_rows(
        rows("SELECT attempt, outcome, error_message, claimed_at <= settled_at FROM attempts"),
        "1, 131000, wrong, t");
    assert_healthy();
}

Test(retry, each_attempt_is_on_record_and_the_fee_is_taken_once)
{
    const char *message = given_attempt(1);
    static const char *const outcomes[] = {"131000", "network:refused", "2", "131016",
                                           "network:dns"};
    for (int i = 0; i < 5; i++) {
        assert_rows(rows("SELECT status FROM (%s) s",
                         settle_sends_sql(&(struct outcome_spec){.org = acme,
                                                                 .message = message,
                                                                 .outcome = outcomes[i]},
                                          1)),
                    "scheduled");
        make_due();
        assert_rows(release_due(10), message);
        cr_assert_str_not_empty(claim(acme, message));
    }
    assert_rows(settle_sends({.org = acme, .message = message}),
                "settled, sent, not refunded, known code, null");
    assert_rows(
        rows("SELECT string_agg(attempt || ' ' || outcome, ', ' ORDER BY attempt) FROM attempts"),
        "1 131000, 2 network:refused, 3 2, 4 131016, 5 network:dns");
    assert_rows(rows("SELECT status, attempts, error_code FROM messages"), "sent, 6, null");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80");
    assert_healthy();
}

Test(retry, the_sixth_failure_is_the_last_and_is_refunded_once)
{
    const char *message = given_attempt(6);
    const struct outcome_spec outcome = {
        .org = acme, .message = message, .claim_id = claim_of(message), .outcome = "131000"};
    assert_rows(rows("%s", settle_sends_sql(&outcome, 1)),
                "settled, failed, refunded, known code, temporary");
    assert_rows(rows("%s", settle_sends_sql(&outcome, 1)),
                "not settled, failed, refunded, known code, temporary");
    assert_rows(rows("SELECT status, attempts, error_code, refunded FROM messages"),
                "failed, 6, 131000, t");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80",
                "refund, 0.20, 10.00");
    cr_assert_str_eq(state_of(message), "gone");
    cr_assert_str_eq(number_of("attempts"), "1");
    assert_healthy();
}

Test(retry, a_repeated_batch_puts_nothing_off_again)
{
    const char *message = given_attempt(1);
    const struct outcome_spec outcome = {
        .org = acme, .message = message, .claim_id = claim_of(message), .outcome = "131000"};
    (void)rows("%s", settle_sends_sql(&outcome, 1));
    const char *due = value("SELECT due_at FROM outbox");
    assert_rows(rows("%s", settle_sends_sql(&outcome, 1)),
                "not settled, scheduled, not refunded, known code, temporary");
    cr_assert_str_eq(value("SELECT due_at FROM outbox"), due);
    cr_assert_str_eq(number_of("attempts"), "1");
}

Test(retry, what_is_final_is_not_tried_again)
{
    const char *message = given_attempt(1);
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "131026"}),
                "settled, failed, not refunded, known code, recipient");
    message = given_attempt(1);
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "network:after_write"}),
                "settled, unconfirmed, not refunded, known code, network");
    cr_assert_str_eq(number_of("outbox"), "0");
    assert_healthy();
}

Test(retry, the_wait_is_spread_up_to_twice_the_last_one)
{
    assert_rows(rows("SELECT n, min(d) >= '0' AND max(d) <= 2 ^ n * interval '1 second', "
                     "min(d) < 2 ^ n * 0.2 * interval '1 second', "
                     "max(d) > 2 ^ n * 0.8 * interval '1 second' FROM generate_series(1, 5) AS n, "
                     "LATERAL (SELECT retry_delay('none', n, 0) AS d FROM generate_series(1, 200) "
                     "WHERE n > 0) r GROUP BY 1 ORDER BY 1"),
                "1, t, t, t", "2, t, t, t", "3, t, t, t", "4, t, t, t", "5, t, t, t");
    cr_assert_str_eq(value("SELECT retry_delay('pause_conversation', 9, NULL)"), "00:15:00");
    cr_assert_str_eq(value("SELECT max(retry_delay('none', 20, 0)) <= '15 minutes' "
                           "FROM generate_series(1, 100)"),
                     "t");
}

Test(retry, what_the_pair_of_numbers_meets_waits_4_to_the_n)
{
    static const int seconds[] = {1, 4, 16, 64, 256};
    for (int attempt = 1; attempt <= 5; attempt++) {
        const char *message = given_attempt(attempt);
        (void)settle_sends({.org = acme, .message = message, .outcome = "131056"});
        cr_expect_str_eq(waits(message, seconds[attempt - 1]), "t");
        run("DELETE FROM outbox");
    }
    cr_assert_str_eq(number_of("pace WHERE slowed_at IS NOT NULL"), "0");
}

Test(retry, never_sooner_than_retry_after)
{
    const char *message = given_attempt(1);
    (void)settle_sends(
        {.org = acme, .message = message, .outcome = "http:429", .retry_after_s = "120"});
    cr_assert_str_eq(waits(message, 120), "t");
}

Test(retry, retry_after_is_no_reason_to_come_earlier)
{
    const char *message = given_attempt(4);
    (void)settle_sends(
        {.org = acme, .message = message, .outcome = "131056", .retry_after_s = "5"});
    cr_assert_str_eq(waits(message, 64), "t");
}

Test(retry, a_retry_past_not_after_is_none)
{
    acme = given_org_with_channel("10.00");
    const char *message = given_claimed_message(.org = acme, .not_after_in_ms = 60000);
    assert_rows(
        settle_sends({.org = acme, .message = message, .outcome = "131000", .retry_after_s = "61"}),
        "settled, failed, refunded, known code, temporary");
    cr_assert_str_eq(balance_of(acme), "10.00");
    cr_assert_str_eq(state_of(message), "gone");
    assert_healthy();
}

Test(retry, a_released_attempt_does_not_count)
{
    const char *message = given_attempt(3);
    run("SELECT release_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY['%s']::uuid[])", acme,
        message, claim_of(message));
    cr_assert_str_eq(value("SELECT attempt FROM outbox"), "2");
}

Test(retry, one_batch_may_hold_all_ends)
{
    acme = given_org_with_channel("10.00");
    const char *again = given_claimed_message(.org = acme);
    const char *sent = given_claimed_message(.org = acme);
    const char *last = given_claimed_message(.org = acme);
    const char *unknown = given_claimed_message(.org = acme);
    run("UPDATE outbox SET attempt = 6 WHERE message_id = '%s'", last);
    assert_rows(settle_sends({.org = acme, .message = last, .outcome = "131000"},
                             {.org = acme, .message = again, .outcome = "131000"},
                             {.org = acme, .message = sent},
                             {.org = acme, .message = unknown, .outcome = "http:5xx"}),
                "settled, failed, refunded, known code, temporary",
                "settled, scheduled, not refunded, known code, temporary",
                "settled, sent, not refunded, known code, null",
                "settled, unconfirmed, not refunded, known code, network");
    assert_rows(rows("SELECT message_id = '%s', state FROM outbox", again), "t, scheduled");
    assert_rows(rows("SELECT outcome, attempt FROM attempts ORDER BY 1, 2"), "131000, 1",
                "131000, 6", "http:5xx, 1");
    assert_healthy();
}

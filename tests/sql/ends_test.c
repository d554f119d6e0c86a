// Ends without a dispatch: cancelled, expired, poison, and what nobody ever heard of.

#include "tests/sql/inbound.h"

TestSuite(ends, .init = database_create, .fini = database_drop);

#define PHONE "919876543210"
static const char *acme;

static void given_acme(void)
{
    acme = given_org_with_channel("10.00");
}

static const char *cancel(const char *org, const char *message)
{
    return value("SELECT verdict FROM cancel_send('%s', '%s')", org, message);
}

static const char *record_of(const char *message)
{
    return rows("SELECT status, error_code, refunded, failed_at IS NOT NULL FROM messages "
                "WHERE id = '%s'",
                message);
}

Test(ends, a_scheduled_message_is_cancelled_and_refunded_once)
{
    given_acme();
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    assert_rows(rows("SELECT * FROM cancel_send('%s', '%s')", acme, message), "cancelled, t");
    assert_rows(rows("SELECT * FROM cancel_send('%s', '%s')", acme, message), "cancelled, f");
    assert_rows(record_of(message), "failed, cancelled, t, t");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80",
                "refund, 0.20, 10.00");
    cr_assert_str_eq(number_of("outbox"), "0");
    assert_healthy();
}

Test(ends, a_held_and_a_parked_message_are_cancelled)
{
    given_acme();
    const char *first = given_message(.org = acme, .phone = PHONE);
    const char *held = given_message(.org = acme, .phone = PHONE);
    const char *parked = given_message(.org = acme);
    run("UPDATE channels SET status = 'paused'");
    assert_no_rows(claim(acme, parked));
    cr_assert_str_eq(value("SELECT due_at FROM outbox WHERE message_id = '%s'", parked),
                     "infinity");
    cr_assert_str_eq(cancel(acme, held), "cancelled");
    cr_assert_str_eq(cancel(acme, parked), "cancelled");
    cr_assert_str_eq(state_of(first), "queued");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(ends, it_is_too_late_to_cancel_what_is_on_its_way)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    const char *sending = given_claimed_message(.org = acme);
    const char *sent = given_settled_message(acme, "sent");
    const char *failed = given_settled_message(acme, "131026");
    cr_assert_str_eq(cancel(acme, queued), "too_late");
    cr_assert_str_eq(cancel(acme, sending), "too_late");
    cr_assert_str_eq(cancel(acme, sent), "too_late");
    cr_assert_str_eq(cancel(acme, failed), "too_late");
    cr_assert_str_eq(number_of("wallet_transactions WHERE kind = 'refund'"), "0");
    assert_healthy();
}

Test(ends, nobody_cancels_what_is_not_there_or_not_theirs)
{
    given_acme();
    const char *beta = given_org_with_channel("10.00");
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    cr_assert_str_eq(cancel(beta, message), "not_found");
    cr_assert_str_eq(cancel(acme, new_id()), "not_found");
    cr_assert_str_eq(cancel(acme, given_inbound(.org = acme)), "not_found");
    cr_assert_str_eq(state_of(message), "scheduled");
}

static const char *org_of_all;
static const char *cancelled;
static int said[8];

static void cancel_at_once(struct session *session, int thread)
{
    const char *answer =
        session_rows(session, "SELECT verdict FROM cancel_send('%s', '%s')", org_of_all, cancelled);
    said[thread] = answer[0] == 'c';
}

Test(ends, cancelling_at_the_same_moment_refunds_once)
{
    given_acme();
    org_of_all = acme;
    cancelled = given_message(.org = acme, .send_in_ms = 60000);
    at_once(8, cancel_at_once);
    for (int i = 0; i < 8; i++)
        cr_assert(said[i]);
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(ends, what_is_past_its_not_after_expires_and_is_refunded)
{
    given_acme();
    const char *scheduled = given_message(.org = acme, .send_in_ms = 60000);
    const char *first = given_message(.org = acme, .phone = PHONE);
    const char *held = given_message(.org = acme, .phone = PHONE);
    (void)given_message(.org = acme, .phone = "15550000001", .send_in_ms = 60000);
    run("UPDATE outbox SET not_after = now() - interval '1 second', look_at = now() "
        "WHERE message_id IN ('%s', '%s')",
        scheduled, held);
    cr_assert_str_eq(value("SELECT count(*) FROM expire_sends(1)"), "1");
    cr_assert_str_eq(value("SELECT count(*) FROM expire_sends(10)"), "1");
    assert_no_rows(rows("SELECT * FROM expire_sends(10)"));
    assert_rows(record_of(scheduled), "failed, expired, t, t");
    assert_rows(record_of(held), "failed, expired, t, t");
    cr_assert_str_eq(state_of(first), "queued");
    cr_assert_str_eq(balance_of(acme), "9.60");
    assert_healthy();
}

Test(ends, the_janitor_leaves_what_has_expired_to_its_end)
{
    given_acme();
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = now(), not_after = now(), look_at = now()");
    assert_no_rows(release_due(10));
    cr_assert_str_eq(value("SELECT message_id FROM expire_sends(10)"), message);
}

Test(ends, what_is_claimed_too_late_expires)
{
    given_acme();
    const char *message = given_message(.org = acme);
    run("UPDATE outbox SET not_after = now()");
    assert_no_rows(claim(acme, message));
    assert_rows(rows("SELECT state, attempt, claim_id FROM outbox"), "scheduled, 0, null");
    cr_assert_str_eq(value("SELECT message_id FROM expire_sends(10)"), message);
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(ends, without_a_not_after_a_day_is_given_from_when_it_could_leave)
{
    given_acme();
    (void)given_message(.org = acme);
    (void)given_message(.org = acme, .send_in_ms = 3600000);
    (void)given_message(.org = acme, .not_after_in_ms = 60000);
    assert_rows(rows("SELECT round(extract(epoch FROM not_after - now()) / 60) FROM outbox "
                     "ORDER BY 1"),
                "1", "1440", "1500");
}

Test(ends, poison_fails_and_is_refunded)
{
    given_acme();
    const char *message = given_message(.org = acme, .phone = PHONE);
    const char *next = given_message(.org = acme, .phone = PHONE);
    const char *claimed = given_claimed_message(.org = acme);
    assert_rows(rows("SELECT message_id, refunded, released_id FROM fail_poison_sends("
                     "ARRAY['%s', '%s']::uuid[], ARRAY['%s', '%s']::uuid[])",
                     acme, acme, message, claimed),
                text("%s, t, %s", message, next));
    assert_rows(record_of(message), "failed, poison, t, t");
    cr_assert_str_eq(state_of(claimed), "sending");
    assert_healthy();
}

// A message that a worker claimed and that was given up.
static const char *given_abandoned(void)
{
    given_acme();
    const char *message = given_claimed_message(.org = acme, .phone = PHONE);
    run("UPDATE outbox SET queued_at = now() - interval '3 minutes', "
        "claimed_at = now() - interval '3 minutes'");
    assert_rows(rows("SELECT message_id, refunded, released_id FROM unconfirm_sends(120000, 10)"),
                text("%s, f, null", message));
    return message;
}

Test(ends, an_abandoned_claim_is_unconfirmed_and_calls_up_the_next)
{
    given_acme();
    const char *old = given_claimed_message(.org = acme, .phone = PHONE);
    const char *next = given_message(.org = acme, .phone = PHONE);
    const char *newer = given_claimed_message(.org = acme);
    run("UPDATE outbox SET queued_at = now() - interval '3 minutes', "
        "claimed_at = now() - interval '3 minutes' WHERE message_id = '%s'",
        old);
    run("UPDATE outbox SET claimed_at = now() - interval '1 minute' WHERE message_id = '%s'",
        newer);
    assert_rows(rows("SELECT message_id, refunded, released_id FROM unconfirm_sends(120000, 10)"),
                text("%s, f, %s", old, next));
    assert_rows(rows("SELECT status, error_code, refunded, unconfirmed_at IS NOT NULL, attempts "
                     "FROM messages WHERE id = '%s'",
                     old),
                "unconfirmed, network:after_write, f, t, 1");
    cr_assert_str_eq(state_of(newer), "sending");
    assert_rows(rows("SELECT outcome, attempt FROM attempts"), "network:after_write, 1");
    cr_assert_str_eq(balance_of(acme), "9.40");
    assert_healthy();
}

// The worker was not dead but slow.
static const char *settle_late(const char *message, const char *outcome)
{
    return settle_sends(
        {.org = acme, .message = message, .claim_id = new_id(), .outcome = outcome});
}

Test(ends, a_late_success_of_an_abandoned_claim_counts)
{
    const char *message = given_abandoned();
    assert_rows(settle_late(message, "sent"), "settled, sent, not refunded, known code, null");
    assert_rows(rows("SELECT status, wamid = 'wamid.' || id, error_code, unconfirmed_at, attempts "
                     "FROM messages"),
                "sent, t, null, null, 1");
    cr_assert_str_eq(number_of("attempts"), "0");
    assert_healthy();
}

Test(ends, a_late_failure_of_an_abandoned_claim_is_refunded_once)
{
    const char *message = given_abandoned();
    assert_rows(settle_late(message, "131000"), "settled, failed, refunded, known code, temporary");
    assert_rows(settle_late(message, "131000"),
                "not settled, failed, refunded, known code, temporary");
    assert_rows(record_of(message), "failed, 131000, t, t");
    assert_rows(rows("SELECT outcome FROM attempts"), "131000");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(ends, a_late_answer_that_knows_no_more_changes_nothing)
{
    const char *message = given_abandoned();
    assert_rows(settle_late(message, "network:after_write"),
                "not settled, unconfirmed, not refunded, known code, network");
    cr_assert_str_eq(status_of(message), "unconfirmed");
    assert_healthy();
}

static const char *fail_unheard(void)
{
    return rows("SELECT message_id, refunded, released_id FROM fail_unheard_sends(3600, 10)");
}

static void let_an_hour_pass(void)
{
    run("UPDATE messages SET unconfirmed_at = unconfirmed_at - interval '1 hour 1 second'");
}

Test(ends, what_nobody_hears_of_fails_after_the_window_and_is_refunded_once)
{
    const char *message = given_abandoned();
    assert_no_rows(fail_unheard());
    let_an_hour_pass();
    assert_rows(fail_unheard(), text("%s, t, null", message));
    assert_no_rows(fail_unheard());
    assert_rows(record_of(message), "failed, network:after_write, t, t");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80",
                "refund, 0.20, 10.00");
    assert_healthy();
}

Test(ends, a_status_within_the_window_decides)
{
    const char *message = given_abandoned();
    assert_rows(hear(acme, message, "sent", NULL), "applied, f, f, null");
    let_an_hour_pass();
    assert_no_rows(fail_unheard());
    cr_assert_str_eq(status_of(message), "sent");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(ends, delivered_after_the_window_takes_the_fee_again_once)
{
    const char *message = given_abandoned();
    let_an_hour_pass();
    (void)fail_unheard();
    assert_rows(hear(acme, message, "delivered", NULL), "applied, f, t, null");
    assert_rows(hear(acme, message, "read", NULL), "applied, f, f, null");
    cr_assert_str_eq(status_of(message), "read");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(ends, an_outcome_after_the_window_changes_nothing)
{
    const char *message = given_abandoned();
    let_an_hour_pass();
    (void)fail_unheard();
    assert_rows(settle_late(message, "sent"), "not settled, failed, refunded, known code, null");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

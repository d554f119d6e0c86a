// settle_sends: what came of a dispatch is recorded once, and refunded once if its rule says so.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(settle, .init = database_create, .fini = database_drop);

Test(settle, a_sent_message_is_on_record)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = message, .wamid = "wamid.7"}),
                "settled, sent, not refunded, known code, null");
    assert_rows(rows("SELECT status, wamid, attempts, refunded, error_code, error_message, "
                     "error_transient, sent_at >= created_at, failed_at FROM messages"),
                "sent, wamid.7, 1, f, null, null, null, t, null");
    cr_assert_str_eq(state_of(message), "gone");
    cr_assert_str_eq(balance_of(acme), "99.80");
    assert_healthy();
}

Test(settle, an_expired_token_refunds_once)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme,
                              .message = message,
                              .outcome = "190",
                              .error = "Error validating access token"}),
                "settled, failed, refunded, known code, auth");
    assert_rows(rows("SELECT status, wamid, attempts, refunded, error_code, error_message, "
                     "error_transient, sent_at, failed_at >= created_at FROM messages"),
                "failed, null, 1, t, 190, Error validating access token, f, null, t");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80",
                "refund, 0.20, 100.00");
    cr_assert_str_eq(value("SELECT message_id FROM wallet_transactions WHERE kind = 'refund'"),
                     message);
    cr_assert_str_eq(state_of(message), "gone");
    cr_assert_str_eq(balance_of(acme), "100.00");
    assert_healthy();
}

Test(settle, a_recipient_who_is_not_on_whatsapp_is_not_refunded)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "131026"}),
                "settled, failed, not refunded, known code, recipient");
    cr_assert_str_eq(balance_of(acme), "99.80");
    cr_assert_str_eq(number_of("wallet_transactions WHERE kind = 'refund'"), "0");
    assert_healthy();
}

Test(settle, an_answer_that_never_came_is_unconfirmed_and_not_refunded)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme,
                              .message = message,
                              .outcome = "network:after_write",
                              .error = "Timeout was reached"}),
                "settled, unconfirmed, not refunded, known code, network");
    assert_rows(rows("SELECT status, refunded, error_code, error_message, sent_at, failed_at "
                     "FROM messages"),
                "unconfirmed, f, network:after_write, Timeout was reached, null, null");
    cr_assert_str_eq(state_of(message), "gone");
    cr_assert_str_eq(balance_of(acme), "99.80");
    assert_healthy();
}

Test(settle, refunds_of_one_batch_each_continue_the_ledger)
{
    const char *acme = given_org(.balance = "10.00");
    const char *cheap = given_channel(.org = acme, .fee = "0.20");
    const char *dear = given_channel(.org = acme, .fee = "3.00");
    const char *beta = given_org_with_channel("1.00");
    const char *a = given_claimed_message(.org = acme, .channel = cheap);
    const char *b = given_claimed_message(.org = acme, .channel = dear);
    const char *c = given_claimed_message(.org = acme, .channel = cheap);
    const char *d = given_claimed_message(.org = acme, .channel = dear);
    const char *e = given_claimed_message(.org = beta);
    run("UPDATE outbox SET attempt = 6"); // no more to come
    assert_rows(settle_sends({.org = acme, .message = a, .outcome = "190"},
                             {.org = beta, .message = e, .outcome = "130429"},
                             {.org = acme, .message = b, .outcome = "131000"},
                             {.org = acme, .message = c, .outcome = "131047"},
                             {.org = acme, .message = d, .outcome = "network:refused"}),
                "settled, failed, refunded, known code, auth",
                "settled, failed, refunded, known code, rate_limit",
                "settled, failed, refunded, known code, temporary",
                "settled, failed, not refunded, known code, policy",
                "settled, failed, refunded, known code, network");
    assert_rows(ledger_of(acme), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80",
                "service_fee, -3.00, 6.80", "service_fee, -0.20, 6.60", "service_fee, -3.00, 3.60",
                "refund, 0.20, 3.80", "refund, 3.00, 6.80", "refund, 3.00, 9.80");
    assert_rows(ledger_of(beta), "recharge, 1.00, 1.00", "service_fee, -0.20, 0.80",
                "refund, 0.20, 1.00");
    cr_assert_str_eq(balance_of(acme), "9.80");
    cr_assert_str_eq(balance_of(beta), "1.00");
    assert_healthy();
}

Test(settle, what_was_charged_is_refunded_whatever_the_fee_is_now)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    run("UPDATE channels SET service_fee_per_msg = 0.90");
    (void)settle_sends({.org = acme, .message = message, .outcome = "190"});
    cr_assert_str_eq(balance_of(acme), "1.00");
    assert_healthy();
}

Test(settle, sent_and_failed_share_a_batch)
{
    const char *acme = given_org_with_channel("1.00");
    const char *good = given_claimed_message(.org = acme);
    const char *bad = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = good},
                             {.org = acme, .message = bad, .outcome = "190"}),
                "settled, sent, not refunded, known code, null",
                "settled, failed, refunded, known code, auth");
    cr_assert_str_eq(status_of(good), "sent");
    cr_assert_str_eq(status_of(bad), "failed");
    cr_assert_str_eq(value("SELECT wamid FROM messages WHERE id = '%s'", good),
                     text("wamid.%s", good));
    cr_assert_str_eq(balance_of(acme), "0.80");
    assert_healthy();
}

Test(settle, answers_come_in_the_order_of_the_batch)
{
    const char *acme = given_org_with_channel("1.00");
    const char *a = given_claimed_message(.org = acme);
    const char *b = given_claimed_message(.org = acme);
    const char *c = new_id();
    assert_rows(rows("SELECT message_id, settled, status, refunded FROM settle_sends("
                     "ARRAY['%s', '%s', '%s']::uuid[], ARRAY['%s', '%s', '%s']::uuid[], "
                     "ARRAY['%s', NULL, '%s']::uuid[], ARRAY['sent', 'sent', '190'], ARRAY['w1', "
                     "NULL, 'w2'], "
                     "ARRAY[NULL, NULL, 'no']::text[], ARRAY[false, false, NULL]::boolean[], "
                     "ARRAY[0, 0, 0]::bigint[])",
                     acme, acme, acme, b, c, a, claim_of(b), claim_of(a)),
                text("%s, t, sent, f", b), text("%s, f, failed, f", c),
                text("%s, t, failed, t", a));
}

Test(settle, a_repeated_batch_settles_nothing_and_says_how_it_stands)
{
    const char *acme = given_org_with_channel("1.00");
    const char *sent = given_claimed_message(.org = acme);
    const char *failed = given_claimed_message(.org = acme);
    const struct outcome_spec batch[] = {
        {.org = acme, .message = sent, .claim_id = claim_of(sent)},
        {.org = acme, .message = failed, .claim_id = claim_of(failed), .outcome = "190"},
    };
    assert_rows(rows("%s", settle_sends_sql(batch, 2)),
                "settled, sent, not refunded, known code, null",
                "settled, failed, refunded, known code, auth");
    assert_rows(rows("%s", settle_sends_sql(batch, 2)),
                "not settled, sent, not refunded, known code, null",
                "not settled, failed, refunded, known code, auth");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00", "service_fee, -0.20, 0.80",
                "service_fee, -0.20, 0.60", "refund, 0.20, 0.80");
    assert_healthy();
}

Test(settle, of_two_outcomes_in_a_batch_the_first_counts)
{
    const char *acme = given_org_with_channel("1.00");
    const char *sent = given_claimed_message(.org = acme);
    const char *failed = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = sent},
                             {.org = acme, .message = failed, .outcome = "190"},
                             {.org = acme, .message = sent, .outcome = "190"},
                             {.org = acme, .message = failed, .outcome = "131000"}),
                "settled, sent, not refunded, known code, null",
                "settled, failed, refunded, known code, auth",
                "not settled, sent, not refunded, known code, auth",
                "not settled, failed, refunded, known code, temporary");
    cr_assert_str_eq(balance_of(acme), "0.80");
    assert_healthy();
}

Test(settle, nobody_settles_what_another_has_claimed_since)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    const char *old = claim_of(message);
    run("SELECT release_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY['%s']::uuid[])", acme,
        message, old);
    (void)claim(acme, message);
    assert_rows(settle_sends({.org = acme, .message = message, .claim_id = old, .outcome = "190"}),
                "not settled, sending, not refunded, known code, auth");
    cr_assert_str_eq(state_of(message), "sending");
    cr_assert_str_eq(balance_of(acme), "0.80");
    assert_rows(settle_sends({.org = acme, .message = message}),
                "settled, sent, not refunded, known code, null");
    assert_healthy();
}

Test(settle, a_later_outcome_changes_nothing)
{
    const char *acme = given_org_with_channel("1.00");
    const char *message = given_settled_message(acme, "sent");
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "190"}),
                "not settled, sent, not refunded, known code, auth");
    assert_rows(rows("SELECT status, wamid = 'wamid.' || id, error_code FROM messages"),
                "sent, t, null");
    cr_assert_str_eq(balance_of(acme), "0.80");
    assert_healthy();
}

Test(settle, what_is_not_claimed_is_not_settled)
{
    const char *acme = given_org_with_channel("1.00");
    const char *queued = given_message(.org = acme);
    const char *scheduled = given_message(.org = acme, .send_in_ms = 60000);
    assert_rows(settle_sends({.org = acme, .message = queued, .outcome = "190"},
                             {.org = acme, .message = scheduled}),
                "not settled, queued, not refunded, known code, auth",
                "not settled, scheduled, not refunded, known code, null");
    cr_assert_str_eq(state_of(queued), "queued");
    cr_assert_str_eq(state_of(scheduled), "scheduled");
    cr_assert_str_eq(balance_of(acme), "0.60");
    assert_healthy();
}

Test(settle, another_orgs_message_is_not_settled)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = beta, .message = message, .outcome = "190"}),
                "not settled, failed, not refunded, known code, auth");
    cr_assert_str_eq(state_of(message), "sending");
    cr_assert_str_eq(status_of(message), "queued");
    cr_assert_str_eq(balance_of(acme), "0.80");
    cr_assert_str_eq(balance_of(beta), "1.00");
}

Test(settle, a_receipt_fails_without_a_refund)
{
    const char *acme = given_org_with_channel("1.00");
    given_received(acme);
    const char *receipt = given_claimed_message(.org = acme, .type = "receipt");
    assert_rows(settle_sends({.org = acme, .message = receipt, .outcome = "190"}),
                "settled, failed, not refunded, known code, auth");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
    cr_assert_str_eq(state_of(receipt), "gone");
    assert_healthy();
}

Test(settle, an_empty_batch_is_no_rows)
{
    assert_no_rows(
        rows("SELECT * FROM settle_sends('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"));
}

enum { WORKERS = 4, BATCHES = 10, ITEMS = 6, ORGS = 3 };
static const char *orgs[ORGS];
static const char *messages[WORKERS][BATCHES][ITEMS];
static const char *unexpected[WORKERS];

// Every batch refunds all orgs, in an order that differs from worker to worker: each of its
// messages has had its last attempt.
static void settle_and_accept(struct session *session, int worker)
{
    for (int batch = 0; batch < BATCHES; batch++) {
        struct outcome_spec outcomes[ITEMS];
        struct send_spec sends[ORGS];
        for (int i = 0; i < ITEMS; i++)
            outcomes[i] = (struct outcome_spec){.org = orgs[(i + worker) % ORGS],
                                                .message = messages[worker][batch][i],
                                                .outcome = "131000"};
        for (int i = 0; i < ORGS; i++)
            sends[i] = (struct send_spec){.org = orgs[(i + worker + batch) % ORGS]};
        const char *settled = session_rows_again(session, settle_sends_sql(outcomes, ITEMS));
        const char *accepted = session_rows_again(session, accept_sends_sql(sends, ORGS));
        if (strncmp(settled, "settled, ", 9) != 0)
            unexpected[worker] = settled;
        if (strncmp(accepted, "accepted, ", 10) != 0)
            unexpected[worker] = accepted;
    }
}

Test(settle, refunds_and_sends_at_the_same_moment_add_up)
{
    for (int i = 0; i < ORGS; i++)
        orgs[i] = given_org_with_channel("100.00");
    for (int worker = 0; worker < WORKERS; worker++)
        for (int batch = 0; batch < BATCHES; batch++)
            for (int i = 0; i < ITEMS; i++)
                messages[worker][batch][i] =
                    given_claimed_message(.org = orgs[(i + worker) % ORGS]);
    run("UPDATE outbox SET attempt = 6");
    at_once(WORKERS, settle_and_accept);
    for (int worker = 0; worker < WORKERS; worker++)
        cr_assert_null(unexpected[worker], "%s", unexpected[worker]);
    // What was there before is refunded; 40 new sends of each org are paid for.
    for (int i = 0; i < ORGS; i++)
        cr_assert_str_eq(balance_of(orgs[i]), "92.00");
    cr_assert_str_eq(number_of("outbox"), "120");
    assert_healthy();
}

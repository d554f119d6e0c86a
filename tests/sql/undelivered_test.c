// undelivered_after: an org may have what is sent and never delivered failed and refunded.

#include "tests/sql/inbound.h"

TestSuite(undelivered, .init = database_create, .fini = database_drop);

static const char *acme;

static void given_acme(const char *undelivered_after)
{
    acme = given_org_with_channel("10.00");
    run("UPDATE organizations SET undelivered_after = %s", undelivered_after);
}

// As if that much time had gone by.
static void pass(const char *time)
{
    run("UPDATE messages SET sent_at = sent_at - interval '%s', created_at = created_at - "
        "interval '%s'",
        time, time);
    run("UPDATE awaited SET sent_at = sent_at - interval '%s', due_at = due_at - interval '%s'",
        time, time);
}

static const char *fail_undelivered(void)
{
    return rows("SELECT message_id, refunded FROM fail_undelivered_sends(100)");
}

static const char *end_of(const char *message)
{
    return rows("SELECT status, error_code, refunded, refund_waived, failed_at IS NULL FROM "
                "messages WHERE id = '%s'",
                message);
}

Test(undelivered, what_is_not_delivered_in_time_fails_and_is_refunded_once)
{
    given_acme("'2 hours'");
    const char *message = given_settled_message(acme, "sent");
    pass("1 hour");
    const char *later = given_settled_message(acme, "sent");
    pass("119 minutes");
    assert_rows(fail_undelivered(), text("%s, t", message));
    assert_no_rows(fail_undelivered());
    assert_rows(end_of(message), "failed, undelivered, t, f, f");
    assert_rows(end_of(later), "sent, null, f, f, t");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_rows(rows("SELECT message_id FROM awaited"), later);
    assert_healthy();
}

Test(undelivered, delivered_after_all_it_is_charged_again)
{
    given_acme("'1 hour'");
    const char *message = given_settled_message(acme, "sent");
    pass("2 hours");
    (void)fail_undelivered();
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_rows(hear(acme, message, "delivered", NULL), "applied, f, t, null");
    assert_rows(hear(acme, message, "delivered", NULL), "applied, f, f, null");
    assert_rows(end_of(message), "delivered, undelivered, f, f, f");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(undelivered, what_meta_says_of_it_later_moves_no_money_twice)
{
    given_acme("'1 hour'");
    const char *message = given_settled_message(acme, "sent");
    pass("2 hours");
    (void)fail_undelivered();
    assert_rows(hear(acme, message, "sent", NULL), "applied, f, f, null");
    assert_rows(hear(acme, message, "failed", "131000"), "applied, f, f, null");
    (void)settle_sends({.org = acme, .message = message});
    assert_no_rows(fail_undelivered());
    assert_rows(end_of(message), "failed, undelivered, t, f, f");
    cr_assert_str_eq(balance_of(acme), "10.00");
    cr_assert_str_eq(number_of("wallet_transactions WHERE kind = 'refund'"), "1");
    assert_healthy();
}

Test(undelivered, nothing_is_failed_that_has_gone_on)
{
    static const char *const on[] = {"delivered", "read", "failed"};
    given_acme("'1 hour'");
    for (size_t i = 0; i < 3; i++)
        (void)hear(acme, given_settled_message(acme, "sent"), on[i], "131026");
    cr_assert_str_eq(number_of("awaited"), "0");
    (void)given_settled_message(acme, "network:after_write");
    (void)given_settled_message(acme, "131026");
    (void)given_message(.org = acme);
    pass("1 day");
    assert_no_rows(fail_undelivered());
    assert_rows(rows("SELECT status FROM messages ORDER BY 1"), "delivered", "failed", "failed",
                "queued", "read", "unconfirmed");
    assert_healthy();
}

// Neither has ever been delivered.
Test(undelivered, a_receipt_and_a_reaction_are_not_awaited)
{
    given_acme("'1 hour'");
    given_received(acme);
    const char *receipt = given_claimed_message(.org = acme, .type = "receipt");
    const char *reaction = given_claimed_message(.org = acme, .type = "reaction");
    (void)settle_sends({.org = acme, .message = receipt}, {.org = acme, .message = reaction});
    pass("1 day");
    assert_no_rows(fail_undelivered());
    cr_assert_str_eq(status_of(receipt), "sent");
    cr_assert_str_eq(status_of(reaction), "sent");
}

// The answer never came, or came later than the status.
Test(undelivered, what_a_status_says_is_sent_is_awaited_too)
{
    given_acme("'1 hour'");
    const char *unconfirmed = given_settled_message(acme, "network:after_write");
    const char *early = given_claimed_message(.org = acme);
    (void)hear(acme, unconfirmed, "sent", NULL);
    (void)hear(acme, early, "sent", NULL);
    (void)hear(acme, early, "sent", NULL);
    cr_assert_str_eq(number_of("awaited"), "2");
    pass("2 hours");
    cr_assert_str_eq(value("SELECT count(*) FROM fail_undelivered_sends(100)"), "2");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(undelivered, nothing_happens_to_who_has_not_asked_for_it)
{
    given_acme("'1 hour'");
    const char *beta = given_org_with_channel("10.00");
    (void)given_settled_message(beta, "sent");
    cr_assert_str_eq(number_of("awaited"), "0");
    run("UPDATE organizations SET undelivered_after = NULL WHERE id = '%s'", acme);
    (void)given_settled_message(acme, "sent");
    (void)hear(acme, given_settled_message(acme, "sent"), "sent", NULL);
    cr_assert_str_eq(number_of("awaited"), "0");
    pass("1 year");
    assert_no_rows(fail_undelivered());
}

Test(undelivered, who_waits_no_more_has_nothing_failed)
{
    given_acme("'1 hour'");
    const char *message = given_settled_message(acme, "sent");
    const char *beta = given_org_with_channel("10.00");
    run("UPDATE organizations SET undelivered_after = '1 hour' WHERE id = '%s'", beta);
    const char *other = given_settled_message(beta, "sent");
    pass("2 hours");
    run("UPDATE organizations SET undelivered_after = NULL WHERE id = '%s'", acme);
    assert_rows(fail_undelivered(), text("%s, t", other));
    run("UPDATE organizations SET undelivered_after = '1 hour'");
    assert_no_rows(fail_undelivered());
    cr_assert_str_eq(status_of(message), "sent");
}

Test(undelivered, how_long_is_as_it_stands_now)
{
    given_acme("'3 hours'");
    const char *message = given_settled_message(acme, "sent");
    pass("2 hours");
    assert_no_rows(fail_undelivered());
    run("UPDATE organizations SET undelivered_after = '90 minutes'");
    assert_rows(fail_undelivered(), text("%s, t", message));
    assert_refused("23514", "UPDATE organizations SET undelivered_after = '0'");
    assert_refused("23514", "UPDATE organizations SET undelivered_after = '-1 hour'");
    assert_refused("23514", "UPDATE organizations SET undelivered_after = '100000 years'");
}

Test(undelivered, a_round_takes_the_oldest_of_all_orgs_and_passes_over_what_it_is_told)
{
    given_acme("'1 hour'");
    const char *beta = given_org_with_channel("10.00");
    run("UPDATE organizations SET undelivered_after = '1 hour'");
    const char *ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = given_settled_message(i % 2 ? beta : acme, "sent");
        pass("2 hours");
    }
    assert_rows(rows("SELECT message_id FROM fail_undelivered_sends(1, 1)"), ids[1]);
    assert_rows(rows("SELECT u.message_id FROM fail_undelivered_sends(2) u JOIN messages m "
                     "ON m.id = u.message_id ORDER BY m.sent_at"),
                ids[0], ids[2]);
    assert_rows(rows("SELECT message_id FROM fail_undelivered_sends(2)"), ids[3]);
    assert_healthy();
}

Test(undelivered, the_rule_decides_about_the_money)
{
    run("UPDATE error_rules SET refundable = false WHERE outcome = 'undelivered'");
    given_acme("'1 hour'");
    const char *message = given_settled_message(acme, "sent");
    pass("2 hours");
    assert_rows(fail_undelivered(), text("%s, f", message));
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

// Whoever is first: the fee is given back and taken again, or stays.
Test(undelivered, delivered_at_the_same_moment_costs_the_fee_once)
{
    given_acme("'1 hour'");
    const char *message = given_settled_message(acme, "sent");
    const char *delivered =
        text("SELECT verdict FROM apply_statuses(ARRAY(SELECT phone_number_id FROM channels), "
             "'{wamid.%s}', '{%s}', '{delivered}', ARRAY[extract(epoch FROM now())::bigint], "
             "'{NULL}', '{NULL}', '{NULL}')",
             message, message);
    pass("2 hours");
    assert_no_rows(meanwhile(delivered, "SELECT * FROM fail_undelivered_sends(10)"));
    assert_rows(end_of(message), "delivered, null, f, f, t");
    message = given_settled_message(acme, "sent");
    delivered = text("SELECT verdict FROM apply_statuses(ARRAY(SELECT phone_number_id FROM "
                     "channels), '{wamid.%s}', '{%s}', '{delivered}', ARRAY[extract(epoch FROM "
                     "now())::bigint], '{NULL}', '{NULL}', '{NULL}')",
                     message, message);
    pass("2 hours");
    assert_rows(meanwhile("SELECT * FROM fail_undelivered_sends(10)", delivered), "applied");
    assert_rows(end_of(message), "delivered, undelivered, f, f, f");
    cr_assert_str_eq(balance_of(acme), "9.60");
    assert_healthy();
}

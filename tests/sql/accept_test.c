// accept_sends: which sends are accepted, what each costs, and what is stored of it.

#include "tests/sql/givens.h"

TestSuite(accept, .init = database_create, .fini = database_drop);

#define UNKNOWN "00000000-0000-4000-8000-000000000000"

// What accept_sends writes, and for each table how many rows it has.
static const char *stored(void)
{
    return rows("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM outbox), "
                "(SELECT count(*) FROM contacts), "
                "(SELECT count(*) FROM wallet_transactions WHERE kind = 'service_fee')");
}

Test(accept, a_send_is_accepted_and_paid_for)
{
    const char *acme = given_org_with_channel("100.00");
    assert_rows(accept_sends({.org = acme}), "accepted, queued, 99.80, 0.20");
    cr_assert_str_eq(balance_of(acme), "99.80");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80");
    assert_healthy();
}

Test(accept, a_send_is_stored_as_it_was_given)
{
    const char *acme = given_org(.balance = "100.00");
    const char *channel = given_channel(.org = acme, .fee = "0.35");
    const char *id = new_id();
    (void)accept_sends(
        {.org = acme,
         .id = id,
         .phone = "4915112345678",
         .type = "image",
         .payload = "{\"image\": {\"link\": \"https://x/\\u0000\"}, \"b\":1, \"b\":1}",
         .callback_data = "order 7",
         .priority = "bulk"});
    assert_rows(
        rows("SELECT m.org_id = '%s', channel_id = '%s', phone, direction, type, payload, "
             "callback_data, fee, refunded, status, attempts, wamid, error_code, sent_at "
             "FROM messages m JOIN contacts c ON c.org_id = m.org_id AND c.id = m.contact_id "
             "WHERE m.id = '%s'",
             acme, channel, id),
        "t, t, 4915112345678, outbound, image, "
        "{\"image\": {\"link\": \"https://x/\\u0000\"}, \"b\":1, \"b\":1}, "
        "order 7, 0.3500, f, queued, 0, null, null, null");
    assert_rows(rows("SELECT o.org_id = m.org_id, o.channel_id = m.channel_id, "
                     "o.contact_id = m.contact_id, priority, state, attempt, due_at, o.claimed_at "
                     "FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.id = '%s'",
                     id),
                "t, t, t, bulk, queued, 0, null, null");
    assert_rows(
        rows("SELECT amount, balance_after FROM wallet_transactions WHERE message_id = '%s' "
             "AND org_id = '%s' AND kind = 'service_fee'",
             id, acme),
        "-0.3500, 99.6500");
}

Test(accept, a_balance_below_the_fee_is_insufficient)
{
    const char *acme = given_org_with_channel("0.10");
    assert_rows(accept_sends({.org = acme}), "insufficient_balance, null, 0.10, 0.20");
    cr_assert_str_eq(balance_of(acme), "0.10");
    assert_rows(stored(), "0, 0, 0, 0");
    assert_healthy();
}

Test(accept, a_balance_can_be_spent_to_zero)
{
    const char *acme = given_org_with_channel("0.40");
    assert_rows(accept_sends({.org = acme}, {.org = acme}, {.org = acme}),
                "accepted, queued, 0.20, 0.20", "accepted, queued, 0.00, 0.20",
                "insufficient_balance, null, 0.00, 0.20");
    cr_assert_str_eq(balance_of(acme), "0.00");
    assert_rows(stored(), "2, 2, 2, 2");
    assert_healthy();
}

Test(accept, sends_are_judged_as_if_each_had_come_alone)
{
    const char *acme = given_org(.balance = "1.00");
    const char *cheap = given_channel(.org = acme, .fee = "0.20");
    const char *dear = given_channel(.org = acme, .fee = "0.70");
    assert_rows(accept_sends({.org = acme, .channel = cheap}, {.org = acme, .channel = dear},
                             {.org = acme, .channel = dear}, // 0.10 is left
                             {.org = acme, .channel = cheap}),
                "accepted, queued, 0.80, 0.20", "accepted, queued, 0.10, 0.70",
                "insufficient_balance, null, 0.10, 0.70", "insufficient_balance, null, 0.10, 0.20");
    run("SELECT add_wallet_credits('%s', 0.40, 'paid')", acme);
    assert_rows(accept_sends({.org = acme, .channel = dear}, // does not fit, and is skipped
                             {.org = acme, .channel = cheap}, {.org = acme, .channel = dear},
                             {.org = acme, .channel = cheap}),
                "insufficient_balance, null, 0.50, 0.70", "accepted, queued, 0.30, 0.20",
                "insufficient_balance, null, 0.30, 0.70", "accepted, queued, 0.10, 0.20");
    assert_healthy();
}

Test(accept, a_batch_of_several_orgs_keeps_their_money_apart)
{
    const char *acme = given_org_with_channel("0.50");
    const char *beta = given_org_with_channel("0.20");
    const char *gamma = given_org_with_channel("10.00");
    assert_rows(accept_sends({.org = acme}, {.org = beta}, {.org = gamma}, {.org = acme},
                             {.org = beta}, {.org = gamma}, {.org = acme}),
                "accepted, queued, 0.30, 0.20", "accepted, queued, 0.00, 0.20",
                "accepted, queued, 9.80, 0.20", "accepted, queued, 0.10, 0.20",
                "insufficient_balance, null, 0.00, 0.20", "accepted, queued, 9.60, 0.20",
                "insufficient_balance, null, 0.10, 0.20");
    assert_rows(ledger_of(acme), "recharge, 0.50, 0.50", "service_fee, -0.20, 0.30",
                "service_fee, -0.20, 0.10");
    assert_rows(ledger_of(beta), "recharge, 0.20, 0.20", "service_fee, -0.20, 0.00");
    assert_rows(ledger_of(gamma), "recharge, 10.00, 10.00", "service_fee, -0.20, 9.80",
                "service_fee, -0.20, 9.60");
    assert_healthy();
}

Test(accept, an_unknown_org_is_told)
{
    assert_rows(accept_sends({.org = UNKNOWN}), "no_org, null, null, null");
    assert_rows(stored(), "0, 0, 0, 0");
}

Test(accept, a_suspended_org_sends_nothing)
{
    const char *acme = given_org(.balance = "100.00", .status = "suspended");
    given_channel(.org = acme);
    assert_rows(accept_sends({.org = acme}), "org_suspended, null, 100.00, 0.20");
    assert_rows(stored(), "0, 0, 0, 0");
    cr_assert_str_eq(balance_of(acme), "100.00");
}

Test(accept, an_org_without_a_channel_is_told)
{
    const char *acme = given_org(.balance = "100.00");
    assert_rows(accept_sends({.org = acme}), "no_channel, null, 100.00, null");
    assert_rows(stored(), "0, 0, 0, 0");
}

Test(accept, a_disabled_channel_is_as_if_it_were_not_there)
{
    const char *acme = given_org(.balance = "100.00");
    const char *disabled = given_channel(.org = acme, .status = "disabled");
    assert_rows(accept_sends({.org = acme}, {.org = acme, .channel = disabled}),
                "no_channel, null, 100.00, null", "no_channel, null, 100.00, null");
    assert_rows(stored(), "0, 0, 0, 0");
}

Test(accept, a_paused_channel_is_told_without_a_fee)
{
    const char *acme = given_org(.balance = "100.00");
    const char *paused = given_channel(.org = acme, .status = "paused");
    assert_rows(accept_sends({.org = acme}, {.org = acme, .channel = paused}),
                "channel_paused, null, 100.00, 0.20", "channel_paused, null, 100.00, 0.20");
    assert_rows(stored(), "0, 0, 0, 0");
    cr_assert_str_eq(balance_of(acme), "100.00");
}

Test(accept, without_a_channel_the_default_one_is_taken_or_the_first)
{
    const char *acme = given_org(.balance = "100.00");
    given_channel(.org = acme, .status = "disabled");
    const char *first = given_channel(.org = acme);
    const char *second = given_channel(.org = acme);
    const char *message = given_message(.org = acme);
    cr_assert_str_eq(value("SELECT channel_id FROM messages WHERE id = '%s'", message), first);
    run("UPDATE organizations SET default_channel_id = '%s' WHERE id = '%s'", second, acme);
    message = given_message(.org = acme);
    cr_assert_str_eq(value("SELECT channel_id FROM messages WHERE id = '%s'", message), second);
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", second);
    message = given_message(.org = acme);
    cr_assert_str_eq(value("SELECT channel_id FROM messages WHERE id = '%s'", message), first);
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "UPDATE organizations SET default_channel_id = '%s' "
                   "WHERE id = '%s'",
                   first, given_org(.name = "Beta"));
}

// Meta refused its token: the customer would be answered from a number that it does not know.
Test(accept, no_other_channel_stands_in_for_a_paused_one)
{
    const char *acme = given_org(.balance = "100.00");
    const char *first = given_channel(.org = acme, .status = "paused");
    const char *second = given_channel(.org = acme);
    assert_rows(accept_sends({.org = acme}), "channel_paused, null, 100.00, 0.20");
    run("UPDATE channels SET status = 'active' WHERE id = '%s'", first);
    run("UPDATE channels SET status = 'paused' WHERE id = '%s'", second);
    run("UPDATE organizations SET default_channel_id = '%s'", second);
    assert_rows(accept_sends({.org = acme}), "channel_paused, null, 100.00, 0.20");
    assert_rows(stored(), "0, 0, 0, 0");
}

Test(accept, a_channel_is_named_by_its_number_too)
{
    const char *acme = given_org(.balance = "100.00");
    const char *beta = given_org(.name = "Beta", .balance = "100.00");
    const char *first = given_channel(.org = acme, .phone_number_id = "111");
    const char *second = given_channel(.org = acme, .phone_number_id = "222", .fee = "0.50");
    given_channel(.org = beta, .phone_number_id = "333");
    assert_rows(accept_sends({.org = acme, .number = "222"},
                             {.org = acme, .number = "222", .channel = second},
                             {.org = acme, .number = "222", .channel = first},
                             {.org = acme, .number = "333"}, {.org = acme, .number = "11"}),
                "accepted, queued, 99.50, 0.50", "accepted, queued, 99.00, 0.50",
                "no_channel, null, 99.00, null", "no_channel, null, 99.00, null",
                "no_channel, null, 99.00, null");
    cr_assert_str_eq(number_of(text("messages WHERE channel_id = '%s'", second)), "2");
}

Test(accept, the_channel_that_is_named_is_taken)
{
    const char *acme = given_org(.balance = "100.00");
    given_channel(.org = acme, .fee = "0.20");
    const char *second = given_channel(.org = acme, .fee = "0.50");
    assert_rows(accept_sends({.org = acme, .channel = second}), "accepted, queued, 99.50, 0.50");
    cr_assert_str_eq(value("SELECT channel_id FROM messages"), second);
}

Test(accept, another_orgs_channel_is_no_channel)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org(.name = "Beta", .balance = "100.00");
    const char *foreign = given_channel(.org = beta);
    assert_rows(accept_sends({.org = acme, .channel = foreign}, {.org = acme, .channel = UNKNOWN}),
                "no_channel, null, 100.00, null", "no_channel, null, 100.00, null");
    assert_rows(stored(), "0, 0, 0, 0");
}

Test(accept, refused_items_do_not_hold_up_the_others)
{
    const char *acme = given_org_with_channel("1.00");
    const char *poor = given_org_with_channel("0.10");
    const char *closed = given_org(.balance = "1.00", .status = "suspended");
    assert_rows(accept_sends({.org = UNKNOWN}, {.org = poor, .phone = "15550000001"}, {.org = acme},
                             {.org = closed, .phone = "15550000002"},
                             {.org = acme, .channel = UNKNOWN, .phone = "15550000003"},
                             {.org = acme}),
                "no_org, null, null, null", "insufficient_balance, null, 0.10, 0.20",
                "accepted, queued, 0.80, 0.20", "org_suspended, null, 1.00, null",
                "no_channel, null, 0.80, null", "accepted, queued, 0.60, 0.20");
    assert_rows(stored(), "2, 2, 2, 2");
    assert_healthy();
}

Test(accept, a_receipt_costs_nothing)
{
    const char *acme = given_org_with_channel("0.10");
    given_received(acme);
    assert_rows(accept_sends({.org = acme, .type = "receipt"}), "accepted, queued, 0.10, 0.00");
    assert_rows(stored(), "2, 1, 1, 0");
    cr_assert_str_eq(value("SELECT fee FROM messages WHERE type = 'receipt'"), "0.0000");
    cr_assert_str_eq(balance_of(acme), "0.10");
    assert_healthy();
}

Test(accept, a_receipt_is_of_a_message_that_the_org_has_received)
{
    const char *acme = given_org(.balance = "1.00");
    const char *first = given_channel(.org = acme);
    const char *second = given_channel(.org = acme);
    const char *beta = given_org_with_channel("1.00");
    given_received(acme);
    const char *sent = given_settled_message(acme, "sent");
    const char *own = text("{\"message_id\": \"wamid.%s\"}", sent);
    run("UPDATE organizations SET default_channel_id = '%s' WHERE id = '%s'", second, acme);
    assert_rows(accept_sends({.org = acme, .type = "receipt"},
                             {.org = acme, .type = "receipt", .channel = first},
                             {.org = acme, .type = "receipt", .channel = second},
                             {.org = acme, .type = "receipt", .payload = own},
                             {.org = acme, .type = "receipt", .payload = "{\"message_id\": \"x\"}"},
                             {.org = acme, .type = "receipt", .payload = "{}"},
                             {.org = beta, .type = "receipt"}),
                "accepted, queued, 0.80, 0.00", "accepted, queued, 0.80, 0.00",
                "no_message, null, 0.80, 0.00", "no_message, null, 0.80, 0.00",
                "no_message, null, 0.80, 0.00", "no_message, null, 0.80, 0.00",
                "no_message, null, 1.00, 0.00");
    cr_assert_str_eq(
        number_of(text("messages WHERE type = 'receipt' AND channel_id = '%s'", first)), "2");
}

// Meta counts them as it counts messages; one that leaves in minutes is worth nothing.
Test(accept, receipts_take_slots_and_do_not_queue_for_long)
{
    const char *acme = given_org(.balance = "1.00");
    given_channel(.org = acme, .max_mps = "1");
    given_received(acme);
    for (int i = 0; i < 12; i++)
        cr_assert_str_eq(
            value("SELECT verdict FROM (%s) a",
                  accept_sends_sql(&(struct send_spec){.org = acme, .type = "receipt"}, 1)),
            i == 11 ? "too_many_receipts" : "accepted", "%d", i);
    assert_rows(rows("SELECT state, count(*), max(due_at) > now() + interval '5 seconds' "
                     "FROM outbox GROUP BY 1 ORDER BY 1"),
                "queued, 1, null", "scheduled, 10, t");
}

Test(accept, a_receipt_is_not_kept_for_ever)
{
    const char *acme = given_org_with_channel("1.00");
    given_received(acme);
    const char *waiting = given_message(.org = acme, .type = "receipt");
    const char *gone = given_claimed_message(.org = acme, .type = "receipt", .key = "k");
    (void)settle_sends({.org = acme, .message = gone, .outcome = "100"});
    const char *message = given_settled_message(acme, "100");
    const char *later = given_message(.org = acme, .type = "receipt", .send_in_ms = 3600000);
    cr_assert_str_eq(value("SELECT delete_receipts(3600, 10)"), "0");
    run("UPDATE receipts SET ends_at = ends_at - interval '26 hours' WHERE message_id <> '%s'",
        later);
    cr_assert_str_eq(value("SELECT delete_receipts(3600, 10)"), "0", "it has a key, or waits");
    run("DELETE FROM idempotency_keys");
    cr_assert_str_eq(value("SELECT delete_receipts(3600, 10)"), "1");
    assert_no_rows(rows("SELECT id FROM messages WHERE id = '%s'", gone));
    assert_rows(rows("SELECT message_id FROM receipts ORDER BY ends_at"), waiting, later);
    assert_refused(RESTRICT_VIOLATION, "DELETE FROM messages WHERE id = '%s'", message);
    assert_healthy();
}

Test(accept, a_channel_may_be_free_of_charge)
{
    const char *acme = given_org();
    given_channel(.org = acme, .fee = "0");
    assert_rows(accept_sends({.org = acme}), "accepted, queued, 0.00, 0.00");
    assert_rows(stored(), "1, 1, 1, 0");
    assert_healthy();
}

Test(accept, four_decimals_are_kept)
{
    const char *acme = given_org(.balance = "1.0000");
    given_channel(.org = acme, .fee = "0.0333");
    assert_rows(accept_sends({.org = acme}, {.org = acme}, {.org = acme}),
                "accepted, queued, 0.9667, 0.0333", "accepted, queued, 0.9334, 0.0333",
                "accepted, queued, 0.9001, 0.0333");
    assert_healthy();
}

Test(accept, one_phone_is_one_contact)
{
    const char *acme = given_org_with_channel("100.00");
    (void)accept_sends({.org = acme, .phone = "15550000001"},
                       {.org = acme, .phone = "15550000001"});
    (void)accept_sends({.org = acme, .phone = "15550000001"},
                       {.org = acme, .phone = "15550000002"});
    assert_rows(rows("SELECT phone, user_id, count(*) FROM messages m JOIN contacts c "
                     "ON c.id = m.contact_id AND c.org_id = m.org_id GROUP BY 1, 2 ORDER BY 1"),
                "15550000001, null, 3", "15550000002, null, 1");
}

Test(accept, the_same_phone_is_another_contact_of_another_org)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    (void)accept_sends({.org = acme, .phone = "15550000001"},
                       {.org = beta, .phone = "15550000001"});
    cr_assert_str_eq(number_of("contacts"), "2");
    cr_assert_str_eq(value("SELECT count(DISTINCT contact_id) FROM messages"), "2");
}

Test(accept, a_contact_may_be_known_by_user_id_alone)
{
    const char *acme = given_org_with_channel("100.00");
    (void)accept_sends({.org = acme, .user_id = "IN.42"}, {.org = acme, .user_id = "IN.42"});
    (void)accept_sends({.org = acme, .user_id = "IN.42"});
    assert_rows(rows("SELECT phone, user_id, count(*) FROM messages m JOIN contacts c "
                     "ON c.id = m.contact_id AND c.org_id = m.org_id GROUP BY 1, 2"),
                "null, IN.42, 3");
}

Test(accept, a_phone_goes_before_a_user_id)
{
    const char *acme = given_org_with_channel("100.00");
    (void)accept_sends({.org = acme, .phone = "15550000001", .user_id = "IN.42"},
                       {.org = acme, .user_id = "IN.42"});
    assert_rows(rows("SELECT phone, user_id FROM contacts ORDER BY phone"), "15550000001, null",
                "null, IN.42");
    cr_assert_str_eq(value("SELECT count(DISTINCT contact_id) FROM messages"), "2");
}

Test(accept, a_send_for_later_is_scheduled)
{
    const char *acme = given_org_with_channel("100.00");
    assert_rows(accept_sends({.org = acme, .send_in_ms = 3600000}),
                "accepted, scheduled, 99.80, 0.20");
    assert_rows(rows("SELECT state, due_at > now() + interval '59 minutes', "
                     "due_at <= now() + interval '60 minutes' FROM outbox"),
                "scheduled, t, t");
    cr_assert_str_eq(value("SELECT status FROM messages"), "queued");
}

Test(accept, a_time_in_the_past_is_now)
{
    const char *acme = given_org_with_channel("100.00");
    assert_rows(accept_sends({.org = acme, .send_in_ms = -3600000}),
                "accepted, queued, 99.80, 0.20");
    assert_rows(rows("SELECT state, due_at FROM outbox"), "queued, null");
}

Test(accept, messages_leave_in_the_order_of_the_batch)
{
    const char *acme = given_org_with_channel("100.00");
    const char *ids[] = {new_id(), new_id(), new_id(), new_id()};
    (void)accept_sends({.org = acme, .id = ids[0]}, {.org = acme, .id = ids[1]},
                       {.org = acme, .id = ids[2]}, {.org = acme, .id = ids[3]});
    assert_rows(rows("SELECT message_id FROM outbox ORDER BY seq"), ids[0], ids[1], ids[2], ids[3]);
    assert_rows(rows("SELECT message_id FROM wallet_transactions WHERE kind = 'service_fee' "
                     "ORDER BY n"),
                ids[0], ids[1], ids[2], ids[3]);
}

Test(accept, an_empty_batch_is_no_rows)
{
    assert_no_rows(
        rows("SELECT * FROM accept_sends('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', "
             "'{}', '{}', '{}', '{}', '{}')"));
    assert_rows(stored(), "0, 0, 0, 0");
}

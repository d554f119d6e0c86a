// audit_ledger() finds what is wrong, names the invariant, and finds nothing where all is well.

#include "tests/sql/givens.h"

TestSuite(audit, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *sent;     // paid, as it should be
static const char *refunded; // failed and refunded, as it should be
static const char *kept;     // failed and not refunded, as it should be

// An org whose ledger is right: 9.60 left, and the last row is the refund. From here on no trigger
// keeps the tests from falsifying it.
static void given_a_right_ledger(void)
{
    acme = given_org_with_channel("10.00");
    sent = given_settled_message(acme, "sent");
    kept = given_settled_message(acme, "131026");
    refunded = given_settled_message(acme, "190");
    run("UPDATE channels SET status = 'active'");
    assert_healthy();
    run("SET session_replication_role = replica");
}

// The invariants that are violated, each with the message it is about.
static const char *violations(void)
{
    return rows("SELECT invariant, message_id, detail FROM audit_ledger() WHERE org_id = '%s' "
                "ORDER BY 1, 2 NULLS FIRST, 3",
                acme);
}

Test(audit, a_busy_database_that_was_never_falsified_is_healthy)
{
    const char *beta = given_org_with_channel("10.00");
    acme = given_org_with_channel("1.00");
    given_received(acme);
    static const char *const outcomes[] = {
        "sent",
        "190",
        "131026",
        "network:after_write",
        "network:refused",
        "999999",
        "130429",
        "131047",
        "http:5xx",
        "http:4xx",
        "expired",
        "250",
    };
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        (void)given_settled_message(beta, outcomes[i]);
        run("UPDATE channels SET status = 'active'");
        run("UPDATE pace SET slowed_at = NULL");
        (void)accept_sends({.org = beta}, {.org = acme}, {.org = acme, .type = "receipt"});
    }
    run("SELECT deduct_service_fee('%s', 0.0001, 'by hand')", beta);
    run("SELECT refund_service_fee('%s', 0.0001, 'by hand')", beta);
    run("UPDATE wallets SET balance = 50");
    assert_healthy();
    cr_assert_str_eq(number_of("wallet_transactions WHERE kind = 'service_fee'"),
                     "30"); // Beta's 12 settled and 12 waiting, Acme's 5, 1 by hand
}

Test(audit, a_falsified_balance_violates_I1)
{
    given_a_right_ledger();
    run("UPDATE wallet_transactions SET balance_after = 9.61 WHERE n = 5");
    cr_assert_str_eq(balance_of(acme), "9.61");
    assert_rows(violations(),
                text("I1, %s, ledger row 5: balance_after is 9.6100, should be 9.6000", refunded));
}

Test(audit, a_balance_without_its_ledger_violates_I1)
{
    given_a_right_ledger();
    run("DELETE FROM wallet_transactions WHERE n < 5");
    run("DELETE FROM messages");
    assert_rows(rows("SELECT invariant, detail FROM audit_ledger() WHERE invariant = 'I1'"),
                "I1, ledger row 5: balance_after is 9.6000, should be 0.2000",
                "I1, 1 ledger rows, and the newest is number 5");
}

Test(audit, a_ledger_row_that_is_missing_violates_I1)
{
    given_a_right_ledger();
    run("DELETE FROM wallet_transactions WHERE n = 1");
    run("UPDATE wallet_transactions SET amount = 9.80 WHERE n = 2"); // the balances are right
    assert_rows(
        rows("SELECT detail FROM audit_ledger() WHERE invariant = 'I1' AND message_id IS NULL"),
        "4 ledger rows, and the newest is number 5");
}

Test(audit, a_balance_below_zero_violates_I1)
{
    given_a_right_ledger();
    run("ALTER TABLE wallet_transactions DROP CONSTRAINT wallet_transactions_balance_after_check");
    run("INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after) "
        "VALUES ('%s', 6, 'adjustment', -10.60, -1)",
        acme);
    assert_rows(violations(), "I1, null, ledger row 6: balance_after is -1.0000, below zero");
}

Test(audit, a_balance_that_is_not_booked_violates_I1)
{
    given_a_right_ledger();
    run("UPDATE wallet_transactions SET amount = 9 WHERE n = 1");
    assert_rows(rows("SELECT invariant, detail FROM audit_ledger() WHERE message_id IS NULL"),
                "I1, ledger row 1: balance_after is 10.0000, should be 9.0000");
    cr_assert_str_eq(number_of("audit_ledger() WHERE invariant = 'I1'"), "1"); // all others go on
}

Test(audit, a_wrong_balance_after_violates_I1)
{
    given_a_right_ledger();
    run("UPDATE wallet_transactions SET balance_after = 9.79 WHERE message_id = '%s'", sent);
    assert_rows(rows("SELECT invariant, message_id, regexp_replace(detail, '\\d+', 'N') "
                     "FROM audit_ledger() ORDER BY detail LIMIT 1"),
                text("I1, %s, ledger row N: balance_after is 9.7900, should be 9.8000", sent));
    cr_assert_str_eq(number_of("audit_ledger()"), "2"); // and the one that goes on from it
}

// Takes ledger rows away and makes the money agree, so that only the missing row is wrong.
static void take_away(const char *message, const char *kind)
{
    run("DELETE FROM wallet_transactions WHERE message_id = '%s' AND kind = '%s'", message, kind);
    run("UPDATE wallet_transactions t SET balance_after = running, n = place - 100 FROM (SELECT "
        "org_id, n, "
        "sum(amount) OVER org AS running, row_number() OVER org AS place FROM wallet_transactions "
        "WINDOW org AS (PARTITION BY org_id ORDER BY n)) r WHERE t.org_id = r.org_id AND t.n = "
        "r.n");
    run("UPDATE wallet_transactions SET n = n + 100");
}

// Adds a ledger row and the money with it.
static void add(const char *message, const char *kind, const char *amount)
{
    run("INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id) "
        "SELECT org_id, n + 1, '%s', %s, balance_after + %s, '%s' FROM wallet_transactions "
        "WHERE org_id = '%s' ORDER BY n DESC LIMIT 1",
        kind, amount, amount, message, acme);
}

Test(audit, a_missing_fee_violates_I2)
{
    given_a_right_ledger();
    take_away(sent, "service_fee");
    assert_rows(violations(), text("I2, %s, no service_fee row for a fee of 0.2000", sent));
}

Test(audit, a_fee_that_is_not_the_messages_violates_I2)
{
    given_a_right_ledger();
    run("UPDATE messages SET fee = 0.30 WHERE id = '%s'", sent);
    assert_rows(violations(), text("I2, %s, service_fee of -0.2000 for a fee of 0.3000", sent));
}

Test(audit, a_refund_of_another_amount_violates_I2)
{
    given_a_right_ledger();
    take_away(refunded, "refund");
    add(refunded, "refund", "0.10");
    assert_rows(violations(), text("I2, %s, refund of 0.1000 for a fee of 0.2000", refunded));
}

Test(audit, a_second_refund_violates_I2)
{
    given_a_right_ledger();
    run("DROP INDEX wallet_transactions_message_kind");
    add(refunded, "refund", "0.20");
    assert_rows(violations(), text("I2, %s, 2 rows of kind refund", refunded));
}

Test(audit, a_missing_refund_violates_I4)
{
    given_a_right_ledger();
    take_away(refunded, "refund");
    run("UPDATE messages SET refunded = false WHERE id = '%s'", refunded);
    assert_rows(violations(),
                text("I4, %s, status failed, error 190: not refunded, and should be", refunded));
}

Test(audit, a_refund_against_the_rule_violates_I4)
{
    given_a_right_ledger();
    add(kept, "refund", "0.20");
    run("UPDATE messages SET refunded = true WHERE id = '%s'", kept);
    assert_rows(violations(),
                text("I4, %s, status failed, error 131026: refunded, and should not be", kept));
}

Test(audit, a_refund_of_a_sent_message_violates_I4)
{
    given_a_right_ledger();
    add(sent, "refund", "0.20");
    run("UPDATE messages SET refunded = true WHERE id = '%s'", sent);
    assert_rows(violations(),
                text("I4, %s, status sent, error : refunded, and should not be", sent));
}

Test(audit, a_flag_that_lies_violates_I4)
{
    given_a_right_ledger();
    run("UPDATE messages SET refunded = NOT refunded WHERE id IN ('%s', '%s')", sent, refunded);
    assert_rows(rows("SELECT invariant, message_id = '%s', detail FROM audit_ledger() ORDER BY 2",
                     refunded),
                "I4, f, the message's refunded flag and the ledger disagree",
                "I4, t, the message's refunded flag and the ledger disagree");
}

// What is wrong of the messages that stand in between, without the message.
static const char *faults(void)
{
    return rows("SELECT invariant, regexp_replace(detail, '\\d{4}-.*', 'T') FROM audit_ledger() "
                "ORDER BY 1, 2");
}

Test(audit, a_queued_message_without_an_outbox_row_violates_I3)
{
    given_a_right_ledger();
    const char *lost = given_message(.org = acme);
    assert_no_rows(faults());
    run("DELETE FROM outbox");
    assert_rows(violations(), text("I3, %s, queued, and not in the outbox", lost));
}

Test(audit, an_end_that_is_still_in_the_outbox_violates_I3)
{
    given_a_right_ledger();
    const char *message = given_message(.org = acme);
    run("UPDATE messages SET status = 'sent' WHERE id = '%s'", message);
    assert_rows(violations(), text("I3, %s, sent, and still in the outbox", message));
}

Test(audit, one_that_is_held_behind_nobody_violates_I3)
{
    given_a_right_ledger();
    const char *first = given_message(.org = acme, .phone = "919876543210");
    const char *second = given_message(.org = acme, .phone = "919876543210");
    assert_no_rows(faults());
    run("UPDATE outbox SET state = 'held', look_at = not_after WHERE message_id = '%s'", first);
    assert_rows(violations(), text("I3, %s, held, and nobody stands ahead of it", first));
    run("UPDATE outbox SET seq = 0 WHERE message_id = '%s'", second);
    assert_rows(violations(), text("I3, %s, held, and nobody stands ahead of it", second));
}

Test(audit, what_the_janitor_should_have_seen_long_ago_violates_I3)
{
    given_a_right_ledger();
    (void)given_message(.org = acme, .send_in_ms = 60000);
    (void)given_claimed_message(.org = acme);
    run("UPDATE outbox SET look_at = now() - interval '14 minutes' WHERE state = 'scheduled'");
    run("UPDATE outbox SET claimed_at = now() - interval '14 minutes' WHERE state = 'sending'");
    assert_no_rows(faults());
    run("UPDATE outbox SET look_at = now() - interval '16 minutes' WHERE state = 'scheduled'");
    run("UPDATE outbox SET claimed_at = now() - interval '16 minutes' WHERE state = 'sending'");
    assert_rows(faults(), "I3, scheduled since T", "I3, sending since T");
}

Test(audit, unconfirmed_without_a_time_and_a_time_without_unconfirmed_violate_I3)
{
    given_a_right_ledger();
    const char *unknown = given_settled_message(acme, "network:after_write");
    assert_no_rows(faults());
    run("UPDATE messages SET unconfirmed_at = NULL WHERE id = '%s'", unknown);
    run("UPDATE messages SET unconfirmed_at = now() WHERE id = '%s'", sent);
    assert_rows(faults(), "I3, status sent, unconfirmed since T",
                "I3, status unconfirmed, unconfirmed since ");
}

// Another org, and what belongs to it.
static const char *stranger(const char *column)
{
    return value("SELECT %s FROM messages WHERE org_id <> '%s'", column, acme);
}

Test(audit, what_refers_to_another_orgs_violates_I7)
{
    (void)given_message(.org = given_org_with_channel("1.00"));
    given_a_right_ledger();
    const char *message = given_message(.org = acme);
    assert_no_rows(faults());
    const struct {
        const char *sql;
        const char *fault;
    } cases[] = {
        {text("UPDATE messages SET channel_id = '%s' WHERE id = '%s'", stranger("channel_id"),
              sent),
         "I7, a row of messages refers to no row of channels of its own org"},
        {text("UPDATE messages SET contact_id = %s WHERE id = '%s'", stranger("contact_id"), sent),
         "I7, a row of messages refers to no row of contacts of its own org"},
        {text("UPDATE outbox SET channel_id = '%s' WHERE message_id = '%s'", stranger("channel_id"),
              message),
         "I7, a row of outbox refers to no row of messages of its own org"},
        {text("UPDATE outbox SET contact_id = %s WHERE message_id = '%s'", stranger("contact_id"),
              message),
         "I7, a row of outbox refers to no row of messages of its own org"},
        {text(
             "INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id) "
             "VALUES ('%s', 7, 'adjustment', 0, (SELECT balance FROM wallets WHERE org_id = '%s'), "
             "'%s')",
             acme, acme, stranger("id")),
         "I7, a row of wallet_transactions refers to no row of messages of its own org"},
        {text("INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, balance) "
              "VALUES ('%s', 'k', sha256('x'), '%s', 'queued', 1)",
              acme, stranger("id")),
         "I7, a row of idempotency_keys refers to no row of messages of its own org"},
        {text("INSERT INTO conversations (org_id, channel_id, contact_id) "
              "SELECT org_id, channel_id, %s FROM messages WHERE id = '%s'",
              stranger("contact_id"), sent),
         "I7, a row of conversations refers to no row of contacts of its own org"},
        {text(
             "INSERT INTO event_change_messages (org_id, event_id, message_id) VALUES ('%s', '%s', "
             "'%s')",
             acme, new_id(), stranger("id")),
         "I7, a row of event_change_messages refers to no row of messages of its own org"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run("BEGIN; %s", cases[i].sql);
        assert_rows(faults(), cases[i].fault);
        run("ROLLBACK");
    }
}

Test(audit, an_event_that_is_not_found_in_its_order_violates_I11)
{
    given_a_right_ledger();
    run("SET session_replication_role = origin");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    run("SELECT tell_event('%s', 'wallet.low', NULL, NULL)", acme);
    assert_no_rows(faults());
    run("BEGIN; UPDATE event_writes SET org_ids = '{}'");
    assert_rows(
        rows("SELECT invariant, org_id = '%s', detail ~ 'is not found' FROM audit_ledger()", acme),
        "I11, t, t");
    run("ROLLBACK");
}

Test(audit, what_meta_has_posted_and_nobody_is_told_violates_I11)
{
    given_a_right_ledger();
    run("SET session_replication_role = origin");
    run("SELECT set_event_wishes('%s', '{meta.*}')", acme);
    run("SELECT tell_changes('{%s}', '{NULL}', '{messages}', '{\"{}\"}', ARRAY[sha256('a')], "
        "'{1}')",
        acme);
    assert_no_rows(faults());
    run("BEGIN; DELETE FROM event_changes");
    assert_rows(rows("SELECT invariant, detail ~ 'has nothing that Meta has posted' FROM "
                     "audit_ledger()"),
                "I11, t");
    run("ROLLBACK; BEGIN; DELETE FROM events");
    assert_rows(rows("SELECT invariant, detail ~ 'which is not there' FROM audit_ledger()"),
                "I11, t");
    run("ROLLBACK");
}

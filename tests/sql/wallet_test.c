// Money in and out of a wallet: the procedures, the ledger, and the line that users type by hand.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(wallet, .init = database_create, .fini = database_drop);

#define UNKNOWN_ORG "00000000-0000-4000-8000-000000000000"

static const char *deduct(const char *org, const char *amount)
{
    return value("SELECT deduct_service_fee('%s', %s, 'a message')", org, amount);
}

Test(wallet, a_new_org_has_an_empty_wallet)
{
    const char *acme = given_org();
    cr_assert_str_eq(balance_of(acme), "0.00");
    assert_no_rows(ledger_of(acme));
}

Test(wallet, a_deducted_fee_leaves_the_balance_and_stands_in_the_ledger)
{
    const char *acme = given_org(.balance = "100.00");
    cr_assert_str_eq(deduct(acme, "0.20"), "t");
    cr_assert_str_eq(balance_of(acme), "99.80");
    assert_rows(rows("SELECT kind, amount, balance_after, message_id, description "
                     "FROM wallet_transactions WHERE org_id = '%s' ORDER BY n",
                     acme),
                "recharge, 100.0000, 100.0000, null, paid",
                "service_fee, -0.2000, 99.8000, null, a message");
    assert_healthy();
}

Test(wallet, the_last_of_a_balance_can_be_deducted)
{
    const char *acme = given_org(.balance = "0.1234");
    cr_assert_str_eq(deduct(acme, "0.1234"), "t");
    cr_assert_str_eq(balance_of(acme), "0.00");
    cr_assert_str_eq(deduct(acme, "0.0001"), "f");
}

Test(wallet, a_fee_above_the_balance_is_not_deducted)
{
    const char *acme = given_org(.balance = "0.10");
    cr_assert_str_eq(deduct(acme, "0.1001"), "f");
    cr_assert_str_eq(balance_of(acme), "0.10");
    assert_rows(ledger_of(acme), "recharge, 0.10, 0.10");
}

Test(wallet, nothing_is_deducted_from_an_unknown_org)
{
    cr_assert_str_eq(deduct(UNKNOWN_ORG, "0.20"), "f");
    cr_assert_str_eq(number_of("wallet_transactions"), "0");
}

Test(wallet, a_deduction_leaves_other_orgs_alone)
{
    const char *acme = given_org(.balance = "1.00");
    const char *beta = given_org(.name = "Beta", .balance = "1.00");
    deduct(acme, "0.20");
    cr_assert_str_eq(balance_of(beta), "1.00");
    assert_rows(ledger_of(beta), "recharge, 1.00, 1.00");
}

Test(wallet, a_refund_adds_and_returns_the_new_balance)
{
    const char *acme = given_org(.balance = "100.00");
    deduct(acme, "0.20");
    cr_assert_str_eq(value("SELECT refund_service_fee('%s', 0.20, 'refused')", acme), "100.0000");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80",
                "refund, 0.20, 100.00");
    assert_healthy();
}

Test(wallet, credits_add_and_return_the_new_balance)
{
    const char *acme = given_org(.balance = "0.5");
    cr_assert_str_eq(value("SELECT add_wallet_credits('%s', 49.5, 'paid')", acme), "50.0000");
    assert_rows(ledger_of(acme), "recharge, 0.50, 0.50", "recharge, 49.50, 50.00");
    assert_healthy();
}

Test(wallet, an_unknown_org_cannot_be_credited)
{
    assert_refused(NO_DATA_FOUND, "SELECT add_wallet_credits('%s', 1, 'paid')", UNKNOWN_ORG);
    assert_refused(NO_DATA_FOUND, "SELECT refund_service_fee('%s', 1, 'back')", UNKNOWN_ORG);
}

Test(wallet, more_than_a_wallet_holds_is_refused)
{
    const char *acme = given_org(.balance = "9999999999");
    assert_refused(OUT_OF_RANGE, "SELECT add_wallet_credits('%s', 1, 'paid')", acme);
    assert_refused(OUT_OF_RANGE, "SELECT add_wallet_credits('%s', 'Infinity', 'paid')", acme);
    assert_rows(ledger_of(acme), "recharge, 9999999999.00, 9999999999.00");
    assert_healthy();
}

Test(wallet, an_amount_is_above_zero_with_four_decimals)
{
    static const char *const procedures[] = {"deduct_service_fee", "refund_service_fee",
                                             "add_wallet_credits"};
    static const char *const amounts[] = {"0", "-0.20", "'NaN'", "0.20001", "'-Infinity'", "NULL"};
    const char *acme = given_org(.balance = "1.00");
    for (size_t i = 0; i < sizeof procedures / sizeof *procedures; i++)
        for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++)
            cr_expect_str_eq(
                refusal("SELECT %s('%s', %s, 'wrong')", procedures[i], acme, amounts[k]),
                INVALID_PARAMETER, "%s of %s", procedures[i], amounts[k]);
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
    cr_assert_str_eq(balance_of(acme), "1.00");
}

Test(wallet, a_balance_set_by_hand_is_an_adjustment)
{
    const char *acme = given_org();
    run("UPDATE wallets SET balance = 100.00 WHERE org_id = '%s'", acme);
    cr_assert_str_eq(balance_of(acme), "100.00");
    assert_rows(rows("SELECT kind, amount, balance_after, description = 'balance set by hand by ' "
                     "|| session_user FROM wallet_transactions"),
                "adjustment, 100.0000, 100.0000, t");
    assert_healthy();
}

Test(wallet, an_adjustment_may_go_down)
{
    const char *acme = given_org(.balance = "100.00");
    run("UPDATE wallets SET balance = balance - 30 WHERE org_id = '%s'", acme);
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "adjustment, -30.00, 70.00");
    assert_healthy();
}

Test(wallet, several_balances_set_in_one_statement_are_each_adjusted)
{
    const char *acme = given_org(.balance = "3.00");
    const char *beta = given_org(.name = "Beta");
    run("UPDATE wallets SET balance = 5");
    assert_rows(ledger_of(acme), "recharge, 3.00, 3.00", "adjustment, 2.00, 5.00");
    assert_rows(ledger_of(beta), "adjustment, 5.00, 5.00");
    assert_healthy();
}

Test(wallet, a_balance_set_to_what_it_is_leaves_no_trace)
{
    const char *acme = given_org(.balance = "100.00");
    run("UPDATE wallets SET balance = 100.00 WHERE org_id = '%s'", acme);
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00");
}

Test(wallet, procedures_and_changes_by_hand_may_share_a_transaction)
{
    const char *acme = given_org(.balance = "100.00");
    run("BEGIN");
    (void)deduct(acme, "0.20");
    run("UPDATE wallets SET balance = 50 WHERE org_id = '%s'", acme);
    (void)deduct(acme, "0.20");
    run("UPDATE wallets SET balance = balance + 1 WHERE org_id = '%s'", acme);
    run("COMMIT");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80",
                "adjustment, -49.80, 50.00", "service_fee, -0.20, 49.80",
                "adjustment, 1.00, 50.80");
    assert_healthy();
}

Test(wallet, a_wallet_made_by_hand_with_money_is_adjusted)
{
    run("SET session_replication_role = replica"); // an org without the wallet that comes with it
    const char *acme = given_org();
    run("RESET session_replication_role");
    run("INSERT INTO wallets VALUES ('%s', 7)", acme);
    assert_rows(ledger_of(acme), "adjustment, 7.00, 7.00");
    assert_healthy();
}

Test(wallet, a_wallet_may_be_made_by_hand_as_long_as_it_has_no_ledger)
{
    const char *acme = given_org();
    run("INSERT INTO wallets (org_id) VALUES ('%s')", acme);
    assert_no_rows(ledger_of(acme));
    assert_rows(rows("INSERT INTO wallets VALUES ('%s', 7) RETURNING balance, currency", acme),
                "7.0000, INR");
    assert_refused(UNIQUE_VIOLATION, "INSERT INTO wallets VALUES ('%s', 7)", acme);
    assert_rows(ledger_of(acme), "adjustment, 7.00, 7.00");
    assert_healthy();
}

Test(wallet, nothing_of_a_wallet_changes_but_its_balance)
{
    const char *acme = given_org(.balance = "1.00");
    assert_refused(RESTRICT_VIOLATION, "UPDATE wallets SET currency = 'USD'");
    assert_refused(RESTRICT_VIOLATION, "INSERT INTO wallets VALUES ('%s', 7, 'USD')",
                   given_org(.name = "Beta"));
    assert_refused(RESTRICT_VIOLATION, "DELETE FROM wallets");
    assert_refused(WRONG_OBJECT_TYPE, "TRUNCATE wallets");
    run("UPDATE wallets SET currency = 'INR', balance = 2");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00", "adjustment, 1.00, 2.00");
}

// As by a program that takes its own turn.
Test(wallet, a_balance_can_be_selected_for_update)
{
    const char *acme = given_org(.balance = "1.00");
    run("BEGIN");
    assert_rows(rows("SELECT balance FROM wallets WHERE org_id = '%s' FOR UPDATE", acme), "1.0000");
    run("UPDATE wallets SET balance = 0.40 WHERE org_id = '%s'", acme);
    run("COMMIT");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00", "adjustment, -0.60, 0.40");
}

// It has seen 100.00, and waits.
Test(wallet, a_change_by_hand_beside_a_fee_changes_by_as_much_and_returns_the_true_balance)
{
    const char *acme = given_org(.balance = "100.00");
    const char *changed = meanwhile(
        text("SELECT deduct_service_fee('%s', 0.20, 'a message')", acme),
        text("UPDATE wallets SET balance = balance + 50 WHERE org_id = '%s' RETURNING balance",
             acme));
    assert_rows(changed, "149.8000");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80",
                "adjustment, 50.00, 149.80");
    assert_healthy();
}

// What a transaction sees that keeps its snapshot, while others take fees.
static const char *written_by_snapshot(const char *org, const char *statement)
{
    struct session *session = session_open();
    (void)session_rows(session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_rows(session_rows(session, "SELECT balance FROM wallets WHERE org_id = '%s'", org),
                "100.0000");
    (void)deduct(org, "0.20");
    const char *said = session_rows(session, "%s", statement);
    (void)session_rows(session, "ROLLBACK");
    session_close(session);
    return said;
}

Test(wallet, who_keeps_a_snapshot_never_books_on_an_old_balance)
{
    const char *const statements[] = {
        "SELECT add_wallet_credits('%s', 1, 'paid')",
        "SELECT deduct_service_fee('%s', 1, 'a message')",
        "UPDATE wallets SET balance = 1 WHERE org_id = '%s'",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *acme = given_org(.balance = "100.00");
        const char *statement = value("SELECT format($$%s$$, '%s')", statements[i], acme);
        const char *said = written_by_snapshot(acme, statement);
        cr_expect_eq(strncmp(said, "error 40001: ", strlen("error 40001: ")), 0, "%s: %s",
                     statement, said);
        assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "service_fee, -0.20, 99.80");
    }
    const char *beta = given_org_with_channel("100.00");
    const char *said =
        written_by_snapshot(beta, accept_sends_sql(&(struct send_spec){.org = beta}, 1));
    cr_expect_eq(strncmp(said, "error 23505: ", strlen("error 23505: ")), 0, "%s", said);
    assert_healthy();
}

Test(wallet, a_balance_is_never_below_zero_nor_NaN)
{
    const char *acme = given_org(.balance = "1.00");
    assert_refused(CHECK_VIOLATION, "UPDATE wallets SET balance = balance - 1.0001");
    assert_refused(CHECK_VIOLATION, "UPDATE wallets SET balance = 'NaN'");
    assert_refused(CHECK_VIOLATION, "UPDATE wallets SET balance = NULL");
    cr_assert_str_eq(balance_of(acme), "1.00");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
}

// Rather than rounded.
Test(wallet, what_has_more_than_four_decimals_is_refused)
{
    const char *acme = given_org_with_channel("1.00");
    assert_refused(CHECK_VIOLATION, "UPDATE wallets SET balance = 0.50001");
    assert_refused(CHECK_VIOLATION, "UPDATE channels SET service_fee_per_msg = 0.00001");
    run("UPDATE channels SET service_fee_per_msg = 0.20000");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
}

static void expect_append_only(void)
{
    static const char *const changes[] = {
        "UPDATE wallet_transactions SET description = 'another'",
        "UPDATE wallet_transactions SET amount = 1 WHERE false",
        "DELETE FROM wallet_transactions",
        "DELETE FROM wallet_transactions WHERE false",
        "TRUNCATE wallet_transactions",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cr_expect_str_eq(refusal("%s", changes[i]), RESTRICT_VIOLATION, "%s", changes[i]);
        cr_expect(strstr(refusal_message(), "append-only"), "%s", refusal_message());
    }
}

Test(wallet, the_ledger_is_append_only)
{
    const char *acme = given_org(.balance = "1.00");
    expect_append_only();
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
}

Test(wallet, an_empty_ledger_is_append_only)
{
    expect_append_only();
}

enum { DEDUCTING_THREADS = 4, DEDUCTIONS_EACH = 50 };
static const char *contended_org;
static int deducted[DEDUCTING_THREADS];
static const char *unexpected[DEDUCTING_THREADS];

static void deduct_again_and_again(struct session *session, int thread)
{
    for (int i = 0; i < DEDUCTIONS_EACH; i++) {
        const char *taken = session_rows(
            session, "SELECT deduct_service_fee('%s', 0.20, 'at once')", contended_org);
        if (strcmp(taken, "t\n") == 0)
            deducted[thread]++;
        else if (strcmp(taken, "f\n") != 0)
            unexpected[thread] = taken;
    }
}

Test(wallet, deductions_at_the_same_moment_add_up)
{
    contended_org = given_org(.balance = "30.00"); // for 150 of the 200
    at_once(DEDUCTING_THREADS, deduct_again_and_again);
    int all = 0;
    for (int i = 0; i < DEDUCTING_THREADS; i++) {
        cr_assert_null(unexpected[i], "%s", unexpected[i]);
        all += deducted[i];
    }
    cr_assert_eq(all, 150, "%d", all);
    cr_assert_str_eq(balance_of(contended_org), "0.00");
    cr_assert_str_eq(number_of("wallet_transactions WHERE kind = 'service_fee'"), "150");
    assert_healthy();
}

Test(wallet, money_is_shown_with_two_to_four_decimals)
{
    assert_rows(
        rows("SELECT money_text(amount) FROM (VALUES (0), (100), (99.8), (99.8000), (0.1230), "
             "(0.1234), (-0.2)) AS money (amount)"),
        "0.00", "100.00", "99.80", "99.80", "0.123", "0.1234", "-0.20");
}

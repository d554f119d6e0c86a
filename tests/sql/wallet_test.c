// Money in and out of a wallet: the procedures, the ledger, and the line that users type by hand.

#include "tests/sql/givens.h"

#include <string.h>
#include <unistd.h>

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
    const char *acme = given_org(.balance = "4999999999.9999");
    assert_refused(OUT_OF_RANGE, "SELECT add_wallet_credits('%s', 0.0001, 'paid')", acme);
    assert_refused(OUT_OF_RANGE, "SELECT add_wallet_credits('%s', 'Infinity', 'paid')", acme);
    assert_refused(OUT_OF_RANGE, "SELECT adjust_wallet('%s', 0.0001, 'gift')", acme);
    assert_refused(OUT_OF_RANGE, "UPDATE wallets SET balance = 9999999999.9999");
    assert_rows(ledger_of(acme), "recharge, 4999999999.9999, 4999999999.9999");
    assert_healthy();
}

// However full the wallet was made meanwhile.
Test(wallet, what_was_spent_finds_room_when_it_is_refunded)
{
    const char *acme = given_org(.balance = "4999999999.9999");
    given_channel(.org = acme, .fee = "4999999999.9999");
    const char *message = given_message(.org = acme, .send_in_ms = 3600000);
    run("SELECT add_wallet_credits('%s', 4999999999.9999, 'paid')", acme);
    assert_rows(rows("SELECT * FROM cancel_send('%s', '%s')", acme, message), "cancelled, t");
    cr_assert_str_eq(balance_of(acme), "9999999999.9998");
    assert_healthy();
}

Test(wallet, an_amount_is_above_zero_with_four_decimals)
{
    static const char *const procedures[] = {"deduct_service_fee", "refund_service_fee",
                                             "add_wallet_credits"};
    static const char *const amounts[] = {"0",       "-0.20",       "'NaN'", "0.20001",
                                          "0.00005", "'-Infinity'", "NULL"};
    const char *acme = given_org(.balance = "1.00");
    for (size_t i = 0; i < sizeof procedures / sizeof *procedures; i++)
        for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++)
            cr_expect_str_eq(
                refusal("SELECT %s('%s', %s, 'wrong')", procedures[i], acme, amounts[k]),
                INVALID_PARAMETER, "%s of %s", procedures[i], amounts[k]);
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00");
    cr_assert_str_eq(balance_of(acme), "1.00");
}

// What a program that did not hear of its COMMIT calls again.
static const char *with_reference(const char *procedure, const char *org, const char *amount,
                                  const char *reference)
{
    return text("SELECT %s('%s', %s, 'invoice 42', '%s')", procedure, org, amount, reference);
}

Test(wallet, a_reference_counts_once)
{
    static const struct {
        const char *procedure;
        const char *amount;
        const char *first;
        const char *now; // what the repeat returns, after a fee of 1
        const char *booked;
    } cases[] = {
        {"add_wallet_credits", "50.00", "60.0000", "59.0000", "recharge, 50.00, 60.00"},
        {"refund_service_fee", "0.2", "10.2000", "9.2000", "refund, 0.20, 10.20"},
        {"deduct_service_fee", "10", "t", "t", "service_fee, -10.00, 0.00"},
        {"adjust_wallet", "-7.00", "3.0000", "2.0000", "adjustment, -7.00, 3.00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *acme = given_org(.balance = "10.00");
        const char *booking =
            with_reference(cases[i].procedure, acme, cases[i].amount, cases[i].procedure);
        cr_expect_str_eq(value("%s", booking), cases[i].first, "%s", cases[i].procedure);
        const char *fee = deduct(acme, "1.00");
        cr_expect_str_eq(value("%s", booking), cases[i].now, "%s", cases[i].procedure);
        const char *paid = "recharge, 10.00, 10.00\n";
        const char *ledger = ledger_of(acme);
        cr_expect_eq(strncmp(ledger, text("%s%s\n", paid, cases[i].booked),
                             strlen(paid) + strlen(cases[i].booked) + 1),
                     0, "%s", ledger);
        cr_expect_str_eq(
            value("SELECT count(*) FROM wallet_transactions WHERE org_id = '%s'", acme),
            strcmp(fee, "t") == 0 ? "3" : "2", "%s", ledger);
    }
    assert_healthy();
}

Test(wallet, a_reference_stands_for_one_thing_over_all_orgs)
{
    const char *acme = given_org(.balance = "10.00");
    const char *beta = given_org(.name = "Beta", .balance = "10.00");
    run("%s", with_reference("add_wallet_credits", acme, "50.00", "pay_1"));
    assert_refused(INVALID_PARAMETER, "%s",
                   with_reference("add_wallet_credits", acme, "50.01", "pay_1"));
    assert_refused(INVALID_PARAMETER, "%s",
                   with_reference("add_wallet_credits", beta, "50.00", "pay_1"));
    assert_refused(INVALID_PARAMETER, "%s",
                   with_reference("adjust_wallet", acme, "50.00", "pay_1"));
    assert_refused(INVALID_PARAMETER, "%s",
                   with_reference("deduct_service_fee", acme, "50.00", "pay_1"));
    assert_refused(INVALID_PARAMETER, "%s", with_reference("add_wallet_credits", acme, "1", ""));
    run("%s", with_reference("add_wallet_credits", beta, "50.00", "PAY_1"));
    cr_assert_str_eq(balance_of(acme), "60.00");
    cr_assert_str_eq(balance_of(beta), "60.00");
    assert_healthy();
}

Test(wallet, a_reference_counts_once_at_the_same_moment)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    assert_rows(meanwhile(with_reference("add_wallet_credits", acme, "5", "pay_1"),
                          with_reference("add_wallet_credits", acme, "5", "pay_1")),
                "5.0000");
    const char *other = meanwhile(with_reference("add_wallet_credits", acme, "5", "pay_2"),
                                  with_reference("add_wallet_credits", beta, "5", "pay_2"));
    cr_assert_eq(strncmp(other, "error ", strlen("error ")), 0, "%s", other);
    assert_rows(ledger_of(acme), "recharge, 5.00, 5.00", "recharge, 5.00, 10.00");
    assert_no_rows(ledger_of(beta));
}

// Of the Express backend's add_wallet_credits(org, amount, kind, description).
Test(wallet, a_ledger_kind_is_no_description)
{
    static const char *const kinds[] = {"recharge",        "refund",   "service_fee", "adjustment",
                                        "refund_reversal", "Recharge", " refund "};
    const char *acme = given_org(.balance = "1.00");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cr_expect_str_eq(
            refusal("SELECT add_wallet_credits('%s', 1, '%s', 'paid')", acme, kinds[i]),
            INVALID_PARAMETER, "%s", kinds[i]);
        cr_expect_str_eq(refusal("SELECT add_wallet_credits('%s', 1, '%s')", acme, kinds[i]),
                         INVALID_PARAMETER, "%s", kinds[i]);
    }
    run("SELECT add_wallet_credits('%s', 1, 'refund of invoice 7')", acme);
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00", "recharge, 1.00, 2.00");
}

Test(wallet, an_adjustment_has_a_reason_and_an_actor)
{
    const char *acme = given_org(.balance = "10.00");
    run("CREATE ROLE clerk_of_%d SUPERUSER", (int)getpid());
    run("SET SESSION AUTHORIZATION clerk_of_%d", (int)getpid());
    cr_assert_str_eq(value("SELECT adjust_wallet('%s', -2.5, 'typing error')", acme), "7.5000");
    run("UPDATE wallets SET balance = 7");
    run("RESET SESSION AUTHORIZATION");
    run("DROP ROLE clerk_of_%d", (int)getpid());
    assert_rows(rows("SELECT kind, amount, description, actor = 'clerk_of_%d' "
                     "FROM wallet_transactions JOIN bookings USING (org_id, n) ORDER BY n",
                     (int)getpid()),
                "recharge, 10.0000, paid, f", "adjustment, -2.5000, typing error, t",
                text("adjustment, -0.5000, balance set by hand by clerk_of_%d, t", (int)getpid()));
    static const char *const refused[] = {"1, NULL",      "1, ''",          "1, ' '",
                                          "0, 'why'",     "0.00005, 'why'", "NULL, 'why'",
                                          "'NaN', 'why'", "-0.00011, 'why'"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_str_eq(refusal("SELECT adjust_wallet('%s', %s)", acme, refused[i]),
                         INVALID_PARAMETER, "%s", refused[i]);
    assert_refused(CHECK_VIOLATION, "SELECT adjust_wallet('%s', -7.0001, 'too much')", acme);
    assert_healthy();
}

Test(wallet, an_org_with_a_ledger_keeps_its_currency)
{
    const char *acme = given_org();
    run("UPDATE organizations SET currency = 'EUR'");
    run("SELECT add_wallet_credits('%s', 1, 'paid')", acme);
    assert_refused(RESTRICT_VIOLATION, "UPDATE organizations SET currency = 'USD'");
    run("UPDATE organizations SET currency = 'EUR', name = 'Another'");
}

Test(wallet, each_kind_has_its_sign)
{
    const char *acme = given_org(.balance = "10.00");
    assert_refused(INVALID_PARAMETER, "SELECT book_alone('%s', 'service_fee', 5, 'x')", acme);
    assert_refused(INVALID_PARAMETER, "SELECT book_alone('%s', 'recharge', -5, 'x')", acme);
    assert_refused(INVALID_PARAMETER, "SELECT book_alone('%s', 'refund', 0.00005, 'x')", acme);
    run("SELECT book('{%s}', '{service_fee}', '{5}', NULL, '{x}')", acme);
    assert_rows(rows("SELECT invariant, detail FROM audit_ledger()"),
                "I1, ledger row 2: a service_fee of 5.0000");
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
        "TRUNCATE wallet_transactions, bookings, campaign_bookings",
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

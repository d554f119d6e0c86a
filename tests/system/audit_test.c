// deploy/audit: what an owner runs to see whether the ledger is in order.
#include "tests/system/org.h"

#include <string.h>

TestSuite(audit_command, .timeout = 120);

static struct command_result audit(const char *url)
{
    return command_run(WORDS(TOLLGATE_SOURCE_DIR "/deploy/audit", "--url", url), NULL);
}

static const char *owner_url(const struct gateway *gateway)
{
    return database_url(gateway->database, "postgres");
}

static void expect_in_order(const struct gateway *gateway)
{
    struct command_result result = audit(owner_url(gateway));
    cr_assert(result.status == 0 && !*result.output && !*result.errors, "%d %s%s", result.status,
              result.output, result.errors);
}

// Changes a balance behind the ledger's back.
static void falsify(const struct org *org, const char *amount)
{
    (void)database_text(org->gateway->database,
                        "SET session_replication_role = replica;"
                        "UPDATE wallet_transactions SET balance_after = balance_after + %s "
                        "WHERE (org_id, n) = (SELECT org_id, max(n) FROM wallet_transactions "
                        "WHERE org_id = '%s' GROUP BY org_id);"
                        "SET session_replication_role = origin",
                        amount, org->id);
}

Test(audit_command, names_the_org_whose_balance_was_falsified)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    cr_assert_eq(send_text_and_wait(&other, "919876543210").status, 200);
    expect_in_order(gateway);

    falsify(&org, "5");
    struct command_result result = audit(owner_url(gateway));
    cr_assert_eq(result.status, 1, "%s", result.errors);
    expect_equal(result.output,
                 text_of("I1\t%s\t%s\tledger row 2: balance_after is 104.8000, should be 99.8000\n",
                         org.id,
                         database_text(gateway->database,
                                       "SELECT message_id FROM wallet_transactions "
                                       "WHERE org_id = '%s' AND n = 2",
                                       org.id)));

    falsify(&org, "-5");
    expect_in_order(gateway);
    stop_gateway(gateway);
}

// Somebody changes wallets, and has not committed yet.
Test(audit_command, waits_for_nobody)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    (void)database_text(gateway->database, "ALTER DATABASE %s SET statement_timeout = 1",
                        gateway->database->name);
    (void)database_text(gateway->database, "BEGIN; UPDATE wallets SET balance = 7; LOCK TABLE "
                                           "wallet_transactions IN EXCLUSIVE MODE");
    expect_in_order(gateway);
    (void)database_text(gateway->database, "ROLLBACK");
    (void)database_text(gateway->database, "ALTER DATABASE %s RESET statement_timeout",
                        gateway->database->name);
    expect_equal(org_balance(&org), "100.00");
    stop_gateway(gateway);
}

Test(audit_command, says_when_it_cannot_ask)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    const char *const urls[] = {"postgresql://postgres@127.0.0.1:1/nowhere",
                                database_url(gateway->database, "tollgate_ingress")};
    for (size_t i = 0; i < 2; i++) {
        struct command_result result = audit(urls[i]);
        cr_assert(result.status == 2 && !*result.output && *result.errors, "%s: %d %s%s", urls[i],
                  result.status, result.output, result.errors);
    }
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/audit";
    cr_assert_eq(command_run(WORDS(script), NULL).status, 2);
    cr_assert_eq(command_run(WORDS(script, "--quickly"), NULL).status, 2);
    cr_assert_eq(command_run(WORDS(script, "--help"), NULL).status, 0);
    stop_gateway(gateway);
}

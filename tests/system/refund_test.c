// What Meta could not take for a reason that is not the customer's fault is refunded; what the
// customer's message is to blame for is not.
#include "tests/system/org.h"

#include <stdlib.h>
#include <string.h>

TestSuite(refund, .timeout = 120);

static const struct {
    const char *phone;
    const char *code;
    bool refunded;
} codes[] = {
    {"15550131026", "131026", false}, // not on WhatsApp
    {"15550131047", "131047", false}, // rejected: outside the 24-hour window
    {"15550000190", "190", true},     // token expired
    {"15550130429", "130429", true},  // rate limit
    {"15550131000", "131000", true},  // something went wrong
};
enum { CODES = sizeof codes / sizeof *codes };

Test(refund, depends_on_meta_s_error_code)
{
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    for (size_t i = 0; i < CODES; i++) {
        struct org org = given_org(gateway);
        bool refunded = codes[i].refunded;

        struct answer answer = send_text_and_wait(&org, codes[i].phone);

        cr_assert(answer.status == 500, "%s: %d %s", codes[i].code, answer.status, answer.body);
        expect_equal(answer_text(&answer, "/error"),
                     refunded ? "Message failed to send (refunded)" : "Message failed to send");
        expect_equal(answer_text(&answer, "/code"), "send_failed");
        expect_equal(answer_text(&answer, "/detail/refunded"), refunded ? "true" : "false");
        expect_equal(answer_text(&answer, "/detail/error/code"), codes[i].code);
        expect_ends(gateway, answer_text(&answer, "/detail/message_id"),
                    text_of("failed %s%s", codes[i].code, refunded ? " refunded" : ""));
        expect_equal(org_balance(&org), refunded ? "100.00" : "99.80");
        expect_equal(org_ledger(&org), refunded
                                           ? "adjustment 100.00, service_fee -0.20, refund 0.20"
                                           : "adjustment 100.00, service_fee -0.20");
        cr_assert_eq(simulator_posts_to(gateway->simulator, codes[i].phone), 1);
    }
    stop_gateway(gateway);
}

// Each with an org of its own, since a code may pause the number that met it.
Test(refund, follows_every_rule_of_the_table)
{
    enum { RULES_MAX = 128 };
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct database *database = gateway->database;
    (void)database_text(
        database,
        "CREATE VIEW coded AS SELECT *, row_number() OVER (ORDER BY first_code) AS n "
        "FROM error_rules WHERE last_code < 1000000 AND subcode IS NULL AND words IS NULL");
    long rules = database_number(database, "SELECT count(*) FROM coded");
    cr_assert(rules > 40 && rules <= RULES_MAX);
    const char *ids[RULES_MAX];
    for (long i = 0; i < rules; i++) {
        struct org org = given_org(gateway);
        struct answer answer = send_text(
            &org,
            database_text(
                database,
                "SELECT '15550' || lpad(last_code::text, 6, '0') FROM coded WHERE n = %ld", i + 1));
        ids[i] = expect_accepted(&answer);
    }
    for (long i = 0; i < rules; i++)
        expect_ends(gateway, ids[i],
                    database_text(database,
                                  "SELECT concat('failed ', last_code, CASE WHEN refundable THEN "
                                  "' refunded' END) FROM coded WHERE n = %ld",
                                  i + 1));
    stop_gateway(gateway);
}

Test(refund, is_not_given_for_a_code_without_a_rule)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_text_and_wait(&org, "15550999999");
    expect_equal(answer_text(&answer, "/error"), "Message failed to send");
    expect_equal(org_balance(&org), "99.80");
    eventually(strcmp(daemon_metric(&gateway->workers[0],
                                    "tollgate_unknown_error_codes_total{code=\"999999\"}"),
                      "1") == 0);
    stop_gateway(gateway);
}

Test(refund, is_given_when_meta_is_down)
{
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"down\": true}");
    struct answer answer = send_text_and_wait(&org, "919876543210");
    expect_equal(answer_text(&answer, "/error"), "Message failed to send (refunded)");
    expect_equal(answer_text(&answer, "/detail/error/code"), "2");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20, refund 0.20");
    stop_gateway(gateway);
}

Test(refund, is_given_when_meta_cannot_be_reached)
{
    enum { SENDS = 40 };
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct org org = given_org(gateway);
    process_kill(gateway->simulator->process);

    struct answer waited = send_text_and_wait(&org, "919876543210");
    for (int i = 1; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        (void)expect_accepted(&answer);
    }

    expect_equal(answer_text(&waited, "/error"), "Message failed to send (refunded)");
    expect_equal(answer_text(&waited, "/detail/error/code"), "network:refused");
    eventually(org_messages(&org, "failed") == SENDS);
    expect_equal(org_balance(&org), "100.00");

    simulator_start(gateway->simulator);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(org_balance(&org), "99.80");
    stop_gateway(gateway);
}

// However many sends come at once, a wallet pays for what it carries, and for that exactly.
#include "tests/system/org.h"

#include <string.h>

TestSuite(wallet_race, .timeout = 120);

enum { SENDS = 400, PAID_FOR = 100 };

static size_t count(const struct answer *answers, size_t n, int status)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += answers[i].status == status;
    return found;
}

Test(wallet_race, four_hundred_sends_on_a_wallet_for_a_hundred)
{
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "20.00", .fee = "0.20");
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){.path = "/api/send-message",
                                            .key = org.key,
                                            .body = text_body(text_of("9198765%05d", i))};

    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);

    cr_assert_eq(count(answers, SENDS, 202), PAID_FOR);
    cr_assert_eq(count(answers, SENDS, 402), SENDS - PAID_FOR);
    expect_equal(org_balance(&org), "0.00");
    eventually(org_messages(&org, "sent") == PAID_FOR);
    cr_assert_eq(simulator_posts(gateway->simulator), PAID_FOR);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM audit_ledger()"), 0);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM contacts"), PAID_FOR);
    stop_gateway(gateway);
}

// Each ingress batches for itself: here only the wallet's lock stands between them.
Test(wallet_race, through_two_ingresses_to_one_contact)
{
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway(.ingress_settings = {"TOLLGATE_LANES=1"});
    struct daemon second = start_ingress(gateway);
    struct org org = given_org(gateway, .balance = "20.00", .fee = "0.20");
    const char *to_second = text_of("%s/api/send-message", second.url);
    const char *to_first = text_of("%s/api/send-message", gateway->ingress.url);
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){.path = i % 2 ? to_first : to_second,
                                            .key = org.key,
                                            .body = text_body("919876543210")};

    http_ask_all("", requests, SENDS, answers, NULL, NULL);

    cr_assert_eq(count(answers, SENDS, 202), PAID_FOR);
    cr_assert_eq(count(answers, SENDS, 402), SENDS - PAID_FOR);
    expect_equal(org_balance(&org), "0.00");
    eventually(org_messages(&org, "sent") == PAID_FOR);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM contacts"), 1);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

// Batches of many orgs with many wallets each: locks are taken in one order.
Test(wallet_race, of_many_orgs_at_once)
{
    enum { ORGS = 20 };
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway(.ingress_settings = {"TOLLGATE_LANES=4"});
    given_last_attempts(gateway);
    struct daemon second = start_ingress(gateway);
    struct org orgs[ORGS];
    for (int i = 0; i < ORGS; i++)
        orgs[i] = given_org(gateway, .balance = "1.00", .fee = "0.20");
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){
            .path = text_of("%s/api/send-message", i % 2 ? second.url : gateway->ingress.url),
            .key = orgs[i % ORGS].key,
            .body = text_body(i % 3 ? "15550131000" : "15550131026")};

    http_ask_all("", requests, SENDS, answers, NULL, NULL);

    // 131000 is refunded, so that refunds race with fees; what they give back may be spent again.
    cr_assert_geq(count(answers, SENDS, 202), PAID_FOR);
    cr_assert_eq(count(answers, SENDS, 202) + count(answers, SENDS, 402), SENDS);
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM audit_ledger()"), 0);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

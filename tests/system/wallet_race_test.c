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

enum { NEIGHBOURS = 8, OWN = 3 };

struct held_wallet {
    struct gateway *gateway;
    bool given_back;
};

static void give_back_after_the_neighbours(size_t ended, void *context)
{
    struct held_wallet *held = context;
    if (ended < NEIGHBOURS || held->given_back)
        return;
    (void)database_text(held->gateway->database, "ROLLBACK");
    held->given_back = true;
}

static struct http_request send_of(const struct org *org, int i)
{
    return (struct http_request){
        .path = "/api/send-message", .key = org->key, .body = text_body(text_of("9198765%05d", i))};
}

// A person's transaction in psql. One lane, so that all of them meet.
static void hold_wallet_of(const struct org *org)
{
    (void)database_text(org->gateway->database,
                        "BEGIN; SELECT 1 FROM wallets WHERE org_id = '%s' FOR UPDATE", org->id);
}

Test(wallet_race, a_wallet_that_somebody_holds_keeps_its_own_org_waiting)
{
    struct http_request requests[NEIGHBOURS + OWN];
    struct answer answers[NEIGHBOURS + OWN];
    struct gateway *gateway = given_gateway(.ingress_settings = {"TOLLGATE_LANES=1"});
    struct held_wallet held = {.gateway = gateway};
    struct org org = given_org(gateway);
    for (int i = 0; i < OWN; i++)
        requests[i] = send_of(&org, i);
    for (int i = OWN; i < NEIGHBOURS + OWN; i++) {
        struct org neighbour = given_org(gateway);
        requests[i] = send_of(&neighbour, i);
    }
    hold_wallet_of(&org);

    http_ask_all(gateway->ingress.url, requests, NEIGHBOURS + OWN, answers,
                 give_back_after_the_neighbours, &held);

    cr_assert_eq(count(answers, NEIGHBOURS + OWN, 202), NEIGHBOURS + OWN);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(org_balance(&org), "99.20");
    stop_gateway(gateway);
}

Test(wallet_race, who_waits_for_a_held_wallet_is_told_at_the_deadline)
{
    struct gateway *gateway = given_gateway(.ingress_settings = {"TOLLGATE_LANES=1"});
    struct org org = given_org(gateway);
    struct org neighbour = given_org(gateway);
    hold_wallet_of(&org);

    struct answer answer = send_text(&org, "919876543210");

    cr_assert_eq(answer.status, 503, "%s", answer.body);
    expect_equal(answer_text(&answer, "/code"), "unavailable");
    answer = send_text(&neighbour, "919876543210");
    (void)expect_accepted(&answer);
    (void)database_text(gateway->database, "ROLLBACK");
    answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    expect_equal(org_balance(&org), "99.80");
    stop_gateway(gateway);
}

// A refund of the org whose wallet is held cannot be booked; what others have sent can be settled.
Test(wallet_race, a_wallet_that_somebody_holds_keeps_no_neighbour_from_settling)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=4"});
    struct org org = given_org(gateway);
    struct org neighbour = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 1000}");
    struct answer answer = send_text(&org, "15550131049");
    const char *refused = expect_accepted(&answer);
    eventually(org_messages(&org, "sending") == 1);
    hold_wallet_of(&org);
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    for (int i = 0; i < NEIGHBOURS; i++) {
        answer = send_text_and_wait(&neighbour, text_of("9198765%05d", i));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
    }
    (void)database_text(gateway->database, "ROLLBACK");
    eventually(org_messages(&org, "failed") == 1);
    expect_equal(
        database_text(gateway->database, "SELECT refunded FROM messages WHERE id = '%s'", refused),
        "t");
    expect_equal(org_balance(&org), "100.00");
    stop_gateway(gateway);
}

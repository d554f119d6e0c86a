// Statuses from the simulator, signed and posted as Meta posts them: messages move forward, money
// moves once, whatever the order.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <stdlib.h>
#include <string.h>

TestSuite(status, .timeout = 120);

static struct gateway *given_gateway_with_webhooks(void)
{
    struct gateway *gateway = given_gateway();
    simulator_set(gateway->simulator, "{\"status_gap_ms\": 20}");
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    return gateway;
}

static void no_more_webhooks(struct gateway *gateway)
{
    eventually(simulator_webhook_stat(gateway->simulator, "waiting") == 0);
    eventually(webhooks_left(gateway) == 0);
}

// "delivered", "failed 131000 refunded": the state of the record, once it is that.
static void expect_becomes_at(const char *here, struct gateway *gateway, const char *id,
                              const char *state)
{
    long long deadline_ms = testbed_now_ms() + PATIENCE_S * 1000LL;
    while (strcmp(message_state(gateway, id), state) != 0) {
        cr_assert(testbed_now_ms() < deadline_ms, "%s: message %s is \"%s\", not \"%s\"", here, id,
                  message_state(gateway, id), state);
        testbed_pause();
    }
}
#define expect_becomes(gateway, id, state) expect_becomes_at(HERE, gateway, id, state)

static const char *given_sent(const struct org *org, const char *phone)
{
    struct answer answer = send_text(org, phone);
    return expect_accepted(&answer);
}

Test(status, a_message_is_sent_delivered_and_read)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org org = given_org(gateway);
    const char *id = given_sent(&org, "919876543210");
    expect_becomes(gateway, id, "read");
    struct answer answer = get(&org, text_of("/api/messages/%s", id));
    expect_equal(answer_text(&answer, "/status"), "read");
    cr_assert(*answer_text(&answer, "/sent_at") && *answer_text(&answer, "/delivered_at") &&
                  *answer_text(&answer, "/read_at"),
              "%s", answer.body);
    expect_equal(answer_text(&answer, "/pricing/category"), "service");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

static const struct {
    const char *phone;
    const char *state;
    const char *ledger;
} recipients[] = {
    {"15551131000", "failed 131000 refunded", ", refund 0.20"},
    {"15551131026", "failed 131026", ""},
    {"15552000009", "read", ""}, // its webhooks come before the answer
    {"15552000010", "read", ""}, // each twice
    {"15552000011", "read", ""}, // in the wrong order
    {"15552000012", "delivered 131000", ", refund 0.20, refund_reversal -0.20"},
    {"15554131042", "failed 131042 refunded", ", refund 0.20"}, // hours after the answer
    {"15555132015", "failed 132015", ""},                       // likewise, held until then
    {"15555000000", "read", ""},                                // held, then let go
    {"5531987654321", "read", ""}, // another number to WhatsApp than to us
    {"15552000005", "read", ""},   // answered with garbage
    {"15552000007", "read", ""},   // answered 502
};

Test(status, the_recipients_of_the_simulator_end_as_they_should)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    for (size_t i = 0; i < sizeof recipients / sizeof *recipients; i++) {
        struct org org = given_org(gateway);
        const char *id = given_sent(&org, recipients[i].phone);
        expect_becomes(gateway, id, recipients[i].state);
        no_more_webhooks(gateway);
        expect_equal(message_state(gateway, id), recipients[i].state);
        expect_equal(org_ledger(&org),
                     text_of("adjustment 100.00, service_fee -0.20%s", recipients[i].ledger));
        cr_assert_eq(simulator_posts_to(gateway->simulator, recipients[i].phone), 1);
    }
    stop_gateway(gateway);
}

Test(status, without_any_a_message_stays_sent)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org org = given_org(gateway);
    const char *id = given_sent(&org, "15552000013");
    expect_ends(gateway, id, "sent");
    no_more_webhooks(gateway);
    expect_equal(message_state(gateway, id), "sent");
    stop_gateway(gateway);
}

// Taken, and the answer never comes: unconfirmed, until the webhooks begin once the request is
// given up.
Test(status, an_unconfirmed_message_becomes_delivered_and_is_posted_once)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=1000"});
    struct org org = given_org(gateway);
    const char *id = given_sent(&org, "15552000001");
    expect_ends(gateway, id, "unconfirmed network:after_write");

    // Those that the simulator has dropped, having had nowhere to post them.
    const char *body =
        status_body(org.phone_number_id, "wamid.late", "delivered", names_message(id));
    struct answer answer = post_webhook(gateway, body, 0);
    cr_assert_eq(answer.status, 200);
    expect_becomes(gateway, id, "delivered");
    expect_equal(database_text(gateway->database, "SELECT wamid FROM messages WHERE id = '%s'", id),
                 "wamid.late");
    cr_assert_eq(simulator_posts_to(gateway->simulator, "15552000001"), 1);

    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    id = given_sent(&org, "15552000001");
    expect_becomes(gateway, id, "delivered");
    cr_assert_eq(simulator_posts_to(gateway->simulator, "15552000001"), 2);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20, service_fee -0.20");
    stop_gateway(gateway);
}

// Meta's answers are settled once this test lets go of a lock.
static void hold_settling(struct gateway *gateway)
{
    (void)database_text(
        gateway->database,
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_setting('application_name') = 'tollgate-worker settle' THEN "
        "PERFORM pg_advisory_xact_lock(1); END IF; RETURN NULL; END $$; "
        "CREATE TRIGGER hold BEFORE DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION hold(); "
        "SELECT pg_advisory_lock(1)");
}

static void settle_what_has_been_read(size_t ended, void *context)
{
    const struct gateway *gateway = context;
    (void)ended;
    (void)database_text(gateway->database,
                        "SELECT pg_advisory_unlock_all() FROM messages WHERE status = 'read'");
}

// Who waits for Meta's answer hears of a message that its webhooks have settled.
Test(status, who_waits_is_told_though_a_webhook_was_faster)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org org = given_org(gateway);
    struct http_request request = {.path = "/api/send-message",
                                   .key = org.key,
                                   .body = text_body("15552000009"),
                                   .headers = {"Prefer: wait=30"}};
    struct answer answer;
    hold_settling(gateway);

    http_ask_all(gateway->ingress.url, &request, 1, &answer, settle_what_has_been_read, gateway);

    cr_assert(daemon_has_logged(&gateway->workers[0], "send_found_settled"));
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    expect_equal(answer_text(&answer, "/status"), "read");
    cr_assert(*answer_text(&answer, "/wamid"), "%s", answer.body);
    stop_gateway(gateway);
}

static const char *failed_status(const struct org *from, const char *wamid, const char *message_id)
{
    return status_body(from->phone_number_id, wamid, "failed",
                       text_of("%s, \"errors\": [{\"code\": 131000}]", names_message(message_id)));
}

Test(status, forged_foreign_and_replayed_ones_move_no_money)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway, .name = "Acme");
    struct org beta = given_org(gateway, .name = "Beta");
    const char *id = given_sent(&acme, "919876543210");
    expect_ends(gateway, id, "sent");

    const char *wamid =
        database_text(gateway->database, "SELECT wamid FROM messages WHERE id = '%s'", id);
    const char *body = failed_status(&acme, wamid, id);
    struct answer forged = ask(gateway->http, .path = "/webhook", .body = body,
                               .headers = {signature_header("another-secret", body, strlen(body))});
    cr_assert_eq(forged.status, 401);
    struct answer foreign = post_webhook(gateway, failed_status(&beta, wamid, id), 0);
    cr_assert_eq(foreign.status, 200);
    // What an org posts to Meta itself may carry any id.
    foreign = post_webhook(gateway, failed_status(&acme, "wamid.x", id), 0);
    cr_assert_eq(foreign.status, 200);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters "
                                                  "WHERE reason = 'foreign_message'") == 2);
    expect_equal(message_state(gateway, id), "sent");

    for (int i = 0; i < 3; i++) {
        // Not the same bytes, which would be stored once.
        struct answer replayed = post_webhook(gateway, text_of("%s%*s", body, i, ""), 0);
        cr_assert_eq(replayed.status, 200);
    }
    expect_becomes(gateway, id, "failed 131000 refunded");
    eventually(webhooks_left(gateway) == 0);
    expect_equal(org_ledger(&acme), "adjustment 100.00, service_fee -0.20, refund 0.20");
    expect_equal(org_ledger(&beta), "adjustment 100.00");
    stop_gateway(gateway);
}

// A status of a message that is not known yet waits a while for it, and is then applied.
Test(status, an_early_one_is_tried_again)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *id = given_sent(&org, "919876543210");
    expect_ends(gateway, id, "sent");
    const char *body = status_body(org.phone_number_id, "wamid.early", "delivered", "");
    struct answer answer = post_webhook(gateway, body, 0);
    cr_assert_eq(answer.status, 200);
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM dead_letters WHERE reason = "
                               "'unknown_message' AND retry_at IS NOT NULL") == 1);
    (void)database_text(gateway->database,
                        "UPDATE messages SET wamid = 'wamid.early' WHERE id = '%s'", id);
    expect_becomes(gateway, id, "delivered");
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 0);
    stop_gateway(gateway);
}

// What Meta's answers mean beyond their code, and what is answered in Meta's place.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <stdlib.h>
#include <string.h>

TestSuite(answers, .timeout = 180);

static const char *given_sent(const struct org *org, const char *phone)
{
    struct answer answer = send_text(org, phone);
    return expect_accepted(&answer);
}

// "active", "paused channel_paused 100"
static const char *channel_of(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT concat_ws(' ', c.status, (SELECT string_agg(a.kind || ' ' || "
                         "a.outcome, ', ') FROM alerts a WHERE a.channel_id = c.id)) "
                         "FROM channels c WHERE c.org_id = '%s'",
                         org->id);
}

// A message that Meta has taken.
struct taken {
    const char *id;
    const char *wamid;
};

static struct taken given_taken(const struct org *org, const char *phone)
{
    struct taken taken = {.id = given_sent(org, phone)};
    expect_ends(org->gateway, taken.id, "sent");
    taken.wamid = database_text(org->gateway->database,
                                "SELECT wamid FROM messages WHERE id = '%s'", taken.id);
    return taken;
}

static void post_status(const struct org *org, const struct taken *taken, const char *status,
                        const char *more)
{
    struct answer answer =
        post_webhook(org->gateway,
                     status_body(org->phone_number_id, taken->wamid, status,
                                 text_of("%s%s", names_message(taken->id), more)),
                     0);
    cr_assert_eq(answer.status, 200);
}

// Meta has said nothing: the message was not judged, and certainly not taken.
Test(answers, of_a_hop_on_the_way_cost_nothing)
{
    static const char *const refused[] = {"15556000400", "15556001401", "15556000403",
                                          "15556001407", "15556000413", "15556001451"};
    struct gateway *gateway = given_gateway();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct org org = given_org(gateway);
        const char *id = given_sent(&org, refused[i]);
        expect_ends(gateway, id, text_of("failed http:%s refunded", refused[i] + 8));
        expect_equal(org_balance(&org), "100.00");
        expect_equal(channel_of(&org), "active");
        cr_assert_eq(simulator_posts_to(gateway->simulator, refused[i]), 1);
    }
    stop_gateway(gateway);
}

Test(answers, of_a_hop_on_the_way_are_asked_for_again_where_that_may_help)
{
    static const char *const at_first[] = {"15556010408", "15556011421", "15556011404"};
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = given_sent(&org, at_first[i]);
    for (size_t i = 0; i < 3; i++) {
        expect_ends(gateway, ids[i], "sent");
        cr_assert_eq(simulator_posts_to(gateway->simulator, at_first[i]), 2);
    }
    expect_equal(org_balance(&org), "99.40");
    stop_gateway(gateway);
}

Test(answers, a_number_that_is_gone_is_paused_and_its_messages_are_refunded)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    const char *gone = given_sent(&acme, "15557100033");
    const char *wrong = given_sent(&beta, "15550000100");
    expect_ends(gateway, gone, "failed 100 refunded");
    expect_ends(gateway, wrong, "failed 100");
    expect_equal(channel_of(&acme), "paused channel_paused 100");
    expect_equal(channel_of(&beta), "active");
    expect_equal(org_balance(&acme), "100.00");
    expect_equal(org_balance(&beta), "99.80");
    struct answer answer = send_text(&acme, "919876543210");
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    stop_gateway(gateway);
}

// Meta's app may ask for a proof of its secret with each call.
Test(answers, a_proof_of_the_app_s_secret_is_sent_where_a_setting_gives_it)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    simulator_aim(gateway->simulator, "http://127.0.0.1:1/none", "secret-of-the-app");
    simulator_set(gateway->simulator, "{\"wants_proof\": true, \"webhooks\": false}");

    const char *without = given_sent(&acme, "919876543210");
    struct daemon *worker = start_worker(gateway);
    expect_ends(gateway, without, "failed 100 refunded");
    expect_equal(channel_of(&acme), "paused channel_paused 100");
    expect_equal(org_balance(&acme), "100.00");
    kill_worker(gateway, worker);

    worker =
        start_worker_with_settings(gateway, WORDS("TOLLGATE_GRAPH_APP_SECRET=secret-of-the-app"));
    const char *with = given_sent(&beta, "919876543210");
    expect_ends(gateway, with, "sent");
    cr_assert_not(strstr(process_log(worker->process), "secret-of-the-app"));
    cr_assert_not(strstr(process_log(worker->process), "appsecret_proof"));
    stop_gateway(gateway);
}

// With our own wamid and our own id: what became of a payment is another matter.
Test(answers, a_payment_s_status_is_none_of_the_message)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct taken taken = given_taken(&org, "919876543210");
    static const char *const statuses[] = {"failed", "captured", "pending"};
    for (size_t i = 0; i < 3; i++)
        post_status(&org, &taken, statuses[i],
                    ", \"type\": \"payment\", \"payment\": {\"reference_id\": \"r\"}");
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM account_notices WHERE org_id = '%s' AND "
                               "value->>'type' = 'payment'",
                               org.id) == 3);
    expect_equal(message_state(gateway, taken.id), "sent");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM dead_letters"), 0);
    stop_gateway(gateway);
}

// The owner's phone, or another partner, sends over the same number.
Test(answers, statuses_of_what_others_have_sent_are_counted_and_forgotten)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    static const char *const statuses[] = {"sent", "delivered", "read"};
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = post_webhook(
            gateway, status_body(org.phone_number_id, "wamid.of-a-phone", statuses[i], ""), 0);
        cr_assert_eq(answer.status, 200);
    }
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 3);
    eventually_within(40,
                      database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 0);
    const struct daemon *worker = &gateway->workers[0];
    eventually(
        strcmp(daemon_metric(worker, "tollgate_inbound_items_total{result=\"status_not_ours\"}"),
               "3") == 0);
    cr_assert_not(daemon_has_logged(worker, "item_not_applied"));
    expect_equal(daemon_metric(worker, "tollgate_dead_letters_total{reason=\"unknown_message\"}"),
                 "");
    stop_gateway(gateway);
}

static void wait_for_delivery(const struct org *org, const char *time)
{
    (void)database_text(
        org->gateway->database,
        "UPDATE organizations SET undelivered_after = '%s' WHERE id = '%s' RETURNING id", time,
        org->id);
}

Test(answers, what_is_never_delivered_fails_when_its_org_has_waited)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    wait_for_delivery(&acme, "1 hour");
    struct taken lost = given_taken(&acme, "15552000013");
    struct taken kept = given_taken(&beta, "15552000013");
    wait_for_delivery(&acme, "1 second");
    eventually(strcmp(message_state(gateway, lost.id), "failed undelivered refunded") == 0);
    expect_equal(org_balance(&acme), "100.00");
    expect_equal(message_state(gateway, kept.id), "sent");

    post_status(&acme, &lost, "delivered", "");
    eventually(strcmp(message_state(gateway, lost.id), "delivered undelivered") == 0);
    expect_equal(org_ledger(&acme),
                 "adjustment 100.00, service_fee -0.20, refund 0.20, refund_reversal -0.20");
    expect_equal(org_ledger(&beta), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

// What the customer owes Meta, told when the message was taken long ago.
Test(answers, an_empty_account_at_meta_pauses_the_number_though_it_is_told_late)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct taken taken = given_taken(&org, "919876543210");
    (void)database_text(gateway->database,
                        "UPDATE messages SET created_at = now() - interval '2 hours', sent_at = "
                        "now() - interval '2 hours' WHERE id = '%s' RETURNING id",
                        taken.id);
    const char *body =
        status_body(org.phone_number_id, taken.wamid, "failed", "\"errors\": [{\"code\": 131042}]");
    // As of now, by Meta's clock.
    body = text_of(
        "%.*s%s%s", (int)(strstr(body, "1763800000") - body), body,
        database_text(gateway->database, "SELECT (extract(epoch FROM now())::bigint + 1)::text"),
        strstr(body, "1763800000") + strlen("1763800000"));
    struct answer answer = post_webhook(gateway, body, 0);
    cr_assert_eq(answer.status, 200);
    eventually(strcmp(message_state(gateway, taken.id), "failed 131042 refunded") == 0);
    expect_equal(channel_of(&org), "paused channel_paused 131042");
    cr_assert(strstr(database_text(gateway->database, "SELECT advice FROM alerts"), "at Meta"));
    eventually(daemon_has_logged(&gateway->workers[0], "channel_paused"));
    stop_gateway(gateway);
}

// Whoever reaches Redis can add to its streams, say how often an entry was given away, and publish.
// Nothing of that is believed.
#include "tests/system/org.h"
#include "tests/system/streams.h"
#include "tests/system/webhook.h"

#include "common/limits.h"

#include <string.h>

TestSuite(forged, .timeout = 120);

static const char *signature_of(const char *secret, const char *body)
{
    return strchr(signature_header(secret, body, strlen(body)), ' ') + 1;
}

// Without a field of its own for the signature if that is NULL.
static void add_webhook(struct gateway *gateway, const char *work, const char *body,
                        const char *signature)
{
    (void)redis_command(gateway->redis, "XADD", text_of("tollgate:{00}:%s", work), "*", "body",
                        body, signature ? "signature" : NULL, signature);
}

// A message that was sent, and a status which says that it failed for a reason that is refunded.
struct victim {
    const char *id;
    const char *wamid;
};

static struct victim given_victim(const struct org *org)
{
    struct answer answer = send_text(org, "919876543210");
    const char *id = expect_accepted(&answer);
    expect_ends(org->gateway, id, "sent");
    return (struct victim){id, database_text(org->gateway->database,
                                             "SELECT wamid FROM messages WHERE id = '%s'", id)};
}

static const char *failure_of(const struct org *org, const struct victim *victim)
{
    static int n; // a body stands among the dead letters once
    return status_body(org->phone_number_id, victim->wamid, "failed",
                       text_of("\"errors\": [{\"code\": 131049}], \"n\": %d", ++n));
}

static const char *dead_letters(struct gateway *gateway)
{
    return database_text(
        gateway->database,
        "SELECT coalesce(string_agg(reason || ' ' || n, ', ' ORDER BY reason), '') "
        "FROM (SELECT reason, count(*) n FROM dead_letters GROUP BY reason) d");
}

static void expect_all_taken(struct gateway *gateway)
{
    eventually(webhooks_left(gateway) == 0);
    eventually(streams_left(gateway->redis, "events") == 0);
}

static void expect_untouched(const struct org *org, const struct victim *victim)
{
    expect_equal(message_state(org->gateway, victim->id), "sent");
    expect_equal(org_balance(org), "99.80");
}

Test(forged, a_webhook_changes_nothing_and_stands_in_dead_letters)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct victim victim = given_victim(&org);
    const char *other = failure_of(&org, &victim);
    static const char *const streams[] = {"webhooks", "events"};
    for (size_t i = 0; i < 2; i++) {
        const char *body = failure_of(&org, &victim);
        const char *right = signature_of(GATEWAY_APP_SECRET, body);
        const char *const wrong[] = {
            "sha256=",
            "1",
            text_of("sha256=%064d", 0),
            text_of("%.70s", right),
            strchr(right, '=') + 1,
            text_of("x%.70s", right),
            signature_of(GATEWAY_APP_SECRET, other),
            signature_of("another-secret", body),
            signature_of("", body),
        };
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            add_webhook(gateway, streams[i], body, wrong[j]);
        add_webhook(gateway, streams[i], failure_of(&org, &victim), NULL);
        add_webhook(gateway, streams[i], failure_of(&org, &victim), "");
    }

    expect_all_taken(gateway);

    expect_untouched(&org, &victim);
    expect_equal(dead_letters(gateway), "bad_signature 2, no_signature 4");
    expect_equal(daemon_metric(&gateway->workers[0],
                               "tollgate_dead_letters_total{reason=\"bad_signature\"}"),
                 "18");
    const char *log = process_log(gateway->workers[0].process);
    cr_assert(strstr(log, "item_not_applied"));
    cr_assert_null(strstr(log, victim.wamid));
    cr_assert_null(strstr(log, GATEWAY_APP_SECRET));
    stop_gateway(gateway);
}

Test(forged, a_webhook_is_not_replayed_unless_its_reason_is_named)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct victim victim = given_victim(&org);
    add_webhook(gateway, "webhooks", failure_of(&org, &victim), NULL);
    expect_all_taken(gateway);
    struct answer answer = post_webhook(gateway, "{\"no\": \"webhook\"}", 0);
    cr_assert_eq(answer.status, 200);
    expect_all_taken(gateway);
    expect_equal(dead_letters(gateway), "no_signature 1, wrong_object 1");

    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters()"), "1");

    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM dead_letters WHERE "
                               "reason = 'wrong_object' AND retry_at IS NULL") == 1);
    expect_untouched(&org, &victim);
    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters('no_signature')"),
                 "1");
    eventually(strcmp(message_state(gateway, victim.id), "failed 131049 refunded") == 0);
    eventually(strcmp(dead_letters(gateway), "wrong_object 1") == 0);
    stop_gateway(gateway);
}

// What was replaced by then is in the list until nothing that it has signed is left.
Test(forged, a_webhook_may_be_signed_with_any_of_the_worker_s_secrets)
{
    struct gateway *gateway =
        given_gateway(.worker_settings = {"TOLLGATE_APP_SECRETS=newest," GATEWAY_APP_SECRET
                                          ",oldest"});
    struct org org = given_org(gateway);
    const char *body = text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi");
    add_webhook(gateway, "webhooks", body, signature_of("oldest", body));
    body = text_message_body(org.phone_number_id, "919876543210", "wamid.2", "hi");
    cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
    expect_all_taken(gateway);
    cr_assert_eq(org_messages(&org, "received"), 2);
    expect_equal(dead_letters(gateway), "");
    stop_gateway(gateway);
}

Test(forged, what_a_secret_has_signed_that_is_gone_too_soon_is_kept)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_APP_SECRETS=newest"});
    struct org org = given_org(gateway);
    const char *body = text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi");
    cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
    expect_all_taken(gateway);
    expect_equal(dead_letters(gateway), "bad_signature 1");
    cr_assert_eq(org_messages(&org, "received"), 0);
    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters('bad_signature')"),
                 "1");
    eventually(org_messages(&org, "received") == 1);
    stop_gateway(gateway);
}

Test(forged, what_is_accepted_without_a_signature_is_not_accepted_with_a_wrong_one)
{
    struct gateway *gateway =
        given_gateway(.worker_settings = {"TOLLGATE_UNSIGNED_WEBHOOKS=accept"});
    struct org org = given_org(gateway);
    const char *body = text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi");
    add_webhook(gateway, "webhooks", body, signature_of("another-secret", body));
    add_webhook(gateway, "webhooks", body, "nonsense");
    body = text_message_body(org.phone_number_id, "919876543210", "wamid.2", "hi");
    add_webhook(gateway, "webhooks", body, NULL);
    expect_all_taken(gateway);
    cr_assert_eq(org_messages(&org, "received"), 1);
    expect_equal(dead_letters(gateway), "bad_signature 1");
    cr_assert(daemon_has_logged(&gateway->workers[0], "unsigned_webhook_accepted"));
    stop_gateway(gateway);
}

// Which a replay of all would apply.
Test(forged, a_webhook_is_no_poison_however_often_it_is_said_to_have_been_given_away)
{
    static const char key[] = "tollgate:{00}:webhooks";
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    add_webhook(gateway, "webhooks",
                text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi"), NULL);
    (void)redis_command(gateway->redis, "XGROUP", "CREATE", key, "workers", "0");
    const char *taken = redis_command(gateway->redis, "XREADGROUP", "GROUP", "workers", "dead",
                                      "STREAMS", key, ">");
    const char *id = strchr(taken, '\n') + 1;
    id = text_of("%.*s", (int)strcspn(id, "\n"), id);
    (void)redis_command(gateway->redis, "XCLAIM", key, "workers", "dead", "0", id, "IDLE", "60000",
                        "RETRYCOUNT", "9", "JUSTID");
    (void)start_worker(gateway);
    expect_all_taken(gateway);
    expect_equal(dead_letters(gateway), "no_signature 1");
    stop_gateway(gateway);
}

Test(forged, a_body_that_is_longer_than_any_of_ours_is_thrown_away)
{
    struct gateway *gateway = given_gateway();
    (void)redis_command(gateway->redis, "EVAL",
                        "return redis.call('XADD', KEYS[1], '*', 'body', string.rep('x', ARGV[1]))",
                        "1", "tollgate:{00}:webhooks", text_of("%d", TG_WEBHOOK_BODY_MAX + 1));
    eventually(daemon_has_logged(&gateway->workers[0], "entry_refused"));
    expect_all_taken(gateway);
    expect_equal(dead_letters(gateway), "");
    stop_gateway(gateway);
}

// Notices are published as soon as Meta has the message, and long before it answers.
struct forger {
    struct gateway *gateway;
    const char *id;
};

static void publish_forgeries(size_t ended, void *context)
{
    struct forger *forger = context;
    struct gateway *gateway = forger->gateway;
    if (ended > 0 || forger->id || simulator_posts(gateway->simulator) == 0)
        return;
    // (Not the one by which feeds are woken.)
    const char *channels =
        redis_command(gateway->redis, "PUBSUB", "CHANNELS", "tollgate:results:*-*");
    const char *topic = text_of("%.*s", (int)strcspn(channels, "\n"), channels);
    forger->id = database_text(gateway->database, "SELECT id FROM messages");
    static const char *const ends[] = {
        "\"",
        "\"}",
        "\",\"status\":\"sent\",\"wamid\":{\"forged\":1}}",
        "\",\"status\":\"sent\",\"wamid\":\"wamid.forged\"}",
        "\",\"status\":\"failed\",\"refunded\":true,\"error\":{\"code\":\"131049\"}}",
        "\",\"status\":\"unconfirmed\"}",
    };
    enum { ENDS = sizeof ends / sizeof *ends };
    const char *begin = text_of("{\"message_id\":\"%s", forger->id);
    // At once, so that the answer is not there before them.
    const char *words[5 + ENDS + 2] = {
        "EVAL", "for i = 2, #ARGV do redis.call('PUBLISH', ARGV[1], ARGV[i]) end", "0", topic,
        "{\"status\":\"sent\"}"};
    for (size_t i = 0; i < ENDS; i++)
        words[5 + i] = text_of("%s%s", begin, ends[i]);
    words[5 + ENDS] = "{\"message_id\":\"01939f6c-0000-7000-8000-000000000000\"}";
    (void)redis_run(gateway->redis, words);
}

Test(forged, a_notice_shows_nothing_to_who_waits)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 4000}");
    const struct http_request request = {.path = "/api/send-message",
                                         .body = text_body("919876543210"),
                                         .key = org.key,
                                         .headers = {"Prefer: wait=30"}};
    struct forger forger = {.gateway = gateway};
    struct answer answer;
    http_ask_all(gateway->ingress.url, &request, 1, &answer, publish_forgeries, &forger);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    cr_assert(forger.id);
    expect_equal(answer_text(&answer, "/status"), "sent");
    expect_equal(answer_text(&answer, "/wamid"),
                 database_text(gateway->database, "SELECT wamid FROM messages"));
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_notices_total{result=\"invalid\"}"),
                 "1");
    stop_gateway(gateway);
}

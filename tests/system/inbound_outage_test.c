// Nothing that was acknowledged is lost, and all of it is applied once: workers that are killed at
// their stages, a flood of sends. (PostgreSQL away: outage_test.c.)
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include "common/base/text.h"
#include "common/limits.h"

#include <string.h>

TestSuite(inbound_outage, .timeout = 120);

static void post_texts(const struct org *org, int first, int count)
{
    enum { AT_ONCE_MAX = 100 };
    struct http_request requests[AT_ONCE_MAX];
    struct answer answers[AT_ONCE_MAX];
    cr_assert(count <= AT_ONCE_MAX);
    for (int i = 0; i < count; i++) {
        const char *body =
            text_message_body(org->phone_number_id, text_of("91980000%04d", first + i),
                              text_of("wamid.%d", first + i), "hello");
        requests[i] = (struct http_request){
            .path = "/webhook",
            .body = body,
            .headers = {signature_header(GATEWAY_APP_SECRET, body, strlen(body))}};
    }
    http_ask_all(org->gateway->ingress.url, requests, (size_t)count, answers, NULL, NULL);
    for (int i = 0; i < count; i++)
        cr_assert_eq(answers[i].status, 200, "%d", answers[i].status);
}

static void given_welcome(const struct org *org)
{
    (void)database_text(org->gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, reply) "
                        "VALUES ('%s', 'any', '\"Welcome\"')",
                        org->id);
    eventually(org->gateway->worker_count == 0 || // the next one checks it first
               database_number(org->gateway->database, "SELECT count(*) FROM automation_rules "
                                                       "WHERE state = 'unchecked'") == 0);
}

// Holds a lock until the worker has come to it, and kills the worker there.
static void kill_at(struct gateway *gateway, const char *lock)
{
    (void)database_text(gateway->database, "BEGIN; %s", lock);
    struct daemon *worker = start_worker(gateway);
    eventually(thread_waits_for_lock(gateway, "inbound"));
    kill_worker(gateway, worker);
    end_statements_of(gateway, "inbound");
    (void)database_text(gateway->database, "ROLLBACK");
}

static void expect_all_once(struct gateway *gateway, const struct org *org, int count)
{
    eventually_within(40, webhooks_left(gateway) == 0);
    eventually(org_messages(org, "sent") == count);
    cr_assert_eq(org_messages(org, "received"), count);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM auto_replies"), count);
    cr_assert_eq(simulator_posts(gateway->simulator), count);
    expect_equal(org_balance(org),
                 database_text(gateway->database, "SELECT money_text(100 - 0.20 * %d)", count));
}

Test(inbound_outage, a_worker_killed_while_it_applies_leaves_all_to_the_next)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    given_welcome(&org);
    post_texts(&org, 0, 60);
    kill_at(gateway, "LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE");
    cr_assert_eq(org_messages(&org, "received"), 0);
    (void)start_worker(gateway);
    expect_all_once(gateway, &org, 60);
    stop_gateway(gateway);
}

Test(inbound_outage, a_worker_killed_before_it_replies_leaves_the_replies_to_the_next)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    given_welcome(&org);
    post_texts(&org, 0, 60);
    kill_at(gateway, "SELECT 1 FROM wallets FOR UPDATE");
    cr_assert(org_messages(&org, "received") > 0);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM auto_replies"), 0);
    (void)start_worker(gateway);
    expect_all_once(gateway, &org, 60);
    stop_gateway(gateway);
}

Test(inbound_outage, two_workers_and_one_killed_under_load)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    given_welcome(&org);
    struct daemon *second = start_worker(gateway);
    post_texts(&org, 0, 100);
    kill_worker(gateway, second);
    post_texts(&org, 100, 100);
    eventually_within(40, webhooks_left(gateway) == 0);
    cr_assert_eq(org_messages(&org, "received"), 200);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM auto_replies"), 200);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM messages WHERE direction = 'outbound'"),
                 200);
    stop_gateway(gateway);
}

// What PostgreSQL refuses divides the batch: each of three dead letters is in a transaction of its
// own.
Test(inbound_outage, what_fails_again_in_a_replay_stands_there_still)
{
    struct gateway *gateway = given_gateway();
    static const char *const numbers[] = {"4711", "4712", "4713"};
    for (int i = 0; i < 3; i++) {
        struct answer answer = post_webhook(
            gateway, text_message_body(numbers[i], "919876543210", text_of("wamid.%d", i), "hi"),
            0);
        cr_assert_eq(answer.status, 200, "%d", answer.status);
    }
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 3);
    struct org refused = given_org(gateway, .number = numbers[1]);
    struct org good = given_org(gateway, .number = numbers[2]);
    given_refusals(gateway, "INSERT ON messages", text_of("NEW.org_id = '%s'", refused.id));

    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters()"), "3");

    eventually(strcmp(database_text(gateway->database,
                                    "SELECT string_agg(reason, ' ' ORDER BY phone_number_id) "
                                    "FROM dead_letters"),
                      "unknown_number refused") == 0);
    cr_assert_eq(org_messages(&good, "received"), 1);
    (void)database_text(gateway->database, "DROP TRIGGER refuse ON messages");
    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters('refused')"), "1");
    eventually(org_messages(&refused, "received") == 1);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 1);
    stop_gateway(gateway);
}

// Messages to a number that nobody has, as long as one body can hold them, and six times as long in
// JSON; and contacts, of which each message has one.
static const char *long_dead_body(int messages, int length, int contacts)
{
    struct tg_text text = {0};
    struct tg_text body = {0};
    for (int i = 0; i < length; i++)
        tg_text_append_string(&text, "\x01");
    tg_text_append_string(&body,
                          "{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1\", "
                          "\"changes\": [{\"field\": \"messages\", \"value\": {\"metadata\": "
                          "{\"phone_number_id\": \"4711\"}, \"contacts\": [");
    for (int i = 0; i < contacts; i++)
        tg_text_append_format(&body, "%s{\"wa_id\":\"9198765%05d\",\"profile\":{\"name\":\"%d\"}}",
                              i ? "," : "", i, i);
    tg_text_append_string(&body, "], \"messages\": [");
    for (int i = 0; i < messages; i++)
        tg_text_append_format(&body,
                              "%s{\"from\":\"9198765%05d\",\"id\":\"wamid.%d\",\"timestamp\":"
                              "\"1763800000\",\"type\":\"text\",\"text\":{\"body\":\"%s\"}}",
                              i ? "," : "", i, i, tg_text_string(&text));
    tg_text_append_string(&body, "]}}]}]}");
    tg_text_finish(&text);
    return tg_text_string(&body);
}

// One body holds up nobody: what is to be recorded of it is divided.
Test(inbound_outage, more_dead_letters_than_a_transaction_holds_are_several)
{
    enum { MESSAGES = 260 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = post_webhook(gateway, long_dead_body(MESSAGES, 10000, 6000), 0);
    cr_assert_eq(answer.status, 200, "%d", answer.status);
    post_texts(&org, 0, 1);
    eventually(org_messages(&org, "received") == 1);
    eventually_within(40, webhooks_left(gateway) == 0);
    expect_equal(
        database_text(gateway->database,
                      "SELECT count(*) || ' ' || count(DISTINCT substring(convert_from(body, "
                      "'UTF8') FROM '\"name\":\"\\d+\"')) FROM dead_letters"),
        text_of("%d %d", MESSAGES, MESSAGES));
    cr_assert_leq(database_number(gateway->database,
                                  "SELECT max(bytes) FROM (SELECT sum(length(body)) AS bytes "
                                  "FROM dead_letters GROUP BY xmin::text) t"),
                  TG_DEAD_LETTERS_BYTES);
    stop_gateway(gateway);
}

// With Meta slow and one place for a request, sends pile up; what customers write passes by.
Test(inbound_outage, inbound_work_never_waits_behind_sends)
{
    enum { SENDS = 200 };
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=1"});
    struct org org = given_org(gateway);
    // All of them at once, as fast as this machine may be.
    (void)database_text(gateway->database, "UPDATE channels SET max_mps = 10000");
    simulator_set(gateway->simulator, "{\"latency_ms\": 2000}");
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        (void)expect_accepted(&answer);
    }
    post_texts(&org, 0, 50);
    eventually(org_messages(&org, "received") == 50);
    cr_assert(database_number(gateway->database, "SELECT count(*) FROM outbox") > SENDS / 2);
    stop_gateway(gateway);
}

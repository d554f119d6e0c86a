// A client that gives up waiting and sends the same again by itself, at each moment of a send: one
// message, one post, one fee.
#include "tests/system/org.h"
#include "tests/system/proxy.h"
#include "tests/system/raw.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(cloud_repeats, .timeout = 120);

static const char *message_to(const char *phone)
{
    return text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"%s\", \"text\": {\"body\": "
                   "\"Hello\"}}",
                   phone);
}

// The first `share` of every 100 bytes of a request with that body, on a connection of its own.
static int send_part(const struct org *org, const char *body, size_t percent)
{
    int connection = raw_connect(org->gateway->ingress.url);
    const char *request =
        text_of("POST /v23.0/%s/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s",
                org->phone_number_id, org->key, strlen(body), body);
    cr_assert(raw_write(connection, request, strlen(request) * percent / 100));
    return connection;
}

static int send_on(const struct org *org, const char *body)
{
    return send_part(org, body, 100);
}

static struct answer ask_for(const struct org *org, const char *body)
{
    return ask(org->gateway->http, .path = text_of("/v23.0/%s/messages", org->phone_number_id),
               .body = body, .key = org->key);
}

static long repeats(struct gateway *gateway, const char *of)
{
    const char *value =
        daemon_metric(&gateway->ingress, text_of("tollgate_repeats_total{of=\"%s\"}", of));
    return strtol(value, NULL, 10);
}

static bool nobody_waits(struct gateway *gateway)
{
    return strcmp(daemon_metric(&gateway->ingress, "tollgate_waiting_requests"), "0") == 0;
}

// The answer of a connection must be 200 with Meta's id of the one message to that phone.
static void expect_told(const struct org *org, int connection, const char *phone)
{
    const char *answer = raw_read_answer(connection);
    const char *wamid = database_text(org->gateway->database,
                                      "SELECT m.wamid FROM messages m JOIN contacts c ON c.id = "
                                      "m.contact_id WHERE c.phone = '%s'",
                                      phone);
    cr_assert(strncmp(answer, "HTTP/1.1 200 ", 13) == 0 && *wamid && strstr(answer, wamid), "%s",
              answer);
    cr_assert(strcasestr(answer, "\r\nIdempotency-Replayed: true\r\n"), "%s", answer);
    close(connection);
}

static void expect_one_of_each(const struct org *org, const char *phone)
{
    struct gateway *gateway = org->gateway;
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM messages m JOIN contacts c ON c.id = "
                                 "m.contact_id WHERE c.phone = '%s'",
                                 phone),
                 1);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM wallet_transactions w JOIN messages m ON "
                                 "m.id = w.message_id JOIN contacts c ON c.id = m.contact_id WHERE "
                                 "c.phone = '%s' AND w.kind = 'service_fee'",
                                 phone),
                 1);
    cr_assert_eq(simulator_posts_to(gateway->simulator, phone), 1);
}

static void hold_wallet_of(const struct org *org)
{
    (void)database_text(org->gateway->database,
                        "BEGIN; SELECT 1 FROM wallets WHERE org_id = '%s' FOR UPDATE", org->id);
}

// Does a thread of the ingress wait for that?
static bool accept_waits(struct gateway *gateway)
{
    (void)database_text(gateway->database, "SELECT pg_stat_clear_snapshot()");
    return database_number(gateway->database,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                           "current_database() AND application_name LIKE 'tollgate-ingress %%' "
                           "AND wait_event_type = 'Lock'") > 0;
}

// Before it is accepted, then while it waits for Meta; the second one gives up, too.
static void repeat_in_the_lane(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    const char *body = message_to("919876543210");
    hold_wallet_of(org);
    int first = send_on(org, body);
    eventually(accept_waits(gateway));
    close(first);
    int second = send_on(org, body);
    eventually(repeats(gateway, "joined") == 1);
    (void)database_text(gateway->database, "COMMIT");
    eventually(org_messages(org, "queued") == 1);
    close(second);
    int third = send_on(org, body);
    eventually(repeats(gateway, "joined") == 2);
    (void)start_worker(gateway);
    expect_told(org, third, "919876543210");
    expect_one_of_each(org, "919876543210");
}

// While Meta thinks about it.
static void repeat_while_meta_is_slow(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    const char *body = message_to("15552000008");
    int first = send_on(org, body);
    eventually(simulator_posts_to(gateway->simulator, "15552000008") == 1);
    close(first);
    int second = send_on(org, body);
    expect_told(org, second, "15552000008");
    expect_one_of_each(org, "15552000008");
    cr_assert_eq(repeats(gateway, "joined"), 3);
}

// When its answer has been written, and nobody was there to read it.
static void repeat_what_was_told_to_nobody(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    const char *body = message_to("919876543211");
    simulator_set(gateway->simulator, "{\"latency_ms\": 1500}");
    int first = send_on(org, body);
    eventually(simulator_posts_to(gateway->simulator, "919876543211") == 1);
    close(first);
    eventually(nobody_waits(gateway)); // it was let go
    expect_told(org, send_on(org, body), "919876543211");
    expect_one_of_each(org, "919876543211");
    cr_assert_eq(repeats(gateway, "told"), 1);
    // That has been read: who sends the same now wants another one.
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    struct answer answer = ask_for(org, body);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_header(&answer, "Idempotency-Replayed"), "");
    cr_assert_eq(simulator_posts_to(gateway->simulator, "919876543211"), 2);
}

// So, too, if Meta has refused it: who hears that may send it again.
static void repeat_what_was_refused(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    const char *body = message_to("15550131026");
    simulator_set(gateway->simulator, "{\"latency_ms\": 1500}");
    int first = send_on(org, body);
    eventually(simulator_posts_to(gateway->simulator, "15550131026") == 1);
    close(first);
    eventually(nobody_waits(gateway));
    struct answer answer = ask_for(org, body);
    cr_assert_eq(answer.status, 400, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error/code"), "131026");
    expect_one_of_each(org, "15550131026");
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
}

// Of a body that has not come as a whole nothing is sent.
static void repeat_half_a_body(const struct org *org)
{
    const char *body = message_to("919876543212");
    close(send_part(org, body, 90));
    struct answer answer = ask_for(org, body);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_header(&answer, "Idempotency-Replayed"), "");
    expect_one_of_each(org, "919876543212");
}

Test(cloud_repeats, are_one_message_at_each_moment_of_a_send)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_CLOUD_WAITS=30"});
    struct org org = given_org(gateway);
    repeat_in_the_lane(&org);
    repeat_while_meta_is_slow(&org);
    repeat_what_was_told_to_nobody(&org);
    repeat_what_was_refused(&org);
    repeat_half_a_body(&org);
    stop_gateway(gateway);
}

// As long as the first client is there, whoever sends the same, means it; and so does who sends
// something else, or over another number, or with another key.
Test(cloud_repeats, are_messages_of_their_own_while_the_first_client_is_there)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_CLOUD_WAITS=30"});
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    struct org second_key = org;
    second_key.key = text_of(
        "%s", database_text(gateway->database, "SELECT create_api_key('%s', 'second')", org.id));
    const char *body = message_to("919876543210");
    int there = send_on(&org, body);
    int too = send_on(&org, body);
    eventually(org_messages(&org, "queued") + org_messages(&org, "held") == 2);
    close(there);
    close(too);
    const int others[] = {send_on(&org, text_of("%s ", body)), send_on(&second_key, body),
                          send_on(&other, body)};
    eventually(database_number(gateway->database, "SELECT count(*) FROM messages") == 5);
    cr_assert_eq(repeats(gateway, "joined") + repeats(gateway, "told"), 0);
    for (size_t i = 0; i < 3; i++)
        close(others[i]);
    (void)start_worker(gateway);
    eventually(simulator_posts(gateway->simulator) == 5);
    stop_gateway(gateway);
}

// By a setting; and with an Idempotency-Key that alone says what is the same.
Test(cloud_repeats, are_messages_of_their_own_where_a_setting_says_so)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_CLOUD_REPEATS=send",
                                                                   "TOLLGATE_CLOUD_WAITS=30"});
    struct org org = given_org(gateway);
    for (int i = 1; i <= 2; i++) {
        int connection = send_on(&org, message_to("919876543210"));
        eventually(database_number(gateway->database, "SELECT count(*) FROM messages") == i);
        close(connection);
    }
    cr_assert_eq(repeats(gateway, "joined") + repeats(gateway, "told"), 0);
    stop_gateway(gateway);
}

// Nobody knows whether PostgreSQL has accepted it: it is asked to once more, under the same id.
Test(cloud_repeats, of_what_was_perhaps_accepted_are_one_message)
{
    struct database *database = database_create();
    struct proxy *proxy = proxy_create((int)strtol(database->port, NULL, 10));
    struct gateway *gateway =
        given_gateway(.database = database_of("127.0.0.1", text_of("%d", proxy_port(proxy)),
                                              database->name),
                      .ingress_settings = {"TOLLGATE_CLOUD_WAITS=30", "TOLLGATE_LANES=1"});
    gateway->database = database; // the test's own questions go past the proxy
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    struct org org = given_org(gateway);
    struct answer answer;
    for (int i = 0; i < 2; i++) { // the key has just been looked up, at the latest with the second
        answer = ask_for(&org, message_to("+919876543211"));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
    }
    const char *body = message_to("+919876543210");

    proxy_set(proxy, PROXY_SWALLOW);
    answer = ask_for(&org, body);
    cr_assert_eq(answer.status, 503, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error/code"), "2");
    expect_equal(answer_text(&answer, "/error/is_transient"), "true");
    cr_assert(strstr(answer.body, "while it was accepting message"), "%s", answer.body);
    proxy_set(proxy, PROXY_PASS);
    eventually(ask_for(&org, message_to("+919876543212")).status == 200);

    answer = ask_for(&org, body);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_eq(repeats(gateway, "unknown"), 1);
    eventually(simulator_posts_to(gateway->simulator, "919876543210") == 1);
    expect_one_of_each(&org, "919876543210");
    stop_gateway(gateway);
    database_drop(database);
}

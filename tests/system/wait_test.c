// `Prefer: wait=N`: the answer comes with Meta's, or 202 when the time is up.
#include "tests/system/org.h"

#include <string.h>

TestSuite(waiting, .timeout = 120);

static struct answer send_and_wait_for(const struct org *org, const char *phone, const char *prefer)
{
    return ask(org->gateway->http, .path = "/api/send-message", .body = text_body(phone),
               .key = org->key, .headers = {text_of("Prefer: %s", prefer)});
}

Test(waiting, ends_with_meta_s_id)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_and_wait_for(&org, "919876543210", "wait=30");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/success"), "true");
    expect_equal(answer_text(&answer, "/status"), "sent");
    cr_assert_eq(strncmp(answer_text(&answer, "/wamid"), "wamid.", 6), 0, "%s", answer.body);
    expect_equal(database_text(gateway->database, "SELECT wamid FROM messages WHERE id = '%s'",
                               answer_text(&answer, "/message_id")),
                 answer_text(&answer, "/wamid"));
    // In company, as RFC 7240 allows.
    answer = send_and_wait_for(&org, "919876543210", "handling=strict, WAIT=30");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

Test(waiting, ends_with_meta_s_refusal)
{
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct org org = given_org(gateway);
    struct answer refunded = send_and_wait_for(&org, "15550131049", "wait=30");
    struct answer kept = send_and_wait_for(&org, "15550131026", "wait=30");

    expect_refused(&refunded, 500, "send_failed", NULL);
    expect_equal(answer_text(&refunded, "/error"), "Message failed to send (refunded)");
    expect_equal(answer_text(&refunded, "/detail/status"), "failed");
    expect_equal(answer_text(&refunded, "/detail/refunded"), "true");
    expect_equal(answer_text(&refunded, "/detail/error/code"), "131049");
    cr_assert(*answer_text(&refunded, "/detail/error/message"), "%s", refunded.body);
    cr_assert_eq(strlen(answer_text(&refunded, "/detail/message_id")), 36);

    expect_refused(&kept, 500, "send_failed", NULL);
    expect_equal(answer_text(&kept, "/error"), "Message failed to send");
    expect_equal(answer_text(&kept, "/detail/refunded"), "false");
    expect_equal(answer_text(&kept, "/detail/error/code"), "131026");
    stop_gateway(gateway);
}

Test(waiting, ends_unconfirmed_where_nobody_knows)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_and_wait_for(&org, "15552000005", "wait=30");
    (void)expect_accepted_as(HERE, &answer, "unconfirmed");
    expect_equal(answer_text(&answer, "/balance"), "99.80");
    stop_gateway(gateway);
}

// A new contact is written to, and Meta has the message when the second is over. Adds to *sends.
static bool times_out_while_sending(const struct org *org, int *sends, const char **id)
{
    struct answer answer = send_and_wait_for(org, text_of("9198765%05d", ++*sends), "wait=1");
    if (answer.status != 202 || strcmp(answer_text(&answer, "/status"), "sending") != 0)
        return false;
    *id = expect_accepted_as(HERE, &answer, "sending");
    expect_equal(answer_text(&answer, "/balance"), text_of("%.2f", 100 - 0.20 * *sends));
    return true;
}

Test(waiting, ends_when_its_time_is_up)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    int sends = 0;
    const char *id = NULL;
    simulator_set(gateway->simulator, "{\"latency_ms\": 5000}");
    eventually(times_out_while_sending(&org, &sends, &id));
    expect_ends(gateway, id, "sent");
    stop_gateway(gateway);
}

Test(waiting, ends_when_its_time_is_up_without_a_worker)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_and_wait_for(&org, "919876543210", "wait=1");
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

Test(waiting, is_not_asked_for_by_a_wait_that_is_none)
{
    static const char *const prefers[] = {"wait=0", "wait=x", "wait", "nowait=30", "respond-async"};
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof prefers / sizeof *prefers; i++) {
        struct answer answer = send_and_wait_for(&org, text_of("91987654321%zu", i), prefers[i]);
        (void)expect_accepted(&answer);
    }
    stop_gateway(gateway);
}

// Others publish the job of what is held or scheduled, and do not know who waits.
Test(waiting, for_what_is_held_ends_when_it_is_sent)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 1500}");
    struct answer first = send_text(&org, "919876543210");
    (void)expect_accepted(&first);
    long long began_ms = testbed_now_ms();
    struct answer answer = send_and_wait_for(&org, "919876543210", "wait=30");
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    cr_assert_lt(testbed_now_ms() - began_ms, 20000);
    stop_gateway(gateway);
}

Test(waiting, for_what_is_tried_again_ends_when_it_is_sent)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_and_wait_for(&org, "15553000001", "wait=30"); // refused once
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    expect_equal(answer_text(&answer, "/status"), "sent");
    stop_gateway(gateway);
}

Test(waiting, for_what_is_to_leave_soon_ends_when_it_is_sent_and_later_does_not_wait)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    static const struct {
        const char *interval;
        int status;
    } cases[] = {{"2 seconds", 200}, {"1 hour", 202}};
    for (size_t i = 0; i < 2; i++) {
        const char *time = database_text(gateway->database,
                                         "SELECT to_char((now() + interval '%s') AT TIME ZONE "
                                         "'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
                                         cases[i].interval);
        long long began_ms = testbed_now_ms();
        struct answer answer =
            send_body_and_wait(&org, text_of("{\"phone\": \"919876543210\", \"message\": \"Hi\", "
                                             "\"send_at\": \"%s\"}",
                                             time));
        cr_assert_eq(answer.status, cases[i].status, "%d %s", answer.status, answer.body);
        cr_assert_lt(testbed_now_ms() - began_ms, 20000);
    }
    stop_gateway(gateway);
}

// The verdict comes at once all the same.
Test(waiting, does_not_delay_a_refusal)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .balance = "0.10");
    struct answer answer = send_and_wait_for(&org, "919876543210", "wait=30");
    expect_refused(&answer, 402, "insufficient_balance", NULL);
    stop_gateway(gateway);
}

// A result that gets lost with Redis stands in the database.
Test(waiting, survives_a_restart_of_redis)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_and_wait_for(&org, "919876543210", "wait=30");
    cr_assert_eq(answer.status, 200, "%s", answer.body);

    redis_kill(gateway->redis);
    redis_start(gateway->redis);
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    eventually(*daemon_missing(&gateway->workers[0]) == '\0');

    answer = send_and_wait_for(&org, "919876543211", "wait=30");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

Test(waiting, many_at_once_each_get_their_own_answer)
{
    enum { SENDS = 60 };
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    // Every third is refused, one after the other, since they go to one contact.
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){
            .path = "/api/send-message",
            .key = org.key,
            .headers = {"Prefer: wait=30"},
            .body = text_body(i % 3 == 0 ? "15550131026" : text_of("9198765%05d", i))};

    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);

    for (int i = 0; i < SENDS; i++) {
        bool refused = i % 3 == 0;
        cr_assert_eq(answers[i].status, refused ? 500 : 200, "%d %s", answers[i].status,
                     answers[i].body);
        const char *id = answer_text(&answers[i], refused ? "/detail/message_id" : "/message_id");
        expect_equal(database_text(gateway->database,
                                   "SELECT phone FROM messages m JOIN contacts c ON c.id = "
                                   "m.contact_id WHERE m.id = '%s'",
                                   id),
                     refused ? "15550131026" : text_of("9198765%05d", i));
    }
    stop_gateway(gateway);
}

// What a user does first: the tests of the user's design, and the forms that a send takes.
#include "tests/system/org.h"

#include <string.h>

TestSuite(send, .timeout = 120);

static const char *const trusted = "trusted";

// Test 1, 2 and 4 of the design run the user's own command line, with and without a key.
static struct command_result run_curl(const struct org *org, bool with_key, const char *prefer)
{
    const char *url = text_of("%s/api/send-message", org->gateway->ingress.url);
    const char *body = text_of("{\"org_id\": \"%s\", \"phone\": \"+919876543210\", "
                               "\"message\": \"Hello from Tollgate\"}",
                               org->id);
    const char *key = text_of("Authorization: Bearer %s", org->key);
    const char *argv[20] = {"curl",
                            "--silent",
                            "--show-error",
                            "--write-out",
                            " %{http_code}",
                            "-X",
                            "POST",
                            url,
                            "-H",
                            "Content-Type: application/json",
                            "-d",
                            body};
    size_t n = 12;
    if (with_key) {
        argv[n++] = "-H";
        argv[n++] = key;
    }
    if (prefer) {
        argv[n++] = "-H";
        argv[n++] = prefer;
    }
    struct command_result result = command_run(argv, NULL);
    cr_assert(result.status == 0, "curl: %s", result.errors);
    return result;
}

static void set_balance_as_the_user_does(const struct org *org, const char *balance)
{
    (void)database_text(org->gateway->database,
                        "UPDATE wallets \nSET balance = %s WHERE org_id = '%s'", balance, org->id);
}

static void expect_user_test_1(bool with_key)
{
    struct gateway *gateway = given_gateway(.auth = with_key ? NULL : trusted);
    struct org org = given_org(gateway, .balance = "0");
    set_balance_as_the_user_does(&org, "100.00");

    struct command_result result = run_curl(&org, with_key, NULL);

    cr_assert(strstr(result.output, "\"status\":\"queued\",\"balance\":\"99.80\"}\n 202"), "%s",
              result.output);
    eventually(org_messages(&org, "sent") == 1);
    expect_equal(org_balance(&org), "99.80");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', m.org_id, m.direction, m.type, c.phone) "
                               "FROM messages m JOIN contacts c ON c.id = m.contact_id "
                               "WHERE m.wamid IS NOT NULL"),
                 text_of("%s outbound text 919876543210", org.id));
    cr_assert_eq(simulator_posts_to(gateway->simulator, "919876543210"), 1);
    stop_gateway(gateway);
}

Test(send, user_test_1_a_message_costs_its_fee_and_is_saved_without_a_key)
{
    expect_user_test_1(false);
}

Test(send, user_test_1_a_message_costs_its_fee_and_is_saved_with_a_key)
{
    expect_user_test_1(true);
}

static void expect_user_test_2(bool with_key)
{
    struct gateway *gateway = given_gateway(.auth = with_key ? NULL : trusted);
    struct org org = given_org(gateway, .balance = "0");
    struct org other = given_org(gateway);
    set_balance_as_the_user_does(&org, "0.10");

    struct command_result result = run_curl(&org, with_key, NULL);

    cr_assert(strstr(result.output, "{\"error\":\"Insufficient wallet balance\","
                                    "\"code\":\"insufficient_balance\","),
              "%s", result.output);
    cr_assert(strstr(result.output, "}\n 402"), "%s", result.output);
    expect_equal(org_balance(&org), "0.10");
    expect_equal(org_ledger(&org), "adjustment 0.10");
    // What had been queued before this one would have left before it.
    cr_assert_eq(send_text_and_wait(&other, "919876543211").status, 200);
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM messages "
                                 "WHERE org_id = '%s'",
                                 org.id),
                 0);
    stop_gateway(gateway);
}

Test(send, user_test_2_an_empty_wallet_sends_nothing_without_a_key)
{
    expect_user_test_2(false);
}

Test(send, user_test_2_an_empty_wallet_sends_nothing_with_a_key)
{
    expect_user_test_2(true);
}

static void expect_user_test_4(bool with_key)
{
    struct gateway *gateway = given_gateway(.auth = with_key ? NULL : trusted);
    struct org org = given_org(gateway, .balance = "0");
    set_balance_as_the_user_does(&org, "100.00");
    (void)database_text(gateway->database,
                        "UPDATE channels SET access_token = 'INVALID_TOKEN' WHERE org_id = '%s'",
                        org.id);

    struct command_result result = run_curl(&org, with_key, "Prefer: wait=30");

    cr_assert(strstr(result.output, "{\"error\":\"Message failed to send (refunded)\","), "%s",
              result.output);
    cr_assert(strstr(result.output, "}\n 500"), "%s", result.output);
    expect_equal(org_balance(&org), "100.00");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20, refund 0.20");
    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', status, error_code, refunded) FROM messages"),
                 "failed 190 t");
    cr_assert_eq(simulator_stat(gateway->simulator, "unauthorized"), 1);
    stop_gateway(gateway);
}

Test(send, user_test_4_an_invalid_token_is_refunded_without_a_key)
{
    expect_user_test_4(false);
}

Test(send, user_test_4_an_invalid_token_is_refunded_with_a_key)
{
    expect_user_test_4(true);
}

// What a form of request becomes at Meta: its type, and where in the payload what value stands.
static const struct {
    const char *body; // behind "phone"
    const char *type;
    const char *path; // of PostgreSQL's #>>
    const char *value;
} forms[] = {
    {"\"message\": \"Hi\"", "text", "{text,body}", "Hi"},
    {"\"media\": {\"type\": \"image\", \"link\": \"https://example.com/a.jpg\", "
     "\"caption\": \"Ours\"}",
     "image", "{image,caption}", "Ours"},
    {"\"media\": {\"type\": \"video\", \"id\": \"77\"}", "video", "{video,id}", "77"},
    {"\"media\": {\"type\": \"audio\", \"link\": \"https://example.com/a.ogg\"}", "audio",
     "{audio,link}", "https://example.com/a.ogg"},
    {"\"media\": {\"type\": \"document\", \"id\": \"78\", \"filename\": \"bill.pdf\"}", "document",
     "{document,filename}", "bill.pdf"},
    {"\"media\": {\"type\": \"sticker\", \"id\": \"79\"}", "sticker", "{sticker,id}", "79"},
    {"\"payload\": {\"type\": \"template\", \"template\": {\"name\": \"hello_world\", "
     "\"language\": {\"code\": \"en_US\"}}}",
     "template", "{template,name}", "hello_world"},
    {"\"message\": \"Hi\", \"reply_to\": \"wamid.abc\"", "text", "{context,message_id}",
     "wamid.abc"},
    {"\"message\": \"Hi\", \"priority\": \"bulk\"", "text", "{messaging_product}", "whatsapp"},
};
enum { FORMS = sizeof forms / sizeof *forms };

Test(send, every_form_of_a_message_reaches_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < FORMS; i++) {
        const char *phone = text_of("91987654%04zu", i);

        struct answer answer =
            send_body_and_wait(&org, text_of("{\"phone\": \"%s\", %s}", phone, forms[i].body));

        cr_assert(answer.status == 200, "%s: %d %s", forms[i].body, answer.status, answer.body);
        expect_equal(answer_text(&answer, "/success"), "true");
        expect_equal(database_text(gateway->database,
                                   "SELECT type || ' ' || (payload #>> '%s') FROM messages "
                                   "WHERE id = '%s'",
                                   forms[i].path, answer_text(&answer, "/message_id")),
                     text_of("%s %s", forms[i].type, forms[i].value));
        cr_assert_eq(simulator_posts_to(gateway->simulator, phone), 1);
        cr_assert_eq(simulator_posts_of(gateway->simulator, answer_text(&answer, "/message_id")),
                     1);
    }
    stop_gateway(gateway);
}

Test(send, two_spellings_of_a_phone_are_one_contact)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer first = send_text(&org, "+91 98765-43210");
    struct answer second = send_text(&org, "919876543210");
    expect_ends(gateway, expect_accepted(&first), "sent");
    expect_ends(gateway, expect_accepted(&second), "sent");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(phone, ',') FROM contacts WHERE org_id = '%s'",
                               org.id),
                 "919876543210");
    stop_gateway(gateway);
}

Test(send, money_is_exact_to_four_decimals)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.3703", .fee = "0.1234");
    for (int i = 0; i < 3; i++) {
        struct answer answer = send_text(&org, "919876543210");
        (void)expect_accepted(&answer);
    }
    expect_equal(org_balance(&org), "0.0001");
    struct answer refused = send_text(&org, "919876543210");
    expect_refused(&refused, 402, "insufficient_balance", NULL);
    expect_equal(answer_text(&refused, "/detail/balance"), "0.0001");
    expect_equal(answer_text(&refused, "/detail/fee"), "0.1234");
    eventually(org_messages(&org, "sent") == 3);
    stop_gateway(gateway);
}

Test(send, a_message_leaves_with_the_token_that_the_channel_has_then)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .token = "expired");
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    (void)database_text(gateway->database,
                        "UPDATE channels SET access_token = 'EAAnew' WHERE org_id = '%s'", org.id);
    (void)start_worker(gateway);
    expect_ends(gateway, id, "sent");
    stop_gateway(gateway);
}

Test(send, the_client_s_own_callback_data_is_kept_beside_ours)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_body_and_wait(
        &org, "{\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": \"919876543210\", "
              "\"type\": \"text\", \"text\": {\"body\": \"Hi\"}, "
              "\"biz_opaque_callback_data\": \"order 17\"}}");
    cr_assert_eq(answer.status, 200);
    const char *id = answer_text(&answer, "/message_id");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    struct answer message = get(&org, text_of("/api/messages/%s", id));
    expect_equal(answer_text(&message, "/callback_data"), "order 17");
    stop_gateway(gateway);
}

// Without the plus Meta would take the digits for a number of the sender's own country.
Test(send, a_number_reaches_meta_with_its_plus)
{
    static const char *const bodies[] = {
        "{\"phone\": \"919876543210\", \"message\": \"Hi\"}",
        "{\"phone\": \"+91 (98765) 43-210\", \"message\": \"Hi\"}",
        ("{\"payload\": {\"type\": \"text\", \"text\": {\"body\": \"Hi\"}, "
         "\"messaging_product\": \"whatsapp\", \"to\": \"919876543210\"}}"),
    };
    enum { BODIES = sizeof bodies / sizeof *bodies };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < BODIES; i++) {
        struct answer answer = send_body_and_wait(&org, bodies[i]);
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        expect_equal(simulator_to_at(gateway->simulator, "919876543210", i), "+919876543210");
    }
    cr_assert_eq(simulator_posts_to(gateway->simulator, "+919876543210"), BODIES);
    cr_assert_eq(simulator_posts(gateway->simulator), BODIES);
    stop_gateway(gateway);
}

Test(send, two_workers_and_two_ingresses_share_the_work)
{
    enum { SENDS = 60 };
    struct gateway *gateway = given_gateway();
    (void)start_worker(gateway);
    struct daemon second = start_ingress(gateway);
    struct org org = given_org(gateway);
    struct http *to_second = http_open(second.url);
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = ask(i % 2 ? to_second : gateway->http, .path = "/api/send-message",
                                   .body = text_body(text_of("9198765%05d", i)), .key = org.key);
        (void)expect_accepted(&answer);
    }
    eventually(org_messages(&org, "sent") == SENDS);
    cr_assert_eq(simulator_posts(gateway->simulator), SENDS);
    expect_equal(org_balance(&org), "88.00");
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

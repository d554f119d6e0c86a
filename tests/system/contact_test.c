// Who a contact is, from outside: numbers as people write them, and people who are known by more
// than one name.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

TestSuite(contact, .timeout = 120);

static void set_home(const struct org *org, const char *country)
{
    (void)database_text(org->gateway->database,
                        "UPDATE organizations SET default_country = '%s' WHERE id = '%s'", country,
                        org->id);
}

// The phones of all contacts that stand for themselves.
static const char *contacts_of(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT string_agg(concat_ws(' ', phone, user_id), ', ' ORDER BY id) FROM "
                         "contacts WHERE org_id = '%s' AND merged_into IS NULL",
                         org->id);
}

static void expect_to_leave_for(const struct org *org, struct answer answer, const char *to)
{
    cr_assert_eq(answer.status, 200, "%s: %d %s", to, answer.status, answer.body);
    expect_equal(database_text(org->gateway->database,
                               "SELECT payload ->> 'to' FROM messages WHERE id = '%s'",
                               answer_text(&answer, "/message_id")),
                 to);
}

static void expect_default_country(struct gateway *gateway)
{
    struct org home = given_org(gateway);
    struct org abroad = given_org(gateway);
    set_home(&home, "IN");
    expect_to_leave_for(&home, send_text_and_wait(&home, "98765-43210"), "+919876543210");
    expect_to_leave_for(&home, send_text_and_wait(&home, "098765 43210"), "+919876543210");
    expect_to_leave_for(&home, send_text_and_wait(&home, "+98 912 345 6789"), "+989123456789");
    expect_to_leave_for(
        &home,
        send_body_and_wait(&home, "{\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": "
                                  "\"98765 43210\", \"type\": \"text\", \"text\": {\"body\": "
                                  "\"Hi\"}}}"),
        "+919876543210");
    expect_to_leave_for(&abroad, send_text_and_wait(&abroad, "919876543210"), "+919876543210");

    struct answer unknown = send_text(&abroad, "98765-43210");
    expect_refused(&unknown, 400, "invalid_phone", "phone");
    unknown = send_text(&home, "+999 1234567890");
    expect_refused(&unknown, 400, "invalid_phone", "phone");
    unknown = send_body(&abroad, "{\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": "
                                 "\"98765 43210\", \"type\": \"text\", \"text\": {\"body\": "
                                 "\"Hi\"}}}");
    expect_refused(&unknown, 400, "invalid_phone", "payload.to");
    expect_equal(org_ledger(&abroad), "adjustment 100.00, service_fee -0.20");
}

Test(contact, numbers_without_country_code_are_at_home)
{
    struct gateway *gateway = given_gateway();
    expect_default_country(gateway);
    stop_gateway(gateway);
}

// Nobody has asked PostgreSQL about the org before.
Test(contact, numbers_are_at_home_without_a_key_too)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    set_home(&org, "IN");
    struct answer answer =
        ask(gateway->http, .method = "POST", .path = "/api/send-message",
            .headers = {"Prefer: wait=10"},
            .body = text_of("{\"org_id\": \"%s\", \"phone\": \"98765-43210\", \"message\": \"Hi\"}",
                            org.id));
    expect_to_leave_for(&org, answer, "+919876543210");
    stop_gateway(gateway);
}

// Meta's answer names another number than was dialled; the customer writes from that one.
Test(contact, a_customer_who_was_dialled_otherwise_is_the_same)
{
    static const char *const numbers[][2] = {{"+55 31 99123-4567", "553191234567"},
                                             {"+52 55 1234 5678", "5215512345678"},
                                             {"+54 11 2345-6789", "5491123456789"}};
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < 3; i++) {
        struct answer sent = send_text_and_wait(&org, numbers[i][0]);
        cr_assert_eq(sent.status, 200, "%s", sent.body);
        (void)post_webhook(gateway,
                           text_message_body(org.phone_number_id, numbers[i][1],
                                             text_of("wamid.stop%zu", i), "STOP"),
                           0);
        eventually(webhooks_left(gateway) == 0);
        struct answer bulk = send_body(
            &org, text_of("{\"phone\": \"%s\", \"message\": \"Sale\", \"priority\": \"bulk\"}",
                          numbers[i][0]));
        expect_refused(&bulk, 409, "contact_opted_out", "phone");
    }
    expect_equal(contacts_of(&org), "553191234567, 5215512345678, 5491123456789");
    stop_gateway(gateway);
}

// A landline's question is the landline's to be answered.
Test(contact, a_landline_is_answered_and_not_the_mobile)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', "
                        "'any', '\"We open at 9.\"')",
                        org.id);
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'unchecked'") == 0);
    struct answer sent = send_text_and_wait(&org, "+55 11 94771-2345");
    cr_assert_eq(sent.status, 200, "%s", sent.body);
    (void)post_webhook(gateway,
                       text_message_body(org.phone_number_id, "551147712345", "wamid.landline",
                                         "When do you open?"),
                       0);
    eventually(simulator_posts_to(gateway->simulator, "551147712345") == 1);
    cr_assert_eq(simulator_posts_to(gateway->simulator, "5511947712345"), 1);
    stop_gateway(gateway);
}

// A message of Meta's, with what is said of who wrote it.
static void post_message(const struct org *org, const char *contact, const char *message)
{
    const char *body =
        text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", "
                "\"changes\": [{\"field\": \"messages\", \"value\": {\"messaging_product\": "
                "\"whatsapp\", \"metadata\": {\"phone_number_id\": \"%s\"}, \"contacts\": [%s], "
                "\"messages\": [{\"timestamp\": \"1763800000\", %s}]}}]}]}",
                org->phone_number_id, contact, message);
    struct answer answer = post_webhook(org->gateway, body, 0);
    cr_assert_eq(answer.status, 200);
    eventually(webhooks_left(org->gateway) == 0);
}

Test(contact, stop_outlives_a_new_user_id_and_a_new_number)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    post_message(&org, "{\"wa_id\": \"\", \"user_id\": \"IN.1A\", \"profile\": {\"name\": \"\"}}",
                 "\"from\": \"\", \"from_user_id\": \"IN.1A\", \"id\": \"wamid.1\", \"type\": "
                 "\"text\", \"text\": {\"body\": \"STOP\"}");
    post_message(&org, "{\"user_id\": \"IN.2B\"}",
                 "\"id\": \"wamid.2\", \"type\": \"system\", \"system\": {\"type\": "
                 "\"user_changed_user_id\", \"user_id\": \"IN.2B\", \"previous_user_id\": "
                 "\"IN.1A\"}");
    post_message(&org, "{\"wa_id\": \"919876543210\", \"user_id\": \"IN.2B\"}",
                 "\"from\": \"919876543210\", \"from_user_id\": \"IN.2B\", \"id\": \"wamid.3\", "
                 "\"type\": \"text\", \"text\": {\"body\": \"it is me\"}");
    post_message(&org, "{\"wa_id\": \"919876543210\"}",
                 "\"from\": \"919876543210\", \"id\": \"wamid.4\", \"type\": \"system\", "
                 "\"system\": {\"type\": \"user_changed_number\", \"wa_id\": \"919876500001\", "
                 "\"user_id\": \"IN.3C\"}");
    expect_equal(contacts_of(&org), "919876500001 IN.3C");
    struct answer bulk = send_body(&org, "{\"phone\": \"+919876500001\", \"message\": \"Sale\", "
                                         "\"priority\": \"bulk\"}");
    expect_refused(&bulk, 409, "contact_opted_out", "phone");
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM dead_letters"), "0");
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM conversations"), "1");
    stop_gateway(gateway);
}

// What strangers write, character by character: whatever it is, what is kept of it can be read.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(text, .timeout = 120);

#define ODD "a\\u0000b\\ud800c\\udfffd"

// One body with an item of each kind, each with odd characters wherever it may have a text.
static const char *odd_body(const char *number)
{
    return text_of(
        "{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", \"changes\": ["
        "{\"field\": \"messages\", \"value\": {\"metadata\": {\"phone_number_id\": \"%s\", "
        "\"display_phone_number\": \"" ODD "\"}, \"contacts\": [{\"wa_id\": \"919876543210\", "
        "\"profile\": {\"name\": \"" ODD "\"}}], \"messages\": [{\"from\": \"919876543210\", "
        "\"id\": \"wamid.1\", \"timestamp\": \"1763800000\", \"type\": \"text\", \"text\": "
        "{\"body\": \"" ODD "\"}, \"referral\": {\"headline\": \"" ODD "\"}, \"new\": {\"" ODD
        "\": [\"" ODD "\"]}}, {\"id\": \"wamid.2\", \"text\": \"" ODD
        "\"}], \"statuses\": [{\"id\": "
        "\"wamid.3\", \"status\": \"sent\", \"timestamp\": \"1763800000\", \"pricing\": "
        "{\"model\": "
        "\"" ODD "\"}}]}}, {\"field\": \"flows\", \"value\": {\"message\": \"" ODD
        "\"}}, {\"field\": "
        "\"messages\", \"value\": {\"metadata\": {}, \"x\": \"" ODD "\"}}]}]}",
        number);
}

// All of it becomes jsonb, which takes no character that PostgreSQL cannot hold.
static const char *kept(struct gateway *gateway, const char *column, const char *table)
{
    return database_text(gateway->database,
                         "SELECT count(*) || ' ' || coalesce(bool_and(%s::jsonb::text LIKE "
                         "'%%a\xef\xbf\xbd"
                         "b\xef\xbf\xbd"
                         "c\xef\xbf\xbd"
                         "d%%'), false) FROM %s",
                         column, table);
}

Test(text, of_strangers_is_kept_so_that_it_can_be_read)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    struct answer answer = post_webhook(gateway, odd_body("123456"), 0);
    cr_assert_eq(answer.status, 200);
    answer = post_webhook(gateway, odd_body("999"), 0); // nobody's
    cr_assert_eq(answer.status, 200);
    eventually(webhooks_left(gateway) == 0);
    expect_equal(kept(gateway, "payload", "messages"), "1 true");
    expect_equal(kept(gateway, "referral", "messages"), "1 true");
    expect_equal(kept(gateway, "to_json(text)", "messages"), "1 true");
    expect_equal(kept(gateway, "to_json(name)", "contacts"), "1 true");
    expect_equal(kept(gateway, "value", "account_notices WHERE field = 'flows'"), "1 true");
    const char *dead = kept(gateway, "convert_from(body, 'UTF8')", "dead_letters");
    cr_assert(strstr(dead, " true") && strcmp(dead, "0 true") != 0, "%s", dead);
    expect_equal(database_text(gateway->database,
                               "SELECT payload -> 'text' ->> 'body' FROM messages WHERE org_id = "
                               "'%s'",
                               org.id),
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd"
                 "c\xef\xbf\xbd"
                 "d");
    stop_gateway(gateway);
}

Test(text, of_a_send_has_no_nul_and_can_be_read)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } cases[] = {
        {"{\"phone\": \"919876543210\", \"message\": \"a\\u0000\"}", "invalid_message", "message"},
        {"{\"phone\": \"919876543210\", \"payload\": {\"type\": \"template\", \"template\": "
         "{\"name\": \"n\", \"language\": {\"code\": \"en\"}, \"components\": [{\"type\": "
         "\"body\", "
         "\"parameters\": [{\"type\": \"text\", \"text\": \"\\u0000\"}]}]}}}",
         "invalid_message", "payload.template.components[0].parameters[0].text"},
        {"{\"phone\": \"9198\\u00006543210\", \"message\": \"a\"}", "invalid_phone", "phone"},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = send_body(&org, cases[i].body);
        expect_refused(&answer, 400, cases[i].code, cases[i].field);
    }
    expect_equal(org_balance(&org), "100.00");
    struct answer answer =
        send_body(&org, "{\"phone\": \"919876543210\", \"message\": \"\\\\u0000 \\ud800\"}");
    (void)expect_accepted(&answer);
    expect_equal(database_text(gateway->database,
                               "SELECT payload -> 'text' ->> 'body' FROM messages WHERE payload "
                               "IS NOT NULL"),
                 "\\u0000 \xef\xbf\xbd");
    stop_gateway(gateway);
}

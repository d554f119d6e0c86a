// Customers write: each message reaches the org that owns the number, and that org's rules answer
// from that org's wallet, once.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(reply, .timeout = 120);

static const char *given_rule(const struct org *org, const char *kind, const char *pattern,
                              const char *reply)
{
    return database_text(org->gateway->database,
                         "INSERT INTO automation_rules (org_id, match_kind, pattern, reply, "
                         "priority) VALUES ('%s', '%s', '%s', '%s', (SELECT count(*) FROM "
                         "automation_rules)) RETURNING id",
                         org->id, kind, pattern, reply);
}

static void customer_writes(const struct org *org, const char *from, const char *wamid,
                            const char *text)
{
    struct answer answer =
        post_webhook(org->gateway, text_message_body(org->phone_number_id, from, wamid, text), 0);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
}

// The texts of an org's replies, oldest first; a skip stands there with its reason.
static const char *replies_of(const struct org *org)
{
    return database_text(
        org->gateway->database,
        "SELECT coalesce(string_agg(coalesce(m.payload -> 'text' ->> 'body', m.type, "
        "'skipped: ' || a.reply_skipped), ', ' ORDER BY a.created_at), '') FROM auto_replies a "
        "LEFT JOIN messages m ON m.id = a.reply_id WHERE a.org_id = '%s'",
        org->id);
}

#define expect_replies(org, expected)                                                              \
    do {                                                                                           \
        eventually(webhooks_left((org)->gateway) == 0);                                            \
        expect_equal(replies_of(org), expected);                                                   \
    } while (0)

// The user's test 3.
Test(reply, a_customer_s_message_is_kept_and_answered_and_paid)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    (void)given_rule(&org, "exact", "hi", "\"Welcome, {name}!\"");
    struct answer answer = post_webhook_file(gateway, "text.json");
    cr_assert_eq(answer.status, 200);
    eventually(simulator_posts_to(gateway->simulator, "919876543210") == 1);

    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', m.org_id = '%s', m.status, m.text, c.phone, "
                               "c.name) FROM messages m JOIN contacts c ON c.id = m.contact_id "
                               "WHERE m.direction = 'inbound'",
                               org.id),
                 "t received Hi 919876543210 Asha Rao");
    eventually(org_messages(&org, "sent") == 1);
    expect_equal(replies_of(&org), "Welcome, Asha Rao!");
    expect_equal(database_text(gateway->database, "SELECT payload -> 'context' ->> 'message_id' "
                                                  "FROM messages WHERE direction = 'outbound'"),
                 "wamid.HBgMOTE5ODc2NTQzMjEwFQIAEhgUM0E000000000001AA==");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");

    const char *id =
        database_text(gateway->database, "SELECT id FROM messages WHERE direction = 'inbound'");
    struct answer message = get(&org, text_of("/api/messages/%s", id));
    expect_equal(answer_text(&message, "/text"), "Hi");
    expect_equal(
        answer_text(&message, "/auto_reply/message_id"),
        database_text(gateway->database, "SELECT id FROM messages WHERE direction = 'outbound'"));
    stop_gateway(gateway);
}

static void expect_hidden(const struct org *other, const char *message_id)
{
    struct answer answer = get(other, text_of("/api/messages/%s", message_id));
    expect_refused(&answer, 404, "not_found", NULL);
}

Test(reply, three_orgs_each_get_their_own)
{
    struct gateway *gateway = given_gateway();
    struct org orgs[] = {given_org(gateway, .name = "Acme", .number = "123456"),
                         given_org(gateway, .name = "Beta", .number = "789012"),
                         given_org(gateway, .name = "Gamma", .number = "345678")};
    for (size_t i = 0; i < 3; i++)
        (void)given_rule(&orgs[i], "starts_with", "reply to beta", text_of("\"From org %zu\"", i));
    static const char *const files[] = {"three-orgs-one-body.json", "two-numbers-one-entry.json",
                                        "text-beta.json"};
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = post_webhook_file(gateway, files[i]);
        cr_assert_eq(answer.status, 200);
    }
    eventually(webhooks_left(gateway) == 0);
    eventually(org_messages(&orgs[1], "sent") == 1);

    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(o.name || ': ' || m.text, ', ' ORDER BY o.name, "
                               "m.text) FROM messages m JOIN organizations o ON o.id = m.org_id "
                               "WHERE m.direction = 'inbound'"),
                 "Acme: to 123456, Acme: to acme, Beta: Reply to Beta, Beta: to 789012, "
                 "Beta: to beta, Gamma: to 345678");
    expect_equal(replies_of(&orgs[0]), "");
    expect_equal(replies_of(&orgs[1]), "From org 1");
    expect_equal(replies_of(&orgs[2]), "");
    expect_equal(org_balance(&orgs[0]), "100.00");
    expect_equal(org_balance(&orgs[1]), "99.80");
    for (size_t i = 0; i < 3; i++) {
        const char *id =
            database_text(gateway->database,
                          "SELECT id FROM messages WHERE org_id = '%s' AND direction = 'inbound' "
                          "LIMIT 1",
                          orgs[i].id);
        struct answer own = get(&orgs[i], text_of("/api/messages/%s", id));
        cr_assert_eq(own.status, 200);
        expect_hidden(&orgs[(i + 1) % 3], id);
        expect_hidden(&orgs[(i + 2) % 3], id);
    }
    stop_gateway(gateway);
}

Test(reply, a_body_that_comes_fifty_times_is_answered_once)
{
    enum { TIMES = 50 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    const char *body =
        text_message_body(org.phone_number_id, "919876543210", "wamid.same", "hello");
    struct http_request requests[TIMES];
    struct answer answers[TIMES];
    for (int i = 0; i < TIMES; i++) { // not the same bytes, which would be stored once
        const char *again = text_of("%s%*s", body, i, "");
        requests[i] = (struct http_request){
            .path = "/webhook",
            .body = again,
            .headers = {signature_header(GATEWAY_APP_SECRET, again, strlen(again))}};
    }
    http_ask_all(gateway->ingress.url, requests, TIMES, answers, NULL, NULL);
    for (int i = 0; i < TIMES; i++)
        cr_assert_eq(answers[i].status, 200);
    eventually(webhooks_left(gateway) == 0);

    process_stop_cleanly(gateway->workers[0].process);
    (void)start_worker(gateway);
    struct answer again = post_webhook(gateway, text_of("\n%s", body), 0);
    cr_assert_eq(again.status, 200);
    eventually(webhooks_left(gateway) == 0);
    eventually(org_messages(&org, "sent") == 1);

    cr_assert_eq(org_messages(&org, "received"), 1);
    expect_equal(replies_of(&org), "Welcome");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    cr_assert_eq(simulator_posts_to(gateway->simulator, "919876543210"), 1);
    stop_gateway(gateway);
}

Test(reply, without_money_the_message_is_kept_and_the_skip_recorded)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.10");
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    customer_writes(&org, "919876543210", "wamid.1", "hello");
    expect_replies(&org, "skipped: insufficient_balance");
    cr_assert_eq(org_messages(&org, "received"), 1);
    expect_equal(org_balance(&org), "0.10");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);
    stop_gateway(gateway);
}

// The first rule that matches, of each kind, without case by Unicode.
Test(reply, the_first_rule_that_matches_answers)
{
    static const struct {
        const char *text;
        const char *reply;
    } cases[] = {
        {"HI", "exact"},
        {" hi ", "exact"},
        {"hi there", "first of these"}, // the conversation's first message went to `exact`
        {"GRÜSSE AUS KÖLN", "contains"},
        {"привет, мир", "starts"},
        {"order 4711!", "regex"},
        {"anything", "any"},
        {"(hi)", "literal"},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET replies_per_minute_max = 1000");
    (void)given_rule(&org, "exact", "hi", "\"exact\"");
    (void)given_rule(&org, "contains", "köln", "\"contains\"");
    (void)given_rule(&org, "starts_with", "ПРИВЕТ", "\"starts\"");
    (void)given_rule(&org, "regex", "^order [0-9]+", "\"regex\"");
    (void)given_rule(&org, "regex", "([a-z]+", "\"never: the pattern is no good\"");
    (void)given_rule(&org, "regex", "^(a+)+$", "\"never: it costs too much\"");
    (void)given_rule(&org, "exact", "(hi)", "\"literal\"");
    (void)given_rule(&org, "starts_with", "hi t", "\"first of these\"");
    (void)given_rule(&org, "starts_with", "hi th", "\"second of these\"");
    (void)given_rule(&org, "first_message", "", "\"first\"");
    (void)given_rule(&org, "any", "", "\"any\"");
    const char *expected = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        customer_writes(&org, "919876543210", text_of("wamid.%zu", i), cases[i].text);
        expected = text_of("%s%s%s", expected, i > 0 ? ", " : "", cases[i].reply);
        expect_replies(&org, expected);
    }
    customer_writes(&org, "919800000001", "wamid.first", "somebody new");
    expect_replies(&org, text_of("%s, first", expected));
    customer_writes(&org, "919800000001", "wamid.evil",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    expect_replies(&org, text_of("%s, first, any", expected));
    stop_gateway(gateway);
}

Test(reply, a_rule_of_one_channel_answers_there_alone)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *rule = given_rule(&org, "any", "", "\"Welcome\"");
    (void)database_text(gateway->database,
                        "WITH c AS (INSERT INTO channels (org_id, phone_number_id, access_token) "
                        "VALUES ('%s', '4711', 'EAAtest') RETURNING id) "
                        "UPDATE automation_rules SET channel_id = c.id FROM c "
                        "WHERE automation_rules.id = '%s'",
                        org.id, rule);
    customer_writes(&org, "919876543210", "wamid.1", "hello");
    expect_replies(&org, "");
    struct org elsewhere = org;
    elsewhere.phone_number_id = "4711";
    customer_writes(&elsewhere, "919876543210", "wamid.2", "hello");
    expect_replies(&org, "Welcome");
    stop_gateway(gateway);
}

Test(reply, rules_that_change_count_at_once)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    customer_writes(&org, "919876543210", "wamid.0", "hello");
    expect_replies(&org, "");
    const char *rule = given_rule(&org, "any", "", "\"One\"");
    customer_writes(&org, "919876543210", "wamid.1", "hello");
    expect_replies(&org, "One");
    (void)database_text(gateway->database,
                        "UPDATE automation_rules SET reply = '\"Two\"' WHERE id = '%s'", rule);
    customer_writes(&org, "919876543210", "wamid.2", "hello");
    expect_replies(&org, "One, Two");
    (void)database_text(gateway->database,
                        "UPDATE automation_rules SET active = false WHERE id = '%s'", rule);
    customer_writes(&org, "919876543210", "wamid.3", "hello");
    expect_replies(&org, "One, Two");
    stop_gateway(gateway);
}

Test(reply, any_message_object_may_answer)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "exact", "picture",
                     "{\"type\": \"image\", \"image\": {\"link\": \"https://example.com/a.png\", "
                     "\"caption\": \"For {name}\"}}");
    (void)given_rule(&org, "exact", "nonsense", "{\"type\": \"image\", \"image\": {}}");
    customer_writes(&org, "919876543210", "wamid.1", "picture");
    expect_replies(&org, "image");
    eventually(org_messages(&org, "sent") == 1);
    expect_equal(database_text(gateway->database, "SELECT payload -> 'image' ->> 'caption' FROM "
                                                  "messages WHERE direction = 'outbound'"),
                 "For Asha");
    customer_writes(&org, "919876543210", "wamid.2", "nonsense");
    expect_replies(&org, "image, skipped: invalid_reply");
    stop_gateway(gateway);
}

Test(reply, who_opted_out_is_answered_to_the_word_itself_alone)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "exact", "stop", "\"You will hear no more from us.\"");
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    customer_writes(&org, "919876543210", "wamid.1", "STOP");
    expect_replies(&org, "You will hear no more from us.");
    customer_writes(&org, "919876543210", "wamid.2", "hello");
    expect_replies(&org, "You will hear no more from us., skipped: contact_opted_out");
    customer_writes(&org, "919876543210", "wamid.3", "unsubscribe");
    expect_replies(&org, "You will hear no more from us., skipped: contact_opted_out");
    struct answer answer = send_body(
        &org, "{\"phone\": \"919876543210\", \"message\": \"Sale\", \"priority\": \"bulk\"}");
    expect_refused(&answer, 409, "contact_opted_out", "phone");
    expect_equal(org_balance(&org), "99.80");
    stop_gateway(gateway);
}

Test(reply, nothing_but_what_a_customer_says_is_answered)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    static const char *const files[] = {
        "reaction.json",    "smb-message-echoes.json",         "status-read.json",
        "unsupported.json", "system-user-changed-number.json", "history.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct answer answer = post_webhook_file(gateway, files[i]);
        cr_assert_eq(answer.status, 200);
    }
    expect_replies(&org, "");
    stop_gateway(gateway);
}

Test(reply, dead_letters_are_replayed_once_the_number_has_its_channel)
{
    struct gateway *gateway = given_gateway();
    struct answer answer = post_webhook_file(gateway, "unknown-number.json");
    cr_assert_eq(answer.status, 200);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 1);
    struct org org = given_org(gateway, .number = "999999");
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    expect_equal(database_text(gateway->database, "SELECT replay_dead_letters('unknown_number')"),
                 "1");
    eventually(org_messages(&org, "received") == 1);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 0);
    eventually(org_messages(&org, "sent") == 1);
    stop_gateway(gateway);
}

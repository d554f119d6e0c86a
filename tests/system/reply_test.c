// Customers write: each message reaches the org that owns the number, and that org's rules answer
// from that org's wallet, once.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include "common/base/text.h"
#include "common/limits.h"

#include <string.h>

TestSuite(reply, .timeout = 120);

// Until a worker has checked all rules, which it does by itself, and soon.
static void expect_checked(struct gateway *gateway)
{
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'unchecked' AND active") == 0);
}

static const char *given_rule(const struct org *org, const char *kind, const char *pattern,
                              const char *reply)
{
    const char *id =
        database_text(org->gateway->database,
                      "INSERT INTO automation_rules (org_id, match_kind, pattern, reply, "
                      "priority) VALUES ('%s', '%s', '%s', '%s', (SELECT count(*) FROM "
                      "automation_rules)) RETURNING id",
                      org->id, kind, pattern, reply);
    expect_checked(org->gateway);
    return id;
}

static void customer_posts(const struct org *org, const char *body)
{
    struct answer answer = post_webhook(org->gateway, body, 0);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
}

static void customer_writes(const struct org *org, const char *from, const char *wamid,
                            const char *text)
{
    customer_posts(org, text_message_body(org->phone_number_id, from, wamid, text));
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
    struct answer answer = post_webhook_file_of_now(gateway, "text.json");
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
        struct answer answer = post_webhook_file_of_now(gateway, files[i]);
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
    expect_checked(gateway);
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
    expect_replies(&org, "image");
    // As if Meta had taken it when it was checked.
    (void)database_text(gateway->database,
                        "UPDATE automation_rules SET state = 'good'; DELETE FROM alerts");
    customer_writes(&org, "919876543210", "wamid.3", "nonsense");
    customer_writes(&org, "919876543210", "wamid.4", "nonsense");
    expect_replies(&org, "image, skipped: invalid_reply, skipped: invalid_reply");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(concat_ws(' ', kind, outcome, message), ', ') "
                               "FROM alerts WHERE org_id = '%s'",
                               org.id),
                 "reply_refused reply.image image must have exactly one of link and id");
    stop_gateway(gateway);
}

// Only Meta knows which templates there are.
Test(reply, rules_whose_replies_meta_refuses_are_told_of_once)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "any", "", "\"Welcome\"");
    customer_writes(&org, "15550132001", "wamid.1", "hello");
    customer_writes(&org, "15550132001", "wamid.2", "hello again");
    eventually(org_messages(&org, "failed") == 2);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(concat_ws(' ', kind, outcome, rule_id = (SELECT "
                               "id FROM automation_rules)), ', ') FROM alerts"),
                 "reply_refused 132001 t");
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
        struct answer answer = post_webhook_file_of_now(gateway, files[i]);
        cr_assert_eq(answer.status, 200);
    }
    expect_replies(&org, "");
    stop_gateway(gateway);
}

Test(reply, dead_letters_are_replayed_once_the_number_has_its_channel)
{
    struct gateway *gateway = given_gateway();
    struct answer answer = post_webhook_file_of_now(gateway, "unknown-number.json");
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

Test(reply, what_comes_late_is_kept_and_not_answered)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_REPLY_WITHIN_S=3600"});
    struct org org = given_org(gateway);
    (void)given_rule(&org, "any", "", "Welcome");
    static const char text[] = "\"type\": \"text\", \"text\": {\"body\": \"hi\"}";
    customer_posts(&org,
                   message_body(org.phone_number_id, "919876543210", "wamid.1", 3 * 86400L, text));
    customer_posts(&org, message_body(org.phone_number_id, "919876543210", "wamid.2", 3700, text));
    expect_replies(&org, "");
    cr_assert_eq(org_messages(&org, "received"), 2);
    expect_equal(org_balance(&org), "100.00");
    customer_posts(&org, message_body(org.phone_number_id, "919876543210", "wamid.3", 3500, text));
    expect_replies(&org, "Welcome");
    stop_gateway(gateway);
}

Test(reply, the_first_words_are_the_first_message)
{
    static const char *const unsaid[] = {
        "\"type\": \"reaction\", \"reaction\": {\"message_id\": \"w\", \"emoji\": \"+\"}",
        "\"type\": \"system\", \"system\": {\"body\": \"A changed\", \"type\": \"x\"}",
        "\"type\": \"edit\", \"edit\": {\"original_message_id\": \"w\"}",
        "\"type\": \"unsupported\", \"errors\": []",
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "first_message", "", "Nice to meet you");
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++)
        customer_posts(&org, message_body(org.phone_number_id, "919876543210",
                                          text_of("wamid.unsaid%zu", i), 0, unsaid[i]));
    expect_replies(&org, "");
    customer_writes(&org, "919876543210", "wamid.1", "hi");
    expect_replies(&org, "Nice to meet you");
    customer_writes(&org, "919876543210", "wamid.2", "hi again");
    expect_replies(&org, "Nice to meet you");
    stop_gateway(gateway);
}

Test(reply, rules_may_be_about_what_was_chosen)
{
    static const struct {
        const char *members;
        const char *reply;
    } cases[] = {
        {"\"type\": \"button\", \"button\": {\"payload\": \"SIZE_L\", \"text\": \"Large\"}", "L"},
        {"\"type\": \"interactive\", \"interactive\": {\"type\": \"button_reply\", "
         "\"button_reply\": {\"id\": \"size_l\", \"title\": \"Gro\u00df\"}}",
         "L"},
        {"\"type\": \"interactive\", \"interactive\": {\"type\": \"list_reply\", "
         "\"list_reply\": {\"id\": \"order-42\", \"title\": \"The chair\"}}",
         "an order"},
        {"\"type\": \"interactive\", \"interactive\": {\"type\": \"nfm_reply\", \"nfm_reply\": "
         "{\"name\": \"signup\", \"body\": \"Sent\", \"response_json\": \"{}\"}}",
         "signed up"},
        {"\"type\": \"text\", \"text\": {\"body\": \"signup\"}", "text"},
        {"\"type\": \"button\", \"button\": {\"payload\": \"other\", \"text\": \"signup\"}",
         "text"},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET replies_per_minute_max = 1000; "
                        "INSERT INTO automation_rules (org_id, match_kind, match_on, pattern, "
                        "reply, priority) VALUES ('%s', 'exact', 'choice', 'size_l', 'L', 1), "
                        "('%s', 'regex', 'choice', '^order-[0-9]+$', 'an order', 2), "
                        "('%s', 'exact', 'choice', 'signup', 'signed up', 3), "
                        "('%s', 'exact', 'text', 'signup', 'text', 4)",
                        org.id, org.id, org.id, org.id);
    expect_checked(gateway);
    const char *expected = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        customer_posts(&org, message_body(org.phone_number_id, "919876543210",
                                          text_of("wamid.%zu", i), 0, cases[i].members));
        expected = text_of("%s%s%s", expected, i > 0 ? ", " : "", cases[i].reply);
        expect_replies(&org, expected);
    }
    stop_gateway(gateway);
}

static void expect_opted_out(const struct org *org, const char *what, bool expected)
{
    eventually(webhooks_left(org->gateway) == 0);
    cr_expect_eq(database_number(org->gateway->database,
                                 "SELECT count(*) FROM conversations v JOIN contacts c ON c.id = "
                                 "v.contact_id WHERE v.org_id = '%s' AND opted_out_at IS NOT NULL",
                                 org->id),
                 expected, "%s", what);
}

// Both are of now, so that it is the group alone that tells them apart.
Test(reply, what_is_said_in_a_group_is_not_answered)
{
    static const char group[] = "\"group_id\": \"g1\", ";
    static const char text[] = "\"type\": \"text\", \"text\": {\"body\": \"STOP\"}";
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "contains", "stop", "Stopped");
    customer_posts(&org, message_body(org.phone_number_id, "919876543210", "wamid.1", 0,
                                      text_of("%s%s", group, text)));
    expect_replies(&org, "");
    cr_assert_eq(org_messages(&org, "received"), 1);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM conversations"), 0);
    customer_posts(&org, message_body(org.phone_number_id, "919876543210", "wamid.2", 0, text));
    expect_replies(&org, "Stopped");
    stop_gateway(gateway);
}

#define TEXT_OF(body) "\"type\": \"text\", \"text\": {\"body\": \"" body "\"}"

Test(reply, stop_is_stop_in_every_spelling)
{
    static const struct {
        const char *members;
        bool is_stop;
    } cases[] = {
        {TEXT_OF("Stop."), true},
        {TEXT_OF("STOP!"), true},
        {TEXT_OF("\\u00a0stop\\u3000"), true},
        {TEXT_OF("\\u200bS\\u200dTOP\\ufeff"), true},
        {TEXT_OF("\\u200f\\u202bStop\\u202c"), true},
        {TEXT_OF("\\uff33\\uff34\\uff2f\\uff30"), true},
        {TEXT_OF("ARRE\\u0302T"), true},
        {TEXT_OF("arr\\u00eat !"), true},
        {"\"type\": \"button\", \"button\": {\"payload\": \"STOP\", \"text\": \"No more\"}", true},
        {"\"type\": \"button\", \"button\": {\"payload\": \"x\", \"text\": \"Stop\"}", true},
        {"\"type\": \"interactive\", \"interactive\": {\"type\": \"button_reply\", "
         "\"button_reply\": {\"id\": \"stop\", \"title\": \"Nothing more\"}}",
         true},
        {TEXT_OF("please stop"), false},
        {TEXT_OF("Stop it, or I will not"), false},
        {TEXT_OF("arret"), false},
        {"\"type\": \"reaction\", \"reaction\": {\"message_id\": \"w\", \"emoji\": \"STOP\"}",
         false},
        {"\"type\": \"system\", \"system\": {\"body\": \"STOP\", \"type\": \"x\"}", false},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET opt_out_words = '{Stop,ARRE\u0302T}'");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        customer_posts(&org, message_body(org.phone_number_id, "919876543210",
                                          text_of("wamid.%zu", i), 0, cases[i].members));
        expect_opted_out(&org, cases[i].members, cases[i].is_stop);
        (void)database_text(gateway->database,
                            "UPDATE conversations SET opted_out_at = NULL, preference_at = NULL");
    }
    stop_gateway(gateway);
}

// One batch holds messages to both.
Test(reply, each_orgs_words_are_its_own)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET opt_out_words = '{Ende}' WHERE id = '%s'",
                        beta.id);
    customer_writes(&acme, "919876543210", "wamid.1", "ende");
    customer_writes(&beta, "919876543210", "wamid.2", "ende!");
    customer_writes(&acme, "919876543211", "wamid.3", "STOP?");
    customer_writes(&beta, "919876543211", "wamid.4", "STOP?");
    (void)start_worker(gateway);
    eventually(webhooks_left(gateway) == 0);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(m.text, ' ' ORDER BY m.wamid) FROM "
                               "conversations v JOIN messages m ON m.id = v.first_message_id WHERE "
                               "v.opted_out_at IS NOT NULL"),
                 "ende! STOP?");
    stop_gateway(gateway);
}

// A body of messages to many orgs, each with words of its own: the own one, and another's. More
// than a worker remembers, in one batch.
static const char *body_to_many(struct gateway *gateway)
{
    return database_text(
        gateway->database,
        "SELECT json_build_object('object', 'whatsapp_business_account', 'entry', json_agg("
        "json_build_object('id', '1', 'changes', json_build_array(json_build_object('field', "
        "'messages', 'value', json_build_object('messaging_product', 'whatsapp', 'metadata', "
        "json_build_object('phone_number_id', c.phone_number_id), 'messages', json_build_array("
        "m))))))) FROM organizations o JOIN channels c ON c.org_id = o.id CROSS JOIN LATERAL "
        "(SELECT "
        "json_build_object('from', '9198765432' || k, 'id', o.name || k, 'timestamp', "
        "extract(epoch FROM now())::bigint::text, 'type', 'text', 'text', "
        "json_build_object('body', "
        "CASE k WHEN 11 THEN o.opt_out_words[1] ELSE 'Word ' || (right(o.name, -5)::int %% 400 + "
        "1) "
        "END)) AS m FROM generate_series(11, 12) k) k WHERE o.name LIKE 'Many %%'");
}

Test(reply, words_of_many_orgs_are_told_apart)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "INSERT INTO organizations (name, opt_out_words) SELECT 'Many ' || g, "
                        "ARRAY['word ' || g] FROM generate_series(1, 400) g; "
                        "INSERT INTO channels (org_id, phone_number_id, access_token) SELECT id, "
                        "'8' || lpad(right(name, -5), 6, '0'), 'EAA' FROM organizations "
                        "WHERE name LIKE 'Many %%'");
    customer_posts(&org, body_to_many(gateway));
    const char *const said = "SELECT count(*) FROM messages WHERE direction = 'inbound'";
    eventually(database_number(gateway->database, "%s", said) == 800);
    expect_equal(database_text(gateway->database,
                               "SELECT count(*) || ' ' || count(*) FILTER (WHERE m.text = "
                               "o.opt_out_words[1]) FROM conversations v JOIN messages m ON m.id = "
                               "v.first_message_id JOIN organizations o ON o.id = v.org_id WHERE "
                               "v.opted_out_at IS NOT NULL"),
                 "400 400");
    stop_gateway(gateway);
}

// More orgs than rules are remembered of, one after the other, twice.
Test(reply, rules_of_many_orgs_are_told_apart)
{
    enum { ORGS = 300 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "INSERT INTO organizations (name) SELECT 'Many ' || g FROM "
                        "generate_series(1, %d) g; "
                        "INSERT INTO channels (org_id, phone_number_id, access_token, "
                        "service_fee_per_msg) SELECT id, '8' || lpad(right(name, -5), 6, '0'), "
                        "'EAA', 0 FROM organizations WHERE name LIKE 'Many %%'; "
                        "INSERT INTO automation_rules (org_id, match_kind, reply) SELECT id, "
                        "'any', 'From ' || name FROM organizations WHERE name LIKE 'Many %%'",
                        ORGS);
    expect_checked(gateway);
    customer_posts(&org, body_to_many(gateway));
    eventually(database_number(gateway->database, "SELECT count(*) FROM auto_replies") == ORGS);
    expect_equal(database_text(gateway->database,
                               "SELECT count(*) FROM auto_replies a JOIN organizations o ON o.id = "
                               "a.org_id JOIN messages m ON m.id = a.reply_id WHERE m.payload -> "
                               "'text' ->> 'body' = 'From ' || o.name"),
                 text_of("%d", ORGS));
    stop_gateway(gateway);
}

static const char *long_text(const char *begin, size_t blanks, const char *end)
{
    struct tg_text text = {0};
    tg_text_append_string(&text, begin);
    for (size_t i = 0; i < blanks; i++)
        tg_text_append_string(&text, ".");
    tg_text_append_string(&text, end);
    return tg_text_string(&text);
}

// What stands behind is not seen; and a character is not cut in two.
Test(reply, rules_see_so_much_of_a_text)
{
    static const struct {
        const char *begin;
        size_t blanks;
        const char *end;
        const char *reply;
    } cases[] = {
        {"a", TG_RULE_TEXT_MAX - 7, "needle", "Found"},
        {"a", TG_RULE_TEXT_MAX - 6, "needle", ""},
        {"needle", 100UL * TG_RULE_TEXT_MAX, "a", "Found"},
        {"a", 100UL * TG_RULE_TEXT_MAX, "needle", ""},
        {"a", TG_RULE_TEXT_MAX - 8, "needle\xc3\xa4", "Found"},
        {"needle", TG_RULE_TEXT_MAX - 7, "\xc3\xa4", "Found"},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "contains", "needle", "Found");
    const char *expected = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = long_text(cases[i].begin, cases[i].blanks, cases[i].end);
        customer_writes(&org, text_of("91987654321%zu", i), text_of("wamid.%zu", i), text);
        if (*cases[i].reply)
            expected = text_of("%s%s%s", expected, *expected ? ", " : "", cases[i].reply);
        expect_replies(&org, expected);
    }
    cr_assert_eq(org_messages(&org, "received"), 6);
    stop_gateway(gateway);
}

// What is longer is a sentence, whatever the org has written among its words.
Test(reply, a_word_has_so_many_bytes)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *longest = long_text("w", TG_WORD_BYTES_MAX - 2, "w");
    const char *too_long = long_text("w", TG_WORD_BYTES_MAX - 1, "w");
    (void)database_text(gateway->database,
                        "UPDATE organizations SET opt_out_words = ARRAY['%s', '%s'] WHERE id = "
                        "'%s'",
                        longest, too_long, org.id);
    customer_writes(&org, "919876543210", "wamid.1", longest);
    customer_writes(&org, "919876543211", "wamid.2", too_long);
    customer_writes(&org, "919876543212", "wamid.3", long_text("w", 100000, "w"));
    eventually(webhooks_left(gateway) == 0);
    cr_assert_eq(org_messages(&org, "received"), 3);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(m.wamid, ', ') FROM conversations v JOIN "
                               "messages m ON m.id = v.first_message_id WHERE v.opted_out_at IS "
                               "NOT NULL"),
                 "wamid.1");
    stop_gateway(gateway);
}

Test(reply, to_a_word_in_any_spelling_comes_from_the_rule_that_names_it)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)given_rule(&org, "exact", "stop", "You will hear no more from us.");
    (void)given_rule(&org, "any", "", "Welcome");
    customer_writes(&org, "919876543210", "wamid.1", "*STOP!*");
    expect_replies(&org, "You will hear no more from us.");
    stop_gateway(gateway);
}

Test(reply, rules_that_cannot_work_are_told_of)
{
    static const struct {
        const char *kind;
        const char *pattern;
        const char *reply;
    } bad[] = {
        {"regex", "([a-z]+", "a"},
        {"any", "", "{name}"},
        {"any", "", "{\"type\": \"image\", \"image\": {}}"},
        {"any", "", "\"a\\u0000b\""},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        (void)given_rule(&org, bad[i].kind, bad[i].pattern, bad[i].reply);
    expect_equal(
        database_text(gateway->database,
                      "SELECT string_agg(concat_ws(' ', kind, outcome), ', ' ORDER BY "
                      "priority) FROM alerts a JOIN automation_rules r ON r.id = a.rule_id "
                      "WHERE a.org_id = '%s' AND resolved_at IS NULL AND state = 'refused' "
                      "AND refused_for = outcome || ': ' || message",
                      org.id),
        "rule_refused pattern, rule_refused reply.text.body, rule_refused reply.image, "
        "rule_refused reply");
    (void)given_rule(&org, "any", "", "Welcome, {name}!");
    customer_posts(&org,
                   message_body(org.phone_number_id, "919876543210", "wamid.1", 0, TEXT_OF("abc")));
    expect_replies(&org, "Welcome!");
    stop_gateway(gateway);
}

static int lines_with(const struct process *process, const char *text)
{
    int lines = 0;
    for (const char *at = process_log(process); (at = strstr(at, text)); at += strlen(text))
        lines++;
    return lines;
}

// One line for all of them, however many messages they fail at.
Test(reply, rules_that_cost_too_much_do_not_flood_the_log)
{
    enum { RULES = 100 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, pattern, reply) SELECT "
                        "'%s', 'regex', '^(a+)+$', 'never' FROM generate_series(1, %d)",
                        org.id, RULES);
    expect_checked(gateway);
    static const char evil[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    for (int i = 0; i < 2; i++) { // what the first left no room for, the second tells
        customer_writes(&org, "919876543210", text_of("wamid.%d", i), evil);
        expect_replies(&org, "");
    }
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM alerts WHERE kind = 'rule_failed'"),
                 RULES);
    struct process *worker = gateway->workers[0].process;
    process_stop_cleanly(worker);
    cr_assert_eq(lines_with(worker, "event=rule_failed"), 2);
    cr_assert_eq(lines_with(worker, "times=199"), 1);
    gateway->worker_count = 0;
    stop_gateway(gateway);
}

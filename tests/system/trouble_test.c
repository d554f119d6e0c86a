// docs/troubleshooting.md says what people see, what they should look at and what they should do.
// Entries that need no more than a request, a message or a webhook are played here: what comes must
// be what stands there, and what the page asks of the database is asked.
#include "tests/system/trouble_page.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(trouble, .timeout = 240);

#define TEXT "{\"phone\": \"919876543210\", \"message\": \"Hi\"}"

// All of it is SQL that this version takes.
Test(trouble, what_it_asks_of_the_database_can_be_asked)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *at = strstr(page_text(), "\n## ");
    const char *piece;
    int count = 0;
    while ((piece = page_piece(&at))) {
        const char *sql = page_sql(piece);
        if (!sql)
            continue;
        struct command_result run = page_run(&org, text_of("BEGIN; %s; ROLLBACK", sql));
        cr_expect(run.status == 0, "%s: %s", piece, run.errors);
        count++;
    }
    cr_assert(count > 15, "%d", count);
    stop_gateway(gateway);
}

// A send that is refused, and then is not.
static const struct {
    const char *symptom;
    const char *given; // SQL about the org; NULL: nothing
    const char *first; // a number that is sent to before; NULL: none
    const char *body;
    bool looks; // what is to be looked at has words, too
    const char
        *cure; // SQL about the org; "": that of the page; NULL: it is the request that is wrong
} refusals[] = {
    {"`403 org_mismatch`", NULL, NULL,
     "{\"org_id\": \"11111111-1111-4111-8111-111111111111\", \"phone\": \"919876543210\", "
     "\"message\": \"Hi\"}",
     false, NULL},
    {"`400 invalid_json`", NULL, NULL, "{'phone':'919876543210'}", false, NULL},
    {"`403 org_suspended`", "UPDATE organizations SET status = 'suspended' WHERE id = 'ORG'", NULL,
     TEXT, false, ""},
    {"`402 insufficient_balance`", "UPDATE wallets SET balance = 0.1 WHERE org_id = 'ORG'", NULL,
     TEXT, false, "SELECT add_wallet_credits('ORG', 10, 'bank')"},
    {"`409 channel_paused` |", NULL, "15550000190", TEXT, true, ""},
    {"`404 channel_not_found`", NULL, NULL,
     "{\"phone\": \"919876543210\", \"message\": \"Hi\", \"phone_number_id\": \"999\"}", false,
     NULL},
    {"`400 unknown_field`", NULL, NULL,
     "{\"phone\": \"919876543210\", \"message\": \"Hi\", \"sendAt\": \"2030-01-01T00:00:00Z\"}",
     false, NULL},
    {"`400 invalid_field`", NULL, NULL,
     "{\"phone\": \"919876543210\", \"message\": \"Hi\", \"send_at\": \"2020-01-02T00:00:00Z\", "
     "\"not_after\": \"2020-01-01T00:00:00Z\"}",
     false, NULL},
    {"`400 invalid_phone`", NULL, NULL, "{\"phone\": \"98765\", \"message\": \"Hi\"}", false, NULL},
};

static void play_refusal(struct gateway *gateway, size_t i)
{
    const char *symptom = refusals[i].symptom;
    struct org org = given_org(gateway);
    if (refusals[i].given)
        given_sql(&org, refusals[i].given);
    if (refusals[i].first)
        (void)send_text_and_wait(&org, refusals[i].first);
    struct answer answer = send_body(&org, refusals[i].body);
    page_expect(page_cell(symptom, SYMPTOM), 0, told(&answer));
    const char *look = page_follow(&org, page_cell(symptom, LOOK));
    if (refusals[i].looks)
        page_expect(page_cell(symptom, LOOK), 0, look);
    if (!refusals[i].cure)
        return;
    if (refusals[i].cure[0])
        given_sql(&org, refusals[i].cure);
    else
        (void)page_follow(&org, page_cell(symptom, DO));
    answer = send_body(&org, refusals[i].body);
    cr_expect_eq(answer.status, 202, "%s: what is to be done does not help: %s", symptom,
                 answer.body);
}

// Of those that take more than one request: what is seen.
static const char *play_idempotency_key(const struct org *org)
{
    struct answer answer = {0};
    static const char *const bodies[] = {TEXT,
                                         "{\"phone\": \"919876543210\", \"message\": \"Ho\"}"};
    for (size_t i = 0; i < 2; i++)
        answer = ask(org->gateway->http, .path = "/api/send-message", .key = org->key,
                     .body = bodies[i], .headers = {"Idempotency-Key: one"});
    return told(&answer);
}

static const char *play_opt_out(const struct org *org)
{
    (void)post_webhook(
        org->gateway, text_message_body(org->phone_number_id, "919876543210", "wamid.stop", "STOP"),
        0);
    eventually(database_number(org->gateway->database, "SELECT count(*) FROM conversations "
                                                       "WHERE opted_out_at IS NOT NULL") == 1);
    struct answer answer = send_body(org, "{\"phone\": \"919876543210\", \"message\": \"Hi\", "
                                          "\"priority\": \"bulk\"}");
    return told(&answer);
}

static const char *play_cancelling_late(const struct org *org)
{
    struct answer answer = send_text_and_wait(org, "919876543210");
    answer = ask(org->gateway->http, .method = "DELETE", .key = org->key,
                 .path = text_of("/api/messages/%s", answer_text(&answer, "/message_id")));
    return text_of("DELETE %s", told(&answer));
}

static const char *play_get(const struct org *org)
{
    struct answer answer = get(org, "/api/send-message");
    return told(&answer);
}

static const char *play_form(const struct org *org)
{
    struct answer answer = ask(org->gateway->http, .path = "/api/send-message", .key = org->key,
                               .body = TEXT, .content_type = "application/x-www-form-urlencoded");
    return told(&answer);
}

static const char *play_preflight(const struct org *org)
{
    struct answer answer =
        ask(org->gateway->http, .method = "OPTIONS", .path = "/api/send-message",
            .headers = {"Origin: https://app.example.com", "Access-Control-Request-Method: POST"});
    return text_of("OPTIONS %s", told(&answer));
}

static const char *play_unknown_key(const struct org *org)
{
    struct answer answer = ask(org->gateway->http, .path = "/api/wallet", .key = "tg_x");
    return told(&answer);
}

static const char *play_proxy(const struct org *org)
{
    struct answer answer =
        ask(org->gateway->http, .path = text_of("/api/wallet?org_id=%s", org->id),
            .headers = {"X-Forwarded-For: 192.0.2.1"});
    return told(&answer);
}

static const char *play_no_org(const struct org *org)
{
    struct answer answer = ask(org->gateway->http, .path = "/api/send-message", .body = TEXT);
    return told(&answer);
}

static const char *play_name_in_use(const struct org *org)
{
    given_sql(org, "SELECT create_api_key('ORG', 'x')");
    return text_of("create_api_key %s", page_run(org, "SELECT create_api_key('ORG', 'x')").errors);
}

static const char *play_number_in_use(const struct org *org)
{
    struct command_result run = page_run(
        org, text_of("INSERT INTO channels (org_id, phone_number_id, waba_id, access_token) "
                     "VALUES ('ORG', '%s', '1001', 'EAA')",
                     org->phone_number_id));
    return text_of("INSERT INTO channels: %s", run.errors);
}

static const char *play_schema(const struct org *org)
{
    return page_run(org, "SET search_path = public; SELECT 1 FROM wallets").errors;
}

static const char *play_balance(const struct org *org)
{
    return page_run(org, "UPDATE wallets SET balance = -1 WHERE org_id = 'ORG'").errors;
}

static const char *play_handshake(const struct org *org)
{
    (void)ask(org->gateway->http,
              .path = "/webhook?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1");
    return process_log(org->gateway->ingress.process);
}

static const char *play_signature(const struct org *org)
{
    (void)ask(org->gateway->http, .path = "/webhook", .body = "{}",
              .headers = {signature_header("another", "{}", 2)});
    const char *name = "tollgate_webhooks_total{result=\"bad_signature\"}";
    expect_equal(daemon_metric(&org->gateway->ingress, name), "1");
    return text_of("%s %s", process_log(org->gateway->ingress.process), name);
}

static const struct {
    const char *symptom;
    const char *(*play)(const struct org *);
} entries[] = {
    {"`401 unauthorized`, `Unknown API key`", play_unknown_key},
    {"`create_api_key`", play_name_in_use},
    {"`403 not_trusted`", play_proxy},
    {"a page in a browser fails", play_preflight},
    {"`400 missing_field`", play_no_org},
    {"`415 unsupported_media_type`", play_form},
    {"`405 method_not_allowed`", play_get},
    {"`409 contact_opted_out`", play_opt_out},
    {"`409 idempotency_conflict`", play_idempotency_key},
    {"`409 too_late`", play_cancelling_late},
    {"Meta does not take the webhook's address", play_handshake},
    {"`webhook_signature_refused`", play_signature},
    {"`INSERT INTO channels`", play_number_in_use},
    {"`relation \"wallets\"", play_schema},
    {"`balance must be", play_balance},
};

Test(trouble, of_requests_and_sql_is_as_it_is_shown)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        play_refusal(gateway, i);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct org org = given_org(gateway);
        page_expect(page_cell(entries[i].symptom, SYMPTOM), 0, entries[i].play(&org));
    }
    stop_gateway(gateway);
}

// How a message ends: the numbers to send to, and what the message's document has.
static const struct {
    const char *symptom;
    const char *numbers[2];
} ends[] = {
    {"`unconfirmed`, `network:after_write`", {"15552000002"}},
    {"`failed` `131047`", {"15550131047"}},
    {"`failed` `131026`", {"15550131026"}},
    {"`failed` `131030`", {"15550131030"}},
    {"`failed` `132001`, `132000`", {"15550132001", "15550132000"}},
    {"`failed` `131053`", {"15550131053"}},
    {"`failed` `131049`", {"15550131049"}},
    {"`failed` `190`, then `409`", {"15550000190", "919876543210"}},
};

Test(trouble, of_messages_is_as_it_is_shown)
{
    struct gateway *gateway = given_gateway();
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct org org = given_org(gateway);
        const char *seen = "";
        for (size_t j = 0; j < 2 && ends[i].numbers[j]; j++) {
            struct answer answer = send_text_and_wait(&org, ends[i].numbers[j]);
            const char *id =
                answer_text(&answer, answer.status == 500 ? "/detail/message_id" : "/message_id");
            struct answer document = get(&org, text_of("/api/messages/%s", id));
            seen = text_of("%s%s%s", seen, told(&answer), document.body);
        }
        page_expect(page_cell(ends[i].symptom, SYMPTOM), 0, seen);
    }
    stop_gateway(gateway);
}

// What is paused for another reason goes on once that is mended and somebody says so.
Test(trouble, of_a_number_that_meta_refuses_ends_as_it_says)
{
    const char *symptom = "`409 channel_paused`, and it is not the token";
    struct gateway *gateway = given_gateway();
    struct org orgs[] = {given_org(gateway), given_org(gateway, .waba_id = "1002")};
    (void)send_text_and_wait(&orgs[0], "15550131042");
    (void)send_text_and_wait(&orgs[1], "15550133010");
    struct answer answer = send_body(&orgs[1], TEXT);
    page_expect(page_cell(symptom, SYMPTOM), 0, told(&answer));
    const char *alerts = page_follow(&orgs[0], page_cell("`409 channel_paused` |", LOOK));
    page_expect(page_cell(symptom, LOOK), 0, text_of("outcome: %s", alerts));
    (void)page_follow(&orgs[0], page_cell(symptom, DO));
    for (size_t i = 0; i < 2; i++)
        cr_expect_eq(send_text_and_wait(&orgs[i], "919876543210").status, 200);
    stop_gateway(gateway);
}

Test(trouble, of_webhooks_ends_as_it_says)
{
    const char *missing = "a customer's message is missing";
    const char *never = "a rule never answers";
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)post_webhook(gateway, text_message_body("999", "919876543210", "wamid.1", "Hi"), 0);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters") == 1);
    page_expect(page_cell(missing, LOOK), 0, page_follow(&org, page_cell(missing, LOOK)));
    (void)given_org(gateway, .number = "999");
    (void)page_follow(&org, page_cell(missing, DO));
    eventually(
        database_number(gateway->database, "SELECT count(*) FROM messages WHERE text = 'Hi'") == 1);

    given_sql(&org, "INSERT INTO automation_rules (org_id, match_kind, pattern, reply) "
                    "VALUES ('ORG', 'regex', '(ab', 'x')");
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules "
                                                  "WHERE state = 'refused'") == 1);
    page_expect(page_cell(never, LOOK), 0, page_follow(&org, page_cell(never, LOOK)));
    stop_gateway(gateway);
}

// POST /api/send-messages: many sends in one request, each with a verdict of its own.
#include "common/base/text.h"
#include "common/limits.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(bundle, .timeout = 120);

static struct answer send_bundle(const struct org *org, const char *key, const char *body)
{
    return ask(org->gateway->http, .path = "/api/send-messages", .key = org->key, .body = body,
               .headers = {key ? text_of("Idempotency-Key: %s", key) : NULL});
}

// The member of one of the verdicts.
static const char *of(const struct answer *answer, int index, const char *name)
{
    return answer_text(answer, text_of("/messages/%d/%s", index, name));
}

static void expect_verdict(const struct answer *answer, int index, const char *status,
                           const char *code, const char *field)
{
    expect_equal(of(answer, index, "index"), text_of("%d", index));
    expect_equal(of(answer, index, "status_code"), status);
    expect_equal(of(answer, index, "code"), code);
    expect_equal(of(answer, index, "detail/field"), field);
    cr_assert_neq(*of(answer, index, "message_id") != '\0', *code != '\0', "%s", answer->body);
}

Test(bundle, of_sends_gives_each_its_own_verdict)
{
    static const struct {
        const char *send;
        const char *status;
        const char *code;
        const char *field;
    } cases[] = {
        {"{\"phone\": \"+919876543210\", \"message\": \"]}, {\\\"\"}", "202", "", ""},
        {"{\"phone\": \"+1\", \"message\": \"b\"}", "400", "invalid_phone", "phone"},
        {"{\"phone\": \"919876543211\", \"message\": \"c\"}", "202", "", ""},
        {"7", "400", "invalid_field", "messages"},
        {"[{}]", "400", "invalid_field", "messages"},
        {"{}", "400", "missing_field", "message"},
        {"{\"phone\": \"+919876543210\", \"message\": \"d\", \"channel_id\": "
         "\"00000000-0000-4000-8000-000000000000\"}",
         "404", "channel_not_found", "channel_id"},
        {"{\"phone\": \"+919876543210\", \"message\": \"e\", \"sendAt\": \"\"}", "400",
         "unknown_field", "sendAt"},
        {"{\"phone\": \"+919876543210\", \"message\": \"f\", \"org_id\": "
         "\"00000000-0000-4000-8000-000000000000\"}",
         "403", "org_mismatch", "org_id"},
        {"{\"phone\": \"+919876543210\", \"media\": {\"type\": \"image\"}}", "400",
         "invalid_message", "media"},
        {"{\"phone\": \"+919876543212\", \"message\": \"g\"}", "202", "", ""},
        {"{\"phone\": \"+919876543213\", \"message\": \"h\"}", "402", "insufficient_balance", ""},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.70");
    char *body = text_of("{\"org_id\": \"%s\", \"messages\": [", org.id);
    for (int i = 0; i < CASES; i++)
        body = text_of("%s%s %s", body, i > 0 ? "," : "", cases[i].send);
    struct answer answer = send_bundle(&org, NULL, text_of("%s]}", body));
    cr_assert_eq(answer.status, 207, "%s", answer.body);
    expect_equal(answer_text(&answer, "/accepted"), "3");
    expect_equal(answer_text(&answer, "/refused"), text_of("%d", CASES - 3));
    for (int i = 0; i < CASES; i++)
        expect_verdict(&answer, i, cases[i].status, cases[i].code, cases[i].field);
    expect_equal(of(&answer, 11, "detail/balance"), "0.10");
    expect_equal(of(&answer, 10, "balance"), "0.10");
    expect_equal(org_ledger(&org),
                 "adjustment 0.70, service_fee -0.20, service_fee -0.20, service_fee -0.20");
    for (int i = 0; i < CASES; i++) {
        if (!*cases[i].code)
            expect_ends(gateway, of(&answer, i, "message_id"), "sent");
    }
    stop_gateway(gateway);
}

Test(bundle, that_is_none_is_refused_as_a_whole)
{
#define ONE "{\"phone\": \"+919876543210\", \"message\": \"a\"}"
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } cases[] = {
        {"[" ONE "]", "invalid_json", "body"},
        {"{}", "missing_field", "messages"},
        {"{\"messages\": []}", "invalid_field", "messages"},
        {"{\"messages\": {}}", "invalid_field", "messages"},
        {"{\"messages\": null}", "missing_field", "messages"},
        {"{\"messages\": [" ONE "], \"more\": 1}", "unknown_field", "more"},
        {"{\"messages\": [" ONE "], \"more\": [1, 2]}", "unknown_field", "more"},
        {"{\"messages\": [" ONE "], \"org_id\": 7}", "invalid_field", "org_id"},
        {"{\"messages\": [" ONE ",]}", "invalid_json", "body"},
        {"{\"messages\": [," ONE "]}", "invalid_json", "body"},
        {"{\"messages\": [" ONE " " ONE "]}", "invalid_json", "messages[0]"},
        {"{\"messages\": [" ONE ", {\"phone\": }]}", "invalid_json", "messages[1]"},
        {"{\"messages\": [" ONE "}", "invalid_json", "body"},
        {"{\"messages\": [" ONE "]", "invalid_json", "body"},
        {"{\"messages\": [" ONE "]} {}", "invalid_json", "body"},
        {"{\"messages\": [" ONE ", {\"phone\": \"]}", "invalid_json", "body"},
        {"", "invalid_json", "body"},
    };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = send_bundle(&org, NULL, cases[i].body);
        cr_log_info("%s", cases[i].body);
        expect_refused(&answer, 400, cases[i].code, cases[i].field);
    }
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

// `n` texts to as many people.
static const char *many(int n)
{
    struct tg_text body = {0};
    tg_text_append_string(&body, "{\"messages\":[");
    for (int i = 0; i < n; i++)
        tg_text_append_format(&body, "%s{\"phone\":\"+9198765%05d\",\"message\":\"m\"}",
                              i > 0 ? "," : "", i);
    tg_text_append_string(&body, "]}");
    const char *copy = text_of("%s", body.data);
    tg_text_finish(&body);
    return copy;
}

Test(bundle, has_up_to_a_thousand_in_their_order)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .balance = "300.00");
    struct answer answer = send_bundle(&org, NULL, many(1001));
    expect_refused(&answer, 400, "invalid_field", "messages");
    answer = send_bundle(&org, "campaign", many(1000));
    cr_assert_eq(answer.status, 207, "%s", answer.body);
    expect_equal(answer_text(&answer, "/accepted"), "1000");
    for (int i = 0; i < 1000; i += 111)
        expect_verdict(&answer, i, "202", "", "");
    expect_equal(of(&answer, 0, "balance"), "299.80");
    expect_equal(of(&answer, 999, "balance"), "100.00");
    expect_equal(org_balance(&org), "100.00");
    // In one transaction each, in the order that the bundle has.
    expect_equal(
        database_text(gateway->database,
                      "SELECT bool_and(c.phone = '9198765' || lpad((t.n - 2)::text, 5, '0')) "
                      "FROM wallet_transactions t JOIN messages m ON m.id = t.message_id "
                      "JOIN contacts c ON c.id = m.contact_id"),
        "t");
    stop_gateway(gateway);
}

// `filling` between two sends that are good.
static struct answer send_filled(const struct org *org, const char *between)
{
    return send_bundle(org, NULL, text_of("{\"messages\": [" ONE ", %s, " ONE "]}", between));
}

Test(bundle, has_its_bounds_and_each_send_its_own)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *large = text_of("{\"phone\": \"+919876543210\", \"message\": \"%0262144d\"}", 1);
    struct answer answer = send_filled(&org, large);
    expect_verdict(&answer, 0, "202", "", "");
    expect_verdict(&answer, 1, "413", "body_too_large", "");
    expect_verdict(&answer, 2, "202", "", "");
    struct tg_text many_parts = {0};
    while (many_parts.length < sizeof "[]," * TG_SEND_OBJECTS_MAX)
        tg_text_append_string(&many_parts, "[],");
    answer = send_filled(&org, text_of("{\"payload\": {\"type\": [%s1]}}", many_parts.data));
    tg_text_finish(&many_parts);
    expect_verdict(&answer, 1, "413", "body_too_large", "");
    expect_verdict(&answer, 2, "202", "", "");

    answer =
        send_bundle(&org, NULL, text_of("{\"messages\": [" ONE "], \"org_id\": \"%016384d\"}", 1));
    expect_refused(&answer, 400, "invalid_json", "body");
    const int left = 4 * 1024 * 1024 - (int)strlen("{\"messages\": [" ONE "]}");
    answer = send_bundle(&org, NULL, text_of("{\"messages\": [" ONE "]}%*s", left, ""));
    expect_equal(answer_text(&answer, "/accepted"), "1");
    answer = send_bundle(&org, NULL, text_of("{\"messages\": [" ONE "]}%*s", left + 1, ""));
    expect_refused(&answer, 413, "body_too_large", "body");
    expect_equal(org_balance(&org), "99.00");
    stop_gateway(gateway);
}

Test(bundle, repeated_with_its_key_costs_nothing)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .balance = "0.50");
    const char *body = many(3);
    struct answer first = send_bundle(&org, "campaign", body);
    expect_equal(answer_text(&first, "/accepted"), "2");
    expect_verdict(&first, 2, "402", "insufficient_balance", "");
    (void)database_text(gateway->database, "UPDATE wallets SET balance = 10 WHERE org_id = '%s'",
                        org.id);
    struct answer again = send_bundle(&org, "campaign", body);
    for (int i = 0; i < 2; i++) {
        expect_verdict(&again, i, "202", "", "");
        expect_equal(of(&again, i, "message_id"), of(&first, i, "message_id"));
        expect_equal(of(&again, i, "balance"), of(&first, i, "balance"));
        expect_equal(of(&again, i, "replayed"), "true");
    }
    expect_verdict(&again, 2, "202", "", ""); // what was refused may be tried again
    expect_equal(of(&again, 2, "replayed"), "");
    expect_equal(org_balance(&org), "9.80");

    struct answer other = send_bundle(&org, "campaign", many(4));
    expect_refused(&other, 409, "idempotency_conflict", "Idempotency-Key");
    // As of a single send the key is another one.
    other = ask(gateway->http, .path = "/api/send-message", .key = org.key,
                .body = text_body("919876543210"), .headers = {"Idempotency-Key: campaign"});
    (void)expect_accepted(&other);
    expect_equal(org_balance(&org), "9.60");
    stop_gateway(gateway);
}

static struct gateway *killed;
static void kill_in_the_middle(size_t ended, void *context)
{
    bool *is_done = context;
    if (!*is_done && ended == 0 &&
        strcmp(database_text(killed->database, "SELECT EXISTS (SELECT FROM messages)"), "t") == 0) {
        process_kill(killed->ingress.process);
        *is_done = true;
    }
}

// However far it had come: each message once, each fee once.
Test(bundle, cut_by_a_crash_is_finished_by_its_repeat)
{
    killed = given_gateway(.without_worker = true);
    struct org org = given_org(killed, .balance = "300.00");
    struct http_request request = {.path = "/api/send-messages",
                                   .key = org.key,
                                   .body = many(1000),
                                   .headers = {"Idempotency-Key: campaign"}};
    struct answer answer;
    bool is_killed = false;
    http_ask_all(killed->ingress.url, &request, 1, &answer, kill_in_the_middle, &is_killed);
    if (!is_killed)
        process_kill(killed->ingress.process);
    killed->ingress = start_ingress(killed);
    killed->http = http_open(killed->ingress.url);
    answer = send_bundle(&org, "campaign", request.body);
    expect_equal(answer_text(&answer, "/accepted"), "1000");
    expect_equal(org_balance(&org), "100.00");
    expect_equal(database_text(killed->database, "SELECT count(DISTINCT contact_id) || ' ' || "
                                                 "count(*) FROM messages"),
                 "1000 1000");
    stop_gateway(killed);
}

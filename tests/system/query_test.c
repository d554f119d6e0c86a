// Reading: messages, wallet, ledger; and the admin listeners.
#include "tests/system/org.h"

#include <string.h>

TestSuite(query, .timeout = 120);

// The member is there and null.
static bool is_null(const struct answer *answer, const char *name)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(answer->json, name, &value) && !value;
}

// 2026-11-24T09:30:00.123Z
static bool is_time(const char *text)
{
    return strlen(text) == strlen("2026-11-24T09:30:00.123Z") && text[10] == 'T' && text[23] == 'Z';
}

Test(query, a_message_tells_how_it_stands)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer sent = send_text_and_wait(&org, "+91 98765 43210");
    const char *id = answer_text(&sent, "/message_id");

    struct answer answer = get(&org, text_of("/api/messages/%s", id));

    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_header(&answer, "Content-Type"), "application/json");
    expect_equal(answer_text(&answer, "/message_id"), id);
    expect_equal(answer_text(&answer, "/org_id"), org.id);
    expect_equal(answer_text(&answer, "/channel_id"), org.channel_id);
    expect_equal(answer_text(&answer, "/direction"), "outbound");
    expect_equal(answer_text(&answer, "/type"), "text");
    expect_equal(answer_text(&answer, "/phone"), "919876543210");
    expect_equal(answer_text(&answer, "/status"), "sent");
    expect_equal(answer_text(&answer, "/wamid"), answer_text(&sent, "/wamid"));
    expect_equal(answer_text(&answer, "/fee"), "0.20");
    expect_equal(answer_text(&answer, "/refunded"), "false");
    expect_equal(answer_text(&answer, "/attempts"), "1");
    expect_equal(answer_text(&answer, "/payload/to"), "+919876543210");
    cr_assert(is_time(answer_text(&answer, "/created_at")), "%s", answer.body);
    cr_assert(is_time(answer_text(&answer, "/sent_at")), "%s", answer.body);
    cr_assert(is_null(&answer, "error") && is_null(&answer, "failed_at"), "%s", answer.body);

    answer = get(&org, text_of("/api/messages/%s?org_id=%s", id, org.id));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

Test(query, a_failed_message_tells_why)
{
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct org org = given_org(gateway);
    struct answer failed = send_text_and_wait(&org, "15550131049");
    struct answer answer =
        get(&org, text_of("/api/messages/%s", answer_text(&failed, "/detail/message_id")));
    expect_equal(answer_text(&answer, "/status"), "failed");
    expect_equal(answer_text(&answer, "/refunded"), "true");
    expect_equal(answer_text(&answer, "/error/code"), "131049");
    cr_assert(*answer_text(&answer, "/error/message"), "%s", answer.body);
    cr_assert(is_time(answer_text(&answer, "/failed_at")), "%s", answer.body);
    cr_assert(is_null(&answer, "wamid"), "%s", answer.body);
    stop_gateway(gateway);
}

Test(query, a_message_that_waits_is_queued)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer sent = send_text(&org, "919876543210");
    struct answer answer =
        get(&org, text_of("/api/messages/%s", answer_text(&sent, "/message_id")));
    expect_equal(answer_text(&answer, "/status"), "queued");
    expect_equal(answer_text(&answer, "/attempts"), "0");
    stop_gateway(gateway);
}

Test(query, the_message_of_another_org_is_not_there)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    struct answer sent = send_text(&org, "919876543210");
    const char *path = text_of("/api/messages/%s", expect_accepted(&sent));
    struct answer answer = get(&other, path);
    expect_refused(&answer, 404, "not_found", NULL);
    answer = get(&other, text_of("%s?org_id=%s", path, org.id));
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = get(&org, "/api/messages/00000000-0000-7000-8000-000000000000");
    expect_refused(&answer, 404, "not_found", NULL);
    stop_gateway(gateway);
}

Test(query, what_is_no_message_s_id_finds_none)
{
    static const char *const bad[] = {"1",
                                      "00000000-0000-7000-8000-00000000000",
                                      "00000000-0000-7000-8000-0000000000000",
                                      "00000000x0000-7000-8000-000000000000",
                                      "%27%3B--",
                                      "00000000-0000-7000-8000-000000000000%00"};
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = get(&org, text_of("/api/messages/%s", bad[i]));
        cr_assert_eq(answer.status, 404, "%s: %d %s", bad[i], answer.status, answer.body);
    }
    struct answer answer = get(&org, "/api/messages/");
    expect_refused(&answer, 404, "not_found", "path");
    stop_gateway(gateway);
}

Test(query, a_parameter_that_is_unknown_is_refused_by_its_name)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    static const struct {
        const char *path;
        const char *name;
    } unknown[] = {
        {"/api/wallet?limit=5", "limit"},
        {"/api/wallet/transactions?limit=5&befor=7", "befor"},
        {"/api/wallet/transactions?page", "page"},
        {"/api/messages/00000000-0000-7000-8000-000000000000?fields=wamid", "fields"},
        {"/api/account-notices?since=1", "since"},
        {"/api/wallet?%ff=1", "query"},
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct answer answer = get(&org, unknown[i].path);
        expect_refused(&answer, 400, "unknown_field", unknown[i].name);
    }
    struct answer answer = ask(gateway->http, .path = "/api/send-message?send_at=tomorrow",
                               .body = text_body("919876543210"), .key = org.key);
    expect_refused(&answer, 400, "unknown_field", "send_at");
    answer = get(&org, text_of("/api/wallet?org_id=%s", org.id));
    cr_assert_eq(answer.status, 200);
    stop_gateway(gateway);
}

Test(query, the_wallet_is_the_org_s_own)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0");
    struct org other = given_org(gateway);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET currency = 'EUR' WHERE id = '%s'; "
                        "UPDATE wallets SET balance = 7.5 WHERE org_id = '%s'",
                        org.id, org.id);
    struct answer answer = get(&org, "/api/wallet");
    expect_equal(answer_text(&answer, "/org_id"), org.id);
    expect_equal(answer_text(&answer, "/balance"), "7.50");
    expect_equal(answer_text(&answer, "/currency"), "EUR");
    answer = get(&other, "/api/wallet");
    expect_equal(answer_text(&answer, "/balance"), "100.00");
    expect_equal(answer_text(&answer, "/currency"), "INR");
    stop_gateway(gateway);
}

// Walks all pages of so many rows; returns the kinds and amounts in the order in which they came.
static const char *walk(const struct org *org, int limit, int *pages)
{
    const char *seen = "";
    const char *before = "";
    for (*pages = 0; *pages == 0 || *before; (*pages)++) {
        struct answer answer = get(org, text_of("/api/wallet/transactions?limit=%d%s%s", limit,
                                                *before ? "&before=" : "", before));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        struct json_object *rows = NULL;
        cr_assert_eq(json_pointer_get(answer.json, "/transactions", &rows), 0);
        cr_assert_leq(json_object_array_length(rows), (size_t)limit);
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
            struct json_object *row = json_object_array_get_idx(rows, i);
            seen = text_of("%s%s%s %s", seen, *seen ? ", " : "", json_text(row, "/kind"),
                           json_text(row, "/amount"));
        }
        before = answer_text(&answer, "/next_before");
    }
    return seen;
}

Test(query, the_ledger_comes_newest_first_in_pages)
{
    struct gateway *gateway = given_gateway();
    given_last_attempts(gateway);
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 50, 'UPI 4711')",
                        org.id);
    (void)send_text_and_wait(&org, "15550131049");
    (void)send_text_and_wait(&other, "919876543210");
    const char *all = "refund 0.20, service_fee -0.20, recharge 50.00, adjustment 100.00";

    int pages = 0;
    expect_equal(walk(&org, 200, &pages), all);
    cr_assert_eq(pages, 1);
    expect_equal(walk(&org, 1, &pages), all);
    cr_assert_eq(pages, 4);
    expect_equal(walk(&org, 2, &pages), all);
    cr_assert_eq(pages, 2);
    expect_equal(walk(&org, 3, &pages), all);

    struct answer answer = get(&org, "/api/wallet/transactions");
    expect_equal(answer_text(&answer, "/transactions/0/balance_after"), "150.00");
    expect_equal(answer_text(&answer, "/transactions/1/balance_after"), "149.80");
    expect_equal(answer_text(&answer, "/transactions/0/message_id"),
                 answer_text(&answer, "/transactions/1/message_id"));
    expect_equal(answer_text(&answer, "/transactions/2/description"), "UPI 4711");
    expect_equal(answer_text(&answer, "/transactions/2/message_id"), "");
    cr_assert(is_time(answer_text(&answer, "/transactions/3/created_at")), "%s", answer.body);
    answer = get(&org, "/api/wallet/transactions?before=1");
    struct json_object *rows = NULL;
    cr_assert_eq(json_pointer_get(answer.json, "/transactions", &rows), 0);
    cr_assert_eq(json_object_array_length(rows), 0);
    stop_gateway(gateway);
}

Test(query, a_page_has_its_bounds)
{
    static const struct {
        const char *query;
        const char *field;
    } bad[] = {{"limit=0", "limit"},    {"limit=201", "limit"},
               {"limit=-1", "limit"},   {"limit=ten", "limit"},
               {"limit=", "limit"},     {"limit=10x", "limit"},
               {"before=0", "before"},  {"before=x", "before"},
               {"before=-1", "before"}, {"before=99999999999999999999", "before"},
               {"limit=%2010", "limit"}};
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = get(&org, text_of("/api/wallet/transactions?%s", bad[i].query));
        cr_assert(answer.status == 400, "%s: %d %s", bad[i].query, answer.status, answer.body);
        expect_refused(&answer, 400, "invalid_field", bad[i].field);
    }
    stop_gateway(gateway);
}

static void expect_admin(const struct daemon *daemon, const char *metric)
{
    struct http *http = http_open(daemon->admin_url);
    struct answer answer = ask(http, .path = "/healthz");
    cr_assert_eq(answer.status, 200);
    expect_equal(answer.body, "ok\n");
    answer = ask(http, .path = "/readyz");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/ready"), "true");
    answer = ask(http, .path = "/metrics");
    cr_assert_eq(answer.status, 200);
    cr_assert_eq(strncmp(answer_header(&answer, "Content-Type"), "text/plain; version=0.0.4", 25),
                 0);
    expect_equal(daemon_metric(daemon, metric), "1");
    answer = ask(http, .path = "/");
    cr_assert_eq(answer.status, 404);
    answer = ask(http, .path = "/healthz", .body = "{}");
    cr_assert_eq(answer.status, 405);
}

Test(query, both_daemons_tell_how_they_are)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    expect_admin(&gateway->ingress, "tollgate_sends_total{verdict=\"accepted\"}");
    expect_admin(&gateway->workers[0], "tollgate_outcomes_total{outcome=\"sent\"}");
    stop_gateway(gateway);
}

// Pages in browsers: who may call from another origin, and that trusted mode believes none.
#include "tests/system/desk.h"

#include <string.h>

TestSuite(origin, .timeout = 120);

#define FETCH_SITE "Sec-Fetch-Site: "

static const struct {
    const char *header;
    const char *field; // NULL: it is taken
} headers[] = {
    {"Host: localhost", NULL},
    {"Host: LOCALHOST:3000", NULL},
    {"Host: 127.0.0.1:3000", NULL},
    {"Host: 127.1.2.3", NULL},
    {"Host: [::1]:3000", NULL},
    {"Host: [::1]", NULL},
    {FETCH_SITE "none", NULL},
    {"Host: evil.example:3000", "Host"},
    {"Host: localhost.evil.example", "Host"},
    {"Host: 127.0.0.1.evil.example", "Host"},
    {"Host: 10.0.0.1:3000", "Host"},
    {"Host: [::1", "Host"},
    {"Host: [2001:db8::1]:3000", "Host"},
    {"Origin: http://evil.example:3000", "Origin"},
    {"Origin: http://127.0.0.1:3000", "Origin"},
    {"Origin: null", "Origin"},
    {FETCH_SITE "same-origin", "Sec-Fetch-Site"},
    {FETCH_SITE "cross-site", "Sec-Fetch-Site"},
    {"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For"},
    {"X-Forwarded-Host: api.example.com", "X-Forwarded-Host"},
    {"X-Forwarded-Proto: https", "X-Forwarded-Proto"},
    {"X-Real-IP: 1.2.3.4", "X-Real-IP"},
    {"Forwarded: for=1.2.3.4", "Forwarded"},
    {"Via: 1.1 proxy", "Via"},
};

Test(origin, is_looked_at_in_trusted_mode)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct answer answer = ask(gateway->http, .path = text_of("/api/wallet?org_id=%s", org.id),
                                   .headers = {headers[i].header});
        if (headers[i].field)
            expect_refused(&answer, 403, "not_trusted", headers[i].field);
        else
            cr_assert_eq(answer.status, 200, "%s: %s", headers[i].header, answer.body);
        // A key proves more than any of them.
        answer = ask(gateway->http, .path = "/api/wallet", .key = org.key,
                     .headers = {headers[i].header});
        cr_assert_eq(answer.status, 200, "%s: %s", headers[i].header, answer.body);
    }
    stop_gateway(gateway);
}

Test(origin, of_a_proxy_is_taken_where_trusted_mode_is_for_anywhere)
{
    struct gateway *gateway =
        given_gateway(.auth = "trusted",
                      .ingress_settings = {"TOLLGATE_AUTH_TRUSTED_ANYWHERE=yes"});
    struct org org = given_org(gateway);
    const char *path = text_of("/api/wallet?org_id=%s", org.id);
    struct answer answer =
        ask(gateway->http, .path = path,
            .headers = {"Host: tollgate.internal:3000", "X-Forwarded-For: 1.2.3.4"});
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = ask(gateway->http, .path = path, .headers = {"Origin: http://tollgate.internal:3000"});
    expect_refused(&answer, 403, "not_trusted", "Origin");
    stop_gateway(gateway);
}

static void expect_no_cors(const struct answer *answer)
{
    cr_assert(!strstr(answer->headers, "Access-Control"), "%s", answer->headers);
}

#define PREFLIGHT "Access-Control-Request-Method: POST"

Test(origin, is_told_nothing_unless_a_setting_names_it)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *origin = "Origin: https://app.example.com";
    struct answer answer =
        ask(gateway->http, .path = "/api/wallet", .key = org.key, .headers = {origin});
    cr_assert_eq(answer.status, 200);
    expect_no_cors(&answer);
    answer = ask(gateway->http, .path = "/api/send-message", .method = "OPTIONS",
                 .headers = {origin, PREFLIGHT});
    expect_refused(&answer, 405, "method_not_allowed", "method");
    expect_no_cors(&answer);
    stop_gateway(gateway);
}

static void expect_allowed(const struct answer *answer, const char *origin)
{
    expect_equal(answer_header(answer, "Access-Control-Allow-Origin"), origin);
    expect_equal(answer_header(answer, "Vary"), "Origin");
}

Test(origin, that_a_setting_names_may_call)
{
    struct gateway *gateway =
        given_gateway(.ingress_settings = {"TOLLGATE_CORS_ORIGINS=https://app.example.com,"
                                           "http://localhost:5173"});
    struct org org = given_org(gateway);
    static const char *const allowed[] = {"https://app.example.com", "http://localhost:5173"};
    for (int i = 0; i < 2; i++) {
        const char *origin = text_of("Origin: %s", allowed[i]);
        struct answer answer = ask(gateway->http, .path = "/api/send-message", .method = "OPTIONS",
                                   .headers = {origin, PREFLIGHT});
        cr_assert_eq(answer.status, 204, "%d %s", answer.status, answer.body);
        expect_allowed(&answer, allowed[i]);
        expect_equal(answer_header(&answer, "Access-Control-Allow-Methods"), "POST");
        cr_assert(strstr(answer_header(&answer, "Access-Control-Allow-Headers"), "Authorization"));
        answer = ask(gateway->http, .path = "/api/wallet", .key = org.key, .headers = {origin});
        cr_assert_eq(answer.status, 200);
        expect_allowed(&answer, allowed[i]);
        // It may read what is wrong, too.
        answer = ask(gateway->http, .path = "/api/wallet", .headers = {origin});
        expect_refused(&answer, 401, "unauthorized", "Authorization");
        expect_allowed(&answer, allowed[i]);
    }
    static const char *const others[] = {"https://app.example.com.evil.example", "https://app",
                                         "null", "http://app.example.com"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *origin = text_of("Origin: %s", others[i]);
        struct answer answer = ask(gateway->http, .path = "/api/send-message", .method = "OPTIONS",
                                   .headers = {origin, PREFLIGHT});
        expect_refused(&answer, 405, "method_not_allowed", "method");
        expect_no_cors(&answer);
        answer = ask(gateway->http, .path = "/api/wallet", .key = org.key, .headers = {origin});
        cr_assert_eq(answer.status, 200);
        expect_no_cors(&answer);
    }
    stop_gateway(gateway);
}

// A page that embeds it gets nothing to read out of it, and no cache on the way has it for others.
Test(origin, is_told_by_every_answer_to_whom_we_know_that_it_is_for_nobody_else)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    const struct answer answers[] = {
        get(&org, "/api/wallet"), get(&org, "/api/messages/none"), get(&org, "/api/sessions"),
        ask(gateway->http, .path = "/api/wallet"), look(gateway, "/admin/orgs")};
    static const int statuses[] = {200, 404, 403, 401, 200};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        cr_assert_eq(answers[i].status, statuses[i], "%zu: %d", i, answers[i].status);
        expect_equal(answer_header(&answers[i], "Cache-Control"), "no-store");
        expect_equal(answer_header(&answers[i], "Cross-Origin-Resource-Policy"), "same-origin");
        expect_equal(answer_header(&answers[i], "X-Content-Type-Options"), "nosniff");
    }
    stop_gateway(gateway);
}

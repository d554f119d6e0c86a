// The operators' desk: who is let in, what they are told, and that it is there only where it is
// wanted.
#include "tests/system/desk.h"
#include "tests/system/raw.h"

#include <string.h>

TestSuite(admin, .timeout = 120);

// A new operator; returns the token.
static const char *given_operator(struct gateway *gateway, const char *name, const char *role)
{
    struct answer answer = tell(gateway, "POST", "/admin/operators",
                                text_of("{\"name\": \"%s\", \"role\": \"%s\"}", name, role));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    return answer_text(&answer, "/token");
}

Test(admin, without_its_settings_it_is_not_there)
{
    struct gateway *gateway = given_gateway();
    struct answer answer =
        ask(desk_of(gateway), .path = "/admin/operators", .key = GATEWAY_ADMIN_TOKEN);
    expect_refused(&answer, 404, "not_found", "path");
    stop_gateway(gateway);
    gateway = given_gateway(.ingress_settings = {"TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN});
    answer = ask(desk_of(gateway), .path = "/admin/operators", .key = GATEWAY_ADMIN_TOKEN);
    expect_refused(&answer, 404, "not_found", "path");
    stop_gateway(gateway);
}

Test(admin, it_is_on_the_admin_listener_alone)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct answer answer =
        ask(gateway->http, .path = "/admin/operators", .key = GATEWAY_ADMIN_TOKEN);
    expect_refused(&answer, 404, "not_found", "path");
    answer = ask(desk_of(gateway), .path = "/api/wallet", .key = GATEWAY_ADMIN_TOKEN);
    expect_refused(&answer, 404, "not_found", "path");
    stop_gateway(gateway);
}

Test(admin, health_stays_open_and_answers_head)
{
    struct gateway *gateway = given_gateway(.desk = true);
    const char *const paths[] = {"/healthz", "/readyz", "/metrics"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        cr_assert_eq(ask(desk_of(gateway), .path = paths[i]).status, 200, "%s", paths[i]);
        struct answer answer = ask(desk_of(gateway), .path = paths[i], .body = "{}");
        cr_assert_eq(answer.status, 405, "%s", paths[i]);
        expect_equal(answer_header(&answer, "Allow"), "GET");
        int connection = raw_connect(gateway->ingress.admin_url);
        cr_assert(raw_printf(connection, "HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                             paths[i]));
        const char *head = raw_read_to_end(connection);
        cr_assert(strncmp(head, "HTTP/1.1 200 ", 13) == 0, "%s", head);
        expect_equal(strstr(head, "\r\n\r\n"), "\r\n\r\n");
    }
    // Nothing of it is counted as requests of orgs.
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_http_requests_total{status=\"405\"}"),
                 "0");
    stop_gateway(gateway);
}

Test(admin, nobody_is_let_in_without_a_good_token)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    const char *anna = given_operator(gateway, "anna", "owner");
    const char *bad[] = {NULL,
                         "",
                         "tgo_wrong",
                         org.key,
                         text_of("%sx", GATEWAY_ADMIN_TOKEN),
                         text_of("%.*s", (int)strlen(GATEWAY_ADMIN_TOKEN) - 1, GATEWAY_ADMIN_TOKEN),
                         text_of("%.*s", (int)strlen(anna) - 1, anna)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = ask(desk_of(gateway), .path = "/admin/operators", .key = bad[i]);
        expect_refused(&answer, 401, "unauthorized", "Authorization");
        expect_equal(answer_header(&answer, "WWW-Authenticate"), "Bearer");
    }
    cr_assert_eq(ask(desk_of(gateway), .path = "/admin/operators", .key = anna).status, 200);
    stop_gateway(gateway);
}

Test(admin, a_revoked_operator_is_out_at_once_and_the_log_tells_who_did_it)
{
    struct gateway *gateway = given_gateway(.desk = true);
    const char *anna = given_operator(gateway, "anna", "owner");
    struct answer answer =
        ask(desk_of(gateway), .method = "DELETE", .path = "/admin/operators/anna", .key = anna);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = ask(desk_of(gateway), .path = "/admin/operators", .key = anna);
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    answer = look(gateway, "/admin/audit-log?object=operators");
    expect_equal(answer_text(&answer, "/changes/0/actor"), "operator:anna");
    expect_equal(answer_text(&answer, "/changes/1/actor"), "operator:admin");
    expect_equal(answer_text(&answer, "/changes/1/session_role"), "tollgate_operator");
    expect_equal(answer_text(&answer, "/changes/1/after/token_hash"), "***");
    cr_assert(!strstr(answer.body, anna));
    stop_gateway(gateway);
}

Test(admin, a_role_that_is_too_low_is_refused_and_nothing_is_changed)
{
    struct gateway *gateway = given_gateway(.desk = true);
    const char *const low[] = {given_operator(gateway, "vera", "viewer"),
                               given_operator(gateway, "otto", "operator")};
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = ask(desk_of(gateway), .path = "/admin/operators", .key = low[i],
                                   .body = "{\"name\": \"mine\", \"role\": \"owner\"}");
        expect_equal(answer_text(&answer, "/code"), "missing_right");
        expect_equal(answer_text(&answer, "/detail/role"), "owner");
        cr_assert_eq(answer.status, 403);
        cr_assert_eq(ask(desk_of(gateway), .path = "/admin/audit-log", .key = low[i]).status, 200);
    }
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM operators"), 2);
    stop_gateway(gateway);
}

// The role counts from the next request on, up and down; but nobody makes less of who holds
// TOLLGATE_ADMIN_TOKEN.
Test(admin, another_role_counts_from_the_next_request_on)
{
    struct gateway *gateway = given_gateway(.desk = true);
    const char *vera = given_operator(gateway, "vera", "viewer");
    static const struct {
        const char *role;
        int status;
    } steps[] = {{"operator", 201}, {"viewer", 403}, {"owner", 201}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct answer answer = tell(gateway, "PATCH", "/admin/operators/vera",
                                    text_of("{\"role\": \"%s\"}", steps[i].role));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        expect_equal(answer_text(&answer, "/role"), steps[i].role);
        answer = ask(desk_of(gateway), .path = "/admin/orgs", .key = vera,
                     .body = "{\"name\": \"Acme\"}");
        cr_assert_eq(answer.status, steps[i].status, "%s", answer.body);
    }
    struct answer answer =
        ask(desk_of(gateway), .method = "PATCH", .path = "/admin/operators/admin",
            .body = "{\"role\": \"viewer\"}", .key = vera);
    expect_refused(&answer, 409, "conflict", NULL);
    answer = look(gateway, "/admin/audit-log?object=operators&limit=1");
    expect_equal(answer_text(&answer, "/changes/0/before/role"), "viewer");
    expect_equal(answer_text(&answer, "/changes/0/after/role"), "owner");
    stop_gateway(gateway);
}

Test(admin, bad_input_is_refused_by_its_name)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {{"{\"name\": \"a\", \"role\": \"viewer\", \"rule\": 1}", "unknown_field", "rule"},
               {"{\"name\": \"a\"}", "missing_field", "role"},
               {"{\"name\": null, \"role\": \"viewer\"}", "missing_field", "name"},
               {"{\"name\": 7, \"role\": \"viewer\"}", "invalid_field", "name"},
               {"{\"name\": \"\", \"role\": \"viewer\"}", "invalid_field", "name"},
               {"{\"name\": \"a\\u0000b\", \"role\": \"viewer\"}", "invalid_field", "name"},
               {"{\"name\": \"a/b\", \"role\": \"viewer\"}", "invalid_field", "name"},
               {"{\"name\": \"a\", \"role\": \"root\"}", "invalid_field", "role"},
               {"[]", "invalid_json", "body"},
               {"{", "invalid_json", "body"}};
    static const struct {
        const char *path;
        const char *code;
        const char *field;
    } paths[] = {{"/admin/audit-log?limit=0", "invalid_field", "limit"},
                 {"/admin/audit-log?limit=201", "invalid_field", "limit"},
                 {"/admin/audit-log?before=x", "invalid_field", "before"},
                 {"/admin/audit-log?org_id=acme", "invalid_field", "org_id"},
                 {"/admin/audit-log?actor=%ff", "invalid_field", "actor"},
                 {"/admin/audit-log?since=1", "unknown_field", "since"},
                 {"/admin/operators?before=7", "invalid_field", "before"},
                 {"/admin/operators?org_id=7", "unknown_field", "org_id"}};
    struct gateway *gateway = given_gateway(.desk = true);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = tell(gateway, "POST", "/admin/operators", bad[i].body);
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer answer = look(gateway, paths[i].path);
        expect_refused(&answer, 400, paths[i].code, paths[i].field);
    }
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM operators"), 0);
    // What its callers have done wrong is no failure of the gateway's.
    cr_assert(!daemon_has_logged(&gateway->ingress, "postgresql_call_failed"));
    stop_gateway(gateway);
}

Test(admin, where_tokens_could_be_read_on_the_way_operators_are_kept_out)
{
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {"TOLLGATE_ADMIN_LISTEN=0.0.0.0:0"});
    struct answer answer = look(gateway, "/admin/operators");
    expect_refused(&answer, 403, "insecure_listener", NULL);
    cr_assert(daemon_has_logged(&gateway->ingress, "operators_kept_out"));
    cr_assert_eq(look(gateway, "/healthz").status, 200);
    stop_gateway(gateway);
    gateway = given_gateway(.desk = true, .ingress_settings = {"TOLLGATE_ADMIN_LISTEN=0.0.0.0:0",
                                                               "TOLLGATE_ADMIN_INSECURE=yes"});
    cr_assert_eq(look(gateway, "/admin/operators").status, 200);
    stop_gateway(gateway);
}

// The thing that a change answers with; it must be one.
static struct answer change(struct gateway *gateway, const char *method, const char *path,
                            const char *body)
{
    struct answer answer = tell(gateway, method, path, body);
    cr_assert(answer.status == 200 || answer.status == 201, "%s %s: %d %s", method, path,
              answer.status, answer.body);
    return answer;
}

Test(admin, an_org_comes_to_its_first_message_without_a_line_of_sql)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct answer answer = change(gateway, "POST", "/admin/orgs", "{\"name\": \"Acme\"}");
    const char *org = text_of("/admin/orgs/%s", answer_text(&answer, "/id"));
    answer = change(gateway, "POST", text_of("%s/channels", org),
                    "{\"phone_number_id\": \"1010\", \"access_token\": \"EAAtoken\", "
                    "\"service_fee_per_msg\": \"0.35\"}");
    const char *channel = text_of("%s/channels/%s", org, answer_text(&answer, "/id"));
    answer = change(gateway, "POST", text_of("%s/keys", org), "{\"name\": \"main\"}");
    struct org acme = {gateway, "", "", "", answer_text(&answer, "/key")};
    const char *key = text_of("%s/keys/%s", org, answer_text(&answer, "/id"));
    answer = change(gateway, "PATCH", key, "{\"rights\": [\"send\", \"read\", \"manage\"]}");
    expect_equal(answer_text(&answer, "/rights/2"), "manage");
    answer = send_text(&acme, "919876543210");
    expect_refused(&answer, 402, "insufficient_balance", NULL);
    (void)change(gateway, "POST", text_of("%s/wallet/credits", org),
                 "{\"amount\": \"50\", \"reference\": \"inv-42\"}");
    answer = send_text(&acme, "919876543210");
    expect_ends(gateway, expect_accepted(&answer), "sent");
    answer = look(gateway, text_of("%s/wallet/transactions", org));
    expect_equal(answer_text(&answer, "/transactions/0/amount"), "-0.35");
    expect_equal(answer_text(&answer, "/transactions/1/actor"), "operator:admin");

    (void)change(gateway, "POST", text_of("%s/pause", channel), NULL);
    answer = send_text(&acme, "919876543210");
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    (void)change(gateway, "POST", text_of("%s/resume", channel), NULL);
    answer = send_text(&acme, "919876543210");
    (void)expect_accepted(&answer);
    (void)change(gateway, "POST", text_of("%s/suspend", org), NULL);
    answer = send_text(&acme, "919876543210");
    expect_refused(&answer, 403, "org_suspended", "org_id");
    (void)change(gateway, "DELETE", key, NULL);
    eventually(get(&acme, "/api/wallet").status == 401);
    stop_gateway(gateway);
}

Test(admin, who_may_not_move_money_moves_none)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    const char *otto = given_operator(gateway, "otto", "operator");
    const char *const paths[][2] = {{"credits", "{\"amount\": \"1\", \"reference\": \"r\"}"},
                                    {"adjustments", "{\"amount\": \"1\", \"reason\": \"r\"}"}};
    for (size_t i = 0; i < 2; i++) {
        struct answer answer =
            ask(desk_of(gateway), .path = text_of("/admin/orgs/%s/wallet/%s", org.id, paths[i][0]),
                .body = paths[i][1], .key = otto);
        cr_assert_eq(answer.status, 403);
        expect_equal(answer_text(&answer, "/detail/role"), "owner");
    }
    expect_equal(org_balance(&org), "100.00");
    stop_gateway(gateway);
}

// What the desk itself can tell is wrong, before the database is asked.
Test(admin, members_of_the_wrong_kind_are_refused_by_their_names)
{
    static const struct {
        const char *path;
        const char *method;
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"", "PATCH", "{\"replies_per_minute_max\": 1001}", "invalid_field",
         "replies_per_minute_max"},
        {"", "PATCH", "{\"replies_per_minute_max\": -1}", "invalid_field",
         "replies_per_minute_max"},
        {"", "PATCH", "{\"replies_per_minute_max\": \"5\"}", "invalid_field",
         "replies_per_minute_max"},
        {"", "PATCH", "{\"keep_media_for_s\": 0}", "invalid_field", "keep_media_for_s"},
        {"", "PATCH", "{\"opt_out_words\": \"STOP\"}", "invalid_field", "opt_out_words"},
        {"", "PATCH", "{\"opt_out_words\": [1]}", "invalid_field", "opt_out_words"},
        {"", "PATCH", "{\"default_channel_id\": \"mine\"}", "invalid_field", "default_channel_id"},
        {"", "PATCH", "{\"balance\": \"1000\"}", "unknown_field", "balance"},
        {"", "PATCH", "{\"status\": \"active\"}", "unknown_field", "status"},
        {"/wallet/credits", "POST", "{\"amount\": 50, \"reference\": \"r\"}", "invalid_field",
         "amount"},
        {"/wallet/credits", "POST", "{\"amount\": \"1e3\", \"reference\": \"r\"}", "invalid_field",
         "amount"},
        {"/wallet/credits", "POST", "{\"amount\": \"0.00001\", \"reference\": \"r\"}",
         "invalid_field", "amount"},
        {"/wallet/credits", "POST", "{\"amount\": \"NaN\", \"reference\": \"r\"}", "invalid_field",
         "amount"},
        {"/wallet/credits", "POST", "{\"amount\": \"5\"}", "missing_field", "reference"},
        {"/wallet/adjustments", "POST", "{\"amount\": \"5\"}", "missing_field", "reason"},
        {"/keys", "POST", "{\"name\": \"a\", \"expires_at\": \"tomorrow\"}", "invalid_field",
         "expires_at"},
        {"/channels", "POST", "{\"phone_number_id\": \"1\"}", "missing_field", "access_token"},
        {"/channels?fee=1", "POST", "{\"phone_number_id\": \"1\", \"access_token\": \"t\"}",
         "unknown_field", "fee"}};
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    const char *before = database_text(gateway->database, "SELECT o::text FROM organizations o");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = tell(gateway, bad[i].method,
                                    text_of("/admin/orgs/%s%s", org.id, bad[i].path), bad[i].body);
        cr_assert(answer.status == 400, "%s: %d %s", bad[i].body, answer.status, answer.body);
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    struct answer answer = look(gateway, "/admin/orgs/acme");
    expect_refused(&answer, 400, "invalid_field", "org");
    answer = look(gateway, "/admin/orgs/00000000-0000-4000-8000-000000000000");
    expect_refused(&answer, 404, "org_not_found", NULL);
    expect_equal(database_text(gateway->database, "SELECT o::text FROM organizations o"), before);
    stop_gateway(gateway);
}

Test(admin, a_link_from_the_desk_opens_the_console_for_one_and_the_desk_ends_it)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    const char *path = text_of("/admin/orgs/%s", org.id);
    struct answer answer = change(gateway, "POST", text_of("%s/console-links", path), "{}");
    const char *link = answer_text(&answer, "/path");
    cr_assert_eq(ask(gateway->http, .path = link).status, 200); // looking does not use it up
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM sessions"), 0);
    (void)database_text(gateway->database,
                        "SELECT count(*) FROM use_console_link(sha256(replace('%s', "
                        "'/console/links/', '')::bytea))",
                        link);
    answer = look(gateway, text_of("%s/sessions", path));
    const char *session = answer_text(&answer, "/sessions/0/id");
    expect_equal(answer_text(&answer, "/sessions/0/rights/0"), "read");
    answer = change(gateway, "DELETE", text_of("%s/sessions/%s", path, session), NULL);
    cr_assert(*answer_text(&answer, "/revoked_at"));
    stop_gateway(gateway);
}

// As of the daemon's own role: who could do everything does nothing for operators.
Test(admin, an_operators_role_that_is_too_mighty_is_refused_at_the_start)
{
    struct database *database = database_create();
    const char *const environment[] = {
        text_of("TOLLGATE_POSTGRES_URL=%s", database_url(database, "tollgate_ingress")),
        text_of("TOLLGATE_OPERATOR_POSTGRES_URL=%s", database_url(database, "postgres")),
        "TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN,
        "TOLLGATE_REDIS_URL=redis://127.0.0.1:1",
        "TOLLGATE_LISTEN=127.0.0.1:0",
        "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET,
        "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN,
        NULL};
    struct command_result run = command_run(WORDS(testbed_daemon("tollgate-ingress")), environment);
    cr_assert_eq(run.status, 2, "%s", run.errors);
    cr_assert(strstr(run.errors,
                     "TOLLGATE_OPERATOR_POSTGRES_URL: the role postgres is a superuser; "
                     "connect as tollgate_operator"),
              "%s", run.errors);
    run =
        command_run(WORDS(testbed_daemon("tollgate-ingress"), "--check", "--connect"), environment);
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.output, "good, for the role tollgate_ingress") &&
                  strstr(run.output, "connect as tollgate_operator"),
              "%s", run.output);
    database_drop(database);
}

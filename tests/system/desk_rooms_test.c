// What operators see and do of rules, dead letters, alerts, messages and the whole house, and of
// what orgs have: campaigns, endpoints, events, templates, files.
#include "tests/system/desk.h"
#include "tests/system/sink.h"
#include "tests/system/webhook.h"

#include <string.h>
#include <sys/stat.h>

TestSuite(desk_rooms, .timeout = 120);

static struct answer last;

// What an answer has there; the answer stays in `last`.
static const char *part(struct answer answer, const char *pointer)
{
    last = answer;
    return answer_text(&last, pointer);
}

static struct answer of_org(const struct org *org, const char *method, const char *path,
                            const char *body)
{
    return tell(org->gateway, method, text_of("/admin/orgs/%s%s", org->id, path), body);
}

Test(desk_rooms, a_rule_is_written_checked_changed_and_deleted)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer =
        of_org(&org, "POST", "/rules",
               "{\"match_kind\": \"regex\", \"pattern\": \"(\", \"reply\": \"Hello\"}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *rule = text_of("/rules/%s", answer_text(&answer, "/id"));
    eventually(strcmp(part(of_org(&org, "GET", rule, NULL), "/state"), "refused") == 0);
    answer = of_org(&org, "PATCH", rule, "{\"match_kind\": \"exact\", \"pattern\": \"hi\"}");
    expect_equal(answer_text(&answer, "/refused_for"), "");
    eventually(strcmp(part(of_org(&org, "GET", rule, NULL), "/state"), "good") == 0);
    answer = of_org(&org, "GET", "/rules", NULL);
    expect_equal(answer_text(&answer, "/rules/0/reply"), "Hello");
    answer = of_org(&org, "DELETE", rule, NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = of_org(&org, "GET", rule, NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    stop_gateway(gateway);
}

Test(desk_rooms, a_dead_letter_is_read_and_replayed_or_dismissed)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    for (int i = 1; i <= 2; i++) {
        const char *body = text_message_body("4711", "919876543210", text_of("wamid.%d", i), "hi");
        cr_assert_eq(post_webhook(gateway, body, strlen(body)).status, 200);
    }
    struct answer answer;
    eventually(strcmp(part(look(gateway, "/admin/dead-letters"), "/dead_letters/1/reason"),
                      "unknown_number") == 0);
    const char *first = text_of("/admin/dead-letters/%s", answer_text(&last, "/dead_letters/1/id"));
    const char *second =
        text_of("/admin/dead-letters/%s", answer_text(&last, "/dead_letters/0/id"));
    answer = look(gateway, first);
    cr_assert(strstr(answer_text(&answer, "/body"), "wamid."), "%s", answer.body);
    (void)database_text(gateway->database,
                        "INSERT INTO channels (org_id, phone_number_id, access_token) VALUES "
                        "('%s', '4711', 'EAA')",
                        org.id);
    answer = tell(gateway, "POST", text_of("%s/replay", first), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(look(gateway, first).status == 404);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), 1);
    answer = tell(gateway, "POST", text_of("%s/dismiss", second), "{}");
    expect_refused(&answer, 400, "missing_field", "reason");
    answer = tell(gateway, "POST", text_of("%s/dismiss", second), "{\"reason\": \"a test\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = look(gateway, "/admin/audit-log?object=dead_letters");
    expect_equal(answer_text(&answer, "/changes/0/after/reason"), "a test");
    stop_gateway(gateway);
}

Test(desk_rooms, a_failure_is_found_with_its_alert_and_its_refund)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "15550000190");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(org_balance(&org), "100.00") == 0);
    eventually(strcmp(part(look(gateway, "/admin/alerts"), "/alerts/0/outcome"), "190") == 0);
    answer =
        tell(gateway, "POST",
             text_of("/admin/alerts/%s/acknowledge", answer_text(&last, "/alerts/0/id")), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/acknowledged_by"), "operator:admin");
    answer = look(gateway, "/admin/messages?phone=%2B15550000190");
    expect_equal(answer_text(&answer, "/messages/0/message_id"), id);
    answer = look(gateway, text_of("/admin/messages/%s", id));
    expect_equal(answer_text(&answer, "/timeline/0/what"), "accepted");
    expect_equal(answer_text(&answer, "/timeline/4/what"), "failed");
    expect_equal(answer_text(&answer, "/timeline/5/what"), "refund");
    answer = look(gateway, "/admin/overview");
    expect_equal(answer_text(&answer, "/today/accepted"), "1");
    expect_equal(answer_text(&answer, "/today/failed/190"), "1");
    expect_equal(answer_text(&answer, "/month/refunded"), "1");
    expect_equal(answer_text(&answer, "/month/fees"), "0.00");
    expect_equal(answer_text(&answer, "/paused_channels/0/paused_for"), "190");
    expect_equal(answer_text(&answer, "/open_alerts"), "1");
    stop_gateway(gateway);
}

Test(desk_rooms, an_error_rule_that_was_changed_judges_what_comes)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_org(gateway);
    struct answer answer =
        tell(gateway, "PATCH", "/admin/error-rules/131026", "{\"refundable\": true}");
    expect_equal(answer_text(&answer, "/refundable"), "true");
    answer = look(gateway, "/admin/error-rules");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = send_text(&org, "15550131026");
    (void)expect_accepted(&answer);
    eventually(database_number(gateway->database, "SELECT count(*) FROM wallet_transactions") == 3);
    expect_equal(database_text(gateway->database, "SELECT string_agg(kind, ' ' ORDER BY n) FROM "
                                                  "wallet_transactions"),
                 "adjustment service_fee refund");
    stop_gateway(gateway);
}

// What tollgatectl asks besides, as any program may.
Test(desk_rooms, an_org_is_looked_at_and_its_number_disabled)
{
    const char *path = file_with("token-keys", "k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    cr_assert_eq(chmod(path, 0600), 0);
    const char *keys = text_of("TOLLGATE_TOKEN_KEYS=%s", path);
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {keys}, .worker_settings = {keys});
    struct org org = given_org(gateway, .balance = "100.00");
    struct answer answer = of_org(&org, "GET", "", NULL);
    expect_equal(answer_text(&answer, "/id"), org.id);
    answer = of_org(&org, "GET", "/wallet", NULL);
    expect_equal(answer_text(&answer, "/balance"), "100.00");
    answer = of_org(&org, "GET", "/keys", NULL);
    cr_assert(*answer_text(&answer, "/keys/0/prefix"), "%s", answer.body);
    expect_equal(part(of_org(&org, "POST", "/suspend", NULL), "/status"), "suspended");
    expect_equal(part(of_org(&org, "POST", "/resume", NULL), "/status"), "active");
    answer = of_org(&org, "POST", text_of("/channels/%s/disable", org.channel_id), NULL);
    expect_equal(answer_text(&answer, "/status"), "disabled");
    answer = tell(gateway, "POST", "/admin/rotate-keys", NULL);
    expect_equal(answer_text(&answer, "/newest"), "k1");
    eventually(strcmp(part(look(gateway, "/admin/token-keys"), "/state"), "sealed") == 0);
    stop_gateway(gateway);
}

static struct answer change_of(const struct org *org, const char *path, const char *body)
{
    return ask(org->gateway->http, .method = "POST", .path = path, .body = body, .key = org->key,
               .content_type = body ? NULL : "");
}

// A campaign of the org's to three that runs; its path below the org's at the desk.
static const char *given_campaign(const struct org *org)
{
    struct answer answer =
        change_of(org, "/api/campaigns",
                  "{\"name\": \"Diwali\", \"payload\": {\"text\": {\"body\": \"Hi\"}}, "
                  "\"recipients\": [{\"phone\": \"+919876543210\"}, {\"phone\": "
                  "\"+919876543211\"}, {\"phone\": \"+919876543212\"}]}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *id = answer_text(&answer, "/campaign_id");
    answer = change_of(org, text_of("/api/campaigns/%s/start", id), "{}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return text_of("/campaigns/%s", id);
}

// Who has last changed this member of a thing of that table, and to what.
static void expect_audited(struct gateway *gateway, const char *object, const char *member,
                           const char *after)
{
    struct answer answer = look(gateway, text_of("/admin/audit-log?object=%s", object));
    expect_equal(answer_text(&answer, "/changes/0/actor"), "operator:admin");
    expect_equal(answer_text(&answer, text_of("/changes/0/after/%s", member)), after);
}

// (Without a worker nothing of it leaves by itself.)
Test(desk_rooms, a_campaign_is_watched_paused_resumed_and_cancelled)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    const char *campaign = given_campaign(&org);
    expect_equal(org_balance(&org), "99.40");
    struct answer answer = of_org(&org, "GET", "/campaigns?state=running", NULL);
    expect_equal(answer_text(&answer, "/campaigns/0/name"), "Diwali");
    answer = of_org(&org, "GET", "/campaigns?state=paused", NULL);
    expect_equal(answer_text(&answer, "/campaigns"), "[ ]");
    expect_equal(part(of_org(&org, "GET", campaign, NULL), "/progress/waiting"), "3");
    expect_equal(part(look(gateway, "/admin/overview"), "/campaigns/running"), "1");

    expect_equal(part(of_org(&org, "POST", text_of("%s/pause", campaign), NULL), "/state"),
                 "paused");
    expect_audited(gateway, "campaigns", "state", "paused");
    expect_equal(part(of_org(&org, "POST", text_of("%s/resume", campaign), NULL), "/state"),
                 "running");
    answer = of_org(&other, "POST", text_of("%s/cancel", campaign), NULL);
    expect_refused(&answer, 404, "not_found", "id");
    expect_equal(org_balance(&org), "99.40");
    expect_equal(part(of_org(&org, "POST", text_of("%s/cancel", campaign), NULL), "/dropped"), "3");
    expect_audited(gateway, "campaigns", "state", "cancelled");
    expect_equal(org_balance(&org), "100.00");
    answer = of_org(&org, "GET", text_of("%s/refused", campaign), NULL);
    expect_equal(answer_text(&answer, "/recipients"), "[ ]");
    expect_equal(part(look(gateway, "/admin/overview"), "/campaigns"), "{ }");
    stop_gateway(gateway);
}

// An endpoint that the org has at this path of the sink's; its path below the org's at the desk.
static const char *given_endpoint(const struct org *org, const char *url)
{
    const char *manager = database_text(org->gateway->database,
                                        "SELECT create_api_key('%s', 'm', '{manage}')", org->id);
    struct answer answer =
        ask(org->gateway->http, .path = "/api/endpoints", .key = manager,
            .body = text_of("{\"url\": \"%s\", \"types\": [\"wallet.*\"], \"secret\": "
                            "\"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"}",
                            url));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    return text_of("/endpoints/%s", answer_text(&answer, "/id"));
}

Test(desk_rooms, an_endpoint_is_looked_at_tested_and_set_going_again)
{
    struct sink *sink = sink_start();
    struct gateway *gateway =
        given_gateway(.desk = true, .ingress_settings = {sink_networks()},
                      .worker_settings = {sink_networks(), sink_authority(sink)});
    struct org org = given_org(gateway);
    const char *endpoint = given_endpoint(&org, text_of("%s/switch/acme", sink->url));
    sink_does(sink, "acme", "status/500");
    struct answer answer = of_org(&org, "POST", text_of("%s/test", endpoint), NULL);
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    const char *event = answer_text(&answer, "/event_id");
    expect_audited(gateway, "events", "type", "endpoint.test");
    const char *deliveries = text_of("%s/deliveries", endpoint);
    eventually(
        strcmp(part(of_org(&org, "GET", deliveries, NULL), "/deliveries/0/attempts/0/status"),
               "500") == 0);
    expect_equal(answer_text(&last, "/deliveries/0/event_id"), event);
    eventually(*part(look(gateway, "/admin/overview"), "/failing_endpoints/0/failing_since"));
    expect_equal(answer_text(&last, "/failing_endpoints/0/org_id"), org.id);

    // Given up, and wanted again, all of it or the one.
    (void)database_text(gateway->database,
                        "UPDATE deliveries SET state = 'failed', next_at = NULL");
    sink_does(sink, "acme", "ok");
    answer = of_org(&org, "POST", text_of("%s/recover", endpoint), "{}");
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    expect_audited(gateway, "endpoints", "recover_from", "00000000-0000-0000-0000-000000000000");
    const char *delivery = text_of("%s/%s", deliveries, event);
    eventually(strcmp(part(of_org(&org, "GET", delivery, NULL), "/state"), "delivered") == 0);
    answer = of_org(&org, "POST", text_of("%s/resend", delivery), NULL);
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    expect_audited(gateway, "deliveries", "state", "pending");
    eventually(strcmp(part(of_org(&org, "GET", delivery, NULL), "/attempts/2/status"), "204") == 0);

    answer = of_org(&org, "PATCH", endpoint, "{\"state\": \"disabled\"}");
    expect_equal(answer_text(&answer, "/state"), "disabled");
    expect_audited(gateway, "endpoints", "state", "disabled");
    answer = of_org(&org, "POST", text_of("%s/test", endpoint), NULL);
    expect_refused(&answer, 409, "conflict", NULL);
    // Where it is, is the org's to say.
    answer = of_org(&org, "PATCH", endpoint,
                    "{\"state\": \"active\", \"url\": \"https://elsewhere.example/\"}");
    expect_refused(&answer, 400, "unknown_field", "url");
    answer = of_org(&org, "PATCH", endpoint, "{\"state\": \"active\"}");
    expect_equal(answer_text(&answer, "/state"), "active");
    answer = of_org(&org, "GET", "/endpoints", NULL);
    cr_assert(!strstr(answer.body, "whsec_"), "%s", answer.body);
    process_kill(sink->process);
    stop_gateway(gateway);
}

static void tell_org(const struct org *org, const char *type, int n)
{
    (void)database_text(org->gateway->database,
                        "SELECT tell_event('%s', '%s', NULL, '{\"n\": %d}')", org->id, type, n);
}

Test(desk_rooms, what_an_org_was_told_is_listed_and_not_begun_by_that)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    struct answer answer = of_org(&org, "GET", "/events", NULL);
    expect_equal(answer_text(&answer, "/events"), "[ ]");
    tell_org(&org, "wallet.low", 1);
    expect_equal(answer_text(&answer, "/next_before"), "");
    answer = of_org(&org, "GET", "/events", NULL);
    expect_equal(answer_text(&answer, "/events"), "[ ]"); // nobody of the org has asked
    (void)given_endpoint(&org, "https://hooks.example.com/tollgate");
    (void)given_endpoint(&other, "https://hooks.example.com/tollgate");
    for (int i = 2; i <= 4; i++)
        tell_org(&org, i == 3 ? "wallet.empty" : "wallet.low", i);
    tell_org(&other, "wallet.low", 5);
    answer = of_org(&org, "GET", "/events?limit=2", NULL);
    expect_equal(answer_text(&answer, "/events/0/data/n"), "4");
    expect_equal(answer_text(&answer, "/events/1/type"), "wallet.empty");
    answer =
        of_org(&org, "GET",
               text_of("/events?limit=2&before=%s", answer_text(&answer, "/next_before")), NULL);
    expect_equal(answer_text(&answer, "/events/0/data/n"), "2");
    expect_equal(answer_text(&answer, "/next_before"), "");
    answer = of_org(&org, "GET", "/events?types=wallet.empty", NULL);
    expect_equal(answer_text(&answer, "/events/0/data/n"), "3");
    expect_equal(answer_text(&answer, "/events/1"), "");
    answer = of_org(&org, "GET", "/events?types=wallet.emty", NULL);
    expect_refused(&answer, 400, "invalid_field", "types");
    answer = of_org(&org, "GET", "/events?before=x", NULL);
    expect_refused(&answer, 400, "invalid_field", "before");
    stop_gateway(gateway);
}

Test(desk_rooms, templates_and_files_are_listed_by_org)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    (void)database_text(
        gateway->database,
        "WITH t AS (INSERT INTO templates (org_id, waba_id, id, name, language, status, "
        "status_as_of, category_as_of, quality_as_of, content_as_of, parameter_format, seen_at) "
        "SELECT org_id, waba_id, '77', 'news', 'en', 'APPROVED', now(), now(), now(), now(), "
        "'POSITIONAL', now() FROM template_accounts WHERE org_id = '%s') "
        "INSERT INTO media (org_id, id, state, mime_type, size, filename, next_at) "
        "VALUES ('%s', gen_random_uuid(), 'waiting', 'text/plain', 6, 'mine.txt', now())",
        org.id, org.id);
    struct answer answer = of_org(&org, "GET", "/templates?status=APPROVED", NULL);
    expect_equal(answer_text(&answer, "/templates/0/name"), "news");
    expect_equal(part(of_org(&org, "GET", "/templates/77", NULL), "/status"), "APPROVED");
    answer = of_org(&other, "GET", "/templates/77", NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    expect_equal(part(of_org(&other, "GET", "/templates", NULL), "/templates"), "[ ]");
    expect_equal(part(of_org(&org, "GET", "/media", NULL), "/media/0/filename"), "mine.txt");
    expect_equal(part(of_org(&other, "GET", "/media", NULL), "/media"), "[ ]");
    const struct org nobody = {.gateway = gateway, .id = "00000000-0000-4000-8000-000000000000"};
    static const char *const lists[] = {"/campaigns", "/endpoints", "/events", "/templates",
                                        "/media"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        answer = of_org(&nobody, "GET", lists[i], NULL);
        cr_assert_eq(answer.status, 404, "%s: %s", lists[i], answer.body);
    }
    stop_gateway(gateway);
}

Test(desk_rooms, a_viewer_reads_but_not_what_people_write_and_changes_nothing)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    const char *campaign = given_campaign(&org);
    const char *endpoint = given_endpoint(&org, "https://hooks.example.com/tollgate");
    struct answer answer =
        tell(gateway, "POST", "/admin/operators", "{\"name\": \"vera\", \"role\": \"viewer\"}");
    const char *viewer = answer_text(&answer, "/token");
    const struct {
        const char *method;
        const char *path;
        const char *body;
        int status;
    } cases[] = {
        {"GET", "/campaigns", NULL, 200},
        {"GET", campaign, NULL, 200},
        {"GET", text_of("%s/refused", campaign), NULL, 403},
        {"POST", text_of("%s/pause", campaign), NULL, 403},
        {"POST", text_of("%s/resume", campaign), NULL, 403},
        {"POST", text_of("%s/cancel", campaign), NULL, 403},
        {"GET", "/endpoints", NULL, 200},
        {"GET", endpoint, NULL, 200},
        {"GET", text_of("%s/deliveries", endpoint), NULL, 200},
        {"PATCH", endpoint, "{\"state\": \"disabled\"}", 403},
        {"POST", text_of("%s/test", endpoint), NULL, 403},
        {"POST", text_of("%s/recover", endpoint), "{}", 403},
        {"GET", "/events", NULL, 403},
        {"GET", "/templates", NULL, 200},
        {"GET", "/media", NULL, 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer = ask(desk_of(gateway), .method = cases[i].method,
                     .path = text_of("/admin/orgs/%s%s", org.id, cases[i].path),
                     .body = cases[i].body, .key = viewer);
        cr_assert_eq(answer.status, cases[i].status, "%s %s: %s", cases[i].method, cases[i].path,
                     answer.body);
    }
    stop_gateway(gateway);
}

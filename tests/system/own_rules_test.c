// Rules as their orgs keep them: /api/rules.
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(own_rules, .timeout = 120);

static struct answer as(const struct org *org, const char *method, const char *path,
                        const char *body)
{
    return ask(org->gateway->http, .method = method, .path = path, .key = org->key, .body = body);
}

static struct org given_manager(struct gateway *gateway)
{
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'rules', '{read,manage}')", org.id);
    return org;
}

static const char *given_rule(const struct org *org, const char *pattern)
{
    struct answer answer = as(
        org, "POST", "/api/rules",
        text_of("{\"match_kind\": \"exact\", \"pattern\": \"%s\", \"reply\": \"Hello\"}", pattern));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    return answer_text(&answer, "/id");
}

Test(own_rules, are_made_changed_moved_restored_and_deleted)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_manager(gateway);
    const char *hi = given_rule(&org, "hi");
    const char *hey = given_rule(&org, "hey");
    struct answer answer =
        as(&org, "PATCH", text_of("/api/rules/%s", hi),
           "{\"reply\": \"Good day\", \"daily_spend_cap\": \"2.50\", \"hours\": {\"answers\": "
           "\"within\", \"time_zone\": \"UTC\", \"open\": [{\"from\": \"00:00\", \"to\": "
           "\"24:00\"}]}}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/version"), "2");
    expect_equal(answer_text(&answer, "/hours/open/0/to"), "24:00");
    cr_expect(strncmp(answer_text(&answer, "/changed_by"), "key:", 4) == 0, "%s", answer.body);
    answer = as(&org, "PATCH", text_of("/api/rules/%s", hi), "{\"hours\": null}");
    expect_equal(answer_text(&answer, "/hours"), "");
    answer = as(&org, "POST", text_of("/api/rules/%s/move", hey), "{\"place\": \"first\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = as(&org, "GET", "/api/rules?limit=1", NULL);
    expect_equal(answer_text(&answer, "/rules/0/id"), hey);
    answer = as(&org, "GET", text_of("/api/rules?before=%s", answer_text(&answer, "/next_before")),
                NULL);
    expect_equal(answer_text(&answer, "/rules/0/id"), hi);
    answer = as(&org, "GET", text_of("/api/rules/%s/versions", hi), NULL);
    expect_equal(answer_text(&answer, "/versions/2/rule/reply"), "Hello");
    expect_equal(answer_text(&answer, "/versions/0/is_current"), "true");
    answer = as(&org, "POST", text_of("/api/rules/%s/versions/1/restore", hi), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/version"), "4");
    expect_equal(answer_text(&answer, "/reply"), "Hello");
    answer = as(&org, "DELETE", text_of("/api/rules/%s", hi), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert_eq(as(&org, "GET", text_of("/api/rules/%s", hi), NULL).status, 404);
    answer = as(&org, "GET", text_of("/api/rules/%s/versions/2", hi), NULL);
    expect_equal(answer_text(&answer, "/rule/daily_spend_cap"), "2.50");

    // Operators have the same.
    const char *admin = text_of("/admin/orgs/%s/rules/%s", org.id, hi);
    answer = look(gateway, text_of("%s/versions", admin));
    expect_equal(answer_text(&answer, "/versions/0/version"), "4");
    answer = look(gateway, text_of("%s/versions/3", admin));
    expect_equal(answer_text(&answer, "/rule/reply"), "Good day");
    answer = tell(gateway, "POST", text_of("%s/versions/3/restore", admin), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = tell(gateway, "POST", text_of("%s/move", admin), text_of("{\"before\": \"%s\"}", hey));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = as(&org, "GET", "/api/rules", NULL);
    expect_equal(answer_text(&answer, "/rules/0/id"), hi);
    expect_equal(answer_text(&answer, "/rules/0/changed_by"), "operator:admin");
    stop_gateway(gateway);
}

Test(own_rules, are_nobody_else_s_and_need_a_right)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org acme = given_manager(gateway);
    struct org beta = given_manager(gateway);
    const char *rule = given_rule(&acme, "hi");
    const char *path = text_of("/api/rules/%s", rule);
    static const char *const ways[][3] = {
        {"GET", "", NULL},
        {"PATCH", "", "{\"active\": false}"},
        {"DELETE", "", NULL},
        {"POST", "/move", "{\"place\": \"first\"}"},
        {"GET", "/versions", NULL},
        {"GET", "/versions/1", NULL},
        {"POST", "/versions/1/restore", NULL},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct answer answer = as(&beta, ways[i][0], text_of("%s%s", path, ways[i][1]), ways[i][2]);
        expect_refused(&answer, 404, "not_found", NULL);
    }
    struct answer answer = as(&beta, "GET", "/api/rules", NULL);
    expect_equal(answer_text(&answer, "/rules/0/id"), "");
    answer = as(&acme, "POST", text_of("%s/move", path),
                text_of("{\"after\": \"%s\"}", given_rule(&beta, "x")));
    expect_refused(&answer, 404, "not_found", "after");

    struct org reader = acme;
    reader.key = database_text(gateway->database, "SELECT create_api_key('%s', 'reader', '{read}')",
                               acme.id);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        answer = as(&reader, ways[i][0], text_of("%s%s", path, ways[i][1]), ways[i][2]);
        cr_expect_eq(answer.status, strcmp(ways[i][0], "GET") == 0 ? 200 : 403, "%s %s: %s",
                     ways[i][0], ways[i][1], answer.body);
    }
    answer = as(&reader, "POST", "/api/rules/try", "{\"phone\": \"919800000001\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/not_tried/0/fit"), "unchecked");
    struct org sender = acme;
    sender.key = database_text(gateway->database, "SELECT create_api_key('%s', 'sender', '{send}')",
                               acme.id);
    answer = as(&sender, "POST", "/api/rules/try", "{\"phone\": \"919800000001\"}");
    expect_refused(&answer, 403, "missing_right", NULL);
    stop_gateway(gateway);
}

Test(own_rules, that_cannot_be_are_refused_by_their_members)
{
    static const char *const cases[][2] = {
        {"{\"match_kind\": \"any\"}", "missing_field reply"},
        {"{\"match_kind\": \"some\", \"reply\": \"x\"}", "invalid_field match_kind"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"hours\": \"9 to 5\"}",
         "invalid_field hours"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"daily_spend_cap\": 2}",
         "invalid_field daily_spend_cap"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"daily_spend_cap\": \"-2\"}",
         "invalid_field daily_spend_cap"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"meta_cost\": \"-0.01\"}",
         "invalid_field meta_cost"},
        {"{\"match_kind\": \"any\", \"reply\": \"Hi {first}\"}", "invalid_field reply"},
        {"{\"match_kind\": \"any\", \"reply\": \"x\", \"version\": 7}", "unknown_field version"},
    };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_manager(gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = as(&org, "POST", "/api/rules", cases[i][0]);
        cr_expect_str_eq(
            text_of("%s %s", answer_text(&answer, "/code"), answer_text(&answer, "/detail/field")),
            cases[i][1], "%s", answer.body);
    }
    stop_gateway(gateway);
}

// What orgs do by themselves with what is theirs: /api/keys and others.
#include "tests/system/org.h"

#include <string.h>

TestSuite(own, .timeout = 120);

Test(own, a_key_makes_another_that_may_do_less_and_ends_it)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database, "SELECT create_api_key('%s', 'all', '{read,keys}')",
                            org.id);
    struct answer answer = ask(gateway->http, .path = "/api/keys", .key = org.key,
                               .body = "{\"name\": \"shop\", \"rights\": [\"read\", \"send\"]}");
    expect_refused(&answer, 400, "invalid_field", "rights");
    answer = ask(gateway->http, .path = "/api/keys", .key = org.key,
                 .body = "{\"name\": \"shop\", \"rights\": [\"read\"]}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *key = json_text(answer.json, "/key");
    const char *id = json_text(answer.json, "/id");
    struct org shop = org;
    shop.key = key;
    cr_assert_eq(get(&shop, "/api/wallet").status, 200);
    answer = get(&shop, "/api/keys");
    cr_assert_eq(answer.status, 403, "%s", answer.body);

    const char *path = text_of("/api/keys/%s", id);
    cr_assert_eq(ask(gateway->http, .method = "DELETE", .path = path, .key = org.key).status, 200);
    eventually(get(&shop, "/api/wallet").status == 401);
    answer = get(&org, "/api/keys?limit=1");
    cr_assert_str_neq(json_text(answer.json, "/keys/0/revoked_at"), "null");
    expect_equal(json_text(answer.json, "/next_before"), id);
    stop_gateway(gateway);
}

static struct answer change_key(const struct org *org, const char *id, const char *body)
{
    return ask(org->gateway->http, .method = "PATCH", .path = text_of("/api/keys/%s", id),
               .key = org->key, .body = body);
}

Test(own, a_key_is_changed_and_every_ingress_knows)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct daemon second = start_ingress(gateway);
    struct http *there = http_open(second.url);
    struct org org = given_org(gateway);
    struct org boss = org;
    boss.key = database_text(gateway->database,
                             "SELECT create_api_key('%s', 'boss', '{read,keys}')", org.id);
    const char *id =
        database_text(gateway->database, "SELECT id FROM api_keys WHERE name <> 'boss'");
    cr_assert_eq(ask(there, .path = "/api/wallet", .key = org.key).status, 200);

    struct answer answer = change_key(&boss, id, "{\"expires_at\": null}");
    expect_refused(&answer, 403, "missing_right", NULL);
    expect_equal(answer_text(&answer, "/detail/right"), "send");
    answer = change_key(&boss, id, "{\"rights\": [\"send\"]}");
    expect_refused(&answer, 400, "invalid_field", "rights");
    answer = change_key(&boss, id, "{\"rights\": [\"read\"], \"name\": \"reports\"}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/name"), "reports");
    expect_equal(answer_text(&answer, "/rights/0"), "read");
    cr_assert_not(strstr(answer.body, "\"key\""), "%s", answer.body);
    eventually(send_text(&org, "919876543210").status == 403);
    eventually(
        ask(there, .path = "/api/send-message", .key = org.key, .body = text_body("919876543210"))
            .status == 403);

    answer = change_key(&boss, id, "{\"addresses\": [\"192.0.2.0/24\"]}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    eventually(ask(there, .path = "/api/wallet", .key = org.key).status == 403);
    answer = change_key(&boss, id, "{\"addresses\": null}");
    eventually(ask(there, .path = "/api/wallet", .key = org.key).status == 200);
    answer = change_key(&boss, id, "{\"key\": \"tg_mine\"}");
    expect_refused(&answer, 400, "unknown_field", "key");
    answer = change_key(&org, id, "{}");
    expect_refused(&answer, 403, "missing_right", NULL);
    answer = change_key(&boss, "00000000-0000-4000-8000-000000000000", "{}");
    expect_refused(&answer, 404, "not_found", NULL);
    http_close(there);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

Test(own, an_org_sets_what_is_its_own_and_no_more)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'all', '{read,manage}')", org.id);
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {{"{\"default_country\": \"India\"}", "invalid_field", "default_country"},
               {"{\"undelivered_after_s\": 3599}", "invalid_field", "undelivered_after_s"},
               {"{\"keep_bodies_for_s\": 0}", "invalid_field", "keep_bodies_for_s"},
               {"{\"currency\": \"EUR\"}", "unknown_field", "currency"},
               {"{\"name\": \"Other\"}", "unknown_field", "name"},
               {"{\"default_channel_id\": \"00000000-0000-4000-8000-000000000000\"}",
                "invalid_field", "default_channel_id"}};
    struct http_request change = {.method = "PATCH", .path = "/api/settings", .key = org.key};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        change.body = bad[i].body;
        struct answer answer = http_ask(gateway->http, &change);
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    change.body = "{\"default_country\": \"IN\", \"undelivered_after_s\": 3600, \"opt_out_words\": "
                  "[\"HALT\"]}";
    cr_assert_eq(http_ask(gateway->http, &change).status, 200);
    change.body = "{\"undelivered_after_s\": null}";
    cr_assert_eq(http_ask(gateway->http, &change).status, 200);
    struct answer answer = get(&org, "/api/settings");
    expect_equal(answer_text(&answer, "/default_country"), "IN");
    expect_equal(answer_text(&answer, "/undelivered_after_s"), "");
    expect_equal(answer_text(&answer, "/opt_out_words/0"), "HALT");
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM audit_log WHERE object = "
                                                  "'organizations' AND actor LIKE 'key:%%'"),
                 "2");
    stop_gateway(gateway);
}

Test(own, a_link_lets_somebody_in_who_may_do_no_more_than_who_made_it)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database, "SELECT create_api_key('%s', 'all', '{read,keys}')",
                            org.id);
    struct answer answer = ask(gateway->http, .path = "/api/console-links", .key = org.key,
                               .body = "{\"rights\": [\"read\", \"money\"]}");
    expect_refused(&answer, 400, "invalid_field", "rights");
    answer = ask(gateway->http, .path = "/api/console-links", .key = org.key, .body = "{}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    expect_equal(answer_text(&answer, "/rights/0"), "read");
    expect_equal(
        database_text(gateway->database, "SELECT made_by LIKE 'key:%%' FROM console_links"), "t");
    answer =
        ask(gateway->http, .method = "POST", .path = text_of("%s", answer_text(&answer, "/path")),
            .headers = {text_of("Origin: %s", gateway->ingress.url)});
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    stop_gateway(gateway);
}

static struct answer say_nothing(const struct org *org, const char *path)
{
    return ask(org->gateway->http, .method = "POST", .path = path, .key = org->key,
               .content_type = "");
}

// Somebody has nothing to say, and says nothing, not even in which type.
Test(own, what_needs_no_body_takes_none)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    org.key = database_text(
        gateway->database, "SELECT create_api_key('%s', 'all', '{read,send,manage,keys}')", org.id);
    struct answer contact = ask(gateway->http, .path = "/api/contacts", .key = org.key,
                                .body = "{\"phone\": \"+919876543210\"}");
    struct answer endpoint =
        ask(gateway->http, .path = "/api/endpoints", .key = org.key,
            .body = "{\"url\": \"https://crm.example/in\", \"types\": [\"wallet.*\"]}");
    struct answer campaign =
        ask(gateway->http, .path = "/api/campaigns", .key = org.key,
            .body = "{\"payload\": {\"text\": {\"body\": \"x\"}}, \"recipients\": "
                    "[{\"phone\": \"+919876543211\"}]}");
    cr_assert(contact.status == 201 && endpoint.status == 201 && campaign.status == 201, "%s%s%s",
              contact.body, endpoint.body, campaign.body);
    const struct {
        const char *path;
        const char *id;
        const char *deed;
        int status;
    } calls[] = {{"contacts", answer_text(&contact, "/id"), "opt-out", 200},
                 {"contacts", answer_text(&contact, "/id"), "opt-in", 200},
                 {"endpoints", answer_text(&endpoint, "/id"), "rotate-secret", 200},
                 {"endpoints", answer_text(&endpoint, "/id"), "recover", 202},
                 {"endpoints", answer_text(&endpoint, "/id"), "test", 202},
                 {"campaigns", answer_text(&campaign, "/campaign_id"), "start", 200},
                 {"campaigns", answer_text(&campaign, "/campaign_id"), "pause", 200}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct answer answer =
            say_nothing(&org, text_of("/api/%s/%s/%s", calls[i].path, calls[i].id, calls[i].deed));
        cr_expect_eq(answer.status, calls[i].status, "%s: %s", calls[i].deed, answer.body);
    }
    cr_expect_eq(say_nothing(&org, "/api/console-links").status, 201);
    struct answer answer = say_nothing(&org, text_of("/api/conversations/%s/%s/read",
                                                     org.channel_id, answer_text(&contact, "/id")));
    expect_refused(&answer, 404, "not_found", NULL);
    // Where something must be said, saying nothing is no JSON.
    answer = say_nothing(&org, "/api/keys");
    expect_refused(&answer, 415, "unsupported_media_type", "Content-Type");
    // What is said is said as JSON.
    answer = ask(gateway->http, .path = "/api/console-links", .key = org.key, .body = "{}",
                 .content_type = "text/plain");
    expect_refused(&answer, 415, "unsupported_media_type", "Content-Type");
    stop_gateway(gateway);
}

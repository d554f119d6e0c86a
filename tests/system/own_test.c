// What orgs do by themselves with what is theirs: /api/keys and others.
#include "tests/system/org.h"

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

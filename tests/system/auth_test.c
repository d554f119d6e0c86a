// Who may call: the holder of an org's key for that org, or anybody in trusted mode.
#include "tests/system/org.h"

#include <string.h>

TestSuite(auth, .timeout = 120);

static struct answer send_with_key(struct gateway *gateway, const char *key, const char *org_id)
{
    const char *org = org_id ? text_of("\"org_id\": \"%s\", ", org_id) : "";
    return ask(gateway->http, .path = "/api/send-message", .key = key,
               .body = text_of("{%s\"phone\": \"919876543210\", \"message\": \"Hi\"}", org));
}

Test(auth, without_a_key_nothing_is_answered)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const struct http_request requests[] = {
        {.path = "/api/send-message", .body = text_body("919876543210")},
        {.path = "/api/wallet"},
        {.path = text_of("/api/wallet?org_id=%s", org.id)},
        {.path = "/api/wallet/transactions"},
        {.path = "/api/messages/00000000-0000-7000-8000-000000000000"},
        {.path = "/api/wallet", .headers = {"Authorization: Basic YWRtaW46YWRtaW4="}},
        {.path = "/api/wallet", .headers = {"Authorization: Bearer "}},
        {.path = "/api/wallet", .headers = {text_of("Authorization: %s", org.key)}},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct answer answer = http_ask(gateway->http, &requests[i]);
        expect_refused(&answer, 401, "unauthorized", "Authorization");
        expect_equal(answer_header(&answer, "WWW-Authenticate"), "Bearer");
    }
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

Test(auth, a_key_that_is_not_quite_right_is_unknown)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *wrong[] = {"tg_wrong", text_of("%sx", org.key),
                           text_of("%.*s", (int)strlen(org.key) - 1, org.key),
                           text_of("%s' OR 'a'='a", org.key)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct answer answer = send_with_key(gateway, wrong[i], NULL);
        expect_refused(&answer, 401, "unauthorized", "Authorization");
    }
    struct answer answer = send_with_key(gateway, org.key, NULL);
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

Test(auth, the_database_holds_no_key)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    cr_assert_geq(strlen(org.key), 40);
    expect_equal(database_text(gateway->database,
                               "SELECT key_hash = sha256('%s'::bytea) FROM api_keys", org.key),
                 "t");
    stop_gateway(gateway);
}

Test(auth, a_key_opens_its_own_org_only)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);

    struct answer answer = send_with_key(gateway, org.key, other.id);
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = get(&org, text_of("/api/wallet?org_id=%s", other.id));
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = get(&org, text_of("/api/wallet/transactions?org_id=%s", other.id));
    expect_refused(&answer, 403, "org_mismatch", "org_id");

    answer = send_with_key(gateway, org.key, org.id);
    (void)expect_accepted(&answer);
    expect_equal(org_balance(&org), "99.80");
    expect_equal(org_balance(&other), "100.00");
    stop_gateway(gateway);
}

Test(auth, a_revoked_key_dies)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *unused =
        database_text(gateway->database, "SELECT create_api_key('%s', 'unused')", org.id);
    struct answer answer = send_with_key(gateway, org.key, NULL);
    (void)expect_accepted(&answer);

    (void)database_text(gateway->database,
                        "SET client_min_messages = warning; SELECT revoke_api_key('%s', 'test'), "
                        "revoke_api_key('%s', 'unused')",
                        org.id, org.id);

    answer = send_with_key(gateway, unused, NULL);
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    // One that was in use is remembered for TG_KEY_CACHE_TTL_MS at most.
    eventually(get(&org, "/api/wallet").status == 401);
    stop_gateway(gateway);
}

Test(auth, trusted_mode_believes_the_org_id)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);

    struct answer answer = send_with_key(gateway, NULL, org.id);
    expect_ends(gateway, expect_accepted(&answer), "sent");
    answer = ask(gateway->http, .path = text_of("/api/wallet?org_id=%s", org.id));
    expect_equal(answer_text(&answer, "/balance"), "99.80");
    answer = ask(gateway->http, .path = "/api/wallet");
    expect_refused(&answer, 400, "missing_field", "org_id");
    answer = ask(gateway->http, .path = "/api/wallet?org_id=acme");
    expect_refused(&answer, 400, "invalid_field", "org_id");
    answer = ask(gateway->http, .path = "/api/wallet?org_id=00000000-0000-4000-8000-000000000000");
    expect_refused(&answer, 404, "not_found", NULL);
    expect_equal(org_balance(&other), "100.00");
    stop_gateway(gateway);
}

// A key that is given counts, in this mode too.
Test(auth, trusted_mode_still_checks_a_key)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);

    struct answer answer = send_with_key(gateway, "tg_wrong", org.id);
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    answer = send_with_key(gateway, org.key, other.id);
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = send_with_key(gateway, org.key, NULL);
    (void)expect_accepted(&answer);
    expect_equal(org_balance(&org), "99.80");
    stop_gateway(gateway);
}

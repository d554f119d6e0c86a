// Who may call: the holder of an org's key for that org, or anybody in trusted mode.
#include "common/limits.h"
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
    // One that was in use is remembered, but not for long.
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

// Makes a key of the org's with what create_api_key takes behind the name.
static const char *make_key(const struct org *org, const char *name, const char *how)
{
    return database_text(org->gateway->database, "SELECT create_api_key('%s', '%s', %s)", org->id,
                         name, how);
}

static void expect_lacks(const struct answer *answer, const char *right)
{
    cr_assert_eq(answer->status, 403, "%d %s", answer->status, answer->body);
    expect_equal(answer_text(answer, "/code"), "missing_right");
    expect_equal(answer_text(answer, "/detail/right"), right);
}

Test(auth, a_key_may_what_its_rights_say)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *reads = make_key(&org, "reads", "'{read}'");
    const char *sends = make_key(&org, "sends", "'{send,manage,money,keys}'");
    for (int i = 0; i < 2; i++) { // first by look-up
        struct answer answer = send_with_key(gateway, reads, NULL);
        expect_lacks(&answer, "send");
        answer = ask(gateway->http, .path = "/api/wallet", .key = sends);
        expect_lacks(&answer, "read");
        answer = ask(gateway->http, .path = "/api/wallet", .key = reads);
        cr_assert_eq(answer.status, 200, "%s", answer.body);
    }
    struct answer answer = send_with_key(gateway, sends, NULL);
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

// Not only when it would be looked up again.
Test(auth, a_key_ends_when_it_expires)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    org.key = make_key(&org, "short", "'{read}', clock_timestamp() + interval '3 seconds'");
    long long known_ms = testbed_now_ms();
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    eventually(get(&org, "/api/wallet").status == 401);
    cr_assert_lt(testbed_now_ms() - known_ms, TG_KEY_CACHE_TTL_MS);
    expect_equal(database_text(gateway->database, "SELECT max(expires_at) < clock_timestamp() "
                                                  "FROM api_keys"),
                 "t");
    stop_gateway(gateway);
}

Test(auth, a_key_is_good_from_its_addresses_only)
{
    struct gateway *gateway =
        given_gateway(.ingress_settings = {"TOLLGATE_TRUSTED_PROXIES=127.0.0.0/8,10.0.0.0/8"});
    struct org org = given_org(gateway);
    const char *key = make_key(&org, "near", "'{send,read}', NULL, '{192.0.2.0/24,2001:db8::/32}'");
    static const struct {
        const char *header;
        int status;
    } cases[] = {
        {"X-Forwarded-For: 192.0.2.7", 200},
        {"X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.1.2.3", 200},
        {"X-Forwarded-For: [2001:db8::7]:443", 200},
        {"X-Forwarded-For: 192.0.3.7", 403},
        {"X-Forwarded-For: 192.0.2.7, 198.51.100.1", 403},
        {"X-Forwarded-For: 192.0.2.7, nobody", 403},
        {"X-Real-IP: 192.0.2.7", 403},
        {"X-Other: 1", 403},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) { // first one by look-up
        size_t at = i % (sizeof cases / sizeof *cases);
        struct answer answer =
            ask(gateway->http, .path = "/api/wallet", .key = key, .headers = {cases[at].header});
        cr_assert_eq(answer.status, cases[at].status, "%s: %s", cases[at].header, answer.body);
        if (cases[at].status == 403)
            expect_refused(&answer, 403, "address_not_allowed", NULL);
    }
    struct answer answer = send_with_key(gateway, key, NULL);
    expect_refused(&answer, 403, "address_not_allowed", NULL);
    expect_equal(org_ledger(&org), "adjustment 100.00");
    // The same key, from where it may be used, is looked up and refused elsewhere at once.
    (void)database_text(gateway->database, "UPDATE api_keys SET addresses = '{127.0.0.1}' "
                                           "WHERE name = 'near'");
    eventually(ask(gateway->http, .path = "/api/wallet", .key = key).status == 200);
    stop_gateway(gateway);
}

Test(auth, nobody_is_believed_who_is_no_proxy_of_ours)
{
    struct gateway *gateway =
        given_gateway(.ingress_settings = {"TOLLGATE_TRUSTED_PROXIES=10.0.0.0/8"});
    struct org org = given_org(gateway);
    const char *key = make_key(&org, "near", "'{read}', NULL, '{192.0.2.0/24}'");
    struct answer answer = ask(gateway->http, .path = "/api/wallet", .key = key,
                               .headers = {"X-Forwarded-For: 192.0.2.7"});
    expect_refused(&answer, 403, "address_not_allowed", NULL);
    stop_gateway(gateway);
}

// On each ingress, though all of them know it.
Test(auth, a_revoked_key_dies_though_it_is_remembered)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct daemon second = start_ingress(gateway);
    struct http *http = http_open(second.url);
    long long known_ms = testbed_now_ms();
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    cr_assert_eq(ask(http, .path = "/api/wallet", .key = org.key).status, 200);
    (void)database_text(gateway->database,
                        "SET client_min_messages = warning; SELECT revoke_api_key('%s', 'test')",
                        org.id);
    eventually(get(&org, "/api/wallet").status == 401);
    eventually(ask(http, .path = "/api/wallet", .key = org.key).status == 401);
    cr_assert_lt(testbed_now_ms() - known_ms, TG_KEY_CACHE_TTL_MS);
    // And one that is good again lives.
    (void)database_text(gateway->database, "UPDATE api_keys SET revoked_at = NULL");
    eventually(get(&org, "/api/wallet").status == 200);
    http_close(http);
    process_stop_cleanly(second.process);
    stop_gateway(gateway);
}

Test(auth, when_a_key_was_used_is_noted)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)make_key(&org, "unused", "'{read}'");
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    eventually(strcmp(database_text(gateway->database, "SELECT string_agg(name, ',') FROM api_keys "
                                                       "WHERE last_used_at > created_at"),
                      "test") == 0);
    // Once in a minute, however often it is used.
    const char *noted = database_text(gateway->database, "SELECT max(last_used_at) FROM api_keys");
    for (int i = 0; i < 20; i++)
        cr_assert_eq(get(&org, "/api/wallet").status, 200);
    expect_equal(database_text(gateway->database, "SELECT max(last_used_at) FROM api_keys"), noted);
    stop_gateway(gateway);
}

// JWTs at the door: who is let in by them, and where their keys come from.
#include "common/base/clock.h"
#include "common/limits.h"
#include "tests/issuer.h"
#include "tests/system/org.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(jwt, .timeout = 120);

static struct issuer issuer;

static const char *publish(const char *name, const char *text)
{
    const char *path = text_of("%s/%s", testbed_directory(), name);
    FILE *file = fopen(path, "we");
    cr_assert(file);
    cr_assert_geq(fputs(text, file), 0);
    fclose(file);
    return path;
}

#define SETTINGS(...)                                                                              \
    .ingress_settings = {"TOLLGATE_JWT_SECRET=" ISSUER_SECRET, "TOLLGATE_JWT_ISSUER=" ISSUER,      \
                         "TOLLGATE_RATE_OF_FAILURES=0", __VA_ARGS__}

static const char *token_of(const struct org *org, const char *alg, const char *members)
{
    return issuer_token(&issuer, alg, issuer_claims(org->id, tg_unix_ms() / 1000, members));
}

static int status_with(struct gateway *gateway, const char *token)
{
    return ask(gateway->http, .path = "/api/wallet", .key = token).status;
}

Test(jwt, lets_a_person_of_the_org_in)
{
    issuer = issuer_create();
    const char *file = publish("jwks.json", issuer_jwks(&issuer));
    struct gateway *gateway = given_gateway(SETTINGS(text_of("TOLLGATE_JWKS_FILE=%s", file)));
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    static const char *const algs[] = {"HS256", "RS256", "ES256"};
    for (size_t i = 0; i < 3; i++) {
        struct org person = org;
        person.key = token_of(&org, algs[i], "");
        struct answer answer = send_text(&person, "919876543210");
        expect_ends(gateway, expect_accepted(&answer), "sent");
        for (int n = 0; n < 2; n++) { // then it is remembered
            answer = get(&person, text_of("/api/wallet?org_id=%s", org.id));
            cr_assert_eq(answer.status, 200, "%s", answer.body);
            answer = get(&person, text_of("/api/wallet?org_id=%s", other.id));
            expect_refused(&answer, 403, "org_mismatch", "org_id");
        }
    }
    expect_equal(org_balance(&org), "99.40");
    expect_equal(org_balance(&other), "100.00");
    // An API key is one all the same, and no key is a token.
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    stop_gateway(gateway);
    issuer_free(&issuer);
}

Test(jwt, may_what_its_claim_says)
{
    struct gateway *gateway =
        given_gateway(SETTINGS("TOLLGATE_JWT_RIGHTS_CLAIM=app_metadata.rights"));
    struct org org = given_org(gateway);
    org.key =
        token_of(&org, "HS256",
                 text_of(",\"app_metadata\":{\"org_id\":\"%s\",\"rights\":[\"read\"]}", org.id));
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    struct answer answer = send_text(&org, "919876543210");
    cr_assert_eq(answer.status, 403);
    expect_equal(answer_text(&answer, "/detail/right"), "send");
    stop_gateway(gateway);
}

// Though it is remembered.
Test(jwt, ends_when_it_expires)
{
    struct gateway *gateway = given_gateway(SETTINGS(NULL));
    struct org org = given_org(gateway);
    long long expires_s = tg_unix_ms() / 1000 - TG_JWT_LEEWAY_S + 4;
    long long known_ms = testbed_now_ms();
    const char *token = token_of(&org, "HS256", text_of(",\"exp\":%lld", expires_s));
    cr_assert_eq(status_with(gateway, token), 200);
    eventually(status_with(gateway, token) == 401);
    cr_assert_lt(testbed_now_ms() - known_ms, TG_KEY_CACHE_TTL_MS);
    cr_assert_geq(tg_unix_ms() / 1000, expires_s + TG_JWT_LEEWAY_S);
    struct answer answer = ask(gateway->http, .path = "/api/wallet", .key = token);
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    expect_equal(answer_header(&answer, "WWW-Authenticate"), "Bearer");
    stop_gateway(gateway);
}

Test(jwt, without_a_setting_is_a_key_that_nobody_has)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer =
        ask(gateway->http, .path = "/api/wallet", .key = token_of(&org, "HS256", ""));
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    stop_gateway(gateway);
}

Test(jwt, whose_keys_cannot_be_read_is_for_later)
{
    issuer = issuer_create();
    const char *file = text_of("%s/none.json", testbed_directory());
    struct gateway *gateway = given_gateway(SETTINGS(text_of("TOLLGATE_JWKS_FILE=%s", file)));
    struct org org = given_org(gateway);
    struct answer answer =
        ask(gateway->http, .path = "/api/wallet", .key = token_of(&org, "RS256", ""));
    expect_refused(&answer, 503, "unavailable", NULL);
    cr_assert(daemon_has_logged(&gateway->ingress, "jwks_not_read"));
    cr_assert_eq(status_with(gateway, token_of(&org, "HS256", "")), 200);
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    stop_gateway(gateway);
    issuer_free(&issuer);
}

// A server for the files of a directory, as an issuer has one: with a certificate of its own.
static struct process *serve_files(const char *directory, int port)
{
    const char *key = text_of("%s/tls.key", directory);
    const char *certificate = text_of("%s/tls.crt", directory);
    struct process *made = process_start(
        "certificate",
        WORDS("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
              "-addext", "subjectAltName=DNS:localhost"),
        NULL);
    cr_assert_eq(process_wait(made, 30), 0);
    static const char serve[] = "cd \"$0\" && exec openssl s_server -quiet -WWW -accept \"$1\" "
                                "-cert tls.crt -key tls.key";
    return process_start("issuer", WORDS("sh", "-c", serve, directory, text_of("%d", port)), NULL);
}

static bool is_listening(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listening = connect(client, (const struct sockaddr *)&address, sizeof address) == 0;
    close(client);
    return listening;
}

Test(jwt, keys_come_from_a_url_whose_certificate_is_right)
{
    issuer = issuer_create();
    const char *directory = testbed_directory();
    int port = testbed_port();
    (void)publish("jwks.json", issuer_jwks(&issuer));
    struct process *server = serve_files(directory, port);
    const char *url = text_of("TOLLGATE_JWKS_URL=https://localhost:%d/jwks.json", port);
    struct gateway *gateway =
        given_gateway(SETTINGS(url, text_of("TOLLGATE_JWKS_CA_FILE=%s/tls.crt", directory)));
    struct org org = given_org(gateway);
    eventually(is_listening(port)); // what is tried before counts for a minute
    const char *token = token_of(&org, "ES256", "");
    struct answer answer = ask(gateway->http, .path = "/api/wallet", .key = token);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    // A key that nobody knows is asked for no more than once a minute.
    EVP_PKEY *next = token_rsa(2048);
    const char *claims = issuer_claims(org.id, tg_unix_ms() / 1000, "");
    const char *unknown = token_by(next, "{\"alg\":\"RS256\",\"kid\":\"rsa-2\"}", claims);
    (void)publish("jwks.json", text_of("{\"keys\":[%s]}", token_jwk(next, "\"kid\":\"rsa-2\",")));
    cr_assert_eq(status_with(gateway, unknown), 401);
    EVP_PKEY_free(next);
    stop_gateway(gateway);
    // The same server, believed by nobody who does not know its certificate.
    gateway = given_gateway(SETTINGS(url));
    org = given_org(gateway);
    answer = ask(gateway->http, .path = "/api/wallet", .key = token_of(&org, "ES256", ""));
    expect_refused(&answer, 503, "unavailable", NULL);
    stop_gateway(gateway);
    process_kill(server);
    issuer_free(&issuer);
}

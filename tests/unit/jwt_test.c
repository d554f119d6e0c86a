#include "ingress/who/jwt.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "tests/issuer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ORG "5f0c2f9a-0000-4000-8000-000000000001"

static struct issuer issuer;
static char path[] = "/tmp/tollgate-jwks-XXXXXX";
static struct jwt_terms terms;
static struct jwt *jwt;
static int64_t now_s;

static void publish(const char *text)
{
    FILE *file = fopen(path, "we");
    cr_assert(file);
    cr_assert_geq(fputs(text, file), 0);
    fclose(file);
}

static void given_jwt(void)
{
    tg_log_set_level(TG_LOG_NONE);
    issuer = issuer_create();
    now_s = tg_unix_ms() / 1000;
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    close(file);
    publish(issuer_jwks(&issuer));
    terms = (struct jwt_terms){.secret = ISSUER_SECRET,
                               .jwks = jwks_create(path, NULL, NULL),
                               .issuer = ISSUER,
                               .audience = "authenticated",
                               .org_claims = "app_metadata.org_id,org_id",
                               .rights_claim = "",
                               .rights = RIGHT_SEND | RIGHT_READ};
    jwt = jwt_create(&terms);
    jwt_read_keys(jwt, true);
}

static void drop_jwt(void)
{
    jwt_free(jwt);
    jwks_free(terms.jwks);
    issuer_free(&issuer);
    unlink(path);
}

TestSuite(jwt, .init = given_jwt, .fini = drop_jwt);

static void given_other_terms(void)
{
    jwt_free(jwt);
    jwt = jwt_create(&terms);
}

static struct identity identity;
static struct tg_error error;
static int64_t good_until_s;

static enum jwt_answer judge_at(const char *token, int64_t at_s)
{
    return jwt_judge(jwt, (struct tg_span){token, strlen(token)}, at_s, &identity, &good_until_s,
                     &error);
}

static enum jwt_answer judge(const char *token)
{
    return judge_at(token, now_s);
}

static const char *signed_claims(const char *org, const char *members)
{
    return issuer_token(&issuer, "HS256", issuer_claims(org, now_s, members));
}

Test(jwt, is_good_by_each_algorithm)
{
    static const char *const algs[] = {"HS256", "RS256", "ES256"};
    struct tg_uuid org;
    cr_assert(tg_uuid_parse(ORG, strlen(ORG), &org));
    for (size_t i = 0; i < 3; i++) {
        const char *token = issuer_token(&issuer, algs[i], issuer_claims(ORG, now_s, ""));
        cr_assert_eq(judge(token), JWT_GOOD, "%s: %s", algs[i], error.message);
        cr_assert(tg_uuid_equal(identity.org_id, org));
        cr_assert_eq(identity.proof, PROOF_JWT);
        cr_assert_eq(identity.rights, RIGHT_SEND | RIGHT_READ);
        cr_assert_str_eq(identity.actor, "jwt:person-1");
        cr_assert_eq(good_until_s, now_s + 3660);
    }
    // Without an id each key of the algorithm is tried.
    const char *claims = issuer_claims(ORG, now_s, "");
    cr_assert_eq(judge(token_by(issuer.rsa, "{\"alg\":\"RS256\"}", claims)), JWT_GOOD);
    // As Supabase writes it; the id says nothing of a secret.
    cr_assert_eq(judge(token_hs256(ISSUER_SECRET, "{\"alg\":\"HS256\",\"kid\":\"x\"}", claims)),
                 JWT_GOOD);
}

Test(jwt, of_each_bad_kind_is_refused)
{
    struct bad_token tokens[BAD_TOKENS_MAX];
    size_t n = issuer_bad_tokens(&issuer, ORG, now_s, tokens);
    cr_assert_gt(n, 40);
    for (size_t i = 0; i < n; i++) {
        enum jwt_answer answer = judge(tokens[i].token);
        bool unknown = strcmp(tokens[i].name, "unknown kid") == 0;
        cr_assert_eq(answer, unknown ? JWT_NO_KEY : JWT_REFUSED, "%s", tokens[i].name);
        cr_assert_str_eq(error.code, "unauthorized");
        cr_assert_gt(strlen(error.message), 0);
    }
}

Test(jwt, says_why_it_is_refused)
{
    static const struct {
        const char *members;
        const char *message;
    } cases[] = {
        {",\"exp\":1", "The token has expired"},
        {",\"nbf\":99999999999", "The token is not good yet"},
        {",\"iss\":\"x\"", "The token is from another issuer"},
        {",\"aud\":\"x\"", "The token is for another audience"},
        {",\"sub\":null", "The token is of no person"},
        {",\"is_anonymous\":true", "The token is of somebody who has not signed in"},
        {",\"app_metadata\":{\"org_id\":\"x\"}", "The token's org is no UUID"},
        {",\"app_metadata\":null", "The token names no org"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(judge(signed_claims(ORG, cases[i].members)), JWT_REFUSED);
        cr_assert_str_eq(error.message, cases[i].message);
    }
}

Test(jwt, is_good_to_a_minute_before_and_after)
{
    char members[64];
    snprintf(members, sizeof members, ",\"nbf\":%lld,\"exp\":%lld", (long long)now_s,
             (long long)now_s + 100);
    const char *token = signed_claims(ORG, members);
    static const struct {
        int at_s;
        bool good;
    } cases[] = {{-61, false}, {-60, true}, {0, true}, {159, true}, {160, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(judge_at(token, now_s + cases[i].at_s) == JWT_GOOD, cases[i].good, "%d",
                     cases[i].at_s);
    // Times may have a fraction.
    cr_assert_eq(judge(signed_claims(ORG, ",\"exp\":9999999999.5")), JWT_GOOD);
}

Test(jwt, may_be_for_several_audiences)
{
    cr_assert_eq(judge(signed_claims(ORG, ",\"aud\":[\"others\",\"authenticated\"]")), JWT_GOOD);
}

Test(jwt, names_its_org_where_a_setting_says)
{
    const char *top = ",\"org_id\":\"" ORG "\"";
    cr_assert_eq(judge(signed_claims(NULL, top)), JWT_GOOD);
    cr_assert_eq(judge(signed_claims(NULL, ",\"app_metadata\":{},\"org_id\":\"" ORG "\"")),
                 JWT_GOOD);
    terms.org_claims = "https://example.com/org.id";
    given_other_terms();
    cr_assert_eq(judge(signed_claims(ORG, top)), JWT_REFUSED);
    cr_assert_eq(judge(signed_claims(NULL, ",\"https://example.com/org.id\":\"" ORG "\"")),
                 JWT_GOOD);
    terms.org_claims = "a.b.c";
    given_other_terms();
    cr_assert_eq(judge(signed_claims(NULL, ",\"a\":{\"b\":{\"c\":\"" ORG "\"}}")), JWT_GOOD);
    cr_assert_eq(judge(signed_claims(NULL, ",\"a\":{\"b\":\"" ORG "\"}")), JWT_REFUSED);
}

Test(jwt, has_the_rights_of_a_setting_or_a_claim)
{
    terms.rights = RIGHT_READ;
    given_other_terms();
    cr_assert_eq(judge(signed_claims(ORG, ",\"rights\":[\"keys\"]")), JWT_GOOD);
    cr_assert_eq(identity.rights, RIGHT_READ);
    terms.rights_claim = "app.rights";
    given_other_terms();
    static const struct {
        const char *claim;
        unsigned rights;
    } cases[] = {
        {"[\"send\",\"keys\",\"fly\",1]", RIGHT_SEND | RIGHT_KEYS},
        {"\"read manage\"", RIGHT_READ | RIGHT_MANAGE},
        {"\"read,money\"", RIGHT_READ | RIGHT_MONEY},
        {"[]", 0},
        {"{\"send\":true}", 0},
        {"null", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char members[128];
        snprintf(members, sizeof members, ",\"app\":{\"rights\":%s}", cases[i].claim);
        cr_assert_eq(judge(signed_claims(ORG, members)), JWT_GOOD);
        cr_assert_eq(identity.rights, cases[i].rights, "%s", cases[i].claim);
    }
    cr_assert_eq(judge(signed_claims(ORG, "")), JWT_GOOD);
    cr_assert_eq(identity.rights, 0);
}

Test(jwt, of_who_has_not_signed_in_is_taken_where_a_setting_says)
{
    terms.anonymous = true;
    given_other_terms();
    cr_assert_eq(judge(signed_claims(ORG, ",\"is_anonymous\":true")), JWT_GOOD);
}

Test(jwt, needs_a_key_that_is_configured)
{
    const char *claims = issuer_claims(ORG, now_s, "");
    terms.secret = "";
    given_other_terms();
    cr_assert_eq(judge(issuer_token(&issuer, "HS256", claims)), JWT_REFUSED);
    cr_assert_eq(judge(token_hs256("", "{\"alg\":\"HS256\"}", claims)), JWT_REFUSED);
    cr_assert_eq(judge(issuer_token(&issuer, "RS256", claims)), JWT_GOOD);
    jwks_free(terms.jwks);
    terms.jwks = NULL;
    terms.secret = ISSUER_SECRET;
    given_other_terms();
    cr_assert_eq(judge(issuer_token(&issuer, "RS256", claims)), JWT_REFUSED);
    cr_assert_eq(judge(issuer_token(&issuer, "HS256", claims)), JWT_GOOD);
}

Test(jwt, keys_are_read_again_once_a_minute_at_most)
{
    EVP_PKEY *next = token_rsa(2048);
    const char *token =
        token_by(next, "{\"alg\":\"RS256\",\"kid\":\"rsa-2\"}", issuer_claims(ORG, now_s, ""));
    cr_assert_eq(judge(token), JWT_NO_KEY);
    cr_assert_not(jwt_keys_are_due(jwt, true)); // they were just read
    jwks_free(terms.jwks);
    terms.jwks = jwks_create(path, NULL, NULL);
    given_other_terms();
    cr_assert_eq(judge(token), JWT_UNAVAILABLE);
    cr_assert_str_eq(error.code, "unavailable");
    cr_assert(jwt_keys_are_due(jwt, true));
    publish("{\"keys\":[");
    jwt_read_keys(jwt, true);
    cr_assert_eq(judge(token), JWT_UNAVAILABLE);
    char both[2048];
    snprintf(both, sizeof both, "{\"keys\":[%s]}", token_jwk(next, "\"kid\":\"rsa-2\","));
    publish(both);
    jwt_read_keys(jwt, true); // too early
    cr_assert_eq(judge(token), JWT_UNAVAILABLE);
    cr_assert_not(jwt_keys_are_due(jwt, true));
    EVP_PKEY_free(next);
}

static size_t good_with(const char *jwks)
{
    const char *claims = issuer_claims(ORG, now_s, "");
    publish(jwks);
    jwks_free(terms.jwks);
    terms.jwks = jwks_create(path, NULL, NULL);
    given_other_terms();
    jwt_read_keys(jwt, true);
    return (size_t)(judge(issuer_token(&issuer, "RS256", claims)) == JWT_GOOD) +
           (size_t)(judge(issuer_token(&issuer, "ES256", claims)) == JWT_GOOD);
}

// A key that is for something else, or is no public one, signs nothing.
Test(jwt, keys_are_taken_by_what_they_are_for)
{
    static const struct {
        const char *members;
        size_t good;
    } cases[] = {
        {"", 1},
        {"\"use\":\"sig\",", 1},
        {"\"use\":\"enc\",", 0},
        {"\"alg\":\"RS256\",", 1},
        {"\"alg\":\"RS512\",", 0},
        {"\"alg\":\"HS256\",", 0},
        {"\"alg\":\"RSA-OAEP\",", 0},
        {"\"d\":\"AQAB\",", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char jwks[2048];
        char members[128];
        snprintf(members, sizeof members, "\"kid\":\"rsa-1\",%s", cases[i].members);
        snprintf(jwks, sizeof jwks, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},1,%s]}",
                 token_jwk(issuer.rsa, members));
        cr_assert_eq(good_with(jwks), cases[i].good, "%s", cases[i].members);
    }
    EVP_PKEY *small = token_rsa(1024);
    char jwks[2048];
    snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", token_jwk(small, "\"kid\":\"rsa-1\","));
    cr_assert_eq(good_with(jwks), 0);
    cr_assert_eq(judge(token_by(small, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}",
                                issuer_claims(ORG, now_s, ""))),
                 JWT_UNAVAILABLE);
    EVP_PKEY_free(small);
    static const char *const none[] = {"", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "null"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_eq(good_with(none[i]), 0, "%s", none[i]);
    cr_assert_eq(good_with(issuer_jwks(&issuer)), 2);
}

// The issuer's two keys behind so many that are none, and blanks up to a length.
static size_t good_among(size_t others, size_t length)
{
    TG_TEXT_AUTO jwks = {0};
    tg_text_append_string(&jwks, "{\"keys\":[");
    for (size_t i = 0; i < others; i++)
        tg_text_append_string(&jwks, "1,");
    tg_text_append_string(&jwks, strchr(issuer_jwks(&issuer), '[') + 1);
    while (jwks.length < length)
        tg_text_append_string(&jwks, " ");
    return good_with(tg_text_string(&jwks));
}

// The rest of one that is too long or has too many is not taken for all of it.
Test(jwt, keys_are_read_up_to_a_number_and_a_length)
{
    cr_assert_eq(good_among(TG_JWKS_KEYS_MAX - 2, 0), 2);
    cr_assert_eq(good_among(TG_JWKS_KEYS_MAX - 1, 0), 0);
    cr_assert_eq(good_among(20UL * 1000, 0), 0);
    cr_assert_eq(good_among(0, TG_JWKS_BYTES_MAX), 2);
    cr_assert_eq(good_among(0, TG_JWKS_BYTES_MAX + 1), 0);
    cr_assert_eq(good_among(0, 100UL * TG_JWKS_BYTES_MAX), 0);
}

// The library ends the process at a "=" where it expects none.
Test(jwt, that_is_no_base64url_ends_nobody)
{
    static const char *const tokens[] = {"e=JhbGciOiJIUzI1NiJ9.e30.AAAA",
                                         "e30=.e30=.AAAA",
                                         "eyJhbGciOiJIUzI1NiJ9.e=30.AAAA",
                                         "eyJhbGciOiJIUzI1NiJ9.e30.A=AA",
                                         "eyJhbGciOiJIUzI1NiJ9.e30.A",
                                         "a.e30.AAAA",
                                         "..",
                                         "a b.c.d"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        cr_assert_eq(judge(tokens[i]), JWT_REFUSED, "%s", tokens[i]);
    cr_assert_eq(good_with("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa-1\",\"n\":\"A=AA\","
                           "\"e\":\"AQAB\"}]}"),
                 0);
    cr_assert_eq(good_with("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"=\","
                           "\"y\":1}]}"),
                 0);
}

Test(jwt, has_three_parts)
{
    static const struct {
        const char *text;
        bool is_one;
    } cases[] = {
        {"a.b.c", true}, {"..", true}, {"tg_abc", false}, {"a.b", false}, {"a.b.c.d", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(jwt_is_one((struct tg_span){cases[i].text, strlen(cases[i].text)}),
                     cases[i].is_one, "%s", cases[i].text);
}

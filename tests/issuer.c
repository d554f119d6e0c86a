#include "tests/issuer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define RS256 "{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"typ\":\"JWT\"}"
#define ES256 "{\"alg\":\"ES256\",\"kid\":\"p256-1\",\"typ\":\"JWT\"}"

struct issuer issuer_create(void)
{
    return (struct issuer){token_rsa(2048), token_p256()};
}

void issuer_free(struct issuer *issuer)
{
    EVP_PKEY_free(issuer->rsa);
    EVP_PKEY_free(issuer->p256);
}

const char *issuer_jwks(const struct issuer *issuer)
{
    return token_text(
        "{\"keys\":[%s,%s]}",
        token_jwk(issuer->rsa, "\"kid\":\"rsa-1\",\"use\":\"sig\",\"alg\":\"RS256\","),
        token_jwk(issuer->p256, "\"kid\":\"p256-1\","));
}

const char *issuer_claims(const char *org_id, int64_t now_s, const char *members)
{
    const char *org =
        org_id && *org_id ? token_text(",\"app_metadata\":{\"org_id\":\"%s\"}", org_id) : "";
    return token_text("{\"iss\":\"" ISSUER "\",\"aud\":\"authenticated\",\"sub\":\"person-1\","
                      "\"role\":\"authenticated\",\"is_anonymous\":false,\"iat\":%" PRId64
                      ",\"exp\":%" PRId64 "%s%s}",
                      now_s, now_s + 3600, org, members);
}

const char *issuer_token(const struct issuer *issuer, const char *alg, const char *claims)
{
    if (strcmp(alg, "HS256") == 0)
        return token_hs256(ISSUER_SECRET, HS256, claims);
    return strcmp(alg, "RS256") == 0 ? token_by(issuer->rsa, RS256, claims)
                                     : token_by(issuer->p256, ES256, claims);
}

struct list {
    struct bad_token *tokens;
    size_t n;
};

static void add(struct list *list, const char *name, const char *token)
{
    if (list->n == BAD_TOKENS_MAX)
        abort();
    list->tokens[list->n++] = (struct bad_token){name, token};
}

// Signed as they should be, they say what they must not.
static void add_claims(struct list *list, const char *org_id, int64_t now_s)
{
    const struct {
        const char *name;
        const char *claims;
    } cases[] = {
        {"expired", token_text(",\"exp\":%" PRId64, now_s - 61)},
        {"never expires", ",\"exp\":null"},
        {"expires as a text", ",\"exp\":\"9999999999\""},
        {"not yet", token_text(",\"nbf\":%" PRId64, now_s + 120)},
        {"not yet as a text", ",\"nbf\":\"1\""},
        {"wrong issuer", ",\"iss\":\"https://issuer.example.com\""},
        {"no issuer", ",\"iss\":null"},
        {"wrong audience", ",\"aud\":\"others\""},
        {"wrong audiences", ",\"aud\":[\"others\",\"authenticated2\"]"},
        {"no audience", ",\"aud\":null"},
        {"no person", ",\"sub\":null"},
        {"an empty person", ",\"sub\":\"\""},
        {"a person as a number", ",\"sub\":1"},
        {"role anon", ",\"role\":\"anon\""},
        {"role service_role", ",\"role\":\"service_role\""},
        {"anonymous", ",\"is_anonymous\":true"},
        {"anonymous as a text", ",\"is_anonymous\":\"false\""},
        {"org is no UUID", ",\"app_metadata\":{\"org_id\":\"acme\"}"},
        {"org is a list", token_text(",\"app_metadata\":{\"org_id\":[\"%s\"]}", org_id)},
        // That one counts, though the other would be good.
        {"org is wrong, and there below",
         token_text(",\"app_metadata\":{\"org_id\":\"x\"},\"org_id\":\"%s\"", org_id)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        add(list, cases[i].name,
            token_hs256(ISSUER_SECRET, HS256, issuer_claims(org_id, now_s, cases[i].claims)));
    add(list, "no org", token_hs256(ISSUER_SECRET, HS256, issuer_claims(NULL, now_s, "")));
    add(list, "org only in user_metadata",
        token_hs256(ISSUER_SECRET, HS256,
                    issuer_claims(NULL, now_s,
                                  token_text(",\"user_metadata\":{\"org_id\":\"%s\"}", org_id))));
    // As Supabase's own keys are.
    add(list, "anon key",
        token_hs256(
            ISSUER_SECRET, HS256,
            token_text("{\"iss\":\"supabase\",\"ref\":\"x\",\"role\":\"anon\",\"iat\":%" PRId64
                       ",\"exp\":%" PRId64 "}",
                       now_s, now_s + 3600)));
    add(list, "service key",
        token_hs256(
            ISSUER_SECRET, HS256,
            token_text("{\"iss\":\"" ISSUER "\",\"aud\":\"authenticated\",\"role\":"
                       "\"service_role\",\"app_metadata\":{\"org_id\":\"%s\"},\"exp\":%" PRId64 "}",
                       org_id, now_s + 3600)));
    add(list, "claims are a list", token_hs256(ISSUER_SECRET, HS256, "[]"));
    add(list, "claims are no JSON", token_hs256(ISSUER_SECRET, HS256, "{"));
}

// The claims are good, who signs or how is not.
static void add_signatures(struct list *list, const struct issuer *issuer, const char *claims)
{
    EVP_PKEY *other = token_rsa(2048);
    EVP_PKEY *other_p256 = token_p256();
    add(list, "alg none", token_with("{\"alg\":\"none\"}", claims, ""));
    add(list, "alg None", token_with("{\"alg\":\"None\"}", claims, ""));
    add(list, "no alg", token_with("{\"typ\":\"JWT\"}", claims, ""));
    add(list, "HS256 with the public key's PEM",
        token_hs256(token_pem(issuer->rsa), "{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}", claims));
    add(list, "HS256 with the public key's JWK",
        token_hs256(token_jwk(issuer->rsa, ""), "{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}", claims));
    add(list, "HS256 with an empty secret", token_hs256("", HS256, claims));
    add(list, "HS256 with another secret", token_hs256("another", HS256, claims));
    add(list, "HS256 without a signature", token_with(HS256, claims, ""));
    add(list, "HS384", token_hs256(ISSUER_SECRET, "{\"alg\":\"HS384\"}", claims));
    add(list, "PS256", token_by(issuer->rsa, "{\"alg\":\"PS256\",\"kid\":\"rsa-1\"}", claims));
    add(list, "RS256 by another key", token_by(other, RS256, claims));
    add(list, "RS256 without kid by another key", token_by(other, "{\"alg\":\"RS256\"}", claims));
    add(list, "RS256 with ES256's kid",
        token_by(issuer->rsa, "{\"alg\":\"RS256\",\"kid\":\"p256-1\"}", claims));
    add(list, "ES256 with RS256's kid",
        token_by(issuer->p256, "{\"alg\":\"ES256\",\"kid\":\"rsa-1\"}", claims));
    add(list, "ES256 by another key", token_by(other_p256, ES256, claims));
    add(list, "unknown kid", token_by(other, "{\"alg\":\"RS256\",\"kid\":\"rsa-2\"}", claims));
    add(list, "crit",
        token_by(issuer->rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"crit\":[\"exp\"]}", claims));
    add(list, "embedded jwk",
        token_by(other, token_text("{\"alg\":\"RS256\",\"jwk\":%s}", token_jwk(other, "")),
                 claims));
    add(list, "embedded jwk of the issuer's",
        token_by(issuer->rsa,
                 token_text("{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"jwk\":%s}",
                            token_jwk(issuer->rsa, "")),
                 claims));
    add(list, "crit that is null",
        token_by(issuer->rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"crit\":null}", claims));
    add(list, "b64",
        token_by(issuer->rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"b64\":false}", claims));
    add(list, "jku",
        token_by(issuer->rsa,
                 "{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"jku\":\"https://evil.example\"}", claims));
    add(list, "no JSON", "a.b.c");
    add(list, "empty", "..");
    EVP_PKEY_free(other);
    EVP_PKEY_free(other_p256);
}

size_t issuer_bad_tokens(const struct issuer *issuer, const char *org_id, int64_t now_s,
                         struct bad_token tokens[static BAD_TOKENS_MAX])
{
    struct list list = {tokens, 0};
    add_claims(&list, org_id, now_s);
    add_signatures(&list, issuer, issuer_claims(org_id, now_s, ""));
    return list.n;
}

#include "ingress/who/jwt.h"

#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/crypto/digest.h"
#include "common/service/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/token.h"

#include <string.h>

// A token of the input's own, whatever it is; the input as the keys that an issuer has published;
// and the input as claims under a good signature: behind a line that is the token's header, or
// alone.
static const char secret[] = "a secret that the fuzzer does not know, and is not told";
static const int64_t now_s = 1800000000;
// {"alg":"RS256"}.{}.
static const char unsigned_token[] = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

static void append_base64url(struct tg_text *text, const void *from, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *bytes = from;
    for (size_t bit = 0; bit < 8 * length; bit += 6) {
        unsigned two = bytes[bit / 8] * 256U + (bit / 8 + 1 < length ? bytes[bit / 8 + 1] : 0U);
        tg_text_append(text, &digits[two >> (10 - bit % 8) & 63], 1);
    }
}

static enum jwt_answer judge(struct jwt *jwt, struct tg_span token, struct identity *identity)
{
    int64_t good_until_s = 0;
    struct tg_error error = {0};
    enum jwt_answer answer = jwt_judge(jwt, token, now_s, identity, &good_until_s, &error);
    if (answer != JWT_GOOD)
        fuzz_refused(&error);
    FUZZ_HOLDS(answer != JWT_GOOD || good_until_s > now_s);
    return answer;
}

// The keys that this process knows both halves of.
static struct issuer {
    EVP_PKEY *rsa;
    EVP_PKEY *p256;
    struct jwt *jwt;
} issuer;

static struct jwt *judge_with(struct jwks *jwks)
{
    struct jwt *jwt = jwt_create(&(struct jwt_terms){.secret = secret,
                                                     .jwks = jwks,
                                                     .issuer = "i",
                                                     .audience = "a",
                                                     .org_claims = "app_metadata.org_id,org_id",
                                                     .rights_claim = "rights"});
    jwt_read_keys(jwt, true);
    return jwt;
}

static void make_issuer(void)
{
    issuer.rsa = token_rsa(2048);
    issuer.p256 = token_p256();
    const char *keys = token_text("{\"keys\":[%s,%s]}", token_jwk(issuer.rsa, "\"kid\":\"r\","),
                                  token_jwk(issuer.p256, "\"kid\":\"e\","));
    const char *path = fuzz_file((struct tg_span){keys, strlen(keys)});
    issuer.jwt = judge_with(jwks_create(path, NULL, NULL));
}

// Who has a good signature may what the claims say, in the org that they name.
static void expect_identity(const struct identity *identity, struct tg_span claims)
{
    FUZZ_HOLDS(identity->proof == PROOF_JWT && identity->rights < 2 * RIGHT_KEYS);
    FUZZ_HOLDS(strncmp(identity->actor, "jwt:", 4) == 0);
    FUZZ_HOLDS(tg_utf8_is_valid(identity->actor, strlen(identity->actor)));
    // Of no claim there is a default: not of the org, not of a right.
    struct tg_error error;
    struct json_object *object = tg_json_parse(claims.data, claims.length, &error);
    struct json_object *metadata = json_object_object_get(object, "app_metadata");
    const char *named = tg_json_string_member(metadata, "org_id");
    named = named ? named : tg_json_string_member(object, "org_id");
    struct tg_uuid org;
    FUZZ_HOLDS(named && tg_uuid_parse(named, strlen(named), &org));
    FUZZ_HOLDS(tg_uuid_equal(org, identity->org_id));
    FUZZ_HOLDS(identity->rights == 0 || json_object_object_get(object, "rights"));
    json_object_put(object);
}

// By the key that is for this algorithm, whatever the header says.
static size_t sign(const char *alg, const struct tg_text *token,
                   unsigned char signature[static TOKEN_SIGNATURE_MAX])
{
    if (strcmp(alg, "HS256") != 0)
        return token_sign(strcmp(alg, "RS256") == 0 ? issuer.rsa : issuer.p256, token->data,
                          token->length, signature);
    tg_hmac_sha256(secret, sizeof secret - 1, token->data, token->length, signature);
    return TG_SHA256_SIZE;
}

// What was good by this algorithm has said so.
static void expect_alg(struct tg_span header, const char *alg)
{
    struct tg_error error;
    struct json_object *object = tg_json_parse(header.data, header.length, &error);
    const char *stated = tg_json_string_member(object, "alg");
    FUZZ_HOLDS(stated && strcmp(stated, alg) == 0);
    json_object_put(object);
}

static void expect_signed(const char *alg, struct tg_span header, struct tg_span claims)
{
    unsigned char signature[TOKEN_SIGNATURE_MAX];
    struct identity identity = {0};
    TG_TEXT_AUTO token = {0};
    append_base64url(&token, header.data, header.length);
    tg_text_append(&token, ".", 1);
    append_base64url(&token, claims.data, claims.length);
    size_t length = sign(alg, &token, signature);
    size_t dotted = token.length;
    tg_text_append(&token, ".", 1);
    append_base64url(&token, signature, length);
    if (judge(issuer.jwt, tg_text_span(&token), &identity) != JWT_GOOD)
        return;
    expect_identity(&identity, claims);
    expect_alg(header, alg);
    signature[length / 2] ^= 1;
    token.length = dotted + 1;
    append_base64url(&token, signature, length);
    FUZZ_HOLDS(judge(issuer.jwt, tg_text_span(&token), &identity) == JWT_REFUSED);
}

static void expect_claims(const struct tg_text *input)
{
    static const char *const algs[] = {"HS256", "RS256", "ES256"};
    size_t at = 0;
    struct tg_span header = fuzz_line(input, &at);
    struct tg_span claims = fuzz_rest(input, at);
    if (!claims.data) {
        claims = header;
        header = (struct tg_span){"{\"alg\":\"HS256\"}", strlen("{\"alg\":\"HS256\"}")};
    }
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        // (To sign takes longer than all the rest.)
        if (memmem(header.data, header.length, algs[i], strlen(algs[i])))
            expect_signed(algs[i], header, claims);
    }
}

FUZZ_TARGET(jwt)
{
    struct identity identity = {0};
    tg_log_set_level(TG_LOG_NONE);
    if (!issuer.jwt)
        make_issuer();
    struct jwks *jwks = jwks_create(fuzz_file(tg_text_span(input)), NULL, NULL);
    struct jwt *jwt = judge_with(jwks);
    // Nobody has signed it, whichever keys there are.
    FUZZ_HOLDS(judge(jwt, tg_text_span(input), &identity) != JWT_GOOD);
    FUZZ_HOLDS(judge(jwt, (struct tg_span){unsigned_token, strlen(unsigned_token)}, &identity) !=
               JWT_GOOD);
    expect_claims(input);
    jwt_free(jwt);
    jwks_free(jwks);
}

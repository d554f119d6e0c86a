#include "ingress/who/jwt.h"

#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/crypto/digest.h"
#include "common/service/log.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// A token of the input's own, whatever it is; claims of the input's under our signature; and the
// input as the keys that an issuer has published.
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

// Who has our signature may what the terms or the claims say, in the org that the claims name.
static void expect_claims(struct jwt *jwt, const struct tg_text *claims)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    unsigned char mac[TG_SHA256_SIZE];
    struct identity identity = {0};
    TG_TEXT_AUTO token = {0};
    append_base64url(&token, header, sizeof header - 1);
    tg_text_append(&token, ".", 1);
    append_base64url(&token, tg_text_string(claims), claims->length);
    tg_hmac_sha256(secret, sizeof secret - 1, token.data, token.length, mac);
    tg_text_append(&token, ".", 1);
    append_base64url(&token, mac, sizeof mac);
    if (judge(jwt, fuzz_span(&token), &identity) != JWT_GOOD)
        return;
    FUZZ_HOLDS(identity.proof == PROOF_JWT && identity.rights < 2 * RIGHT_KEYS);
    FUZZ_HOLDS(strncmp(identity.actor, "jwt:", 4) == 0);
    FUZZ_HOLDS(tg_utf8_is_valid(identity.actor, strlen(identity.actor)));
    // Of no claim there is a default: not of the org, not of a right.
    struct tg_error error;
    struct json_object *object = tg_json_parse(claims->data, claims->length, &error);
    struct json_object *metadata = json_object_object_get(object, "app_metadata");
    const char *named = tg_json_string_member(metadata, "org_id");
    named = named ? named : tg_json_string_member(object, "org_id");
    struct tg_uuid org;
    FUZZ_HOLDS(named && tg_uuid_parse(named, strlen(named), &org));
    FUZZ_HOLDS(tg_uuid_equal(org, identity.org_id));
    FUZZ_HOLDS(identity.rights == 0 || json_object_object_get(object, "rights"));
    json_object_put(object);
}

FUZZ_TARGET(jwt)
{
    struct identity identity = {0};
    struct jwks *jwks = jwks_create(fuzz_file(fuzz_span(input)), NULL, NULL);
    struct jwt *jwt = jwt_create(&(struct jwt_terms){.secret = secret,
                                                     .jwks = jwks,
                                                     .issuer = "i",
                                                     .audience = "a",
                                                     .org_claims = "app_metadata.org_id,org_id",
                                                     .rights_claim = "rights"});
    tg_log_set_level(TG_LOG_NONE);
    jwt_read_keys(jwt, true);
    // Nobody has signed it, whichever keys there are.
    FUZZ_HOLDS(judge(jwt, fuzz_span(input), &identity) != JWT_GOOD);
    FUZZ_HOLDS(judge(jwt, (struct tg_span){unsigned_token, strlen(unsigned_token)}, &identity) !=
               JWT_GOOD);
    expect_claims(jwt, input);
    jwt_free(jwt);
    jwks_free(jwks);
}

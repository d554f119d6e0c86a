#include "ingress/who/jwt.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct jwt {
    struct jwt_terms terms;
    pthread_mutex_t lock; // for all use of the secret's key (cjose counts its holders)
    cjose_jwk_t *secret;  // NULL: there is none
};

struct jwt *jwt_create(const struct jwt_terms *terms)
{
    struct jwt *jwt = tg_alloc(sizeof *jwt);
    cjose_err error;
    jwt->terms = *terms;
    pthread_mutex_init(&jwt->lock, NULL);
    if (*terms->secret) {
        jwt->secret = cjose_jwk_create_oct_spec((const uint8_t *)terms->secret,
                                                strlen(terms->secret), &error);
        if (!jwt->secret)
            abort();
    }
    return jwt;
}

void jwt_free(struct jwt *jwt)
{
    if (!jwt)
        return;
    cjose_jwk_release(jwt->secret);
    pthread_mutex_destroy(&jwt->lock);
    free(jwt);
}

bool jwt_is_one(struct tg_span token)
{
    size_t dots = 0;
    for (size_t i = 0; i < token.length; i++)
        dots += token.data[i] == '.';
    return dots == 2;
}

static bool refuse(struct tg_error *error, const char *why)
{
    return tg_error_set(error, "unauthorized", "Authorization", "%s", why);
}

// Three parts in base64url?
static bool is_readable(struct tg_span token)
{
    const char *const end = token.data + token.length;
    const char *at = token.data;
    for (int part = 0; part < 3; part++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        dot = dot ? dot : end;
        if (dot == at || !tg_is_base64url(at, (size_t)(dot - at)) || (dot == end) != (part == 2))
            return false;
        at = dot + (dot < end);
    }
    return true;
}

// The header as it is written, whatever its members are; NULL: it cannot be read. The caller's.
static struct json_object *read_header(struct tg_span token)
{
    cjose_err why;
    uint8_t *json;
    size_t length;
    const char *dot = memchr(token.data, '.', token.length);
    if (!dot ||
        !cjose_base64url_decode(token.data, (size_t)(dot - token.data), &json, &length, &why))
        return NULL;
    struct tg_error error;
    struct json_object *header = tg_json_parse((const char *)json, length, &error);
    cjose_get_dealloc()(json);
    return header;
}

// What must be understood and is not, and a key that a token brings with it.
static bool check_header(struct tg_span token, struct tg_error *error)
{
    static const char *const never[] = {"crit", "jwk", "jku", "x5u", "x5c", "zip", "b64"};
    struct json_object *header = read_header(token);
    bool good =
        json_object_is_type(header, json_type_object) || refuse(error, "The token cannot be read");
    for (size_t i = 0; i < sizeof never / sizeof *never && good; i++) {
        if (json_object_object_get_ex(header, never[i], NULL))
            good = tg_error_set(error, "unauthorized", "Authorization",
                                "The token's header must not have \"%s\"", never[i]);
    }
    json_object_put(header);
    return good;
}

static enum jwt_answer check_secret(struct jwt *jwt, cjose_jws_t *token, struct tg_error *error)
{
    cjose_err why;
    if (!jwt->secret) {
        refuse(error, "The token is signed by an algorithm that is not taken here");
        return JWT_REFUSED;
    }
    pthread_mutex_lock(&jwt->lock);
    bool good = cjose_jws_verify(token, jwt->secret, &why);
    pthread_mutex_unlock(&jwt->lock);
    if (!good)
        refuse(error, "The token's signature is not right");
    return good ? JWT_GOOD : JWT_REFUSED;
}

static enum jwt_answer check_jwks(struct jwt *jwt, cjose_jws_t *token, const char *kid,
                                  const char *alg, struct tg_error *error)
{
    switch (jwks_verify(jwt->terms.jwks, token, kid, alg)) {
    case JWKS_GOOD:
        return JWT_GOOD;
    case JWKS_BAD:
        refuse(error, "The token's signature is not right");
        return JWT_REFUSED;
    case JWKS_NO_KEY:
        refuse(error, "The token is signed by a key that is not known");
        return JWT_NO_KEY;
    default:
        tg_error_set(error, "unavailable", NULL, "The keys of tokens cannot be read");
        return JWT_UNAVAILABLE;
    }
}

static enum jwt_answer check_signature(struct jwt *jwt, cjose_jws_t *token, struct tg_error *error)
{
    cjose_err why;
    cjose_header_t *header = cjose_jws_get_protected(token);
    const char *alg = header ? cjose_header_get(header, "alg", &why) : NULL;
    if (alg && strcmp(alg, "HS256") == 0)
        return check_secret(jwt, token, error);
    if (alg && jwt->terms.jwks && (strcmp(alg, "RS256") == 0 || strcmp(alg, "ES256") == 0))
        return check_jwks(jwt, token, cjose_header_get(header, "kid", &why), alg, error);
    refuse(error, "The token is signed by an algorithm that is not taken here");
    return JWT_REFUSED;
}

// A claim by its path; NULL if it is not there or null.
static struct json_object *claim_at(struct json_object *claims, struct tg_span path)
{
    char name[128];
    bool whole = memmem(path.data, path.length, "://", 3) != NULL;
    while (claims && path.length > 0) {
        const char *dot = whole ? NULL : memchr(path.data, '.', path.length);
        size_t length = dot ? (size_t)(dot - path.data) : path.length;
        if (length >= sizeof name || !json_object_is_type(claims, json_type_object))
            return NULL;
        memcpy(name, path.data, length);
        name[length] = '\0';
        if (!json_object_object_get_ex(claims, name, &claims))
            return NULL;
        length += dot != NULL;
        path = (struct tg_span){path.data + length, path.length - length};
    }
    return claims;
}

static bool read_org(const struct jwt *jwt, struct json_object *claims, struct tg_uuid *org_id,
                     struct tg_error *error)
{
    struct json_object *claim = NULL;
    const char *paths = jwt->terms.org_claims;
    for (size_t length; *paths && !claim; paths += length + (paths[length] == ',')) {
        length = strcspn(paths, ",");
        claim = claim_at(claims, (struct tg_span){paths, length});
    }
    struct tg_span id = tg_json_span(claim);
    if (!claim)
        return refuse(error, "The token names no org");
    return (id.data && tg_uuid_parse(id.data, id.length, org_id)) ||
           refuse(error, "The token's org is no UUID");
}

// A time in whole seconds; false: it is none.
static bool read_time(struct json_object *claim, int64_t *time_s)
{
    bool number =
        json_object_is_type(claim, json_type_int) || json_object_is_type(claim, json_type_double);
    double value = number ? json_object_get_double(claim) : NAN;
    if (!(value >= 0 && value < 1e15))
        return false;
    *time_s = (int64_t)value;
    return true;
}

static bool check_times(struct json_object *claims, int64_t now_s, int64_t *good_until_s,
                        struct tg_error *error)
{
    struct json_object *claim;
    int64_t expires_s;
    int64_t begins_s = 0;
    if (!json_object_object_get_ex(claims, "exp", &claim) || !read_time(claim, &expires_s))
        return refuse(error, "The token must say when it expires");
    if (json_object_object_get_ex(claims, "nbf", &claim) && !read_time(claim, &begins_s))
        return refuse(error, "The token does not say well when it begins");
    *good_until_s = expires_s + TG_JWT_LEEWAY_S;
    if (now_s >= *good_until_s)
        return refuse(error, "The token has expired");
    return now_s + TG_JWT_LEEWAY_S >= begins_s || refuse(error, "The token is not good yet");
}

static bool is_audience(struct json_object *claims, const char *audience)
{
    struct json_object *claim = NULL;
    if (!json_object_object_get_ex(claims, "aud", &claim))
        return false;
    if (!json_object_is_type(claim, json_type_array))
        return tg_span_equals(tg_json_span(claim), audience);
    bool found = false;
    for (size_t i = 0; i < json_object_array_length(claim) && !found; i++)
        found = tg_span_equals(tg_json_span(json_object_array_get_idx(claim, i)), audience);
    return found;
}

static struct tg_span text_claim(struct json_object *claims, const char *name)
{
    struct json_object *claim = NULL;
    (void)json_object_object_get_ex(claims, name, &claim);
    return tg_json_span(claim);
}

// A person, who has signed in: Supabase's own keys are tokens too, of nobody.
static bool check_person(const struct jwt *jwt, struct json_object *claims, struct tg_error *error)
{
    struct json_object *anonymous = NULL;
    struct tg_span subject = text_claim(claims, "sub");
    struct tg_span role = text_claim(claims, "role");
    if (subject.length == 0 || memchr(subject.data, '\0', subject.length))
        return refuse(error, "The token is of no person");
    if (tg_span_equals(role, "anon") || tg_span_equals(role, "service_role"))
        return refuse(error, "The token is of no person");
    bool stated = json_object_object_get_ex(claims, "is_anonymous", &anonymous) && anonymous;
    bool signed_in = !stated || (json_object_is_type(anonymous, json_type_boolean) &&
                                 !json_object_get_boolean(anonymous));
    return signed_in || jwt->terms.anonymous ||
           refuse(error, "The token is of somebody who has not signed in");
}

static unsigned add_rights(unsigned rights, struct tg_span words)
{
    size_t begin = 0;
    for (size_t i = 0; i <= words.length; i++) {
        if (i < words.length && words.data[i] != ' ' && words.data[i] != ',')
            continue;
        rights |= right_read((struct tg_span){words.data + begin, i - begin});
        begin = i + 1;
    }
    return rights;
}

// Of a claim: a list of words, or a text with blanks or commas between them. Others say nothing.
static unsigned read_rights(const struct jwt *jwt, struct json_object *claims)
{
    const char *path = jwt->terms.rights_claim;
    if (!*path)
        return jwt->terms.rights;
    struct json_object *claim = claim_at(claims, (struct tg_span){path, strlen(path)});
    unsigned rights = 0;
    if (!json_object_is_type(claim, json_type_array))
        return tg_json_span(claim).data ? add_rights(0, tg_json_span(claim)) : 0;
    for (size_t i = 0; i < json_object_array_length(claim); i++) {
        struct tg_span word = tg_json_span(json_object_array_get_idx(claim, i));
        rights |= word.data ? right_read(word) : 0;
    }
    return rights;
}

static bool read_claims(const struct jwt *jwt, struct json_object *claims, int64_t now_s,
                        struct identity *identity, int64_t *good_until_s, struct tg_error *error)
{
    *identity = (struct identity){.proof = PROOF_JWT};
    if (!json_object_is_type(claims, json_type_object))
        return refuse(error, "The token's claims are no JSON object");
    if (!check_times(claims, now_s, good_until_s, error))
        return false;
    if (!tg_span_equals(text_claim(claims, "iss"), jwt->terms.issuer))
        return refuse(error, "The token is from another issuer");
    if (!is_audience(claims, jwt->terms.audience))
        return refuse(error, "The token is for another audience");
    if (!check_person(jwt, claims, error) || !read_org(jwt, claims, &identity->org_id, error))
        return false;
    identity->rights = read_rights(jwt, claims);
    identity_name(identity, "jwt", text_claim(claims, "sub"));
    return true;
}

enum jwt_answer jwt_judge(struct jwt *jwt, struct tg_span token, int64_t now_s,
                          struct identity *identity, int64_t *good_until_s, struct tg_error *error)
{
    cjose_err why;
    uint8_t *plain;
    size_t length;
    if (!is_readable(token)) {
        refuse(error, "The token cannot be read");
        return JWT_REFUSED;
    }
    if (!check_header(token, error))
        return JWT_REFUSED;
    cjose_jws_t *jws = cjose_jws_import(token.data, token.length, &why);
    if (!jws) {
        refuse(error, "The token cannot be read");
        return JWT_REFUSED;
    }
    enum jwt_answer answer = check_signature(jwt, jws, error);
    if (answer == JWT_GOOD) {
        struct tg_error no_json;
        struct json_object *claims = cjose_jws_get_plaintext(jws, &plain, &length, &why)
                                         ? tg_json_parse((const char *)plain, length, &no_json)
                                         : NULL;
        if (!read_claims(jwt, claims, now_s, identity, good_until_s, error))
            answer = JWT_REFUSED;
        json_object_put(claims);
    }
    cjose_jws_release(jws);
    return answer;
}

bool jwt_keys_are_due(struct jwt *jwt, bool wanted)
{
    return jwt->terms.jwks && jwks_is_due(jwt->terms.jwks, wanted);
}

void jwt_read_keys(struct jwt *jwt, bool wanted)
{
    if (jwt->terms.jwks)
        jwks_read(jwt->terms.jwks, wanted);
}

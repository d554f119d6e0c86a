// The tokens of an org's people: JWTs (RFC 7519), signed by Supabase or another issuer. Which
// algorithm counts is decided by the key (RFC 8725): the secret is for HS256 alone, those of the
// JWKS are for RS256 or ES256, and what a token says of itself only tells which of them to try.
#pragma once

#include "ingress/who/identity.h"
#include "ingress/who/jwks.h"

#include <stdint.h>

// What a token must be and say; all borrowed.
struct jwt_terms {
    const char *secret; // its bytes; "": no HS256
    struct jwks *jwks;  // NULL: no RS256 and ES256
    const char *issuer;
    const char *audience;
    // Claims that name the org, separated by commas: the first one that is there counts. A dot
    // leads into an object, but not in a name that has "://" in it.
    const char *org_claims;
    const char *rights_claim; // likewise, one; "": all tokens have `rights`
    unsigned rights;          // of enum right
    bool anonymous;           // people who have not signed in are let in, too
};

struct jwt;

struct jwt *jwt_create(const struct jwt_terms *terms);
void jwt_free(struct jwt *jwt); // NULL is fine

// Has it the shape of one: three parts with dots between?
bool jwt_is_one(struct tg_span token);

enum jwt_answer {
    JWT_GOOD,       // *identity and *good_until_s (Unix time) are filled
    JWT_REFUSED,    // *error is filled
    JWT_NO_KEY,     // the same; and the keys may be read again for it (jwt_read_keys)
    JWT_UNAVAILABLE // the keys were never read; the same
};

// Judges a token at `now_s` (Unix time). Does not wait but for who is just doing the same.
enum jwt_answer jwt_judge(struct jwt *jwt, struct tg_span token, int64_t now_s,
                          struct identity *identity, int64_t *good_until_s,
                          struct tg_error *error) TG_MUST_CHECK;

// See jwks.h.
bool jwt_keys_are_due(struct jwt *jwt, bool wanted);
void jwt_read_keys(struct jwt *jwt, bool wanted);

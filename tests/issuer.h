// An issuer of tokens for tests: its keys, good tokens of an org's person, and each kind of token
// that must not pass. Texts live until the test's process ends.
#pragma once

#include "tests/token.h"

#include <stddef.h>
#include <stdint.h>

#define ISSUER "https://issuer.example.com/auth/v1"
#define ISSUER_SECRET "a-secret-that-only-tests-know-of"

struct issuer {
    EVP_PKEY *rsa;  // kid "rsa-1"
    EVP_PKEY *p256; // kid "p256-1"
};

struct issuer issuer_create(void);
void issuer_free(struct issuer *issuer);

// What it publishes.
const char *issuer_jwks(const struct issuer *issuer);

// Claims of a person of the org ("" or NULL: of none), good for an hour from `now_s`. `members`
// come behind the usual ones, and replace those of the same name: ",\"aud\":\"others\"".
const char *issuer_claims(const char *org_id, int64_t now_s, const char *members);

// A good token, by "HS256", "RS256" or "ES256".
const char *issuer_token(const struct issuer *issuer, const char *alg, const char *claims);

struct bad_token {
    const char *name;
    const char *token;
};
// All of them would be the org's person's, were they good. Returns how many.
enum { BAD_TOKENS_MAX = 64 };
size_t issuer_bad_tokens(const struct issuer *issuer, const char *org_id, int64_t now_s,
                         struct bad_token tokens[static BAD_TOKENS_MAX]);

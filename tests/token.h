// Tokens (JWTs) as an issuer makes them, and as others would: any header, any claims, any
// signature. For tests only. Texts live until the test's process ends.
#pragma once

#include <openssl/evp.h>

// A new key: RSA of so many bits, or P-256.
EVP_PKEY *token_rsa(unsigned bits);
EVP_PKEY *token_p256(void);

// Its public half as a JWK, with these members before the key's own, such as "\"kid\":\"a\",".
const char *token_jwk(EVP_PKEY *key, const char *members);
// The same as PEM.
const char *token_pem(EVP_PKEY *key);

// "header.claims.signature": by HMAC-SHA256, by a key (RS256 or ES256, as it is), or with a
// signature of one's own.
const char *token_hs256(const char *secret, const char *header, const char *claims);
const char *token_by(EVP_PKEY *key, const char *header, const char *claims);
const char *token_with(const char *header, const char *claims, const char *signature);

// What a key signs these bytes with, as it stands in a token; returns how long that is.
enum { TOKEN_SIGNATURE_MAX = 1024 };
size_t token_sign(EVP_PKEY *key, const char *bytes, size_t length,
                  unsigned char signature[static TOKEN_SIGNATURE_MAX]);

// A printf.
const char *token_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

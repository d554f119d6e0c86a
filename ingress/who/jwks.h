// The keys that an issuer of tokens has published (JWKS, RFC 7517): RSA for RS256 and P-256 for
// ES256, each bound to its one algorithm. They come from a file or, by https, from a URL, and are
// read again when a token names one that is not among them, or when they are old; but not more
// often than once in TG_JWKS_READ_MS. What cannot be read leaves the keys as they were.
// Thread-safe.
#pragma once

#include <cjose/cjose.h>
#include <stdbool.h>

struct jwks;

// One of the two is NULL. `ca_file` has the certificates that the URL's must be signed by; NULL:
// the system's. All borrowed. Nothing is read yet.
struct jwks *jwks_create(const char *file, const char *url, const char *ca_file);
void jwks_free(struct jwks *jwks); // NULL is fine

enum jwks_answer {
    JWKS_GOOD, // one of the keys has signed it
    JWKS_BAD,
    JWKS_NO_KEY, // there is none of that id, or, without an id, for that algorithm
    JWKS_NEVER_READ,
};

// Is the token's signature by a key of that id (NULL: any) that is for that algorithm?
enum jwks_answer jwks_verify(struct jwks *jwks, cjose_jws_t *token, const char *kid,
                             const char *alg);

// Is it time to read the keys again? `wanted`: somebody has named one that is not there.
bool jwks_is_due(struct jwks *jwks, bool wanted);

// Reads the keys, if it is time. Waits for the file or the network, up to TG_JWKS_TIMEOUT_MS: never
// on a thread of the server's. One thread at a time; a URL always on the same one.
void jwks_read(struct jwks *jwks, bool wanted);

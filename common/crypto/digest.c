#include "common/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

void tg_sha256(const void *bytes, size_t length, unsigned char digest[static TG_SHA256_SIZE])
{
    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
}

void tg_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                    unsigned char mac[static TG_SHA256_SIZE])
{
    if (!HMAC(EVP_sha256(), key, (int)key_length, bytes, length, mac, NULL))
        abort();
}

bool tg_same_digest(const unsigned char a[static TG_SHA256_SIZE],
                    const unsigned char b[static TG_SHA256_SIZE])
{
    return CRYPTO_memcmp(a, b, TG_SHA256_SIZE) == 0;
}

bool tg_same_text(const char *a, const char *b)
{
    unsigned char digests[2][TG_SHA256_SIZE];
    tg_sha256(a, strlen(a), digests[0]);
    tg_sha256(b, strlen(b), digests[1]);
    return tg_same_digest(digests[0], digests[1]);
}

#include "common/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void tg_sha256(const void *bytes, size_t length, unsigned char digest[static TG_SHA256_SIZE])
{
    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
}

// To look an algorithm up takes libcrypto as long as to sign a short text: so that is done once.
// Its context has no key yet; it is only read, and lives as long as the process.
static EVP_MAC_CTX *hmac_sha256;
static pthread_once_t hmac_sha256_once = PTHREAD_ONCE_INIT;

static void look_hmac_up(void)
{
    static char digest[] = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    hmac_sha256 = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (!hmac_sha256 || EVP_MAC_CTX_set_params(hmac_sha256, parameters) != 1)
        abort();
}

void tg_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                    unsigned char mac[static TG_SHA256_SIZE])
{
    pthread_once(&hmac_sha256_once, look_hmac_up);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_sha256);
    size_t written = 0;
    if (!context || EVP_MAC_init(context, key, key_length, NULL) != 1 ||
        EVP_MAC_update(context, bytes, length) != 1 ||
        EVP_MAC_final(context, mac, &written, TG_SHA256_SIZE) != 1 || written != TG_SHA256_SIZE)
        abort();
    EVP_MAC_CTX_free(context);
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

#include "common/crypto/digest.h"

#include "common/base/memory.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// To look an algorithm up takes libcrypto as long as to sign a short text: so that is done once.
// What was found is only read, and lives as long as the process.
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void look_sha256_up(void)
{
    sha256 = EVP_MD_fetch(NULL, OSSL_DIGEST_NAME_SHA2_256, NULL);
    if (!sha256)
        abort();
}

void tg_sha256(const void *bytes, size_t length, unsigned char digest[static TG_SHA256_SIZE])
{
    pthread_once(&sha256_once, look_sha256_up);
    if (EVP_Digest(bytes, length, digest, NULL, sha256, NULL) != 1)
        abort();
}

struct tg_sha256 {
    EVP_MD_CTX *context;
};

struct tg_sha256 *tg_sha256_begin(void)
{
    pthread_once(&sha256_once, look_sha256_up);
    struct tg_sha256 *sum = tg_alloc(sizeof *sum);
    sum->context = EVP_MD_CTX_new();
    if (!sum->context || EVP_DigestInit_ex(sum->context, sha256, NULL) != 1)
        abort();
    return sum;
}

void tg_sha256_add(struct tg_sha256 *sum, const void *bytes, size_t length)
{
    if (EVP_DigestUpdate(sum->context, bytes, length) != 1)
        abort();
}

void tg_sha256_end(struct tg_sha256 *sum, unsigned char digest[static TG_SHA256_SIZE])
{
    if (EVP_DigestFinal_ex(sum->context, digest, NULL) != 1)
        abort();
    tg_sha256_drop(sum);
}

void tg_sha256_drop(struct tg_sha256 *sum)
{
    if (!sum)
        return;
    EVP_MD_CTX_free(sum->context);
    free(sum);
}

static EVP_MAC_CTX *hmac_sha256; // without a key
static pthread_once_t hmac_sha256_once = PTHREAD_ONCE_INIT;

// To make a key ready takes as long again, and most signatures are under one secret or, while it is
// being changed, two: each thread keeps those of the last keys.
enum { KEPT_KEYS = 2, KEPT_KEY_SIZE = 128 };
struct keyed {
    EVP_MAC_CTX *context; // NULL: there is none
    size_t length;
    unsigned char key[KEPT_KEY_SIZE];
};
struct kept {
    struct keyed keyed[KEPT_KEYS];
    size_t next; // is exchanged next
};
static pthread_key_t kept_of_thread;

static void forget(void *argument)
{
    struct kept *kept = argument;
    for (size_t i = 0; i < KEPT_KEYS; i++)
        EVP_MAC_CTX_free(kept->keyed[i].context);
    OPENSSL_cleanse(kept, sizeof *kept);
    free(kept);
}

static void look_hmac_up(void)
{
    static char digest[] = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    hmac_sha256 = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (!hmac_sha256 || EVP_MAC_CTX_set_params(hmac_sha256, parameters) != 1 ||
        pthread_key_create(&kept_of_thread, forget) != 0)
        abort();
}

static EVP_MAC_CTX *context_of_key(const void *key, size_t length)
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_sha256);
    if (!context || EVP_MAC_init(context, key, length, NULL) != 1)
        abort();
    return context;
}

static struct kept *kept_keys(void)
{
    struct kept *kept = pthread_getspecific(kept_of_thread);
    if (kept)
        return kept;
    kept = tg_alloc(sizeof *kept);
    if (pthread_setspecific(kept_of_thread, kept) != 0)
        abort();
    return kept;
}

// Borrowed: the thread's own.
static EVP_MAC_CTX *kept_context(const void *key, size_t length)
{
    struct kept *kept = kept_keys();
    for (size_t i = 0; i < KEPT_KEYS; i++) {
        const struct keyed *keyed = &kept->keyed[i];
        if (keyed->context && keyed->length == length && memcmp(keyed->key, key, length) == 0) {
            if (EVP_MAC_init(keyed->context, NULL, 0, NULL) != 1)
                abort();
            return keyed->context;
        }
    }
    struct keyed *keyed = &kept->keyed[kept->next];
    kept->next = (kept->next + 1) % KEPT_KEYS;
    EVP_MAC_CTX_free(keyed->context);
    OPENSSL_cleanse(keyed->key, sizeof keyed->key);
    keyed->context = context_of_key(key, length);
    keyed->length = length;
    memcpy(keyed->key, key, length);
    return keyed->context;
}

static void sign(EVP_MAC_CTX *context, const void *bytes, size_t length,
                 unsigned char mac[static TG_SHA256_SIZE])
{
    size_t written = 0;
    if (EVP_MAC_update(context, bytes, length) != 1 ||
        EVP_MAC_final(context, mac, &written, TG_SHA256_SIZE) != 1 || written != TG_SHA256_SIZE)
        abort();
}

void tg_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                    unsigned char mac[static TG_SHA256_SIZE])
{
    pthread_once(&hmac_sha256_once, look_hmac_up);
    if (key_length <= KEPT_KEY_SIZE) {
        sign(kept_context(key, key_length), bytes, length, mac);
        return;
    }
    EVP_MAC_CTX *context = context_of_key(key, key_length);
    sign(context, bytes, length, mac);
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

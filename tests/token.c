#include "tests/token.h"

#include "common/crypto/digest.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int good)
{
    if (good != 1)
        abort();
}

EVP_PKEY *token_rsa(unsigned bits)
{
    return EVP_RSA_gen(bits);
}

EVP_PKEY *token_p256(void)
{
    return EVP_EC_gen("P-256");
}

// What lives until the process ends.
static void *keep(void *memory)
{
    static struct kept {
        struct kept *next;
        void *memory;
    } * first;
    struct kept *kept = malloc(sizeof *kept);
    must(kept && memory);
    *kept = (struct kept){first, memory};
    first = kept;
    return memory;
}

const char *token_text(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    must(vasprintf(&text, format, args) >= 0);
    va_end(args);
    return keep(text);
}

static const char *base64url(const void *bytes, size_t length)
{
    unsigned char *text = keep(calloc(1, length * 4 / 3 + 5));
    size_t n = (size_t)EVP_EncodeBlock(text, bytes, (int)length);
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    while (n > 0 && text[n - 1] == '=')
        text[--n] = '\0';
    return (const char *)text;
}

static const char *number(EVP_PKEY *key, const char *name, int length)
{
    BIGNUM *value = NULL;
    unsigned char bytes[1024];
    must(EVP_PKEY_get_bn_param(key, name, &value));
    if (length == 0)
        length = BN_num_bytes(value);
    must(BN_bn2binpad(value, bytes, length) == length);
    BN_free(value);
    return base64url(bytes, (size_t)length);
}

static int is_rsa(EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

const char *token_jwk(EVP_PKEY *key, const char *members)
{
    if (is_rsa(key))
        return token_text("{%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", members,
                          number(key, OSSL_PKEY_PARAM_RSA_N, 0),
                          number(key, OSSL_PKEY_PARAM_RSA_E, 0));
    return token_text("{%s\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", members,
                      number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
                      number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

const char *token_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    must(PEM_write_bio_PUBKEY(bio, key));
    size_t length = (size_t)BIO_get_mem_data(bio, &bytes);
    const char *text = token_text("%.*s", (int)length, bytes);
    BIO_free(bio);
    return text;
}

const char *token_with(const char *header, const char *claims, const char *signature)
{
    return token_text("%s.%s.%s", base64url(header, strlen(header)),
                      base64url(claims, strlen(claims)), signature);
}

const char *token_hs256(const char *secret, const char *header, const char *claims)
{
    unsigned char mac[TG_SHA256_SIZE];
    const char *dotted = token_with(header, claims, "");
    tg_hmac_sha256(secret, strlen(secret), dotted, strlen(dotted) - 1, mac);
    return token_with(header, claims, base64url(mac, sizeof mac));
}

// OpenSSL writes the two numbers of ECDSA as DER, a token has them side by side.
static size_t flatten(size_t length, unsigned char signature[static TOKEN_SIGNATURE_MAX])
{
    const unsigned char *der = signature;
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)length);
    must(BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, 32) == 32);
    must(BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + 32, 32) == 32);
    ECDSA_SIG_free(numbers);
    return 64;
}

size_t token_sign(EVP_PKEY *key, const char *bytes, size_t length,
                  unsigned char signature[static TOKEN_SIGNATURE_MAX])
{
    size_t signed_length = TOKEN_SIGNATURE_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key));
    must(EVP_DigestSign(context, signature, &signed_length, (const unsigned char *)bytes, length));
    EVP_MD_CTX_free(context);
    return is_rsa(key) ? signed_length : flatten(signed_length, signature);
}

const char *token_by(EVP_PKEY *key, const char *header, const char *claims)
{
    unsigned char signature[TOKEN_SIGNATURE_MAX];
    const char *dotted = token_with(header, claims, "");
    size_t length = token_sign(key, dotted, strlen(dotted) - 1, signature);
    return token_with(header, claims, base64url(signature, length));
}

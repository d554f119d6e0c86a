#include "common/crypto/delivery_signature.h"

#include "common/crypto/digest.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

static const char prefix[] = "whsec_";
enum {
    PREFIX_LENGTH = sizeof prefix - 1,
    VARIANT = sodium_base64_VARIANT_ORIGINAL,
};

static void append_base64(struct tg_text *text, const unsigned char *bytes, size_t length)
{
    size_t room = sodium_base64_encoded_len(length, VARIANT); // with its NUL
    tg_text_reserve(text, room);
    sodium_bin2base64(text->data + text->length, room, bytes, length, VARIANT);
    text->length += room - 1;
}

void tg_endpoint_secret_make(struct tg_text *secret)
{
    unsigned char key[TG_ENDPOINT_KEY_SIZE];
    randombytes_buf(key, sizeof key);
    tg_text_reserve(secret, PREFIX_LENGTH + 2 * sizeof key);
    tg_text_append(secret, prefix, PREFIX_LENGTH);
    append_base64(secret, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

// 0: it is no secret.
static size_t read_key(struct tg_span secret, unsigned char key[static TG_ENDPOINT_KEY_MAX])
{
    const char *end = NULL;
    size_t length = 0;
    if (!secret.data || secret.length <= PREFIX_LENGTH ||
        memcmp(secret.data, prefix, PREFIX_LENGTH) != 0)
        return 0;
    const char *digits = secret.data + PREFIX_LENGTH;
    bool good = sodium_base642bin(key, TG_ENDPOINT_KEY_MAX, digits, secret.length - PREFIX_LENGTH,
                                  NULL, &length, &end, VARIANT) == 0 &&
                end == secret.data + secret.length && length >= TG_ENDPOINT_KEY_MIN;
    return good ? length : 0;
}

bool tg_endpoint_secret_is_good(struct tg_span secret)
{
    unsigned char key[TG_ENDPOINT_KEY_MAX];
    bool good = read_key(secret, key) > 0;
    sodium_memzero(key, sizeof key);
    return good;
}

bool tg_sign_delivery(struct tg_span secret, const struct tg_signed_delivery *delivery,
                      struct tg_text *signature)
{
    unsigned char key[TG_ENDPOINT_KEY_MAX];
    unsigned char mac[TG_SHA256_SIZE];
    size_t length = read_key(secret, key);
    if (length == 0)
        return false;
    TG_TEXT_AUTO bytes = {0};
    tg_text_append_format(&bytes, "%s.%" PRId64 ".", delivery->id, delivery->timestamp);
    tg_text_append(&bytes, delivery->body.data, delivery->body.length);
    tg_hmac_sha256(key, length, bytes.data, bytes.length, mac);
    sodium_memzero(key, sizeof key);
    tg_text_append_string(signature, "v1,");
    append_base64(signature, mac, sizeof mac);
    return true;
}

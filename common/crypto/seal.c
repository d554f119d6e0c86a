#include "common/crypto/seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static const char prefix[] = "sealed:";
enum {
    PREFIX_LENGTH = sizeof prefix - 1,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    NAME_SIZE = 33,
    VARIANT = sodium_base64_VARIANT_ORIGINAL,
};
_Static_assert((int)TG_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "a key of the ring is one of the cipher's");

// What the tag vouches for beside the secret.
struct bound {
    size_t length;
    unsigned char bytes[NAME_SIZE + NAME_SIZE + 2 * sizeof(struct tg_uuid)];
};

static void bind(struct bound *bound, const void *bytes, size_t length)
{
    assert(length <= sizeof bound->bytes - bound->length);
    memcpy(bound->bytes + bound->length, bytes, length);
    bound->length += length;
}

// The NUL behind each name keeps a name's end from being another's beginning.
static struct bound bound_of(const struct tg_seal_place *place)
{
    struct bound bound = {0};
    bind(&bound, place->table, strlen(place->table) + 1);
    bind(&bound, place->column, strlen(place->column) + 1);
    bind(&bound, &place->org_id, sizeof place->org_id);
    bind(&bound, &place->row_id, sizeof place->row_id);
    return bound;
}

bool tg_is_sealed(struct tg_span text)
{
    return text.length >= PREFIX_LENGTH && memcmp(text.data, prefix, PREFIX_LENGTH) == 0;
}

static void append_base64(struct tg_text *text, const unsigned char *bytes, size_t length)
{
    size_t room = sodium_base64_encoded_len(length, VARIANT); // with its NUL
    tg_text_reserve(text, room);
    sodium_bin2base64(text->data + text->length, room, bytes, length, VARIANT);
    text->length += room - 1;
}

static void seal(const struct tg_key *key, const struct tg_seal_place *place, struct tg_span secret,
                 struct tg_text *sealed)
{
    TG_TEXT_AUTO bytes = {0};
    struct bound bound = bound_of(place);
    tg_text_reserve(&bytes, NONCE_SIZE + secret.length + TAG_SIZE);
    unsigned char *nonce = (unsigned char *)bytes.data;
    randombytes_buf(nonce, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL,
                                               (const unsigned char *)secret.data, secret.length,
                                               bound.bytes, bound.length, NULL, nonce, key->bytes);
    tg_text_append_format(sealed, "%s%s:", prefix, key->id);
    append_base64(sealed, nonce, NONCE_SIZE + secret.length + TAG_SIZE);
}

bool tg_seal(struct tg_keyring *ring, const struct tg_seal_place *place, struct tg_span secret,
             struct tg_text *sealed)
{
    struct tg_keys *keys = tg_keyring_hold(ring);
    const struct tg_key *key = tg_keys_find(keys, NULL);
    if (key)
        seal(key, place, secret, sealed);
    tg_keyring_let_go(ring, keys);
    return key != NULL;
}

// Its parts; false: it has not the shape.
static bool take_apart(struct tg_span sealed, char id[static TG_KEY_ID_SIZE], struct tg_text *bytes)
{
    if (!tg_is_sealed(sealed))
        return false;
    const char *begin = sealed.data + PREFIX_LENGTH;
    const char *end = sealed.data + sealed.length;
    const char *colon = memchr(begin, ':', (size_t)(end - begin));
    if (!colon || colon == begin || colon - begin >= TG_KEY_ID_SIZE)
        return false;
    memcpy(id, begin, (size_t)(colon - begin));
    id[colon - begin] = '\0';
    size_t length = (size_t)(end - colon - 1);
    tg_text_reserve(bytes, length / 4 * 3);
    return sodium_base642bin((unsigned char *)bytes->data, length / 4 * 3, colon + 1, length, NULL,
                             &bytes->length, NULL, VARIANT) == 0 &&
           bytes->length >= NONCE_SIZE + TAG_SIZE;
}

static bool open_with(const struct tg_key *key, const struct tg_seal_place *place,
                      const struct tg_text *bytes, struct tg_text *secret)
{
    struct bound bound = bound_of(place);
    const unsigned char *nonce = (const unsigned char *)bytes->data;
    size_t length = bytes->length - NONCE_SIZE - TAG_SIZE;
    tg_text_reserve(secret, length);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)secret->data + secret->length, NULL, NULL, nonce + NONCE_SIZE,
            length + TAG_SIZE, bound.bytes, bound.length, nonce, key->bytes) != 0)
        return false;
    secret->length += length;
    secret->data[secret->length] = '\0';
    return true;
}

enum tg_opened tg_open(struct tg_keyring *ring, const struct tg_seal_place *place,
                       struct tg_span sealed, struct tg_text *secret)
{
    TG_TEXT_AUTO bytes = {0};
    char id[TG_KEY_ID_SIZE];
    if (!take_apart(sealed, id, &bytes))
        return TG_OPEN_WRONG;
    struct tg_keys *keys = tg_keyring_hold(ring);
    const struct tg_key *key = tg_keys_find(keys, id);
    enum tg_opened opened = !key                                    ? TG_OPEN_NO_KEY
                            : open_with(key, place, &bytes, secret) ? TG_OPENED
                                                                    : TG_OPEN_WRONG;
    tg_keyring_let_go(ring, keys);
    return opened;
}

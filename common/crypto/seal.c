#include "common/crypto/seal.h"

#include <assert.h>
#include <limits.h>
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

struct tg_seal_place tg_seal_place_of_token(struct tg_uuid org_id, struct tg_uuid channel_id)
{
    return (struct tg_seal_place){"channels", "access_token", org_id, channel_id};
}

struct tg_seal_place tg_seal_place_of_secret(struct tg_uuid org_id, struct tg_uuid endpoint_id)
{
    return (struct tg_seal_place){"endpoints", "secret", org_id, endpoint_id};
}

struct tg_seal_place tg_seal_place_of_verify_token(struct tg_uuid org_id,
                                                   struct tg_uuid endpoint_id)
{
    return (struct tg_seal_place){"endpoints", "verify_token", org_id, endpoint_id};
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

// The value of a digit; -1: it is none.
static int digit(char c)
{
    static const signed char places[UCHAR_MAX + 1] = {
        ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
        ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
        ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
        ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
        ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
        ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
        ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
        ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
        ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
        ['/'] = 64};
    return places[(unsigned char)c] - 1;
}

// Three bytes at the most of four digits; 0: they are none, or not as these bytes are written.
static size_t read_digits(const char *text, unsigned char *bytes)
{
    size_t n = text[2] == '=' && text[3] == '=' ? 1 : text[3] == '=' ? 2 : 3;
    int digits[] = {digit(text[0]), digit(text[1]), n > 1 ? digit(text[2]) : 0,
                    n > 2 ? digit(text[3]) : 0};
    if ((digits[0] | digits[1] | digits[2] | digits[3]) < 0)
        return 0;
    unsigned all = (unsigned)digits[0] << 18 | (unsigned)digits[1] << 12 |
                   (unsigned)digits[2] << 6 | (unsigned)digits[3];
    if (all & ((1U << 8 * (3 - n)) - 1))
        return 0;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(all >> (16 - 8 * i));
    return n;
}

// libsodium reads it in a time that does not depend on what it says, which takes five times as
// long as to open what it holds, and what is sealed is no secret.
static bool read_base64(const char *text, size_t length, struct tg_text *bytes)
{
    tg_text_reserve(bytes, length / 4 * 3);
    size_t n = 3;
    for (size_t i = 0; i + 4 <= length && n == 3; i += 4) {
        n = read_digits(text + i, (unsigned char *)bytes->data + bytes->length);
        bytes->length += n;
    }
    return length % 4 == 0 && n > 0 && bytes->length > length / 4 * 3 - 3;
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
    return read_base64(colon + 1, (size_t)(end - colon - 1), bytes) &&
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

enum tg_opened tg_open_stored(struct tg_keyring *ring, const struct tg_seal_place *place,
                              struct tg_text *stored, struct tg_text *secret)
{
    struct tg_span given = {stored->data, stored->length};
    if (tg_is_sealed(given))
        return tg_open(ring, place, given, secret);
    *secret = *stored;
    *stored = (struct tg_text){0};
    return TG_OPENED;
}

enum tg_opened tg_open_token(struct tg_keyring *ring, struct tg_uuid org_id,
                             struct tg_uuid channel_id, struct tg_text *stored,
                             struct tg_text *token)
{
    const struct tg_seal_place place = tg_seal_place_of_token(org_id, channel_id);
    return tg_open_stored(ring, &place, stored, token);
}

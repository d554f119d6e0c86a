#include "common/crypto/seal.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define KEYS                                                                                       \
    "new AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"                                           \
    "old AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"

static const struct tg_seal_place here = {"channels", "access_token", {{1}}, {{2}}};
static const struct tg_seal_place elsewhere = {"channels", "access_token", {{1}}, {{3}}};

static enum tg_opened opened(struct tg_keyring *ring, const struct tg_seal_place *place,
                             struct tg_span sealed, struct tg_span expected)
{
    struct tg_text secret = {0};
    enum tg_opened result = tg_open(ring, place, sealed, &secret);
    FUZZ_HOLDS(result != TG_OPENED || fuzz_same(tg_text_span(&secret), expected));
    FUZZ_HOLDS(result == TG_OPENED || secret.length == 0);
    tg_text_finish(&secret);
    return result;
}

// Whatever secret it is, it opens where it was sealed, as it was sealed, and nowhere else; and what
// nobody has sealed opens nowhere.
static void expect_seal(struct tg_keyring *ring, struct tg_span input)
{
    TG_TEXT_AUTO sealed = {0};
    FUZZ_HOLDS(opened(ring, &here, input, input) != TG_OPENED);
    if (!tg_seal(ring, &here, input, &sealed))
        return;
    FUZZ_HOLDS(tg_is_sealed(tg_text_span(&sealed)));
    FUZZ_HOLDS(opened(ring, &here, tg_text_span(&sealed), input) == TG_OPENED);
    FUZZ_HOLDS(opened(ring, &elsewhere, tg_text_span(&sealed), input) == TG_OPEN_WRONG);
    sealed.data[sealed.length / 2 + 8] ^= 1;
    FUZZ_HOLDS(opened(ring, &here, tg_text_span(&sealed), input) != TG_OPENED);
}

// A file of keys is taken whole or refused with a line that tells nothing of it.
static void expect_keys(const struct tg_text *input)
{
    struct tg_error error = {0};
    char id[TG_KEY_ID_SIZE];
    struct tg_keyring *ring = tg_keyring_create();
    if (tg_keyring_read(ring, fuzz_file(tg_text_span(input)), &error)) {
        FUZZ_HOLDS(tg_keyring_newest(ring, id) && id[0]);
        struct tg_keys *held = tg_keyring_hold(ring);
        FUZZ_HOLDS(tg_keys_find(held, id) == tg_keys_find(held, NULL));
        tg_keyring_let_go(ring, held);
        expect_seal(ring, (struct tg_span){"secret", 6});
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(!strchr(error.message, '\n'));
        FUZZ_HOLDS(!tg_keyring_newest(ring, id));
    }
    tg_keyring_destroy(ring);
}

FUZZ_TARGET(seal)
{
    static struct tg_keyring *ring;
    struct tg_error error = {0};
    if (!ring) {
        ring = tg_keyring_create();
        FUZZ_HOLDS(
            tg_keyring_read(ring, fuzz_file((struct tg_span){KEYS, sizeof KEYS - 1}), &error));
    }
    expect_seal(ring, tg_text_span(input));
    expect_keys(input);
}

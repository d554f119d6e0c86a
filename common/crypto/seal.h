// Secrets at rest: what stands in a column in the place of a secret, "sealed:KEYID:BASE64". It is
// sealed by XChaCha20-Poly1305 (libsodium) for the place where it stands: in another row, column or
// org it does not open. BASE64 is of a random nonce, the cipher and its tag. Thread-safe.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/crypto/keyring.h"

// Where it stands: names of up to 32 characters.
struct tg_seal_place {
    const char *table;
    const char *column;
    struct tg_uuid org_id;
    struct tg_uuid row_id;
};

// Where a channel's access token stands.
struct tg_seal_place tg_seal_place_of_token(struct tg_uuid org_id, struct tg_uuid channel_id);

// Where an endpoint's secret stands (also once it is the old one), or the token by which it knows
// us.
struct tg_seal_place tg_seal_place_of_secret(struct tg_uuid org_id, struct tg_uuid endpoint_id);
struct tg_seal_place tg_seal_place_of_verify_token(struct tg_uuid org_id,
                                                   struct tg_uuid endpoint_id);

// Does it begin as what is sealed does? No secret does that.
bool tg_is_sealed(struct tg_span text);

// Appends the secret as it stands in that place, under the newest key. False: there is no key.
bool tg_seal(struct tg_keyring *ring, const struct tg_seal_place *place, struct tg_span secret,
             struct tg_text *sealed) TG_MUST_CHECK;

enum tg_opened {
    TG_OPENED,
    TG_OPEN_NO_KEY, // the ring has not the key that it names
    TG_OPEN_WRONG,  // it is not as it was sealed, or not where, or not sealed at all
};

// Appends the secret to a text that is wiped by whoever has it (tg_text_wipe); nothing unless
// TG_OPENED.
enum tg_opened tg_open(struct tg_keyring *ring, const struct tg_seal_place *place,
                       struct tg_span sealed, struct tg_text *secret) TG_MUST_CHECK;

// The same of what stands there, sealed or not: what lies open is moved.
enum tg_opened tg_open_stored(struct tg_keyring *ring, const struct tg_seal_place *place,
                              struct tg_text *stored, struct tg_text *secret) TG_MUST_CHECK;

// The same of a channel's access token.
enum tg_opened tg_open_token(struct tg_keyring *ring, struct tg_uuid org_id,
                             struct tg_uuid channel_id, struct tg_text *stored,
                             struct tg_text *token) TG_MUST_CHECK;

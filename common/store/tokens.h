// Access tokens as they stand in the database. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/store/upkeep.h"

// How many lie open, up to 200,000.
enum tg_pg_status tg_store_count_open_tokens(struct tg_pg *pg, int64_t *n) TG_MUST_CHECK;

struct tg_stored_token {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    struct tg_text access_token; // the caller's to wipe
};

// Those that lie open, and then those that are sealed under another key than `key`: fills
// tokens[0..*n), slice.limit at the most, after the first slice.skip ones.
enum tg_pg_status tg_store_list_tokens_to_seal(struct tg_pg *pg, const char *key,
                                               struct tg_slice slice,
                                               struct tg_stored_token *tokens,
                                               size_t *n) TG_MUST_CHECK;

// A round of sealing, which operators may have asked for.
struct tg_sealing_round {
    int64_t asked;   // tg_store_begin_sealing says it
    const char *key; // under which it seals; NULL: there is none
    int64_t no_key;  // how many it has left, for want of their key
    int64_t not_opened;
};

enum tg_pg_status tg_store_begin_sealing(struct tg_pg *pg, int64_t *asked) TG_MUST_CHECK;

// Tells operators how it has ended.
enum tg_pg_status tg_store_end_sealing(struct tg_pg *pg,
                                       const struct tg_sealing_round *round) TG_MUST_CHECK;

// What comes in the place of the token that has this digest (SHA-256).
struct tg_sealed_token {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    unsigned char digest[32];
    struct tg_text sealed;
};

// Puts them there, unless another token has come meanwhile, or is just coming; says how many.
enum tg_pg_status tg_store_seal_tokens(struct tg_pg *pg, const struct tg_sealed_token *tokens,
                                       size_t n, int64_t *sealed) TG_MUST_CHECK;

// The same of endpoints' secrets, each by the column in which it stands.
struct tg_stored_secret {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    char name[16];         // "secret", "old_secret", "verify_token"
    struct tg_text stored; // the caller's to wipe
};
enum tg_pg_status tg_store_list_secrets_to_seal(struct tg_pg *pg, const char *key,
                                                struct tg_slice slice,
                                                struct tg_stored_secret *secrets,
                                                size_t *n) TG_MUST_CHECK;

struct tg_sealed_secret {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    char name[16];
    unsigned char digest[32]; // of what stands there
    struct tg_text sealed;
};
enum tg_pg_status tg_store_seal_secrets(struct tg_pg *pg, const struct tg_sealed_secret *secrets,
                                        size_t n, int64_t *sealed) TG_MUST_CHECK;

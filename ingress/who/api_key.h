// API key -> org. A key is looked up in PostgreSQL once and then remembered for
// TG_KEY_CACHE_TTL_MS, so that a send costs no query for its key; a revoked key dies within that
// time. Only keys that exist are remembered. Thread-safe.
#pragma once

#include "common/base/uuid7.h"
#include "common/crypto/digest.h"
#include "common/pg/pg.h"
#include "common/settings/settings.h"

// Who calls: one org, or, in trusted mode without a key, whoever the request names.
struct identity {
    bool trusted;
    struct tg_uuid org_id; // unless trusted
};

// The credentials of one request, before anything is looked up.
struct credentials {
    bool has_key;
    unsigned char key_hash[TG_SHA256_SIZE]; // SHA-256 of the key
};

enum auth_result {
    AUTH_KNOWN,   // *identity is filled
    AUTH_LOOK_UP, // the key is not in the cache: ask auth_look_up on a thread that may wait
    AUTH_REFUSED  // *error is filled
};

struct auth;
struct auth *auth_create(enum tg_auth mode);
void auth_destroy(struct auth *auth);

// Judges the Authorization header (`value` NULL: none; `count`: how often it was sent).
enum auth_result auth_check(struct auth *auth, const char *value, int count,
                            struct credentials *credentials, struct identity *identity,
                            struct tg_error *error) TG_MUST_CHECK;

// Asks PostgreSQL about the key and remembers it. false: unknown key, or PostgreSQL is away.
bool auth_look_up(struct auth *auth, struct tg_pg *pg, const struct credentials *credentials,
                  struct identity *identity, struct tg_error *error) TG_MUST_CHECK;

// The org that a request is about: the key's own, which `org_id` (the text that the request gives
// under the name `field`; NULL if it gives none) must not contradict; in trusted mode the one
// given.
bool auth_org(const struct identity *identity, const char *org_id, size_t length, const char *field,
              struct tg_uuid *org, struct tg_error *error) TG_MUST_CHECK;

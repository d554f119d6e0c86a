// API key -> org. A key is looked up in PostgreSQL once, however many requests come with it
// meanwhile, and then remembered for TG_KEY_CACHE_TTL_MS, so that a send costs no query for its
// key; a revoked key dies within that time. That a key is unknown is remembered for
// TG_UNKNOWN_KEY_TTL_MS. Those whose key was right before wait for its look-up with others of their
// org, strangers with others of their address: neither takes the places of the other. Thread-safe.
#pragma once

#include "common/crypto/digest.h"
#include "common/pg/pg.h"
#include "ingress/who/identity.h"

struct keys;

// `trusted`: who gives no key is believed (TOLLGATE_AUTH).
struct keys *keys_create(bool trusted);
void keys_free(struct keys *keys); // nobody waits for a look-up any more; NULL is fine

// A request that waits for a key's look-up; its owner's, zeroed, and left alone while it waits.
struct key_asker {
    struct tg_span key; // borrowed from the request
    unsigned char key_hash[TG_SHA256_SIZE];
    bool stranger;            // else the key was an org's when it was looked up last
    struct tg_uuid party;     // that org, or whom keys_join was given
    int place;                // among those of the party's kind who wait
    struct key_asker *others; // who wait for the same look-up and came later
    struct key_asker *last;   // of them
    struct key_asker *next;   // another key's first asker
};

enum key_answer {
    KEY_KNOWN,      // *identity is filled
    KEY_REFUSED,    // *error is filled
    KEY_UNSURE,     // it must be looked up: keys_join
    KEY_TO_LOOK_UP, // the asker is the first: keys_look_up or keys_give_up must follow
    KEY_AWAITED     // the asker is handed over: it is among the others of the first one then
};

// Judges the Authorization header (`value` NULL: none; `count`: how often it was sent): known,
// refused or unsure. Does not wait.
enum key_answer keys_ask(struct keys *keys, const char *value, int count, struct key_asker *asker,
                         struct identity *identity, struct tg_error *error) TG_MUST_CHECK;

// Has an asker that keys_ask was not sure of wait for the look-up: refused, if too many do, to look
// up or awaited. `address` is where it comes from.
enum key_answer keys_join(struct keys *keys, struct key_asker *asker, struct tg_uuid address,
                          struct tg_error *error) TG_MUST_CHECK;

// Asks PostgreSQL about the first asker's key. The answer, *identity or (false: an unknown key, or
// PostgreSQL is away) *error, is for all of the askers, which are its caller's now.
bool keys_look_up(struct keys *keys, struct tg_pg *pg, struct key_asker *first,
                  struct identity *identity, struct tg_error *error) TG_MUST_CHECK;

// Nobody can ask: the askers are the caller's.
void keys_give_up(struct keys *keys, struct key_asker *first);

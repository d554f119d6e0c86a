// Who calls, by what a request shows: an API key, a session's cookie or a JWT ("key" means any of
// them in what follows). One is looked up (a JWT: judged, see jwt.h; all others in PostgreSQL)
// once, however many requests come with it meanwhile, and then remembered for TG_KEY_CACHE_TTL_MS,
// so that a send costs no query for its key; what has changed meanwhile is forgotten within a
// second (watch.h). That a key is unknown is remembered for TG_UNKNOWN_KEY_TTL_MS. Those whose key
// was right before wait for its look-up with others of their org, strangers with others of their
// address: neither takes the places of the other. Thread-safe.
#pragma once

#include "common/base/network.h"
#include "common/crypto/digest.h"
#include "common/pg/pg.h"
#include "common/store/callers.h"
#include "ingress/who/identity.h"
#include "ingress/who/jwt.h"

struct keys;

// `trusted`: who shows nothing is believed (TOLLGATE_AUTH). `jwt` is borrowed; NULL: JWTs are not
// taken.
struct keys *keys_create(bool trusted, struct jwt *jwt);
void keys_free(struct keys *keys); // nobody waits for a look-up any more; NULL is fine

// What a request shows, borrowed from it.
struct shown {
    const char *authorization; // the header; NULL: there is none
    int authorizations;        // how often it was sent
    const char *cookie;        // likewise
    struct tg_ip from;
    // As Meta's API is shown a token: the header may also say "OAuth <key>", or there is none and
    // the key stands somewhere else (`token`). Nobody is believed without one then.
    bool as_to_meta;
    struct tg_span token;
};

// The cookie of a session.
#define SESSION_COOKIE "__Host-tollgate"
#define SESSION_PREFIX "tgs_" // of its value; no API key begins so
// Its value in a Cookie header (NULL: there is none); absent if it is none of ours.
struct tg_span session_cookie(const char *cookie);

enum key_kind { KEY_API, KEY_COOKIE, KEY_JWT };

// A request that waits for a key's look-up; its owner's, zeroed, and left alone while it waits.
struct key_asker {
    struct tg_ip from;
    enum key_kind kind;
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
    KEY_TO_LOOK_UP, // the first asker: keys_look_up, keys_judge or keys_give_up must follow
    KEY_AWAITED     // the asker is handed over: it is among the others of the first one then
};

// Judges what is shown: known, refused or unsure. Does not wait.
enum key_answer keys_ask(struct keys *keys, const struct shown *shown, struct key_asker *asker,
                         struct identity *identity, struct tg_error *error) TG_MUST_CHECK;

// Has an asker that keys_ask was not sure of wait for the look-up: refused, if too many do, to look
// up or awaited. `address` is where it comes from.
enum key_answer keys_join(struct keys *keys, struct key_asker *asker, struct tg_uuid address,
                          struct tg_error *error) TG_MUST_CHECK;

// What came of a look-up.
struct key_found {
    struct identity identity;
    struct tg_networks networks; // that the key may be used from; none: any
};

// What came of it for all of a key's askers, the first and its others, who are the callee's now:
// whose it is; or, `found` NULL, that it is nobody's or that nobody could be asked: so is *error.
typedef void keys_tell(struct key_asker *first, const struct key_found *found,
                       const struct tg_error *error);

// Asks PostgreSQL about the keys of so many first askers, at most TG_LOOK_UPS_AT_ONCE, in one
// question; none of them is a JWT.
void keys_look_up(struct keys *keys, struct tg_pg *pg, struct key_asker **firsts, size_t n,
                  keys_tell *tell);

// Judges the first asker's JWT, and tells, unless this is false: then the keys of JWTs are to be
// read (jwt_read_keys), and it is to be judged again, with `keys_read`.
bool keys_judge(struct keys *keys, struct key_asker *first, bool keys_read,
                keys_tell *tell) TG_MUST_CHECK;

// May the asker use the key that was found from where it is?
bool key_found_admits(const struct key_found *found, const struct key_asker *asker,
                      struct tg_error *error) TG_MUST_CHECK;

// Nobody can ask: the askers are the caller's.
void keys_give_up(struct keys *keys, struct key_asker *first);

// Keys with these hashes, one behind the other, must be looked up before they count again; so must
// those whose look-up is under way.
void keys_forget(struct keys *keys, const struct tg_text *hashes);
// The same for all.
void keys_forget_all(struct keys *keys);

// Takes out which keys were used since it was asked the last time, each once in TG_KEY_NOTED_MS, to
// at most `max`. Returns how many; *at is where to go on, 0 at first and again once all were seen.
size_t keys_take_used(struct keys *keys, size_t *at, struct tg_used_caller *used, size_t max);

#include "ingress/who/api_key.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "common/store/reads.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

enum { BUCKETS = 256 };

struct cached_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    struct identity identity;
    long long expires_ms; // 0: empty. Past: the key must be looked up again
};

struct unknown_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    long long expires_ms;
};

struct keys {
    bool trusted;
    pthread_mutex_t lock;
    // Both are direct-mapped by the hash's first bytes.
    struct cached_key cache[TG_KEY_CACHE_ENTRIES];
    struct unknown_key unknown[TG_UNKNOWN_KEYS];
    struct key_asker *first[BUCKETS]; // of each key that is being looked up
    struct tg_shares *askers;         // by org
    struct tg_shares *strangers;      // by address
};

struct keys *keys_create(bool trusted)
{
    struct keys *keys = tg_alloc(sizeof *keys);
    keys->trusted = trusted;
    keys->askers = tg_shares_create(TG_KEY_ASKERS_MAX, TG_KEY_ASKERS_MAX);
    keys->strangers = tg_shares_create(TG_STRANGERS_MAX, TG_STRANGERS_MAX);
    pthread_mutex_init(&keys->lock, NULL);
    return keys;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    pthread_mutex_destroy(&keys->lock);
    tg_shares_destroy(keys->askers);
    tg_shares_destroy(keys->strangers);
    free(keys);
}

static size_t index_of(const unsigned char *key_hash, size_t size)
{
    uint32_t number;
    memcpy(&number, key_hash, sizeof number);
    return number % size;
}

// The next five are called under the lock.
static enum key_answer cache_find(const struct keys *keys, struct key_asker *asker,
                                  struct identity *identity)
{
    long long now_ms = tg_now_ms();
    const struct cached_key *cached = &keys->cache[index_of(asker->key_hash, TG_KEY_CACHE_ENTRIES)];
    bool found = cached->expires_ms > 0 && tg_same_digest(cached->key_hash, asker->key_hash);
    asker->stranger = !found;
    if (found) {
        asker->party = cached->identity.org_id;
        *identity = cached->identity;
        return cached->expires_ms > now_ms ? KEY_KNOWN : KEY_UNSURE;
    }
    const struct unknown_key *unknown = &keys->unknown[index_of(asker->key_hash, TG_UNKNOWN_KEYS)];
    bool refused =
        unknown->expires_ms > now_ms && tg_same_digest(unknown->key_hash, asker->key_hash);
    return refused ? KEY_REFUSED : KEY_UNSURE;
}

static void cache_put(struct keys *keys, const unsigned char *key_hash,
                      const struct identity *identity)
{
    struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    memcpy(cached->key_hash, key_hash, TG_SHA256_SIZE);
    cached->identity = *identity;
    cached->expires_ms = tg_now_ms() + TG_KEY_CACHE_TTL_MS;
}

static void cache_unknown(struct keys *keys, const unsigned char *key_hash)
{
    struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    if (tg_same_digest(cached->key_hash, key_hash))
        cached->expires_ms = 0;
    struct unknown_key *unknown = &keys->unknown[index_of(key_hash, TG_UNKNOWN_KEYS)];
    memcpy(unknown->key_hash, key_hash, TG_SHA256_SIZE);
    unknown->expires_ms = tg_now_ms() + TG_UNKNOWN_KEY_TTL_MS;
}

static struct tg_shares *shares_of(struct keys *keys, const struct key_asker *asker)
{
    return asker->stranger ? keys->strangers : keys->askers;
}

static enum key_answer join(struct keys *keys, struct key_asker *asker)
{
    struct key_asker **link = &keys->first[index_of(asker->key_hash, BUCKETS)];
    while (*link && !tg_same_digest((*link)->key_hash, asker->key_hash))
        link = &(*link)->next;
    struct key_asker *first = *link;
    asker->last = asker;
    if (!first) {
        *link = asker;
        return KEY_TO_LOOK_UP;
    }
    first->last->others = asker;
    first->last = asker;
    return KEY_AWAITED;
}

enum key_answer keys_join(struct keys *keys, struct key_asker *asker, struct tg_uuid address,
                          struct tg_error *error)
{
    enum key_answer answer = KEY_REFUSED;
    if (asker->stranger)
        asker->party = address;
    pthread_mutex_lock(&keys->lock);
    asker->place = tg_shares_take(shares_of(keys, asker), asker->party, 1);
    int place = asker->place; // the asker may be gone once the lock is
    if (place >= 0)
        answer = join(keys, asker);
    pthread_mutex_unlock(&keys->lock);
    if (place == TG_SHARE_USED)
        tg_error_set(error, "too_many_requests", NULL,
                     "Too many of your requests wait for the look-up of a key");
    else if (place < 0)
        tg_error_set(error, "overloaded", NULL, "Too many requests are waiting");
    return answer;
}

// The key in "Bearer <key>", without the blanks around it; empty if there is none.
static struct tg_span bearer(const char *value)
{
    if (!value || strncasecmp(value, "Bearer ", 7) != 0)
        return (struct tg_span){0};
    const char *key = value + 7 + strspn(value + 7, " \t");
    size_t length = strlen(key);
    while (length > 0 && (key[length - 1] == ' ' || key[length - 1] == '\t'))
        length--;
    return (struct tg_span){key, length};
}

enum key_answer keys_ask(struct keys *keys, const char *value, int count, struct key_asker *asker,
                         struct identity *identity, struct tg_error *error)
{
    if (count > 1) {
        tg_error_set(error, "duplicate_header", "Authorization",
                     "Authorization must be given once");
        return KEY_REFUSED;
    }
    if (!value && keys->trusted) {
        *identity = (struct identity){
            .proof = PROOF_NONE, .rights = RIGHT_SEND | RIGHT_READ, .actor = "trusted"};
        return KEY_KNOWN;
    }
    struct tg_span key = bearer(value);
    if (key.length == 0) {
        tg_error_set(error, "unauthorized", "Authorization",
                     "An API key is required: Authorization: Bearer <key>");
        return KEY_REFUSED;
    }
    asker->key = key;
    tg_sha256(key.data, key.length, asker->key_hash);
    pthread_mutex_lock(&keys->lock);
    enum key_answer answer = cache_find(keys, asker, identity);
    pthread_mutex_unlock(&keys->lock);
    if (answer == KEY_REFUSED)
        tg_error_set(error, "unauthorized", "Authorization", "Unknown API key");
    return answer;
}

// What came of a look-up.
enum found { FOUND_NOTHING, FOUND_ORG, FOUND_NONE_SUCH };

// Takes the askers out; what is known of their key, if anything, is remembered at the same moment.
static void take_out(struct keys *keys, struct key_asker *first, enum found found,
                     const struct identity *identity)
{
    pthread_mutex_lock(&keys->lock);
    struct key_asker **link = &keys->first[index_of(first->key_hash, BUCKETS)];
    while (*link != first)
        link = &(*link)->next;
    *link = first->next;
    for (const struct key_asker *asker = first; asker; asker = asker->others)
        tg_shares_give(shares_of(keys, asker), asker->place, 1);
    if (found == FOUND_ORG)
        cache_put(keys, first->key_hash, identity);
    else if (found == FOUND_NONE_SUCH)
        cache_unknown(keys, first->key_hash);
    pthread_mutex_unlock(&keys->lock);
}

// By what is kept of it in clear.
static void name_key(struct identity *identity, struct tg_span key)
{
    enum { PREFIX = 11 };
    if (key.length > PREFIX)
        key.length = PREFIX;
    identity_name(identity, "key", key);
}

bool keys_look_up(struct keys *keys, struct tg_pg *pg, struct key_asker *first,
                  struct identity *identity, struct tg_error *error)
{
    bool found = false;
    *identity = (struct identity){.proof = PROOF_KEY, .rights = RIGHT_SEND | RIGHT_READ};
    name_key(identity, first->key);
    enum tg_pg_status status =
        tg_store_find_api_key(pg, first->key_hash, &found, &identity->org_id);
    take_out(keys, first,
             status != TG_PG_OK ? FOUND_NOTHING
             : found            ? FOUND_ORG
                                : FOUND_NONE_SUCH,
             identity);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    if (!found)
        return tg_error_set(error, "unauthorized", "Authorization", "Unknown API key");
    return true;
}

void keys_give_up(struct keys *keys, struct key_asker *first)
{
    take_out(keys, first, FOUND_NOTHING, &(struct identity){0});
}

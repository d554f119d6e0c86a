#include "ingress/who/api_key.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/store/reads.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

enum { BUCKETS = 256 };

struct cached_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    struct identity identity;
    long long expires_ms; // 0: empty
};

struct keys {
    bool trusted;
    pthread_mutex_t lock;
    struct cached_key cache[TG_KEY_CACHE_ENTRIES]; // direct-mapped by the hash's first bytes
    struct key_asker *first[BUCKETS];              // of each key that is being looked up
    size_t askers;                                 // of all keys
};

struct keys *keys_create(bool trusted)
{
    struct keys *keys = tg_alloc(sizeof *keys);
    keys->trusted = trusted;
    pthread_mutex_init(&keys->lock, NULL);
    return keys;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

static size_t index_of(const unsigned char *key_hash, size_t size)
{
    uint32_t number;
    memcpy(&number, key_hash, sizeof number);
    return number % size;
}

// The next three are called under the lock.
static bool cache_find(const struct keys *keys, const unsigned char *key_hash,
                       struct identity *identity)
{
    const struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    bool found = cached->expires_ms > tg_now_ms() && tg_same_digest(cached->key_hash, key_hash);
    if (found)
        *identity = cached->identity;
    return found;
}

static void cache_put(struct keys *keys, const unsigned char *key_hash,
                      const struct identity *identity)
{
    struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    memcpy(cached->key_hash, key_hash, TG_SHA256_SIZE);
    cached->identity = *identity;
    cached->expires_ms = tg_now_ms() + TG_KEY_CACHE_TTL_MS;
}

static enum key_answer join(struct keys *keys, struct key_asker *asker)
{
    struct key_asker **link = &keys->first[index_of(asker->key_hash, BUCKETS)];
    while (*link && !tg_same_digest((*link)->key_hash, asker->key_hash))
        link = &(*link)->next;
    struct key_asker *first = *link;
    asker->last = asker;
    keys->askers++;
    if (!first) {
        *link = asker;
        return KEY_TO_LOOK_UP;
    }
    first->last->others = asker;
    first->last = asker;
    return KEY_AWAITED;
}

static enum key_answer find_or_join(struct keys *keys, struct key_asker *asker,
                                    struct identity *identity, struct tg_error *error)
{
    enum key_answer answer = KEY_REFUSED;
    pthread_mutex_lock(&keys->lock);
    if (cache_find(keys, asker->key_hash, identity))
        answer = KEY_KNOWN;
    else if (keys->askers < TG_KEY_ASKERS_MAX)
        answer = join(keys, asker);
    pthread_mutex_unlock(&keys->lock);
    if (answer == KEY_REFUSED)
        tg_error_set(error, "overloaded", NULL, "Too many requests are waiting");
    return answer;
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
        *identity = (struct identity){.trusted = true, .rights = RIGHT_SEND | RIGHT_READ};
        return KEY_KNOWN;
    }
    if (!value || strncasecmp(value, "Bearer ", 7) != 0 || value[7] == '\0') {
        tg_error_set(error, "unauthorized", "Authorization",
                     "An API key is required: Authorization: Bearer <key>");
        return KEY_REFUSED;
    }
    tg_sha256(value + 7, strlen(value + 7), asker->key_hash);
    return find_or_join(keys, asker, identity, error);
}

// Takes the askers out; what is known of their key, if anything, is remembered at the same moment.
static void take_out(struct keys *keys, struct key_asker *first, const struct identity *identity)
{
    pthread_mutex_lock(&keys->lock);
    struct key_asker **link = &keys->first[index_of(first->key_hash, BUCKETS)];
    while (*link != first)
        link = &(*link)->next;
    *link = first->next;
    for (const struct key_asker *asker = first; asker; asker = asker->others)
        keys->askers--;
    if (identity)
        cache_put(keys, first->key_hash, identity);
    pthread_mutex_unlock(&keys->lock);
}

bool keys_look_up(struct keys *keys, struct tg_pg *pg, struct key_asker *first,
                  struct identity *identity, struct tg_error *error)
{
    bool found = false;
    *identity = (struct identity){.rights = RIGHT_SEND | RIGHT_READ};
    enum tg_pg_status status =
        tg_store_find_api_key(pg, first->key_hash, &found, &identity->org_id);
    take_out(keys, first, status == TG_PG_OK && found ? identity : NULL);
    if (status != TG_PG_OK)
        return tg_error_set(error, "unavailable", NULL, "The database cannot be reached");
    if (!found)
        return tg_error_set(error, "unauthorized", "Authorization", "Unknown API key");
    return true;
}

void keys_give_up(struct keys *keys, struct key_asker *first)
{
    take_out(keys, first, NULL);
}

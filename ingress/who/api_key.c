#include "ingress/who/api_key.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/store/keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cached_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    struct tg_uuid org_id;
    long long expires_ms; // 0: empty
};

struct auth {
    enum tg_auth mode;
    pthread_mutex_t lock;
    struct cached_key cache[TG_KEY_CACHE_ENTRIES]; // direct-mapped by the hash's first bytes
};

struct auth *auth_create(enum tg_auth mode)
{
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth)
        abort();
    auth->mode = mode;
    pthread_mutex_init(&auth->lock, NULL);
    return auth;
}

void auth_destroy(struct auth *auth)
{
    pthread_mutex_destroy(&auth->lock);
    free(auth);
}

static struct cached_key *cache_slot(struct auth *auth, const unsigned char *key_hash)
{
    uint32_t index;
    memcpy(&index, key_hash, sizeof index);
    return &auth->cache[index % TG_KEY_CACHE_ENTRIES];
}

static bool cache_find(struct auth *auth, const unsigned char *key_hash, struct tg_uuid *org_id)
{
    pthread_mutex_lock(&auth->lock);
    const struct cached_key *slot = cache_slot(auth, key_hash);
    bool found = slot->expires_ms > tg_now_ms() && tg_same_digest(slot->key_hash, key_hash);
    if (found)
        *org_id = slot->org_id;
    pthread_mutex_unlock(&auth->lock);
    return found;
}

static void cache_put(struct auth *auth, const unsigned char *key_hash, struct tg_uuid org_id)
{
    pthread_mutex_lock(&auth->lock);
    struct cached_key *slot = cache_slot(auth, key_hash);
    memcpy(slot->key_hash, key_hash, TG_SHA256_SIZE);
    slot->org_id = org_id;
    slot->expires_ms = tg_now_ms() + TG_KEY_CACHE_TTL_MS;
    pthread_mutex_unlock(&auth->lock);
}

enum auth_result auth_check(struct auth *auth, const char *value, int count,
                            struct credentials *credentials, struct identity *identity,
                            struct tg_error *error)
{
    *credentials = (struct credentials){0};
    if (count > 1) {
        tg_error_set(error, "duplicate_header", "Authorization",
                     "Authorization must be given once");
        return AUTH_REFUSED;
    }
    if (!value && auth->mode == TG_AUTH_TRUSTED) {
        *identity = (struct identity){.trusted = true};
        return AUTH_KNOWN;
    }
    if (!value || strncasecmp(value, "Bearer ", 7) != 0 || value[7] == '\0') {
        tg_error_set(error, "unauthorized", "Authorization",
                     "An API key is required: Authorization: Bearer <key>");
        return AUTH_REFUSED;
    }
    const char *key = value + 7;
    tg_sha256(key, strlen(key), credentials->key_hash);
    credentials->has_key = true;
    *identity = (struct identity){0};
    return cache_find(auth, credentials->key_hash, &identity->org_id) ? AUTH_KNOWN : AUTH_LOOK_UP;
}

bool auth_look_up(struct auth *auth, struct tg_pg *pg, const struct credentials *credentials,
                  struct identity *identity, struct tg_error *error)
{
    bool found;
    *identity = (struct identity){0};
    if (tg_store_find_api_key(pg, credentials->key_hash, &found, &identity->org_id) != TG_PG_OK)
        return tg_error_set(error, "unavailable", NULL, "The database cannot be reached");
    if (!found)
        return tg_error_set(error, "unauthorized", "Authorization", "Unknown API key");
    cache_put(auth, credentials->key_hash, identity->org_id);
    return true;
}

bool auth_org(const struct identity *identity, const char *org_id, size_t length, const char *field,
              struct tg_uuid *org, struct tg_error *error)
{
    if (!org_id) {
        if (identity->trusted)
            return tg_error_set(error, "missing_field", field, "%s is required", field);
        *org = identity->org_id;
        return true;
    }
    if (!tg_uuid_parse(org_id, length, org))
        return tg_error_set(error, "invalid_field", field, "%s must be a UUID", field);
    if (!identity->trusted && !tg_uuid_equal(*org, identity->org_id))
        return tg_error_set(error, "org_mismatch", field, "The API key belongs to another org");
    return true;
}

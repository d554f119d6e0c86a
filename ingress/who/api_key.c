#include "ingress/who/api_key.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/store/failure.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

enum { BUCKETS = 256 };

struct cached_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    struct identity identity;
    struct tg_networks *networks; // that it may be used from; NULL: any
    long long expires_ms;         // 0: empty. Past: the key must be looked up again
    bool used;                    // since it was noted
    long long noted_ms;
};

struct unknown_key {
    unsigned char key_hash[TG_SHA256_SIZE];
    long long expires_ms;
};

struct keys {
    bool trusted;
    struct jwt *jwt;
    pthread_mutex_t lock;
    unsigned changes; // that were told of: a look-up that began before one may have missed it
    // Both are direct-mapped by the hash's first bytes.
    struct cached_key cache[TG_KEY_CACHE_ENTRIES];
    struct unknown_key unknown[TG_UNKNOWN_KEYS];
    struct key_asker *first[BUCKETS]; // of each key that is being looked up
    struct tg_shares *askers;         // by org
    struct tg_shares *strangers;      // by address
};

struct keys *keys_create(bool trusted, struct jwt *jwt)
{
    struct keys *keys = tg_alloc(sizeof *keys);
    keys->trusted = trusted;
    keys->jwt = jwt;
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
    for (size_t i = 0; i < TG_KEY_CACHE_ENTRIES; i++)
        free(keys->cache[i].networks);
    free(keys);
}

static size_t index_of(const unsigned char *key_hash, size_t size)
{
    uint32_t number;
    memcpy(&number, key_hash, sizeof number);
    return number % size;
}

static bool refuse_unknown(const struct key_asker *asker, struct tg_error *error)
{
    if (asker->kind == KEY_COOKIE)
        return tg_error_set(error, "unauthorized", "Cookie", "The session has ended");
    return tg_error_set(error, "unauthorized", "Authorization",
                        asker->kind == KEY_JWT ? "The token is not good" : "Unknown API key");
}

static bool refuse_address(struct tg_error *error)
{
    return tg_error_set(error, "address_not_allowed", NULL,
                        "This key may not be used from where you are");
}

// The next five are called under the lock.
static enum key_answer use(struct cached_key *cached, const struct key_asker *asker,
                           struct tg_error *error)
{
    if (cached->networks && !tg_networks_hold(cached->networks, asker->from)) {
        refuse_address(error);
        return KEY_REFUSED;
    }
    cached->used = cached->identity.proof != PROOF_JWT;
    return KEY_KNOWN;
}

static enum key_answer cache_find(struct keys *keys, struct key_asker *asker,
                                  struct identity *identity, struct tg_error *error)
{
    long long now_ms = tg_now_ms();
    struct cached_key *cached = &keys->cache[index_of(asker->key_hash, TG_KEY_CACHE_ENTRIES)];
    bool found = cached->expires_ms > 0 && tg_same_digest(cached->key_hash, asker->key_hash);
    asker->stranger = !found;
    if (found) {
        asker->party = cached->identity.org_id;
        *identity = cached->identity;
        return cached->expires_ms > now_ms ? use(cached, asker, error) : KEY_UNSURE;
    }
    const struct unknown_key *unknown = &keys->unknown[index_of(asker->key_hash, TG_UNKNOWN_KEYS)];
    if (unknown->expires_ms <= now_ms || !tg_same_digest(unknown->key_hash, asker->key_hash))
        return KEY_UNSURE;
    refuse_unknown(asker, error);
    return KEY_REFUSED;
}

static void cache_put(struct keys *keys, const unsigned char *key_hash,
                      const struct key_found *found, long long expires_ms)
{
    struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    bool same = cached->expires_ms > 0 && tg_same_digest(cached->key_hash, key_hash);
    free(cached->networks);
    *cached = (struct cached_key){.identity = found->identity,
                                  .expires_ms = expires_ms,
                                  .used = found->identity.proof != PROOF_JWT,
                                  .noted_ms = same ? cached->noted_ms : 0};
    memcpy(cached->key_hash, key_hash, TG_SHA256_SIZE);
    if (found->networks.count == 0)
        return;
    cached->networks = tg_alloc(sizeof *cached->networks);
    *cached->networks = found->networks;
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
static struct tg_span key_in(const struct shown *shown)
{
    const char *value = shown->authorization;
    size_t scheme = strncasecmp(value, "Bearer ", 7) == 0                       ? 7
                    : shown->as_to_meta && strncasecmp(value, "OAuth ", 6) == 0 ? 6
                                                                                : 0;
    if (scheme == 0)
        return (struct tg_span){0};
    const char *key = value + scheme + strspn(value + scheme, " \t");
    size_t length = strlen(key);
    while (length > 0 && (key[length - 1] == ' ' || key[length - 1] == '\t'))
        length--;
    return (struct tg_span){key, length};
}

struct tg_span session_cookie(const char *cookie)
{
    const size_t name = strlen(SESSION_COOKIE "=");
    while (cookie && *cookie) {
        size_t length = strcspn(cookie, ";");
        if (length > name &&
            strncmp(cookie, SESSION_COOKIE "=" SESSION_PREFIX, name + strlen(SESSION_PREFIX)) == 0)
            return (struct tg_span){cookie + name, length - name};
        cookie += length + strspn(cookie + length, "; ");
    }
    return (struct tg_span){0};
}

// The key that is shown. false, and there is none: refused or, without an error, nothing is shown.
static bool find_shown(const struct keys *keys, const struct shown *shown, struct key_asker *asker,
                       struct tg_error *error)
{
    error->code = NULL;
    if (shown->authorizations > 1)
        return tg_error_set(error, "duplicate_header", "Authorization",
                            "Authorization must be given once");
    if (!shown->authorization && !shown->as_to_meta) {
        asker->kind = KEY_COOKIE;
        asker->key = session_cookie(shown->cookie);
        return asker->key.data != NULL;
    }
    asker->key = shown->authorization ? key_in(shown) : shown->token;
    if (asker->key.length == 0)
        return tg_error_set(error, "unauthorized", "Authorization",
                            "An API key is required: Authorization: Bearer <key>");
    // What a browser sends by itself is no key, and the other way round.
    if (strncmp(asker->key.data, SESSION_PREFIX, strlen(SESSION_PREFIX)) == 0)
        return refuse_unknown(asker, error);
    if (keys->jwt && jwt_is_one(asker->key))
        asker->kind = KEY_JWT;
    return true;
}

enum key_answer keys_ask(struct keys *keys, const struct shown *shown, struct key_asker *asker,
                         struct identity *identity, struct tg_error *error)
{
    asker->from = shown->from;
    if (!find_shown(keys, shown, asker, error)) {
        if (error->code)
            return KEY_REFUSED;
        if (keys->trusted) {
            *identity = (struct identity){
                .proof = PROOF_NONE, .rights = RIGHT_SEND | RIGHT_READ, .actor = "trusted"};
            return KEY_KNOWN;
        }
        tg_error_set(error, "unauthorized", "Authorization",
                     "An API key is required: Authorization: Bearer <key>");
        return KEY_REFUSED;
    }
    tg_sha256(asker->key.data, asker->key.length, asker->key_hash);
    pthread_mutex_lock(&keys->lock);
    enum key_answer answer = cache_find(keys, asker, identity, error);
    pthread_mutex_unlock(&keys->lock);
    return answer;
}

// Takes the askers out. What is known of their key is remembered at the same moment: `found` (NULL:
// there is none) until then, 0: nothing is known.
static void take_out(struct keys *keys, struct key_asker *first, const struct key_found *found,
                     long long expires_ms, unsigned changes)
{
    pthread_mutex_lock(&keys->lock);
    struct key_asker **link = &keys->first[index_of(first->key_hash, BUCKETS)];
    while (*link != first)
        link = &(*link)->next;
    *link = first->next;
    for (const struct key_asker *asker = first; asker; asker = asker->others)
        tg_shares_give(shares_of(keys, asker), asker->place, 1);
    if (changes != keys->changes && expires_ms > 0)
        expires_ms = 1;
    if (expires_ms > 0 && found)
        cache_put(keys, first->key_hash, found, expires_ms);
    else if (expires_ms > 1)
        cache_unknown(keys, first->key_hash);
    pthread_mutex_unlock(&keys->lock);
}

static unsigned rights_of(const char *names)
{
    unsigned rights = 0;
    for (size_t length; *names; names += length + (names[length] == ',')) {
        length = strcspn(names, ",");
        rights |= right_read((struct tg_span){names, length});
    }
    return rights;
}

static struct tg_uuid credential_of(const unsigned char hash[static TG_SHA256_SIZE])
{
    struct tg_uuid credential;
    _Static_assert(sizeof credential <= TG_SHA256_SIZE, "a part of the hash");
    memcpy(&credential, hash, sizeof credential);
    return credential;
}

// Returns how long that may be believed.
static long long read_caller(const struct tg_caller *caller, const struct key_asker *first,
                             struct key_found *found)
{
    struct identity *identity = &found->identity;
    *identity = (struct identity){
        .proof = caller->is_session ? PROOF_SESSION : PROOF_KEY,
        .rights = rights_of(caller->rights),
        .org_id = caller->org_id,
        .session_id = caller->session_id,
        .credential = caller->is_session ? caller->session_id : credential_of(first->key_hash)};
    identity_name(identity, caller->is_session ? "session" : "key",
                  (struct tg_span){caller->name, strlen(caller->name)});
    // The database's own writing, which is always read; if not, the key is good for nothing.
    if (!tg_networks_read(tg_text_string(&caller->addresses), &found->networks))
        identity->rights = 0;
    return caller->good_for_ms > 0 && caller->good_for_ms < TG_KEY_CACHE_TTL_MS
               ? caller->good_for_ms
               : TG_KEY_CACHE_TTL_MS;
}

static unsigned changes_of(struct keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    unsigned changes = keys->changes;
    pthread_mutex_unlock(&keys->lock);
    return changes;
}

// What PostgreSQL has said of a key; `caller` NULL: nothing.
static void end_look_up(struct keys *keys, struct key_asker *first, const struct tg_caller *caller,
                        long long now_ms, unsigned changes, keys_tell *tell)
{
    struct key_found found;
    struct tg_error error;
    bool is_there = caller && caller->is_session == (first->kind == KEY_COOKIE);
    long long good_ms = is_there ? read_caller(caller, first, &found) : TG_UNKNOWN_KEY_TTL_MS;
    take_out(keys, first, is_there ? &found : NULL, now_ms + good_ms, changes);
    if (!is_there)
        refuse_unknown(first, &error);
    tell(first, is_there ? &found : NULL, &error);
}

void keys_look_up(struct keys *keys, struct tg_pg *pg, struct key_asker **firsts, size_t n,
                  keys_tell *tell)
{
    struct tg_asked_caller asked[TG_LOOK_UPS_AT_ONCE];
    struct tg_caller callers[TG_LOOK_UPS_AT_ONCE] = {0};
    const struct tg_caller *of[TG_LOOK_UPS_AT_ONCE] = {0};
    struct tg_error error;
    size_t found = 0;
    assert(n <= TG_LOOK_UPS_AT_ONCE);
    unsigned changes = changes_of(keys);
    long long now_ms = tg_now_ms();
    for (size_t i = 0; i < n; i++)
        memcpy(asked[i].key_hash, firsts[i]->key_hash, sizeof asked[i].key_hash);
    enum tg_pg_status status = tg_store_find_callers(pg, asked, n, callers, &found);
    if (status != TG_PG_OK)
        tg_store_failure(pg, status, &error);
    for (size_t i = 0; status == TG_PG_OK && i < found; i++)
        of[callers[i].n - 1] = &callers[i];
    for (size_t i = 0; i < n; i++) {
        if (status == TG_PG_OK) {
            end_look_up(keys, firsts[i], of[i], now_ms, changes, tell);
        } else {
            take_out(keys, firsts[i], NULL, 0, changes);
            tell(firsts[i], NULL, &error);
        }
    }
    for (size_t i = 0; i < n; i++)
        tg_text_finish(&callers[i].addresses);
}

static enum jwt_answer judge(struct jwt *jwt, const struct key_asker *first,
                             struct key_found *found, long long *good_ms, struct tg_error *error)
{
    int64_t good_until_s;
    int64_t now_s = tg_unix_ms() / 1000;
    found->networks.count = 0;
    enum jwt_answer answer =
        jwt_judge(jwt, first->key, now_s, &found->identity, &good_until_s, error);
    *good_ms = answer == JWT_UNAVAILABLE ? 0 : TG_UNKNOWN_KEY_TTL_MS;
    if (answer != JWT_GOOD)
        return answer;
    unsigned char person[TG_SHA256_SIZE];
    tg_sha256(found->identity.actor, strlen(found->identity.actor), person);
    found->identity.credential = credential_of(person);
    *good_ms = (good_until_s - now_s) * 1000 < TG_KEY_CACHE_TTL_MS ? (good_until_s - now_s) * 1000
                                                                   : TG_KEY_CACHE_TTL_MS;
    return answer;
}

bool keys_judge(struct keys *keys, struct key_asker *first, bool keys_read, keys_tell *tell)
{
    struct key_found found;
    struct tg_error error;
    unsigned changes = changes_of(keys);
    long long now_ms = tg_now_ms();
    long long good_ms;
    enum jwt_answer answer = judge(keys->jwt, first, &found, &good_ms, &error);
    bool wants_keys = answer == JWT_NO_KEY || answer == JWT_UNAVAILABLE;
    if (wants_keys && !keys_read && jwt_keys_are_due(keys->jwt, true))
        return false;
    const struct key_found *good = answer == JWT_GOOD ? &found : NULL;
    take_out(keys, first, good, good_ms > 0 ? now_ms + good_ms : 0, changes);
    tell(first, good, &error);
    return true;
}

bool key_found_admits(const struct key_found *found, const struct key_asker *asker,
                      struct tg_error *error)
{
    return found->networks.count == 0 || tg_networks_hold(&found->networks, asker->from) ||
           refuse_address(error);
}

void keys_give_up(struct keys *keys, struct key_asker *first)
{
    take_out(keys, first, NULL, 0, 0);
}

// Under the lock.
static void forget(struct keys *keys, const unsigned char *key_hash)
{
    struct cached_key *cached = &keys->cache[index_of(key_hash, TG_KEY_CACHE_ENTRIES)];
    struct unknown_key *unknown = &keys->unknown[index_of(key_hash, TG_UNKNOWN_KEYS)];
    if (cached->expires_ms > 0 && tg_same_digest(cached->key_hash, key_hash))
        cached->expires_ms = 1;
    if (tg_same_digest(unknown->key_hash, key_hash))
        unknown->expires_ms = 0;
}

void keys_forget(struct keys *keys, const struct tg_text *hashes)
{
    if (hashes->length < TG_SHA256_SIZE)
        return;
    pthread_mutex_lock(&keys->lock);
    keys->changes++;
    for (size_t at = 0; at + TG_SHA256_SIZE <= hashes->length; at += TG_SHA256_SIZE)
        forget(keys, (const unsigned char *)hashes->data + at);
    pthread_mutex_unlock(&keys->lock);
}

void keys_forget_all(struct keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    keys->changes++;
    for (size_t i = 0; i < TG_KEY_CACHE_ENTRIES; i++)
        keys->cache[i].expires_ms = keys->cache[i].expires_ms > 0;
    for (size_t i = 0; i < TG_UNKNOWN_KEYS; i++)
        keys->unknown[i].expires_ms = 0;
    pthread_mutex_unlock(&keys->lock);
}

size_t keys_take_used(struct keys *keys, size_t *at, struct tg_used_caller *used, size_t max)
{
    enum { SLICE = 1024 }; // so that nobody waits long for the lock
    size_t n = 0;
    long long now_ms = tg_now_ms();
    pthread_mutex_lock(&keys->lock);
    for (size_t seen = 0; seen < SLICE && n < max && *at < TG_KEY_CACHE_ENTRIES; seen++) {
        struct cached_key *cached = &keys->cache[(*at)++];
        if (!cached->used || (cached->noted_ms > 0 && now_ms - cached->noted_ms < TG_KEY_NOTED_MS))
            continue;
        cached->used = false;
        cached->noted_ms = now_ms;
        memcpy(used[n++].key_hash, cached->key_hash, TG_SHA256_SIZE);
    }
    pthread_mutex_unlock(&keys->lock);
    if (*at == TG_KEY_CACHE_ENTRIES)
        *at = 0;
    return n;
}

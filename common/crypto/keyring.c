#include "common/crypto/keyring.h"

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

// What was read at one time. Freed when the last of them lets go: who holds a key of it, and the
// ring while it is the newest.
struct tg_keys {
    size_t holders;
    size_t count;
    struct tg_key *key; // TG_TOKEN_KEYS_MAX, in pages of their own
};

struct tg_keyring {
    pthread_mutex_t lock; // for a moment only: nothing is done under it but finding a key
    struct tg_keys *newest;
};

static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct tg_keys *make(void)
{
    if (sodium_init() < 0)
        abort();
    struct tg_keys *keys = tg_alloc(sizeof *keys);
    keys->holders = 1;
    keys->key = sodium_allocarray(TG_TOKEN_KEYS_MAX, sizeof *keys->key);
    if (!keys->key)
        abort();
    sodium_memzero(keys->key, TG_TOKEN_KEYS_MAX * sizeof *keys->key);
    return keys;
}

// Wiped by sodium_free.
static void destroy(struct tg_keys *keys)
{
    if (!keys)
        return;
    sodium_free(keys->key);
    free(keys);
}

// Under the lock. The keys that are to be destroyed, or NULL.
static struct tg_keys *drop(struct tg_keys *keys)
{
    return --keys->holders == 0 ? keys : NULL;
}

static bool wrong(struct tg_error *error, const char *what)
{
    return tg_error_set(error, "invalid_keys", NULL, "%s", what);
}

static bool wrong_line(struct tg_error *error, int line, const char *what)
{
    return tg_error_set(error, "invalid_keys", NULL, "line %d %s", line, what);
}

static bool read_key(struct tg_keys *keys, const char *text, int line, struct tg_error *error)
{
    size_t id_length = strspn(text, id_letters);
    const char *base64 = text + id_length + strspn(text + id_length, " \t");
    size_t length = strcspn(base64, " \t\r");
    size_t read = 0;
    if (id_length == 0 || id_length >= TG_KEY_ID_SIZE || base64 == text + id_length)
        return wrong_line(error, line, "must begin with an id and a blank");
    if (keys->count == TG_TOKEN_KEYS_MAX)
        return wrong_line(error, line, "has one key too many");
    struct tg_key *key = &keys->key[keys->count];
    if (base64[length + strspn(base64 + length, " \t\r")] != '\0' ||
        sodium_base642bin(key->bytes, sizeof key->bytes, base64, length, NULL, &read, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        read != sizeof key->bytes)
        return wrong_line(error, line, "must end with 32 bytes in base64");
    memcpy(key->id, text, id_length);
    if (tg_keys_find(keys, key->id))
        return wrong_line(error, line, "has the id of another line");
    keys->count++;
    return true;
}

// The lines are ended in place.
static bool read_keys(struct tg_keys *keys, char *text, struct tg_error *error)
{
    int number = 1;
    for (char *line = text; *line; number++) {
        char *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        const char *begin = line + strspn(line, " \t\r");
        if (*begin != '\0' && *begin != '#' && !read_key(keys, begin, number, error))
            return false;
        line = next;
    }
    return keys->count > 0 || wrong(error, "has no key");
}

static const char *reason_of(int why)
{
    switch (why) {
    case EISDIR:
    case TG_FILE_IRREGULAR:
        return "is no file";
    case TG_FILE_OPEN_TO_OTHERS:
        return "has rights for others: chmod o= takes them away";
    case TG_FILE_TOO_LONG:
        return "is too long";
    default:
        return strerrordesc_np(why);
    }
}

// The file's text, NUL-terminated.
static bool read_text(const char *path, char *text, struct tg_error *error)
{
    size_t length;
    int why = tg_file_read(path, true, text, TG_TOKEN_KEYS_BYTES, &length);
    if (why != TG_FILE_READ)
        return wrong(error, reason_of(why));
    text[length] = '\0';
    return strlen(text) == length || wrong(error, "holds a NUL");
}

static void exchange(struct tg_keyring *ring, struct tg_keys *keys)
{
    pthread_mutex_lock(&ring->lock);
    struct tg_keys *last = drop(ring->newest);
    ring->newest = keys;
    pthread_mutex_unlock(&ring->lock);
    destroy(last);
}

struct tg_keyring *tg_keyring_create(void)
{
    struct tg_keyring *ring = tg_alloc(sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    ring->newest = make();
    return ring;
}

void tg_keyring_destroy(struct tg_keyring *ring)
{
    if (!ring)
        return;
    destroy(ring->newest);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

bool tg_keyring_read(struct tg_keyring *ring, const char *path, struct tg_error *error)
{
    char text[TG_TOKEN_KEYS_BYTES + 2] = "";
    struct tg_keys *keys = make();
    bool good = read_text(path, text, error) && read_keys(keys, text, error);
    sodium_memzero(text, sizeof text);
    if (!good) {
        destroy(keys);
        return false;
    }
    if (sodium_mprotect_readonly(keys->key) != 0)
        abort();
    exchange(ring, keys);
    return true;
}

bool tg_keyring_newest(struct tg_keyring *ring, char id[static TG_KEY_ID_SIZE])
{
    pthread_mutex_lock(&ring->lock);
    bool any = ring->newest->count > 0;
    memcpy(id, any ? ring->newest->key[0].id : "", any ? TG_KEY_ID_SIZE : 1);
    pthread_mutex_unlock(&ring->lock);
    return any;
}

struct tg_keys *tg_keyring_hold(struct tg_keyring *ring)
{
    pthread_mutex_lock(&ring->lock);
    struct tg_keys *keys = ring->newest;
    keys->holders++;
    pthread_mutex_unlock(&ring->lock);
    return keys;
}

void tg_keyring_let_go(struct tg_keyring *ring, struct tg_keys *held)
{
    pthread_mutex_lock(&ring->lock);
    struct tg_keys *last = drop(held);
    pthread_mutex_unlock(&ring->lock);
    destroy(last);
}

const struct tg_key *tg_keys_find(const struct tg_keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!id || strcmp(keys->key[i].id, id) == 0)
            return &keys->key[i];
    }
    return NULL;
}

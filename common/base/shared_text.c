#include "common/base/shared_text.h"

#include "common/base/memory.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Freed when the last of them lets go: who holds it, and the shared text while it is the newest.
struct version {
    size_t holders;
    char text[];
};

struct tg_shared_text {
    pthread_mutex_t lock; // for a moment only: nothing is done under it but counting
    struct version *newest;
};

static struct version *make(const char *text)
{
    size_t size = strlen(text) + 1;
    struct version *version = tg_alloc(sizeof *version + size);
    version->holders = 1;
    memcpy(version->text, text, size);
    return version;
}

// Under the lock. The version that is to be freed, or NULL.
static struct version *drop(struct version *version)
{
    return --version->holders == 0 ? version : NULL;
}

static void wipe(struct version *version)
{
    if (version)
        explicit_bzero(version->text, strlen(version->text));
    free(version);
}

struct tg_shared_text *tg_shared_text_create(const char *text)
{
    struct tg_shared_text *shared = tg_alloc(sizeof *shared);
    pthread_mutex_init(&shared->lock, NULL);
    shared->newest = make(text);
    return shared;
}

void tg_shared_text_destroy(struct tg_shared_text *shared)
{
    if (!shared)
        return;
    wipe(shared->newest);
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

const char *tg_shared_text_hold(struct tg_shared_text *shared)
{
    pthread_mutex_lock(&shared->lock);
    struct version *version = shared->newest;
    version->holders++;
    pthread_mutex_unlock(&shared->lock);
    return version->text;
}

void tg_shared_text_let_go(struct tg_shared_text *shared, const char *held)
{
    struct version *version =
        (struct version *)(void *)((uintptr_t)held - offsetof(struct version, text));
    pthread_mutex_lock(&shared->lock);
    struct version *last = drop(version);
    pthread_mutex_unlock(&shared->lock);
    wipe(last);
}

void tg_shared_text_set(struct tg_shared_text *shared, const char *text)
{
    struct version *version = make(text);
    pthread_mutex_lock(&shared->lock);
    struct version *last = drop(shared->newest);
    shared->newest = version;
    pthread_mutex_unlock(&shared->lock);
    wipe(last);
}

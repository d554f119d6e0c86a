#include "ingress/who/watch.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/service.h"

#include <pthread.h>

struct watch {
    struct keys *keys;
    struct tg_pg *pg;
    pthread_t thread;
    pthread_mutex_t lock; // for what follows
    pthread_cond_t stopped;
    bool stopping;
    // The thread's own.
    int64_t since;
    long long noted_ms;
};

// What was looked up before there was an answer, or in another database, may be old.
static void look(struct watch *watch)
{
    struct tg_caller_changes changes = {0};
    if (tg_store_find_changed_callers(watch->pg, watch->since, &changes) == TG_PG_OK) {
        if (watch->since == 0 || changes.until < watch->since)
            keys_forget_all(watch->keys);
        else
            keys_forget(watch->keys, &changes.hashes);
        watch->since = changes.until;
    }
    tg_text_finish(&changes.hashes);
}

// What PostgreSQL does not take is lost: the next use is noted.
static void note(struct watch *watch)
{
    struct tg_used_caller used[256];
    size_t at = 0;
    watch->noted_ms = tg_now_ms();
    do {
        size_t n = keys_take_used(watch->keys, &at, used, sizeof used / sizeof *used);
        if (n > 0 && tg_store_note_callers(watch->pg, used, n) != TG_PG_OK)
            return;
    } while (at > 0);
}

static bool wait_for_next(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    struct timespec deadline = tg_cond_deadline(TG_CALLERS_LOOK_MS);
    if (!watch->stopping)
        (void)pthread_cond_timedwait(&watch->stopped, &watch->lock, &deadline);
    bool stopping = watch->stopping;
    pthread_mutex_unlock(&watch->lock);
    return !stopping;
}

static void *run(void *argument)
{
    struct watch *watch = argument;
    do {
        look(watch);
        if (tg_now_ms() - watch->noted_ms >= TG_CALLERS_NOTE_MS)
            note(watch);
    } while (wait_for_next(watch));
    return NULL;
}

struct watch *watch_start(const char *postgres_url, struct keys *keys)
{
    struct watch *watch = tg_alloc(sizeof *watch);
    watch->keys = keys;
    watch->pg = tg_pg_create(postgres_url, "tollgate-ingress watch");
    pthread_mutex_init(&watch->lock, NULL);
    tg_cond_init(&watch->stopped);
    watch->thread = tg_service_thread("watch", run, watch);
    return watch;
}

void watch_stop(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_signal(&watch->stopped);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stopped);
    pthread_mutex_destroy(&watch->lock);
    tg_pg_destroy(watch->pg);
    free(watch);
}

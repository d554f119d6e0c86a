#include "tests/metasim/delay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { LOOK_AT_CLIENT_MS = 1000 };

TAILQ_HEAD(entries, delay_entry);

struct delay {
    void (*wake)(void *owner);
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entries entries; // by due_ms
    bool closed;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool client_is_gone(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

// From the back, since an entry is nearly always due after those that came before it.
static void insert(struct entries *entries, struct delay_entry *entry)
{
    struct delay_entry *before = TAILQ_LAST(entries, entries);
    while (before && before->due_ms > entry->due_ms)
        before = TAILQ_PREV(before, entries, link);
    if (before)
        TAILQ_INSERT_AFTER(entries, before, entry, link);
    else
        TAILQ_INSERT_HEAD(entries, entry, link);
}

static void move(struct entries *from, struct delay_entry *entry, struct entries *to)
{
    TAILQ_REMOVE(from, entry, link);
    TAILQ_INSERT_TAIL(to, entry, link);
}

static void collect_due(struct delay *delay, struct entries *due)
{
    int64_t now = now_ms();
    struct delay_entry *entry = NULL;
    while ((entry = TAILQ_FIRST(&delay->entries)) && entry->due_ms <= now) {
        if (entry->forever && !client_is_gone(entry->fd)) {
            TAILQ_REMOVE(&delay->entries, entry, link);
            entry->due_ms = now + LOOK_AT_CLIENT_MS;
            insert(&delay->entries, entry);
        } else {
            move(&delay->entries, entry, due);
        }
    }
}

// Without the lock held: waking may free the entry, and takes libmicrohttpd's own locks.
static void wake_all(struct delay *delay, struct entries *entries)
{
    struct delay_entry *entry = TAILQ_FIRST(entries);
    while (entry) {
        struct delay_entry *next = TAILQ_NEXT(entry, link);
        delay->wake(entry->owner);
        entry = next;
    }
}

static void *run(void *context)
{
    struct delay *delay = context;
    pthread_mutex_lock(&delay->lock);
    while (!delay->closed) {
        struct entries due = TAILQ_HEAD_INITIALIZER(due);
        collect_due(delay, &due);
        if (!TAILQ_EMPTY(&due)) {
            pthread_mutex_unlock(&delay->lock);
            wake_all(delay, &due);
            pthread_mutex_lock(&delay->lock);
            continue;
        }
        const struct delay_entry *first = TAILQ_FIRST(&delay->entries);
        if (first) {
            struct timespec until = {.tv_sec = first->due_ms / 1000,
                                     .tv_nsec = first->due_ms % 1000 * 1000000};
            pthread_cond_timedwait(&delay->changed, &delay->lock, &until);
        } else {
            pthread_cond_wait(&delay->changed, &delay->lock);
        }
    }
    pthread_mutex_unlock(&delay->lock);
    return NULL;
}

struct delay *delay_create(void (*wake)(void *owner))
{
    struct delay *delay = calloc(1, sizeof *delay);
    if (!delay)
        abort();
    delay->wake = wake;
    TAILQ_INIT(&delay->entries);
    pthread_mutex_init(&delay->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&delay->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&delay->thread, NULL, run, delay) != 0)
        abort();
    pthread_setname_np(delay->thread, "sim-delay");
    return delay;
}

void delay_hold(struct delay *delay, struct delay_entry *entry, int64_t after_ms, bool forever)
{
    entry->forever = forever;
    // One more, for the part of a millisecond that now_ms cuts off: never too early.
    entry->due_ms = now_ms() + 1 + (forever ? LOOK_AT_CLIENT_MS : after_ms);
    pthread_mutex_lock(&delay->lock);
    bool closed = delay->closed;
    if (!closed) {
        insert(&delay->entries, entry);
        if (TAILQ_FIRST(&delay->entries) == entry)
            pthread_cond_signal(&delay->changed);
    }
    pthread_mutex_unlock(&delay->lock);
    if (closed)
        delay->wake(entry->owner);
}

void delay_release(struct delay *delay, uint64_t ticket)
{
    struct entries released = TAILQ_HEAD_INITIALIZER(released);
    pthread_mutex_lock(&delay->lock);
    struct delay_entry *entry = TAILQ_FIRST(&delay->entries);
    while (entry && entry->ticket != ticket)
        entry = TAILQ_NEXT(entry, link);
    if (entry)
        move(&delay->entries, entry, &released);
    pthread_mutex_unlock(&delay->lock);
    wake_all(delay, &released);
}

void delay_release_forever(struct delay *delay)
{
    struct entries released = TAILQ_HEAD_INITIALIZER(released);
    pthread_mutex_lock(&delay->lock);
    struct delay_entry *entry = TAILQ_FIRST(&delay->entries);
    while (entry) {
        struct delay_entry *next = TAILQ_NEXT(entry, link);
        if (entry->forever)
            move(&delay->entries, entry, &released);
        entry = next;
    }
    pthread_mutex_unlock(&delay->lock);
    wake_all(delay, &released);
}

void delay_close(struct delay *delay)
{
    pthread_mutex_lock(&delay->lock);
    delay->closed = true;
    pthread_cond_signal(&delay->changed);
    pthread_mutex_unlock(&delay->lock);
    pthread_join(delay->thread, NULL);
    struct entries rest = TAILQ_HEAD_INITIALIZER(rest);
    pthread_mutex_lock(&delay->lock);
    TAILQ_CONCAT(&rest, &delay->entries, link);
    pthread_mutex_unlock(&delay->lock);
    wake_all(delay, &rest);
}

void delay_destroy(struct delay *delay)
{
    if (!delay)
        return;
    pthread_cond_destroy(&delay->changed);
    pthread_mutex_destroy(&delay->lock);
    free(delay);
}

#include "ingress/http/guard.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"

#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

// How often to look for who is late, and, of so many looks, for whose next request has begun.
enum { LOOK_MS = 250, LOOKS = 4 };

enum wait { WAIT_HEADERS, WAIT_NEXT, WAIT_BODY, WAIT_ANSWER, WAITS };

static const struct {
    int patience_ms;
    const char *name;
} waits[WAITS] = {
    [WAIT_HEADERS] = {TG_HEADERS_MS, "headers"},
    // The library ends what is silent for TG_CONNECTION_IDLE_S.
    [WAIT_NEXT] = {TG_CONNECTION_IDLE_S * 1000 + TG_HEADERS_MS, "headers"},
    [WAIT_BODY] = {TG_BODY_MS, "body"},
    [WAIT_ANSWER] = {TG_ANSWER_MS, "answer"},
};

struct guest {
    struct guest *next;
    struct guest *before;
    int socket;
    bool cut;
    // For what, and since when: milliseconds times WAITS, and an enum wait. What comes moves the
    // time on, by TG_BYTES_PER_MS. LLONG_MAX: we do not wait.
    atomic_llong waiting;
    // The guard's thread's own: since when the next request is waited for, and how many bytes had
    // come by then.
    long long next_since;
    unsigned long long next_received;
};

struct guard {
    size_t connections_max;
    guard_in_need *in_need;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // for what follows
    pthread_cond_t stopped;
    bool stopping;
    int looks;
    size_t count; // of those that are not cut off
    struct guest *first;
};

static void wait_for(struct guest *guest, enum wait what, long long since_ms)
{
    atomic_store_explicit(&guest->waiting, since_ms * WAITS + what, memory_order_relaxed);
}

void guest_idles(struct guest *guest)
{
    wait_for(guest, WAIT_NEXT, tg_now_ms());
}

void guest_is_ours(struct guest *guest)
{
    atomic_store_explicit(&guest->waiting, LLONG_MAX, memory_order_relaxed);
}

void guest_sends(struct guest *guest)
{
    wait_for(guest, WAIT_BODY, tg_now_ms());
}

void guest_has_sent(struct guest *guest, size_t bytes)
{
    long long now_ms = tg_now_ms();
    long long waiting = atomic_load_explicit(&guest->waiting, memory_order_relaxed);
    long long since_ms = waiting / WAITS + (long long)(bytes / TG_BYTES_PER_MS);
    wait_for(guest, WAIT_BODY, since_ms < now_ms ? since_ms : now_ms);
}

void guest_takes(struct guest *guest, size_t answer)
{
    wait_for(guest, WAIT_ANSWER, tg_now_ms() + (long long)(answer / TG_BYTES_PER_MS));
}

// Under the lock. Its thread finds that the connection has ended, and frees what there is of it.
static void cut(struct guard *guard, struct guest *guest, const char *why)
{
    guest->cut = true;
    guard->count--;
    shutdown(guest->socket, SHUT_RDWR);
    tg_count(TG_CONNECTIONS_CUT, why, 1);
}

static bool is_late(const struct guest *guest, long long now_ms, bool in_need, enum wait *what)
{
    long long waiting = atomic_load_explicit(&guest->waiting, memory_order_relaxed);
    if (guest->cut || waiting == LLONG_MAX)
        return false;
    *what = (enum wait)(waiting % WAITS);
    int patience_ms = *what == WAIT_BODY && in_need ? TG_BODY_IN_NEED_MS : waits[*what].patience_ms;
    return now_ms - waiting / WAITS > patience_ms;
}

// What the library reads of a request before its first line is whole it keeps to itself; the kernel
// tells that something has come. The headers have their time from then on.
static void look_at_next(struct guest *guest, long long now_ms)
{
    long long waiting = atomic_load_explicit(&guest->waiting, memory_order_relaxed);
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (guest->cut || waiting == LLONG_MAX || waiting % WAITS != WAIT_NEXT ||
        getsockopt(guest->socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return;
    if (guest->next_since != waiting) {
        guest->next_since = waiting;
        guest->next_received = info.tcpi_bytes_received;
    } else if (guest->next_received != info.tcpi_bytes_received) {
        (void)atomic_compare_exchange_strong(&guest->waiting, &waiting,
                                             now_ms * WAITS + WAIT_HEADERS);
    }
}

static void look(struct guard *guard)
{
    long long now_ms = tg_now_ms();
    bool in_need = guard->in_need(guard->context);
    bool next = ++guard->looks % LOOKS == 0;
    enum wait what;
    for (struct guest *guest = guard->first; guest; guest = guest->next) {
        if (next)
            look_at_next(guest, now_ms);
        if (is_late(guest, now_ms, in_need, &what))
            cut(guard, guest, waits[what].name);
    }
}

static void *run(void *argument)
{
    struct guard *guard = argument;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        look(guard);
        struct timespec deadline = tg_cond_deadline(LOOK_MS);
        (void)pthread_cond_timedwait(&guard->stopped, &guard->lock, &deadline);
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

struct guard *guard_start(size_t connections_max, guard_in_need *in_need, void *context)
{
    struct guard *guard = tg_alloc(sizeof *guard);
    guard->connections_max = connections_max;
    guard->in_need = in_need;
    guard->context = context;
    pthread_mutex_init(&guard->lock, NULL);
    tg_cond_init(&guard->stopped);
    guard->thread = tg_service_thread("guard", run, guard);
    return guard;
}

void guard_stop(struct guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    guard->stopping = true;
    pthread_cond_signal(&guard->stopped);
    pthread_mutex_unlock(&guard->lock);
    pthread_join(guard->thread, NULL);
    pthread_cond_destroy(&guard->stopped);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

// Under the lock.
static bool make_room(struct guard *guard)
{
    struct guest *longest = NULL;
    long long since = LLONG_MAX;
    for (struct guest *guest = guard->first; guest; guest = guest->next) {
        long long waiting = atomic_load_explicit(&guest->waiting, memory_order_relaxed);
        if (!guest->cut && waiting < since) {
            longest = guest;
            since = waiting;
        }
    }
    if (longest)
        cut(guard, longest, "room");
    return longest != NULL;
}

bool guard_admits(struct guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    bool full = guard->count >= guard->connections_max;
    bool room = !full || make_room(guard);
    pthread_mutex_unlock(&guard->lock);
    if (full)
        tg_log_rarely(TG_LOG_WARN, "connections_full",
                      TG_LOG_TEXT("new", room ? "taken" : "refused"));
    return room;
}

struct guest *guard_enter(struct guard *guard, int socket)
{
    struct guest *guest = tg_alloc(sizeof *guest);
    guest->socket = socket;
    wait_for(guest, WAIT_HEADERS, tg_now_ms());
    pthread_mutex_lock(&guard->lock);
    guest->next = guard->first;
    if (guest->next)
        guest->next->before = guest;
    guard->first = guest;
    guard->count++;
    pthread_mutex_unlock(&guard->lock);
    return guest;
}

size_t guard_count(struct guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    size_t count = guard->count;
    pthread_mutex_unlock(&guard->lock);
    return count;
}

void guard_leave(struct guard *guard, struct guest *guest)
{
    pthread_mutex_lock(&guard->lock);
    if (guest->before)
        guest->before->next = guest->next;
    else
        guard->first = guest->next;
    if (guest->next)
        guest->next->before = guest->before;
    guard->count -= !guest->cut;
    pthread_mutex_unlock(&guard->lock);
    free(guest);
}

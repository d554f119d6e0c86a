#include "ingress/accept/holdup.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/service.h"

#include <stdlib.h>
#include <string.h>

struct holdup {
    struct acceptor acceptor;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    // Guarded by the lock.
    bool closed;
    bool trying;        // some of an org's are in the thread's hands
    struct tg_uuid org; // which
    size_t n;           // each is a connection: at most TG_CONNECTIONS_MAX
    size_t room;
    struct ticket **tickets;
};

static bool is_of(const struct ticket *ticket, struct tg_uuid org_id)
{
    return tg_uuid_equal(ticket->send.org_id, org_id);
}

bool holdup_has(struct holdup *holdup, struct tg_uuid org_id)
{
    pthread_mutex_lock(&holdup->lock);
    bool found = holdup->trying && tg_uuid_equal(holdup->org, org_id);
    for (size_t i = 0; !found && i < holdup->n; i++)
        found = is_of(holdup->tickets[i], org_id);
    pthread_mutex_unlock(&holdup->lock);
    return found;
}

static void append(struct holdup *holdup, struct ticket *const *tickets, size_t n)
{
    while (holdup->n + n > holdup->room) {
        holdup->room = holdup->room ? 2 * holdup->room : TG_BATCH_MAX;
        holdup->tickets = tg_realloc(holdup->tickets, holdup->room * sizeof(struct ticket *));
    }
    if (n > 0)
        memcpy(holdup->tickets + holdup->n, tickets, n * sizeof(struct ticket *));
    holdup->n += n;
    tg_gauge_add(TG_LANE_QUEUE, (int64_t)n);
}

void holdup_add(struct holdup *holdup, struct ticket *ticket)
{
    pthread_mutex_lock(&holdup->lock);
    append(holdup, &ticket, 1);
    pthread_cond_signal(&holdup->came);
    pthread_mutex_unlock(&holdup->lock);
}

// Takes the org's tickets out, in order, up to `max`. Returns how many.
static size_t take_out(struct holdup *holdup, struct tg_uuid org, struct ticket **taken, size_t max)
{
    size_t kept = 0;
    size_t n = 0;
    for (size_t i = 0; i < holdup->n; i++) {
        if (n < max && is_of(holdup->tickets[i], org))
            taken[n++] = holdup->tickets[i];
        else
            holdup->tickets[kept++] = holdup->tickets[i];
    }
    holdup->n = kept;
    tg_gauge_add(TG_LANE_QUEUE, -(int64_t)n);
    return n;
}

// Those of the org's that were tried in vain go behind all others', and what came meanwhile behind
// them.
static void put_back(struct holdup *holdup, struct tg_uuid org, struct ticket *const *tried,
                     size_t n)
{
    if (n == 0)
        return;
    struct ticket **later = tg_alloc((holdup->n + 1) * sizeof(struct ticket *));
    size_t later_n = take_out(holdup, org, later, holdup->n);
    append(holdup, tried, n);
    append(holdup, later, later_n);
    free(later);
}

// The turn of the first one's org: its wallet is waited for as long as accept_sends does.
static void give_turn(struct holdup *holdup)
{
    struct ticket *batch[TG_BATCH_MAX];
    const struct tg_uuid org = holdup->tickets[0]->send.org_id;
    size_t n = take_out(holdup, org, batch, TG_BATCH_MAX);
    holdup->org = org;
    holdup->trying = true;
    pthread_mutex_unlock(&holdup->lock);
    enum tg_pg_status status = tickets_accept(&holdup->acceptor, batch, &n);
    tickets_refuse_late(batch, &n, status);
    if (n > 0 && status != TG_PG_RETRY)
        tg_sleep_ms(TG_RECONNECT_MS);
    pthread_mutex_lock(&holdup->lock);
    holdup->trying = false;
    put_back(holdup, org, batch, n);
}

static void *run(void *argument)
{
    struct holdup *holdup = argument;
    pthread_mutex_lock(&holdup->lock);
    while (!holdup->closed || holdup->n > 0) {
        if (holdup->n > 0)
            give_turn(holdup);
        else
            pthread_cond_wait(&holdup->came, &holdup->lock);
    }
    pthread_mutex_unlock(&holdup->lock);
    return NULL;
}

struct holdup *holdup_start(const char *postgres_url, const struct acceptor *acceptor)
{
    struct holdup *holdup = tg_alloc(sizeof *holdup);
    holdup->acceptor = *acceptor;
    holdup->acceptor.pg = tg_pg_create(postgres_url, "tollgate-ingress holdup");
    pthread_mutex_init(&holdup->lock, NULL);
    pthread_cond_init(&holdup->came, NULL);
    holdup->thread = tg_service_thread("holdup", run, holdup);
    return holdup;
}

void holdup_stop(struct holdup *holdup)
{
    pthread_mutex_lock(&holdup->lock);
    holdup->closed = true;
    pthread_cond_signal(&holdup->came);
    pthread_mutex_unlock(&holdup->lock);
    pthread_join(holdup->thread, NULL);
}

void holdup_free(struct holdup *holdup)
{
    if (!holdup)
        return;
    free(holdup->tickets);
    tg_pg_destroy(holdup->acceptor.pg);
    pthread_cond_destroy(&holdup->came);
    pthread_mutex_destroy(&holdup->lock);
    free(holdup);
}

#include "ingress/accept/waiter.h"

#include "common/limits.h"
#include "common/service/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct waiter_table {
    pthread_mutex_t lock;
    bool closed;
    size_t count;
    struct waiter *buckets[BUCKETS];
};

struct waiter_table *waiter_table_create(void)
{
    struct waiter_table *table = calloc(1, sizeof *table);
    if (!table)
        abort();
    pthread_mutex_init(&table->lock, NULL);
    return table;
}

void waiter_table_free(struct waiter_table *table)
{
    if (!table)
        return;
    assert(table->count == 0);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

void waiter_table_close(struct waiter_table *table)
{
    pthread_mutex_lock(&table->lock);
    table->closed = true;
    pthread_mutex_unlock(&table->lock);
}

static struct waiter **bucket_of(struct waiter_table *table, struct tg_uuid message_id)
{
    return &table->buckets[tg_uuid_hash(message_id) % BUCKETS];
}

bool waiter_table_add(struct waiter_table *table, struct waiter *waiter)
{
    pthread_mutex_lock(&table->lock);
    bool room = !table->closed && table->count < TG_WAITERS_MAX;
    if (room) {
        struct waiter **bucket = bucket_of(table, waiter->verdict.message_id);
        waiter->next = *bucket;
        *bucket = waiter;
        table->count++;
        tg_gauge_add(TG_WAITERS, 1);
    }
    pthread_mutex_unlock(&table->lock);
    return room;
}

// Under the lock.
static struct waiter *take_out(struct waiter_table *table, struct waiter **link)
{
    struct waiter *waiter = *link;
    *link = waiter->next;
    table->count--;
    tg_gauge_add(TG_WAITERS, -1);
    return waiter;
}

struct waiter *waiter_table_take(struct waiter_table *table, struct tg_uuid message_id)
{
    pthread_mutex_lock(&table->lock);
    struct waiter **link = bucket_of(table, message_id);
    while (*link && !tg_uuid_equal((*link)->verdict.message_id, message_id))
        link = &(*link)->next;
    struct waiter *found = *link ? take_out(table, link) : NULL;
    pthread_mutex_unlock(&table->lock);
    return found;
}

struct waiter *waiter_table_take_due(struct waiter_table *table, long long now_ms)
{
    struct waiter *due = NULL;
    pthread_mutex_lock(&table->lock);
    for (int i = 0; table->count > 0 && i < BUCKETS; i++) {
        struct waiter **link = &table->buckets[i];
        while (*link) {
            if ((*link)->look_ms > now_ms) {
                link = &(*link)->next;
                continue;
            }
            struct waiter *waiter = take_out(table, link);
            waiter->next = due;
            due = waiter;
        }
    }
    pthread_mutex_unlock(&table->lock);
    return due;
}

#include "common/base/queue.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>

struct tg_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    size_t capacity;
    size_t first; // index of the oldest item
    size_t length;
    bool closed;
    void *items[]; // a ring
};

struct tg_queue *tg_queue_create(size_t capacity)
{
    assert(capacity >= 1);
    struct tg_queue *queue = tg_alloc(sizeof *queue + capacity * sizeof(void *));
    queue->capacity = capacity;
    pthread_mutex_init(&queue->mutex, NULL);
    // Timeouts must not stretch or shrink when somebody sets the clock.
    tg_cond_init(&queue->not_empty);
    tg_cond_init(&queue->not_full);
    return queue;
}

void tg_queue_destroy(struct tg_queue *queue)
{
    if (!queue)
        return;
    assert(queue->length == 0);
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

// Adds under the lock. false: closed or full.
static bool add(struct tg_queue *queue, void *item)
{
    if (queue->closed || queue->length == queue->capacity)
        return false;
    queue->items[(queue->first + queue->length) % queue->capacity] = item;
    queue->length++;
    pthread_cond_signal(&queue->not_empty);
    return true;
}

bool tg_queue_push(struct tg_queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->closed && queue->length == queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    bool added = add(queue, item);
    pthread_mutex_unlock(&queue->mutex);
    return added;
}

bool tg_queue_try_push(struct tg_queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    bool added = add(queue, item);
    pthread_mutex_unlock(&queue->mutex);
    return added;
}

// Waits under the lock until there is an item, the queue is closed or the time is over.
static void wait_for_item(struct tg_queue *queue, int timeout_ms)
{
    struct timespec deadline = tg_cond_deadline(timeout_ms > 0 ? timeout_ms : 0);
    int waited = timeout_ms == 0 ? ETIMEDOUT : 0;
    while (queue->length == 0 && !queue->closed && waited != ETIMEDOUT)
        waited = timeout_ms < 0
                     ? pthread_cond_wait(&queue->not_empty, &queue->mutex)
                     : pthread_cond_timedwait(&queue->not_empty, &queue->mutex, &deadline);
}

size_t tg_queue_pop(struct tg_queue *queue, void **items, size_t max, int timeout_ms)
{
    assert(max >= 1);
    pthread_mutex_lock(&queue->mutex);
    wait_for_item(queue, timeout_ms);
    size_t n = queue->length < max ? queue->length : max;
    for (size_t i = 0; i < n; i++) {
        items[i] = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
    }
    queue->length -= n;
    if (n == 1)
        pthread_cond_signal(&queue->not_full);
    else if (n > 1)
        pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->mutex);
    return n;
}

void tg_queue_close(struct tg_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->mutex);
}

bool tg_queue_drained(struct tg_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool drained = queue->closed && queue->length == 0;
    pthread_mutex_unlock(&queue->mutex);
    return drained;
}

size_t tg_queue_length(struct tg_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}

#include "worker/send/places.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>

enum {
    // A claim is worth its round trips from so many messages on: a quarter of a batch, or of the
    // places if there are fewer.
    FAIR_NUMBER = 64,
    // So long the first free place may wait for others: little beside what Meta takes to answer.
    MOMENT_MS = 10,
};

struct places {
    pthread_mutex_t mutex;
    pthread_cond_t more; // one that somebody may wait for has come free
    size_t count;
    size_t free;
    size_t limit; // no more may be taken, of all
    size_t fair;  // a number that is worth a claim
};

struct places *places_create(size_t count)
{
    assert(count >= 1);
    struct places *places = tg_alloc(sizeof *places);
    places->count = count;
    places->free = count;
    pthread_mutex_init(&places->mutex, NULL);
    tg_cond_init(&places->more);
    places_set_limit(places, count);
    return places;
}

void places_set_limit(struct places *places, size_t limit)
{
    assert(limit >= 1 && limit <= places->count);
    pthread_mutex_lock(&places->mutex);
    places->limit = limit;
    places->fair = limit / 4 < FAIR_NUMBER ? (limit + 3) / 4 : FAIR_NUMBER;
    pthread_cond_signal(&places->more);
    pthread_mutex_unlock(&places->mutex);
}

void places_destroy(struct places *places)
{
    if (!places)
        return;
    assert(places->free == places->count);
    pthread_cond_destroy(&places->more);
    pthread_mutex_destroy(&places->mutex);
    free(places);
}

size_t places_count(const struct places *places)
{
    return places->count;
}

// Under the lock, as the next one.
static size_t takeable(const struct places *places)
{
    size_t taken = places->count - places->free;
    return places->limit > taken ? places->limit - taken : 0;
}

// Waits until so many may be taken.
static void wait_for(struct places *places, size_t wanted, int timeout_ms)
{
    struct timespec until = tg_cond_deadline(timeout_ms);
    int result = 0;
    while (takeable(places) < wanted && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&places->more, &places->mutex, &until);
}

size_t places_take(struct places *places, size_t max, int timeout_ms)
{
    assert(max >= 1);
    pthread_mutex_lock(&places->mutex);
    wait_for(places, 1, timeout_ms);
    if (takeable(places) > 0)
        wait_for(places, places->fair < max ? places->fair : max, MOMENT_MS);
    size_t n = takeable(places);
    n = n < max ? n : max;
    places->free -= n;
    pthread_mutex_unlock(&places->mutex);
    return n;
}

void places_give_back(struct places *places, size_t n)
{
    if (n == 0)
        return;
    pthread_mutex_lock(&places->mutex);
    places->free += n;
    assert(places->free <= places->count);
    pthread_cond_signal(&places->more);
    pthread_mutex_unlock(&places->mutex);
}

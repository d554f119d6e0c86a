#include "worker/notify/bell.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

#include <errno.h>
#include <pthread.h>

struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t rings;
    bool rung;
};

struct bell *bell_create(void)
{
    struct bell *bell = tg_alloc(sizeof *bell);
    pthread_mutex_init(&bell->mutex, NULL);
    tg_cond_init(&bell->rings);
    return bell;
}

void bell_destroy(struct bell *bell)
{
    if (!bell)
        return;
    pthread_cond_destroy(&bell->rings);
    pthread_mutex_destroy(&bell->mutex);
    free(bell);
}

void bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->rung = true;
    pthread_cond_signal(&bell->rings);
    pthread_mutex_unlock(&bell->mutex);
}

bool bell_wait(struct bell *bell, int ms)
{
    struct timespec until = tg_cond_deadline(ms);
    pthread_mutex_lock(&bell->mutex);
    int result = 0;
    while (!bell->rung && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&bell->rings, &bell->mutex, &until);
    bool rung = bell->rung;
    bell->rung = false;
    pthread_mutex_unlock(&bell->mutex);
    return rung;
}

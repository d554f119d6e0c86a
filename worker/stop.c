#include "worker/stop.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

#include <errno.h>
#include <pthread.h>

struct stop {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    long long ordered_ms; // by tg_now_ms; -1: not ordered
};

struct stop *stop_create(void)
{
    struct stop *stop = tg_alloc(sizeof *stop);
    stop->ordered_ms = -1;
    pthread_mutex_init(&stop->mutex, NULL);
    tg_cond_init(&stop->given);
    return stop;
}

void stop_destroy(struct stop *stop)
{
    if (!stop)
        return;
    pthread_cond_destroy(&stop->given);
    pthread_mutex_destroy(&stop->mutex);
    free(stop);
}

void stop_order(struct stop *stop)
{
    pthread_mutex_lock(&stop->mutex);
    if (stop->ordered_ms < 0)
        stop->ordered_ms = tg_now_ms();
    pthread_cond_broadcast(&stop->given);
    pthread_mutex_unlock(&stop->mutex);
}

long long stop_age_ms(struct stop *stop)
{
    pthread_mutex_lock(&stop->mutex);
    long long ordered_ms = stop->ordered_ms;
    pthread_mutex_unlock(&stop->mutex);
    return ordered_ms < 0 ? -1 : tg_now_ms() - ordered_ms;
}

bool stop_ordered(struct stop *stop)
{
    return stop_age_ms(stop) >= 0;
}

bool stop_wait(struct stop *stop, int ms)
{
    struct timespec until = tg_cond_deadline(ms);
    pthread_mutex_lock(&stop->mutex);
    int result = 0;
    while (stop->ordered_ms < 0 && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&stop->given, &stop->mutex, &until);
    bool ordered = stop->ordered_ms >= 0;
    pthread_mutex_unlock(&stop->mutex);
    return ordered;
}

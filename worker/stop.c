#include "worker/stop.h"

#include "common/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct stop {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    long long ordered_ms; // by tg_now_ms; -1: not ordered
};

struct stop *stop_create(void)
{
    struct stop *stop = calloc(1, sizeof *stop);
    if (!stop)
        abort();
    stop->ordered_ms = -1;
    pthread_mutex_init(&stop->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&stop->given, &monotonic);
    pthread_condattr_destroy(&monotonic);
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
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&stop->mutex);
    int result = 0;
    while (stop->ordered_ms < 0 && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&stop->given, &stop->mutex, &until);
    bool ordered = stop->ordered_ms >= 0;
    pthread_mutex_unlock(&stop->mutex);
    return ordered;
}

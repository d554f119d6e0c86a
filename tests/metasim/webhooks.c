#include "tests/metasim/webhooks.h"

#include "common/base/clock.h"
#include "common/service/service.h"
#include "tests/metasim/poster.h"
#include "tests/metasim/sim_limits.h"
#include "tests/metasim/webhook_queue.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Nothing to do: somebody wakes us when there is.
enum { IDLE_MS = 1000 };

struct target {
    char url[SIM_WEBHOOK_URL_SIZE]; // "": none
    char secret[SIM_WEBHOOK_SECRET_SIZE];
};

struct counts {
    uint64_t posted;
    uint64_t acknowledged;
    uint64_t refused;
    uint64_t dropped;
};

struct webhooks {
    void (*release)(void *context, uint64_t ticket);
    void *context;
    struct poster *poster; // the thread's own
    pthread_t thread;
    pthread_mutex_t lock; // of all that follows
    struct target target;
    struct webhook_queue queue;
    uint64_t run; // which the series of the present have; a reset begins the next
    struct counts counts;
    size_t waiting;       // webhooks of all series that were admitted and have not ended
    size_t waiting_bytes; // and their memory
    bool closed;
};

// Without the lock held, since it reaches into the server.
static void end(struct webhooks *webhooks, struct series *series)
{
    if (series->held_answer != 0)
        webhooks->release(webhooks->context, series->held_answer);
    series_free(series);
}

// With the lock held. The series is then to be ended.
static void leave(struct webhooks *webhooks, const struct series *series)
{
    size_t left = series_left(series);
    webhooks->waiting -= left;
    webhooks->waiting_bytes -= series->bytes;
    if (series->run == webhooks->run)
        webhooks->counts.dropped += left;
}

// With the lock held: takes everything that waits out of the queue. The result is then to be ended
// with end_all.
static struct webhook_queue leave_all(struct webhooks *webhooks)
{
    struct webhook_queue dropped = webhooks->queue;
    webhooks->queue = (struct webhook_queue){0};
    for (size_t i = 0; i < dropped.count; i++)
        leave(webhooks, dropped.entries[i].series);
    return dropped;
}

static void end_all(struct webhooks *webhooks, struct webhook_queue *dropped)
{
    for (size_t i = 0; i < dropped->count; i++)
        end(webhooks, dropped->entries[i].series);
    webhook_queue_finish(dropped);
}

// Starts to post what is due and returns how long nothing else will be.
static int post_due(struct webhooks *webhooks)
{
    struct series *due[SIM_WEBHOOKS_AT_ONCE];
    size_t room = poster_room(webhooks->poster);
    size_t count = 0;
    struct target target;
    int64_t now_ms = tg_now_ms();
    pthread_mutex_lock(&webhooks->lock);
    while (count < room && webhook_queue_due_ms(&webhooks->queue) <= now_ms)
        due[count++] = webhook_queue_pop(&webhooks->queue);
    webhooks->counts.posted += count;
    int64_t next_ms = webhook_queue_due_ms(&webhooks->queue);
    if (count > 0)
        target = webhooks->target;
    pthread_mutex_unlock(&webhooks->lock);

    for (size_t i = 0; i < count; i++)
        poster_post(webhooks->poster, due[i], target.url, target.secret);
    // Without room nothing is posted before something has ended, which wakes us.
    if (count == room || next_ms - now_ms > IDLE_MS)
        return IDLE_MS;
    return (int)(next_ms - now_ms);
}

static void settle(struct webhooks *webhooks, struct series *series, bool acknowledged)
{
    pthread_mutex_lock(&webhooks->lock);
    bool counted = series->run == webhooks->run;
    int64_t due_ms = 0;
    if (acknowledged) {
        webhooks->counts.acknowledged += counted;
        webhooks->waiting--;
        series_acknowledged(series);
    } else {
        webhooks->counts.refused += counted;
        due_ms = tg_now_ms() + series_refused(series);
    }
    bool over = !counted || series_left(series) == 0 || !*webhooks->target.url;
    if (over)
        leave(webhooks, series);
    else
        webhook_queue_push(&webhooks->queue, acknowledged ? series_due_ms(series) : due_ms, series);
    pthread_mutex_unlock(&webhooks->lock);
    if (over)
        end(webhooks, series);
}

static bool is_closed(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->lock);
    bool closed = webhooks->closed;
    pthread_mutex_unlock(&webhooks->lock);
    return closed;
}

static void *run(void *context)
{
    struct webhooks *webhooks = context;
    struct series *series = NULL;
    while (!is_closed(webhooks)) {
        bool acknowledged = false;
        poster_run(webhooks->poster, post_due(webhooks));
        while ((series = poster_take_finished(webhooks->poster, &acknowledged)))
            settle(webhooks, series, acknowledged);
    }
    while ((series = poster_break_off(webhooks->poster))) {
        pthread_mutex_lock(&webhooks->lock);
        leave(webhooks, series);
        pthread_mutex_unlock(&webhooks->lock);
        end(webhooks, series);
    }
    return NULL;
}

struct webhooks *webhooks_create(void (*release)(void *context, uint64_t ticket), void *context)
{
    struct webhooks *webhooks = calloc(1, sizeof *webhooks);
    if (!webhooks)
        abort();
    webhooks->release = release;
    webhooks->context = context;
    webhooks->poster = poster_create();
    pthread_mutex_init(&webhooks->lock, NULL);
    webhooks->thread = tg_service_thread("sim-webhooks", run, webhooks);
    return webhooks;
}

void webhooks_close(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->lock);
    bool closed = webhooks->closed;
    webhooks->closed = true;
    pthread_mutex_unlock(&webhooks->lock);
    if (closed)
        return;
    poster_wake(webhooks->poster);
    pthread_join(webhooks->thread, NULL);
    pthread_mutex_lock(&webhooks->lock);
    struct webhook_queue dropped = leave_all(webhooks);
    pthread_mutex_unlock(&webhooks->lock);
    end_all(webhooks, &dropped);
}

void webhooks_destroy(struct webhooks *webhooks)
{
    webhooks_close(webhooks);
    poster_destroy(webhooks->poster);
    pthread_mutex_destroy(&webhooks->lock);
    free(webhooks);
}

static bool check_target(const char *url, const char *secret, struct tg_error *error)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || url[scheme] == '\0')
        return tg_error_set(error, "invalid_webhook", "url",
                            "url must begin with http:// or https://, or be \"\"");
    for (const char *at = url; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f)
            return tg_error_set(error, "invalid_webhook", "url",
                                "url must be of visible ASCII characters");
    }
    if (strlen(url) >= SIM_WEBHOOK_URL_SIZE)
        return tg_error_set(error, "invalid_webhook", "url",
                            "url must be shorter than %d characters", SIM_WEBHOOK_URL_SIZE);
    if (!*secret || strlen(secret) >= SIM_WEBHOOK_SECRET_SIZE)
        return tg_error_set(error, "invalid_webhook", "secret", "secret must have 1 to %d bytes",
                            SIM_WEBHOOK_SECRET_SIZE - 1);
    return true;
}

bool webhooks_aim(struct webhooks *webhooks, const char *url, const char *secret,
                  struct tg_error *error)
{
    struct target target = {0};
    struct webhook_queue dropped = {0};
    if (*url) {
        if (!check_target(url, secret, error))
            return false;
        snprintf(target.url, sizeof target.url, "%s", url);
        snprintf(target.secret, sizeof target.secret, "%s", secret);
    }
    pthread_mutex_lock(&webhooks->lock);
    webhooks->target = target;
    if (!*url)
        dropped = leave_all(webhooks);
    pthread_mutex_unlock(&webhooks->lock);
    end_all(webhooks, &dropped);
    return true;
}

void webhooks_secret(struct webhooks *webhooks, char secret[static SIM_WEBHOOK_SECRET_SIZE])
{
    pthread_mutex_lock(&webhooks->lock);
    snprintf(secret, SIM_WEBHOOK_SECRET_SIZE, "%s", webhooks->target.secret);
    pthread_mutex_unlock(&webhooks->lock);
}

bool webhooks_aimed(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->lock);
    bool aimed = *webhooks->target.url;
    pthread_mutex_unlock(&webhooks->lock);
    return aimed;
}

bool webhooks_admit(struct webhooks *webhooks, struct series *series)
{
    size_t left = series_left(series);
    pthread_mutex_lock(&webhooks->lock);
    bool room = webhooks->waiting + left <= SIM_WEBHOOKS_MAX &&
                webhooks->waiting_bytes + series->bytes <= SIM_WEBHOOK_BYTES_MAX;
    if (room) {
        series->run = webhooks->run;
        webhooks->waiting += left;
        webhooks->waiting_bytes += series->bytes;
    } else {
        webhooks->counts.dropped += left;
    }
    pthread_mutex_unlock(&webhooks->lock);
    if (!room)
        series_free(series);
    return room;
}

void webhooks_begin(struct webhooks *webhooks, struct series *series)
{
    bool wake = false;
    series_begin(series);
    pthread_mutex_lock(&webhooks->lock);
    bool wanted =
        !webhooks->closed && series->run == webhooks->run && *webhooks->target.url != '\0';
    if (wanted) {
        int64_t due_ms = series_due_ms(series);
        wake = due_ms < webhook_queue_due_ms(&webhooks->queue);
        webhook_queue_push(&webhooks->queue, due_ms, series);
    } else {
        leave(webhooks, series);
    }
    pthread_mutex_unlock(&webhooks->lock);
    if (wake)
        poster_wake(webhooks->poster);
    if (!wanted)
        end(webhooks, series);
}

void webhooks_reset(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->lock);
    webhooks->run++;
    webhooks->counts = (struct counts){0};
    struct webhook_queue dropped = leave_all(webhooks);
    pthread_mutex_unlock(&webhooks->lock);
    end_all(webhooks, &dropped);
}

void webhooks_write_stats(struct webhooks *webhooks, struct tg_text *out)
{
    pthread_mutex_lock(&webhooks->lock);
    const struct counts counts = webhooks->counts;
    size_t waiting = webhooks->waiting;
    pthread_mutex_unlock(&webhooks->lock);
    tg_text_append_format(out,
                          "{\"posted\":%" PRIu64 ",\"acknowledged\":%" PRIu64
                          ",\"refused\":%" PRIu64 ",\"waiting\":%zu,\"dropped\":%" PRIu64 "}",
                          counts.posted, counts.acknowledged, counts.refused, waiting,
                          counts.dropped);
}

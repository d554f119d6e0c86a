#include "worker/notify/notify.h"

#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "worker/notify/bell.h"
#include "worker/notify/post.h"
#include "worker/notify/record.h"
#include "worker/notify/rooms.h"
#include "worker/notify/take.h"

#include <stdlib.h>
#include <string.h>

enum {
    // Nothing to do: somebody wakes us when there is.
    IDLE_MS = 1000,
    // Nobody tells us when the time to drain is over.
    LOOK_AGAIN_MS = 20,
};

struct notify {
    const struct worker *worker;
    struct rooms *rooms;
    struct bell *bell;
    struct tg_http *http;
    struct tg_queue *waiting; // of struct telling, as the next one
    struct tg_queue *ended;
    struct take *take;
    struct record *record;
    pthread_t thread;
};

// Came of a question whatever it says: nothing of it tells whether the endpoint takes what comes.
static bool came(const struct telling *telling)
{
    return telling->asks || strcmp(telling->result.outcome, "delivered") == 0 ||
           strcmp(telling->result.outcome, "aborted") == 0;
}

static void pass_on(struct notify *notify, struct telling *telling, bool good, double seconds)
{
    rooms_end(notify->rooms, telling_endpoint(telling), good, seconds);
    if (!tg_queue_push(notify->ended, telling))
        abort(); // it has as much room as there are places, and is closed after us
}

static void pass_on_ended(struct notify *notify)
{
    struct telling *telling;
    double seconds = 0;
    while ((telling = post_take(notify->http, &seconds))) {
        TG_STOP_POINT("after_delivery");
        if (!telling->asks)
            tg_observe(TG_DELIVERY_SECONDS, seconds);
        pass_on(notify, telling, came(telling), seconds);
    }
}

static void begin_waiting(struct notify *notify)
{
    struct telling *tellings[TG_BATCH_MAX];
    size_t n = tg_queue_pop(notify->waiting, (void **)tellings, TG_BATCH_MAX, 0);
    for (size_t i = 0; i < n; i++) {
        if (!post_begin(notify->http, notify->worker->settings, tellings[i]))
            pass_on(notify, tellings[i], true, 0);
    }
    if (n == TG_BATCH_MAX)
        tg_http_wake(notify->http);
}

// Who has not been posted, or has not answered, has no result: others tell them.
static void drain(struct notify *notify)
{
    struct telling *telling;
    while (stop_age_ms(notify->worker->stop) < TG_NOTIFY_DRAIN_MS &&
           tg_http_active(notify->http) > 0) {
        tg_http_run(notify->http, LOOK_AGAIN_MS);
        pass_on_ended(notify);
    }
    pass_on_ended(notify);
    while ((telling = post_break_off(notify->http)))
        pass_on(notify, telling, true, 0);
    while (!tg_queue_drained(notify->waiting)) {
        if (tg_queue_pop(notify->waiting, (void **)&telling, 1, LOOK_AGAIN_MS) > 0)
            pass_on(notify, telling, true, 0);
    }
}

static void *run(void *argument)
{
    struct notify *notify = argument;
    while (!stop_ordered(notify->worker->stop)) {
        begin_waiting(notify);
        tg_http_run(notify->http, IDLE_MS);
        pass_on_ended(notify);
    }
    drain(notify);
    return NULL;
}

struct notify *notify_start(const struct worker *worker)
{
    struct notify *notify = tg_alloc(sizeof *notify);
    size_t calls = tg_settings_calls(worker->settings);
    notify->worker = worker;
    notify->rooms = rooms_create(calls);
    notify->bell = bell_create();
    notify->http = post_create(worker->settings, calls);
    notify->waiting = tg_queue_create(calls);
    notify->ended = tg_queue_create(calls);
    notify->record = record_start(worker, notify->ended, notify->rooms, notify->bell);
    notify->thread = tg_service_thread("notify", run, notify);
    notify->take = take_start(&(const struct take_means){.worker = worker,
                                                         .rooms = notify->rooms,
                                                         .bell = notify->bell,
                                                         .to = notify->waiting,
                                                         .http = notify->http});
    return notify;
}

// In the order of the flow.
void notify_stop(struct notify *notify)
{
    if (!notify)
        return;
    bell_ring(notify->bell);
    take_stop(notify->take);
    tg_queue_close(notify->waiting);
    tg_http_wake(notify->http);
    pthread_join(notify->thread, NULL);
    tg_queue_close(notify->ended);
    record_stop(notify->record);
}

void notify_free(struct notify *notify)
{
    if (!notify)
        return;
    take_free(notify->take);
    record_free(notify->record);
    tg_queue_destroy(notify->waiting);
    tg_queue_destroy(notify->ended);
    tg_http_destroy(notify->http);
    bell_destroy(notify->bell);
    rooms_destroy(notify->rooms);
    free(notify);
}

#include "ingress/media/carrier.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

// Nothing to do: somebody wakes us when there is. And how often is looked for who waits no more.
enum { IDLE_MS = 1000, LOOK_MS = 250 };

TAILQ_HEAD(parcels, parcel);

struct carrier {
    struct tg_queue *queue;
    struct tg_http *http;
    atomic_bool closed;
    pthread_t thread;
    // The thread's own.
    struct parcels under_way;
    long long looked_ms;
};

void carrier_add(struct carrier *carrier, struct parcel *parcel)
{
    if (tg_queue_push(carrier->queue, parcel))
        tg_http_wake(carrier->http);
    else
        parcel->end(parcel, NULL);
}

static void begin_waiting(struct carrier *carrier)
{
    void *popped;
    while (tg_queue_pop(carrier->queue, &popped, 1, 0) > 0) {
        struct parcel *parcel = popped;
        TAILQ_INSERT_TAIL(&carrier->under_way, parcel, link);
        parcel->begin(parcel, carrier->http);
    }
}

static void end(struct carrier *carrier, struct parcel *parcel, const struct tg_http_answer *answer)
{
    TAILQ_REMOVE(&carrier->under_way, parcel, link);
    parcel->end(parcel, answer);
}

static void end_finished(struct carrier *carrier)
{
    struct tg_http_answer answer;
    while (tg_http_take(carrier->http, &answer))
        end(carrier, answer.context, &answer);
}

static void break_off(struct carrier *carrier, bool all)
{
    struct parcel *next;
    struct tg_http_answer answer;
    for (struct parcel *parcel = TAILQ_FIRST(&carrier->under_way); parcel; parcel = next) {
        next = TAILQ_NEXT(parcel, link);
        if ((all || parcel->is_unwanted(parcel)) &&
            tg_http_break_off_one(carrier->http, parcel, &answer))
            end(carrier, parcel, NULL);
    }
}

static void look(struct carrier *carrier)
{
    if (tg_now_ms() - carrier->looked_ms < LOOK_MS)
        return;
    carrier->looked_ms = tg_now_ms();
    break_off(carrier, false);
}

static void *run(void *argument)
{
    struct carrier *carrier = argument;
    tg_service_yield(); // to who accepts
    while (!atomic_load(&carrier->closed)) {
        begin_waiting(carrier);
        tg_http_run(carrier->http, tg_http_active(carrier->http) > 0 ? LOOK_MS : IDLE_MS);
        end_finished(carrier);
        look(carrier);
    }
    begin_waiting(carrier);
    end_finished(carrier);
    break_off(carrier, true);
    return NULL;
}

struct carrier *carrier_start(const char *name, size_t room, bool https_only)
{
    struct carrier *carrier = tg_alloc(sizeof *carrier);
    TAILQ_INIT(&carrier->under_way);
    carrier->queue = tg_queue_create(room);
    carrier->http =
        tg_http_create(&(const struct tg_http_options){.calls_max = room,
                                                       .silence_ms = TG_META_SILENCE_MS,
                                                       .https_only = https_only,
                                                       .buffer_bytes = TG_RELAY_BUFFER_BYTES});
    carrier->thread = tg_service_thread(name, run, carrier);
    return carrier;
}

void carrier_stop(struct carrier *carrier)
{
    if (!carrier)
        return;
    tg_queue_close(carrier->queue); // first: what was added before is seen at the end
    atomic_store(&carrier->closed, true);
    tg_http_wake(carrier->http);
    pthread_join(carrier->thread, NULL);
}

void carrier_free(struct carrier *carrier)
{
    if (!carrier)
        return;
    tg_http_destroy(carrier->http);
    tg_queue_destroy(carrier->queue);
    free(carrier);
}

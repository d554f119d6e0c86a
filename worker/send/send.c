#include "worker/send/send.h"

#include "common/base/memory.h"
#include "worker/send/dispatch.h"
#include "worker/send/intake.h"
#include "worker/send/places.h"
#include "worker/send/settle.h"
#include "worker/stop.h"

struct send {
    struct stop *stop;
    struct places *places;
    struct intake *intake;
    struct dispatch *dispatch;
    struct settle *settle;
};

struct send *send_start(const struct worker *worker)
{
    struct send *send = tg_alloc(sizeof *send);
    send->stop = stop_create();
    send->places = places_create((size_t)worker->settings->send_concurrency);
    send->settle = settle_start(worker, send->places, send->stop);
    send->dispatch = dispatch_start(worker->settings, send->settle, send->stop);
    send->intake = intake_start(worker, send->places, send->dispatch, send->stop);
    return send;
}

void send_close(struct send *send)
{
    if (!send)
        return;
    stop_order(send->stop);
    dispatch_wake(send->dispatch);
}

// In the order of the flow: nothing comes to a stage any more when it is stopped.
void send_stop(struct send *send)
{
    if (!send)
        return;
    send_close(send);
    intake_stop(send->intake);
    dispatch_stop(send->dispatch);
    settle_stop(send->settle);
}

void send_free(struct send *send)
{
    if (!send)
        return;
    intake_free(send->intake);
    dispatch_free(send->dispatch);
    settle_free(send->settle);
    places_destroy(send->places);
    stop_destroy(send->stop);
    free(send);
}

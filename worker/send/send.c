#include "worker/send/send.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "worker/send/dispatch.h"
#include "worker/send/intake.h"
#include "worker/send/places.h"
#include "worker/send/settle.h"

struct send {
    struct places *places;
    struct intake *intake;
    struct dispatch *dispatch;
    struct settle *settle;
};

struct send *send_start(const struct worker *worker)
{
    struct send *send = tg_alloc(sizeof *send);
    send->places = places_create(TG_SEND_CONCURRENCY_MAX);
    send->settle = settle_start(worker, send->places);
    send->dispatch = dispatch_start(worker, send->settle);
    send->intake = intake_start(worker, send->places, send->dispatch);
    return send;
}

// In the order of the flow: nothing comes to a stage any more when it is stopped.
void send_stop(struct send *send)
{
    if (!send)
        return;
    dispatch_wake(send->dispatch);
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
    free(send);
}

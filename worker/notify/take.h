// The thread that finds what is to be told: makes deliveries of new events, claims those that are
// due, and endpoints that are to be asked, as many as there are places for.
#pragma once

#include "common/base/queue.h"
#include "worker/notify/bell.h"
#include "worker/notify/rooms.h"
#include "worker/worker.h"

struct take;

// All borrowed. What is taken is pushed to `to`, of struct telling, whose reader `http` is woken.
// `bell` has it look at once.
struct take_means {
    const struct worker *worker;
    struct rooms *rooms;
    struct bell *bell;
    struct tg_queue *to;
    struct tg_http *http;
};
struct take *take_start(const struct take_means *means);

// With the stop ordered, and the bell rung: nothing more is taken.
void take_stop(struct take *take);
void take_free(struct take *take); // stopped; NULL is fine

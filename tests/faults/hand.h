// Who does something of their own beside the workload: on a thread of the test, by draws that the
// seed repeats, and with PostgreSQL, if with it, through the proxy in front of it.
#pragma once

#include "tests/faults/draw.h"
#include "tests/faults/rig.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

struct hand {
    struct rig *rig;
    struct draw draw;
    atomic_bool closing; // it is to end
    pthread_t thread;
    PGconn *connection; // NULL: none
};

// Whose draws are others than those of whoever has another number.
void hand_init(struct hand *hand, struct rig *rig, unsigned number);

void hand_start(struct hand *hand, void *(*run)(void *owner), void *owner);
// Has it end, and waits for that.
void hand_stop(struct hand *hand);

bool hand_is_closing(struct hand *hand);

// What PostgreSQL answers, the caller's to clear. Who did not get an answer hangs up, and asks
// anew.
PGresult *hand_asks(struct hand *hand, const char *sql);
void hand_hangs_up(struct hand *hand);

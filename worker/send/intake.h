// The stage that takes jobs from Redis and has their messages claimed.
#pragma once

#include "worker/send/dispatch.h"
#include "worker/send/places.h"
#include "worker/worker.h"

struct intake;

// Starts its thread. It reads only as many jobs as there are free places, one for each message that
// goes to `next`: what is claimed can leave at once. With PostgreSQL away it keeps the jobs it has
// and tries again. Now and then it takes over jobs that other workers have left lying. Once stop is
// ordered it takes no more. All that is given must outlive it.
struct intake *intake_start(const struct worker *worker, struct places *places,
                            struct dispatch *next);

// With the stop ordered: waits until what was taken has gone on or was given back.
void intake_stop(struct intake *intake);
void intake_free(struct intake *intake); // NULL is fine; stopped

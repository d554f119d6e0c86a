// What travels through the worker's stages: a claimed message, the job that named it and, once it
// has been dispatched, its outcome. Handed from intake to dispatch to settle; who holds it owns it.
#pragma once

#include "common/store/dispatch.h"
#include "common/streams/job.h"

struct dispatch_item {
    struct tg_claim claim;
    struct tg_job job;
    long long claimed_at_ms;   // when the claim was begun, by tg_boottime_ms
    struct tg_outcome outcome; // filled by dispatch
    bool hand_back;            // certainly not dispatched: settle gives it back to the queue
};

// Takes over what `claim` owns and leaves it empty.
struct dispatch_item *dispatch_item_create(struct tg_claim *claim, const struct tg_job *job,
                                           long long claimed_at_ms);
void dispatch_item_destroy(struct dispatch_item *item); // NULL is fine

// Milliseconds since the claim was begun, those included for which the process or the machine did
// not run.
long long dispatch_item_age_ms(const struct dispatch_item *item);

// A message in this worker's hands: claimed, with the job that named it and, once it has been
// dispatched, its outcome. Handed from intake to dispatch to settle; who holds it owns it.
#pragma once

#include "common/service/log.h"
#include "common/store/dispatch.h"
#include "common/streams/job.h"

struct in_hand {
    struct tg_claim claim;
    struct tg_job job;
    long long claimed_at_ms;   // when the claim was begun, by tg_boottime_ms
    struct tg_outcome outcome; // its ids are the message's; dispatch fills the rest
    bool hand_back;            // certainly not dispatched: settle gives it back to the queue
    bool is_aside;             // settle has found its org's wallet held by somebody
};

// Which message it is, for the log.
#define IN_HAND_FIELDS(message)                                                                    \
    TG_LOG_MESSAGE(&(message)->outcome), TG_LOG_ID("channel_id", (message)->claim.channel_id),     \
        TG_LOG_NUMBER("attempt", (message)->claim.attempt)

// Takes over what `claim` owns.
struct in_hand *in_hand_create(const struct tg_claim *claim, const struct tg_job *job,
                               long long claimed_at_ms);
void in_hand_destroy(struct in_hand *message); // NULL is fine

// Milliseconds since the claim was begun, those included for which the process or the machine did
// not run.
long long in_hand_age_ms(const struct in_hand *message);

// A message in this worker's hands: claimed, with the job that named it and, once it has been
// dispatched, its outcome. Handed from intake to dispatch to settle; who holds it owns it.
#pragma once

#include "common/store/dispatch.h"
#include "common/streams/job.h"

struct in_hand {
    struct tg_outcome outcome; // its ids are the message's; dispatch fills the rest
    bool hand_back;            // certainly not dispatched: settle gives it back to the queue
    long long claimed_at_ms;   // when the claim was begun, by tg_boottime_ms
    // What it takes to dispatch it.
    char phone_number_id[33];
    enum tg_claim_kind kind;
    struct tg_text access_token;
    struct tg_text payload;
    // What else its job told.
    char ingress[TG_INGRESS_NAME_SIZE];
    struct tg_entry entry;
};

// Takes over what `claim` owns and leaves it empty.
struct in_hand *in_hand_create(struct tg_claim *claim, const struct tg_job *job,
                               long long claimed_at_ms);
void in_hand_destroy(struct in_hand *message); // NULL is fine

// Milliseconds since the claim was begun, those included for which the process or the machine did
// not run.
long long in_hand_age_ms(const struct in_hand *message);

// The claim that it is held by, and the job that named it.
struct tg_claim_key in_hand_claim(const struct in_hand *message);
struct tg_job in_hand_job(const struct in_hand *message);

// A thread that makes requests with files in them, or in their answers, of Meta or of the bucket,
// for those who have clients waiting.
#pragma once

#include "common/http/client.h"

#include <sys/queue.h>

// One such request; the first member of what whoever makes it has of it.
struct parcel {
    TAILQ_ENTRY(parcel) link; // the thread's
    // Begins it, with the parcel as its context.
    void (*begin)(struct parcel *parcel, struct tg_http *http);
    // It has ended, and the parcel is its maker's again. NULL: it was broken off, or never begun.
    void (*end)(struct parcel *parcel, const struct tg_http_answer *answer);
    // Does nobody wait for it any more? Asked now and then; then it is broken off.
    bool (*is_unwanted)(const struct parcel *parcel);
};

struct carrier;

// Starts the thread, with that name, and room for so many requests at once.
struct carrier *carrier_start(const char *name, size_t room, bool https_only);
// Breaks off what is under way, and ends the thread. NULL is fine, here and below.
void carrier_stop(struct carrier *carrier);
void carrier_free(struct carrier *carrier); // stopped

// Has the request made; both functions are called on the thread, or `end` here, if it has ended. No
// more are added than there is room for. Thread-safe.
void carrier_add(struct carrier *carrier, struct parcel *parcel);

// What a worker has in hand of an endpoint: an event that it is told, or the question whether it
// wants to be told (format meta). It is handed from who claims it to who posts it, and to who
// records what came of it and frees it.
#pragma once

#include "common/http/client.h"
#include "common/store/deliveries.h"

enum { TELLING_CHALLENGE_SIZE = 33 };

struct telling {
    bool asks;     // the question
    size_t places; // that it takes (rooms.h)
    struct tg_claimed_delivery delivery;
    struct tg_claimed_verification verification;
    struct tg_uuid verify_id;
    char challenge[TELLING_CHALLENGE_SIZE];
    // The answer as it comes; the beginning of its body is kept, no more than it has room for.
    int status;
    size_t heard;
    struct tg_text beginning;
    // What came of it.
    struct tg_delivery_result result;
    char word[16]; // where result.outcome stands, if it is a status
    struct tg_verified verified;
};

static inline struct tg_uuid telling_endpoint(const struct telling *telling)
{
    return telling->asks ? telling->verification.endpoint_id : telling->delivery.endpoint_id;
}

// The telling is its own copy; both are wiped.
struct telling *telling_of_delivery(struct tg_claimed_delivery *claimed);
struct telling *telling_of_question(struct tg_claimed_verification *claimed,
                                    struct tg_uuid verify_id);
void telling_free(struct telling *telling); // NULL is fine

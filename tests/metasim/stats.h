// What /_sim/stats tells: counts over all requests to Meta's API (those to /_sim are not counted).
// Every function is thread-safe.
#pragma once

#include "common/base/text.h"
#include "tests/metasim/sim_limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum stat {
    STAT_REQUESTS,     // answered or not
    STAT_TAKEN,        // messages taken
    STAT_RECEIPTS,     // read receipts and typing indicators taken
    STAT_CALLS,        // others than messages, done
    STAT_REFUSED,      // neither taken nor unauthorized
    STAT_UNAUTHORIZED, // refused for their token
    STAT_CONNECTIONS,  // connections that carried a request
    STAT_UPLOADS,      // files that began to come
    STAT_REUSED,       // requests on a connection that had carried one before
    STATS,
};

struct stats {
    atomic_uint_fast64_t counts[STATS];
    atomic_int_fast64_t concurrent; // requests under way; a reset does not touch it
    atomic_int_fast64_t concurrent_max;
    atomic_uint_fast32_t *by_code; // SIM_CODES of them
};

void stats_init(struct stats *stats);
void stats_finish(struct stats *stats);
void stats_reset(struct stats *stats);

void stats_count(struct stats *stats, enum stat stat);
void stats_count_code(struct stats *stats, int code);

// A request's first header line was understood; it was answered or its connection closed.
void stats_request_began(struct stats *stats);
void stats_request_ended(struct stats *stats);

// Appends the counts as the members of a JSON object, without its braces.
void stats_write(struct stats *stats, struct tg_text *out);

// Meta's two send rates, each enforced when it is set: messages a second of one number (130429) and
// messages of one number to one recipient (131056). Thread-safe.
#pragma once

#include "tests/metasim/counters.h"
#include "tests/metasim/sim_settings.h"

#include <pthread.h>

enum { RATE_KEPT = -1, RATE_NUMBER_EXCEEDED = 130429, RATE_PAIR_EXCEEDED = 131056 };

struct rates {
    pthread_mutex_t lock;
    struct counters next_free_us; // of numbers, and of pairs ("number recipient")
};

void rates_init(struct rates *rates);
void rates_finish(struct rates *rates);
void rates_reset(struct rates *rates);

// Counts one message and says whether a rate is exceeded: RATE_KEPT, or the code to refuse it with.
// What is refused does not count. `recipient` "" (a receipt) has no pair.
int rates_check(struct rates *rates, const struct sim_settings *settings,
                const char *phone_number_id, const char *recipient);

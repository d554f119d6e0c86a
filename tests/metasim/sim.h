// All that the simulator knows while it runs: what Meta's side of the API and the control calls
// share.
#pragma once

#include "tests/metasim/delay.h"
#include "tests/metasim/error_rules.h"
#include "tests/metasim/estate.h"
#include "tests/metasim/numbers.h"
#include "tests/metasim/posts.h"
#include "tests/metasim/rates.h"
#include "tests/metasim/recipients.h"
#include "tests/metasim/sim_settings.h"
#include "tests/metasim/stats.h"
#include "tests/metasim/wamid.h"
#include "tests/metasim/webhooks.h"

struct sim {
    struct error_rules error_rules;
    struct sim_settings settings;
    struct numbers numbers;
    struct estate estate;
    struct stats stats;
    struct posts posts;
    struct recipients recipients;
    struct rates rates;
    struct wamids wamids;
    atomic_uint_fast64_t answers; // of Meta's API so far, those of before a reset too
    struct webhooks *webhooks;
    struct delay *delay; // of the server that runs; NULL before
};

// Reads the error rules and starts from nothing. Failure: false, `error->message` says why.
bool sim_init(struct sim *sim, const char *error_rules_path, int64_t latency_ms,
              struct tg_error *error) TG_MUST_CHECK;
void sim_finish(struct sim *sim);

// Forgets posts, counts, refusals, rates and the webhooks that wait, sets the settings, those of
// numbers too, back to those of the start, and closes the connections whose answer never comes. The
// webhook URL stays. Thread-safe; what is under way goes on and counts anew.
void sim_reset(struct sim *sim);

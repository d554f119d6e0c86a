// The simulator's own calls, for tests: everything under /_sim/. Who they are and what they answer
// is told by `tollgate-metasim --help`.
#pragma once

#include "tests/metasim/exchange.h"
#include "tests/metasim/sim.h"

// Fills `answer`, which is zeroed. Errors: {"error": "..."}. Thread-safe.
void control_answer(struct sim *sim, const struct request *request, struct answer *answer);

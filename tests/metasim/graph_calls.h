// Meta's API beside messages: files, numbers, profiles, accounts, templates, tokens. What a call is
// about must be its token's (estate.h).
#pragma once

#include "tests/metasim/exchange.h"
#include "tests/metasim/sim.h"

// Fills `answer`. Whatever else Meta has under its address is answered 404. Thread-safe.
void graph_calls_answer(struct sim *sim, const struct request *request, struct answer *answer);

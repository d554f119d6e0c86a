// Meta's side: POST /{version}/{phone_number_id}/messages, as strict as Meta and with Meta's
// shapes.
#pragma once

#include "tests/metasim/exchange.h"
#include "tests/metasim/sim.h"

// Fills `answer`, which is zeroed, and records the post, unless it is a receipt that is taken.
// Whatever else Meta has under its address is answered 404. Thread-safe.
void cloud_api_answer(struct sim *sim, const struct request *request, struct answer *answer);

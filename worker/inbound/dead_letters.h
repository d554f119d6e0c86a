// Dead letters whose time has come: statuses that were too early, and what is replayed.
#pragma once

#include "worker/inbound/means.h"

// Tries them all again, batch by batch. Those that fail again are recorded anew. False: stop was
// ordered before it was done, or not even that can be asked for.
bool dead_letters_retry(struct means *means) TG_MUST_CHECK;

// Items of webhooks -> PostgreSQL, batch by batch, and what follows from them.
#pragma once

#include "worker/inbound/items.h"
#include "worker/inbound/means.h"

// Applies all items, up to TG_BATCH_MAX in one transaction, publishes what their statuses have
// released and replies to their messages. What cannot be applied is recorded as a dead letter, or
// recorded anew if it was one; what cannot even be recorded is said by its body
// (`refused`). With PostgreSQL away it tries again: each item is
// applied once. False: stop was ordered before it was done.
bool apply_all(struct means *means, struct items *items) TG_MUST_CHECK;

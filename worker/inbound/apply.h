// Items of webhooks -> PostgreSQL: one transaction for a batch.
#pragma once

#include "worker/inbound/items.h"
#include "worker/successors.h"

// Applies up to TG_BATCH_MAX items in one transaction. What cannot be applied is recorded as a dead
// event, or recorded anew if it was `taken` as one: such an item is ITEM_DEAD then. received[i] is
// filled where items[i] is an ITEM_MESSAGE afterwards (the caller finishes it), zeroed else. On
// anything but TG_PG_OK nothing was applied, or it is open (TG_PG_UNKNOWN): apply the same items
// again, each is applied once. `successors` becomes what the statuses have released, the caller's
// to publish.
enum tg_pg_status apply_items(struct tg_pg *pg, struct item *items, size_t n, const int64_t *taken,
                              size_t taken_count, struct tg_received *received,
                              struct successors *successors) TG_MUST_CHECK;

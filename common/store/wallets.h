// Wallets that somebody may hold. See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/uuid7.h"
#include "common/pg/pg.h"

#include <stdbool.h>
#include <stddef.h>

// Which of n orgs (at most TG_BATCH_MAX) have wallets that nobody holds now: of org_ids[i],
// is_free[i] tells. Asked by who has waited in vain: TG_PG_RETRY of a call that locks wallets.
enum tg_pg_status tg_store_find_free_wallets(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                             size_t n, bool *is_free) TG_MUST_CHECK;

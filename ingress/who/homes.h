// Org -> default country, of which a number is that is written without country code. It is looked
// up in PostgreSQL and then remembered for TG_HOME_CACHE_TTL_MS. Thread-safe.
#pragma once

#include "common/base/error.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/words/country.h"

struct homes;

struct homes *homes_create(void);
void homes_free(struct homes *homes); // NULL is fine

// The org's country; NULL: it has none. False: that is to be looked up. (`homes` NULL: no org has
// any.)
bool homes_find(struct homes *homes, struct tg_uuid org_id,
                const struct tg_country **country) TG_MUST_CHECK;

// Asks PostgreSQL, and remembers it. False, with *error: it is away.
bool homes_look_up(struct homes *homes, struct tg_pg *pg, struct tg_uuid org_id,
                   struct tg_error *error) TG_MUST_CHECK;

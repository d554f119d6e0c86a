// Waiting for PostgreSQL, for as long as stop is not ordered.
#pragma once

#include "common/base/batch.h"
#include "common/pg/pg.h"
#include "worker/stop.h"

// Waits until the schema is there: nothing is taken before it can be dealt with. False: stop was
// ordered first.
bool pg_wait_for_schema(struct tg_pg *pg, struct stop *stop) TG_MUST_CHECK;

// After a batch's call: has a batch that was neither done nor refused repeated, by halves if the
// call was made: it may have been too large to be done in time. Before that it waits a while,
// unless nothing is away (TG_PG_RETRY). False: stop is ordered, and it is left.
bool pg_wait_goes_on(enum tg_pg_status status, struct tg_batch *batch,
                     struct stop *stop) TG_MUST_CHECK;

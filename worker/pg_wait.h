// Waiting for PostgreSQL, for as long as stop is not ordered.
#pragma once

#include "common/pg/pg.h"
#include "worker/stop.h"

// Waits until the schema is there: nothing is taken before it can be dealt with. False: stop was
// ordered first.
bool pg_wait_for_schema(struct tg_pg *pg, struct stop *stop) TG_MUST_CHECK;

// After a call that was not TG_PG_OK: is it worth another attempt? Waits a while before it says
// yes, unless nothing is away (TG_PG_RETRY). False: stop is ordered.
bool pg_wait_for_another_try(enum tg_pg_status status, struct stop *stop) TG_MUST_CHECK;

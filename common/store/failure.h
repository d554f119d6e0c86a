// What a client hears of a call that has failed.
#pragma once

#include "common/pg/pg.h"

// Fills `error` by what the connection's last call came to, which was not TG_PG_OK, and returns
// false: what its function has said to the caller (tg_pg_refusal); a database that was not migrated
// to this version, or lets us call nothing, is "database_not_ready"; what it refused otherwise
// "internal_error"; all else "unavailable".
bool tg_store_failure(const struct tg_pg *pg, enum tg_pg_status status, struct tg_error *error);

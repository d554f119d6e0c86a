// The database's schema. See accept.h for what holds for all.
#pragma once

#include "common/pg/pg.h"

// Is the schema there, and of this version or a newer one? For readiness.
enum tg_pg_status tg_store_schema_ready(struct tg_pg *pg, bool *ready) TG_MUST_CHECK;

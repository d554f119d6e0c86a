#include "common/store/schema.h"

#include "common/pg/call.h"

struct answer { // a row of one value is that value
    bool yes;
};

static const struct tg_call schema_ready = {
    .name = "schema_version",
    .source = "(SELECT schema_version() >= " TOLLGATE_SCHEMA_VERSION " AS ready) AS version",
    .out = TG_FIELDS(BOOL("ready", answer, yes)),
    .only_reads = true,
};

enum tg_pg_status tg_store_schema_ready(struct tg_pg *pg, bool *ready)
{
    return tg_pg_call(pg, &schema_ready, TG_ROWS((struct answer *)ready, 1));
}

#include "common/store/failure.h"

#include <stddef.h>

bool tg_store_failure(const struct tg_pg *pg, enum tg_pg_status status, struct tg_error *error)
{
    if (status == TG_PG_REFUSED && tg_pg_is_unfit(pg))
        return tg_error_set(error, "database_not_ready", NULL,
                            "The database is not prepared for this version yet");
    if (status == TG_PG_REFUSED)
        return tg_error_set(error, "internal_error", NULL, "The query failed");
    return tg_error_set(error, "unavailable", NULL,
                        "The database cannot be reached, or does no work now");
}

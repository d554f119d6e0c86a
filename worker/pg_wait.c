#include "worker/pg_wait.h"

#include "common/limits.h"
#include "common/service/log.h"
#include "common/store/schema.h"

bool pg_wait_for_schema(struct tg_pg *pg, struct stop *stop)
{
    struct tg_misfit misfit;
    bool said = false;
    for (;;) {
        enum tg_pg_status status = tg_store_check_schema(pg, TG_CALLS_OF_WORKER, &misfit);
        if (status == TG_PG_OK && misfit.call[0] == '\0')
            return true;
        if (!said && (status == TG_PG_OK || status == TG_PG_REFUSED)) {
            tg_log(TG_LOG_WARN, "schema_missed", TG_LOG_TEXT("call", misfit.call),
                   TG_LOG_TEXT("misfit", misfit.what));
            said = true;
        }
        if (stop_wait(stop, TG_RECONNECT_MS))
            return false;
    }
}

bool pg_wait_goes_on(enum tg_pg_status status, struct tg_batch *batch, struct stop *stop)
{
    if (status == TG_PG_OK || status == TG_PG_REFUSED)
        return true;
    if (status == TG_PG_RETRY ? stop_ordered(stop) : stop_wait(stop, TG_RECONNECT_MS))
        return false;
    // It may have been too large to be done in time.
    if (status == TG_PG_UNAVAILABLE || !tg_batch_halve(batch))
        tg_batch_repeat(batch);
    return true;
}

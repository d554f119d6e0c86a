#include "common/store/failure.h"

#include <stddef.h>
#include <string.h>

// The codes that SQL functions refuse with: an error's is a literal.
static const char *const refusals[] = {
    "already_exists",    "channel_not_found", "conflict",          "insufficient_balance",
    "invalid_field",     "missing_field",     "missing_right",     "not_found",
    "message_not_found", "org_not_found",     "too_many_requests", "idempotency_conflict",
    "too_late",          "media_quota",       "unavailable",       NULL};

static bool tell_refusal(const struct tg_pg_refusal *refusal, struct tg_error *error)
{
    const char *const *code = refusals;
    while (*code && strcmp(*code, refusal->code) != 0)
        code++;
    return tg_error_set(error, *code ? *code : "internal_error", refusal->field, "%s",
                        refusal->message);
}

bool tg_store_failure(const struct tg_pg *pg, enum tg_pg_status status, struct tg_error *error)
{
    if (status == TG_PG_REFUSED && tg_pg_refusal(pg))
        return tell_refusal(tg_pg_refusal(pg), error);
    if (status == TG_PG_REFUSED && tg_pg_is_unfit(pg))
        return tg_error_set(error, "database_not_ready", NULL,
                            "The database is not prepared for this version yet");
    if (status == TG_PG_REFUSED)
        return tg_error_set(error, "internal_error", NULL, "The query failed");
    return tg_error_set(error, "unavailable", NULL,
                        "The database cannot be reached, or does no work now");
}

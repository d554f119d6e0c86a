#include "common/store/statuses.h"

#include "common/store/calls.h"

const char *const tg_item_verdict_names[TG_ITEM_VERDICTS] = {
    [TG_ITEM_NOT_UNDERSTOOD] = "not_understood",
    [TG_ITEM_APPLIED] = "applied",
    [TG_ITEM_SAVED] = "saved",
    [TG_ITEM_DUPLICATE] = "duplicate",
    [TG_ITEM_UNKNOWN_NUMBER] = "unknown_number",
    [TG_ITEM_UNKNOWN_MESSAGE] = "unknown_message",
    [TG_ITEM_FOREIGN_MESSAGE] = "foreign_message",
};

static const struct tg_call apply_statuses = {
    .name = "apply_statuses",
    .each = TG_FIELDS(TEXT("p_phone_number_ids", tg_status_update, phone_number_id),
                      TEXT("p_wamids", tg_status_update, wamid),
                      UUID_IF("p_message_ids", tg_status_update, message_id, names_message),
                      WORD("p_statuses", tg_status_update, status, tg_status_names),
                      INT8("p_times", tg_status_update, time_s),
                      TEXT("p_pricings", tg_status_update, pricing),
                      TEXT("p_error_codes", tg_status_update, error_code),
                      TEXT("p_error_messages", tg_status_update, error_message)),
    .out = TG_FIELDS(WORD("verdict", tg_status_applied, verdict, tg_item_verdict_names),
                     UUID("org_id", tg_status_applied, org_id),
                     UUID("message_id", tg_status_applied, message_id),
                     BOOL("refunded", tg_status_applied, refunded),
                     BOOL("reversed", tg_status_applied, reversed),
                     BOOL("unknown_code", tg_status_applied, unknown_code),
                     UUID_IF("released_id", tg_status_applied, released.message_id, released.any)),
};

enum tg_pg_status tg_store_apply_statuses(struct tg_pg *pg,
                                          const struct tg_status_update *const *updates, size_t n,
                                          struct tg_status_applied *applied)
{
    return tg_pg_call(pg, &apply_statuses, TG_EACH_AT(updates, n), TG_ROWS(applied, n));
}

const struct tg_call *const tg_status_calls[] = {&apply_statuses, NULL};

#include "common/store/wallets.h"

#include "common/limits.h"
#include "common/store/calls.h"

static const struct tg_call find_free_wallets = {
    .name = "find_free_wallets",
    .each = TG_FIELDS(VALUE("p_org_ids", UUID, struct tg_uuid)),
    .out = TG_FIELDS(VALUE("org_id", UUID, struct tg_uuid)),
};

enum tg_pg_status tg_store_find_free_wallets(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                             size_t n, bool *is_free)
{
    struct tg_uuid found[TG_BATCH_MAX];
    size_t count = 0;
    enum tg_pg_status status = tg_pg_call(pg, &find_free_wallets, TG_EACH(org_ids, n),
                                          TG_ROWS_TO(found, TG_BATCH_MAX, &count));
    for (size_t i = 0; status == TG_PG_OK && i < n; i++) {
        is_free[i] = false;
        for (size_t k = 0; !is_free[i] && k < count; k++)
            is_free[i] = tg_uuid_equal(found[k], org_ids[i]);
    }
    return status;
}

const struct tg_call *const tg_wallet_calls[] = {&find_free_wallets, NULL};

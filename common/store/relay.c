#include "common/store/relay.h"

#include "common/store/calls.h"

static const char *const kinds[] = {
    [TG_RELAYED_NODE] = "node", [TG_RELAYED_NUMBER] = "number", [TG_RELAYED_ACCOUNT] = "account"};

static const struct tg_call find_relayed = {
    .name = "find_relayed",
    .one =
        TG_FIELDS(UUID("p_org_id", tg_relay_question, org_id), TEXT("p_id", tg_relay_question, id),
                  TEXT("p_phone_number_id", tg_relay_question, phone_number_id)),
    .out = TG_FIELDS(
        WORD("kind", tg_relayed, kind, kinds), UUID("channel_id", tg_relayed, channel_id),
        TEXT("phone_number_id", tg_relayed, phone_number_id),
        TEXT("access_token", tg_relayed, access_token),
        BOOL("is_suspended", tg_relayed, is_suspended), BOOL("must_hear", tg_relayed, must_hear)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_relayed(struct tg_pg *pg, const struct tg_relay_question *question,
                                        bool *found, struct tg_relayed *relayed)
{
    return tg_pg_call(pg, &find_relayed, TG_ONE(question), TG_ROW_IF(relayed, found));
}

const struct tg_call *const tg_relay_calls[] = {&find_relayed, NULL};

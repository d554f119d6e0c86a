#include "common/store/tries.h"

#include "common/store/calls.h"

static const struct tg_call find_try = {
    .name = "find_try",
    .one = TG_FIELDS(UUID("p_org_id", tg_try, org_id),
                     UUID_IF("p_channel_id", tg_try, channel_id, of_channel),
                     TEXT("p_phone_number_id", tg_try, phone_number_id),
                     TEXT("p_phone", tg_try, phone), TEXT("p_user_id", tg_try, user_id),
                     INT8_IF("p_contact_id", tg_try, contact_id), INT8("p_at", tg_try, at_s)),
    .out = TG_FIELDS(
        UUID("channel_id", tg_try_facts, received.channel_id),
        INT8("contact_id", tg_try_facts, contact_id), TEXT("phone", tg_try_facts, received.phone),
        TEXT("user_id", tg_try_facts, received.user_id), TEXT("name", tg_try_facts, received.name),
        BOOL("is_first", tg_try_facts, received.is_first),
        BOOL("opted_out", tg_try_facts, received.opted_out), TEXT("at", tg_try_facts, at),
        JSON("not_tried", tg_try_facts, not_tried)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_try(struct tg_pg *pg, const struct tg_try *try,
                                    struct tg_try_facts *facts)
{
    return tg_pg_call(pg, &find_try, TG_ONE(try), TG_ROWS(facts, 1));
}

static const struct tg_call judge_try = {
    .name = "judge_try",
    .one = TG_FIELDS(
        UUID("p_org_id", tg_tried_reply, org_id), UUID("p_rule_id", tg_tried_reply, rule_id),
        UUID("p_channel_id", tg_tried_reply, channel_id),
        INT8_IF("p_contact_id", tg_tried_reply, contact_id), TEXT("p_phone", tg_tried_reply, phone),
        TEXT("p_user_id", tg_tried_reply, user_id), TEXT("p_type", tg_tried_reply, type),
        TEXT("p_payload", tg_tried_reply, payload), TEXT("p_skip", tg_tried_reply, skip),
        INT8("p_at", tg_tried_reply, at_s)),
    .out = TG_FIELDS(TEXT("verdict", tg_try_verdict, verdict), TEXT("fee", tg_try_verdict, fee),
                     TEXT("meta_cost", tg_try_verdict, meta_cost),
                     TEXT("cost", tg_try_verdict, cost), TEXT("balance", tg_try_verdict, balance)),
    .only_reads = true,
};

enum tg_pg_status tg_store_judge_try(struct tg_pg *pg, const struct tg_tried_reply *reply,
                                     struct tg_try_verdict *verdict)
{
    return tg_pg_call(pg, &judge_try, TG_ONE(reply), TG_ROWS(verdict, 1));
}

const struct tg_call *const tg_try_calls[] = {&find_try, &judge_try, NULL};

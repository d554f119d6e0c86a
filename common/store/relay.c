#include "common/store/relay.h"

#include "common/store/desk_calls.h"

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

static const struct tg_call find_template_call = {
    .name = "find_template_call",
    .one = TG_FIELDS(UUID("p_org_id", tg_template_question, org_id),
                     TEXT("p_id", tg_template_question, id),
                     UUID_IF("p_channel_id", tg_template_question, channel_id, has_channel),
                     TEXT("p_phone_number_id", tg_template_question, phone_number_id)),
    .out =
        TG_FIELDS(TEXT("waba_id", tg_template_call, waba_id), TEXT("name", tg_template_call, name),
                  UUID("channel_id", tg_template_call, relayed.channel_id),
                  TEXT("phone_number_id", tg_template_call, relayed.phone_number_id),
                  TEXT("access_token", tg_template_call, relayed.access_token),
                  BOOL("is_suspended", tg_template_call, relayed.is_suspended)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_template_call(struct tg_pg *pg,
                                              const struct tg_template_question *question,
                                              bool *found, struct tg_template_call *call)
{
    return tg_pg_call(pg, &find_template_call, TG_ONE(question), TG_ROW_IF(call, found));
}

static const struct tg_call renew_templates = {
    .name = "renew_templates",
    .one =
        TG_FIELDS(UUID("p_org_id", tg_relay_question, org_id), TEXT("p_id", tg_relay_question, id)),
};

enum tg_pg_status tg_store_renew_templates(struct tg_pg *pg,
                                           const struct tg_relay_question *question)
{
    return tg_pg_call(pg, &renew_templates, TG_ONE(question));
}

static const struct tg_call forget_media_at_meta = {
    .name = "forget_media_at_meta",
    .one = TG_FIELDS(UUID("p_org_id", tg_relay_question, org_id),
                     TEXT("p_meta_id", tg_relay_question, id)),
};

enum tg_pg_status tg_store_forget_media_at_meta(struct tg_pg *pg,
                                                const struct tg_relay_question *question)
{
    return tg_pg_call(pg, &forget_media_at_meta, TG_ONE(question));
}

#define META_ANSWER JSON("p_answer", tg_desk_question, find)
CHANGE(keep_new_template, ORG, NAME("p_waba_id"), BODY, META_ANSWER);
CHANGE(keep_template_change, ORG, NAME("p_id"), BODY);
CHANGE(keep_template_deletion, ORG, NAME("p_id"));

const struct tg_call *const tg_relay_calls[] = {&find_relayed,
                                                &find_template_call,
                                                &renew_templates,
                                                &forget_media_at_meta,
                                                &tg_keep_new_template,
                                                &tg_keep_template_change,
                                                &tg_keep_template_deletion,
                                                NULL};

#include "common/store/rules.h"

#include "common/store/calls.h"

void tg_rule_finish(struct tg_rule *rule)
{
    tg_text_finish(&rule->pattern);
    tg_text_finish(&rule->reply);
}

static const struct tg_call list_rules = {
    .name = "list_rules",
    .one = TG_FIELDS(VALUE("p_org_id", UUID, struct tg_uuid)),
    .out = TG_FIELDS(INT8("rules_version", tg_rule, version), UUID("id", tg_rule, id),
                     UUID_IF("channel_id", tg_rule, channel_id, of_channel),
                     TEXT("match_kind", tg_rule, match_kind), TEXT("pattern", tg_rule, pattern),
                     TEXT("reply", tg_rule, reply)),
};

enum tg_pg_status tg_store_list_rules(struct tg_pg *pg, struct tg_uuid org_id, size_t max,
                                      struct tg_rule *rules, size_t *n)
{
    return tg_pg_call(pg, &list_rules, TG_ONE(&org_id), TG_ROWS_TO(rules, max, n));
}

static const struct tg_call accept_replies = {
    .name = "accept_replies",
    .each =
        TG_FIELDS(UUID("p_org_ids", tg_reply, org_id), UUID("p_message_ids", tg_reply, message_id),
                  UUID("p_rule_ids", tg_reply, rule_id), UUID("p_reply_ids", tg_reply, reply_id),
                  TEXT("p_types", tg_reply, type), TEXT("p_payloads", tg_reply, payload),
                  TEXT("p_skips", tg_reply, skip)),
    .out = TG_FIELDS(TEXT("verdict", tg_reply_verdict, verdict),
                     WORD("status", tg_reply_verdict, status, tg_status_names)),
};

enum tg_pg_status tg_store_accept_replies(struct tg_pg *pg, const struct tg_reply *replies,
                                          size_t n, struct tg_reply_verdict *verdicts)
{
    return tg_pg_call(pg, &accept_replies, TG_EACH(replies, n), TG_ROWS(verdicts, n));
}

const struct tg_call *const tg_rule_calls[] = {&list_rules, &accept_replies, NULL};

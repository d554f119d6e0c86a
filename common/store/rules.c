#include "common/store/rules.h"

#include "common/store/calls.h"

#include <string.h>

void tg_rule_finish(struct tg_rule *rule)
{
    tg_text_finish(&rule->pattern);
    tg_text_finish(&rule->reply);
    tg_text_finish(&rule->hours);
}

struct listed {
    struct tg_uuid org_id;
    bool with_choices;
    int64_t at_s;
};

static const struct tg_call list_rules = {
    .name = "list_rules",
    .one = TG_FIELDS(UUID("p_org_id", listed, org_id), BOOL("p_with_choices", listed, with_choices),
                     INT8("p_at", listed, at_s)),
    .out = TG_FIELDS(INT8("rules_version", tg_rule, version), UUID("id", tg_rule, id),
                     UUID_IF("channel_id", tg_rule, channel_id, of_channel),
                     TEXT("match_kind", tg_rule, match_kind), BOOL("of_choice", tg_rule, of_choice),
                     TEXT("pattern", tg_rule, pattern), TEXT("reply", tg_rule, reply),
                     INT8("version", tg_rule, rule_version), BOOL("has_hours", tg_rule, has_hours),
                     TEXT("hours", tg_rule, hours), INT8("hours_from", tg_rule, hours_from),
                     INT8("hours_until", tg_rule, hours_until)),
};

enum tg_pg_status tg_store_list_rules(struct tg_pg *pg, struct tg_uuid org_id, int64_t at_s,
                                      size_t max, struct tg_rule *rules, size_t *n)
{
    const struct listed listed = {org_id, true, at_s};
    return tg_pg_call(pg, &list_rules, TG_ONE(&listed), TG_ROWS_TO(rules, max, n));
}

static const struct tg_call take_rules_to_check = {
    .name = "take_rules_to_check",
    .one = TG_FIELDS(VALUE("p_limit", INT8, int64_t)),
    .out = TG_FIELDS(UUID("org_id", tg_rule, org_id), UUID("id", tg_rule, id),
                     TEXT("match_kind", tg_rule, match_kind), TEXT("pattern", tg_rule, pattern),
                     TEXT("reply", tg_rule, reply), BOOL("is_former", tg_rule, is_former)),
};

enum tg_pg_status tg_store_take_rules_to_check(struct tg_pg *pg, size_t max, struct tg_rule *rules,
                                               size_t *n)
{
    int64_t limit = (int64_t)max;
    memset(rules, 0, max * sizeof *rules); // not all of a rule is told
    return tg_pg_call(pg, &take_rules_to_check, TG_ONE(&limit), TG_ROWS_TO(rules, max, n));
}

static const struct tg_call keep_rule_verdicts = {
    .name = "keep_rule_verdicts",
    .each = TG_FIELDS(UUID("p_org_ids", tg_rule_fault, org_id),
                      UUID("p_rule_ids", tg_rule_fault, rule_id),
                      TEXT("p_parts", tg_rule_fault, error.field),
                      TEXT("p_messages", tg_rule_fault, error.message)),
};

enum tg_pg_status tg_store_keep_rule_verdicts(struct tg_pg *pg,
                                              const struct tg_rule_fault *verdicts, size_t n)
{
    return tg_pg_call(pg, &keep_rule_verdicts, TG_EACH(verdicts, n));
}

static const struct tg_call raise_rule_alerts = {
    .name = "raise_rule_alerts",
    .each = TG_FIELDS(
        UUID("p_org_ids", tg_rule_fault, org_id), UUID("p_rule_ids", tg_rule_fault, rule_id),
        TEXT("p_kinds", tg_rule_fault, kind), TEXT("p_parts", tg_rule_fault, error.field),
        TEXT("p_messages", tg_rule_fault, error.message)),
};

enum tg_pg_status tg_store_raise_rule_alerts(struct tg_pg *pg, const struct tg_rule_fault *faults,
                                             size_t n)
{
    return tg_pg_call(pg, &raise_rule_alerts, TG_EACH(faults, n));
}

static const struct tg_call accept_replies = {
    .name = "accept_replies",
    .each =
        TG_FIELDS(UUID("p_org_ids", tg_reply, org_id), UUID("p_message_ids", tg_reply, message_id),
                  UUID("p_rule_ids", tg_reply, rule_id), UUID("p_reply_ids", tg_reply, reply_id),
                  TEXT("p_types", tg_reply, type), TEXT("p_payloads", tg_reply, payload),
                  TEXT("p_skips", tg_reply, skip), INT8("p_versions", tg_reply, rule_version)),
    .out = TG_FIELDS(TEXT("verdict", tg_reply_verdict, verdict),
                     WORD("status", tg_reply_verdict, status, tg_status_names)),
};

enum tg_pg_status tg_store_accept_replies(struct tg_pg *pg, const struct tg_reply *replies,
                                          size_t n, struct tg_reply_verdict *verdicts)
{
    return tg_pg_call(pg, &accept_replies, TG_EACH(replies, n), TG_ROWS(verdicts, n));
}

const struct tg_call *const tg_rule_calls[] = {&take_rules_to_check, &keep_rule_verdicts,
                                               &raise_rule_alerts, &accept_replies, NULL};

const struct tg_call *const tg_listed_rule_calls[] = {&list_rules, NULL};

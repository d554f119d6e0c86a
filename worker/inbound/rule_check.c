#include "worker/inbound/rule_check.h"

#include "common/limits.h"
#include "common/rules/pattern.h"
#include "common/rules/reply_body.h"
#include "common/service/log.h"

#include <string.h>

bool rule_check(const struct tg_rule *rule, struct tg_error *error)
{
    struct tg_pattern *pattern = tg_pattern_create(rule, error);
    bool good = pattern && tg_reply_check(rule, error);
    tg_pattern_destroy(pattern);
    return good;
}

static enum tg_pg_status check_some(struct tg_pg *pg, size_t *n)
{
    struct tg_rule rules[TG_RULES_CHECKED_MAX];
    struct tg_rule_fault verdicts[TG_RULES_CHECKED_MAX] = {0};
    enum tg_pg_status status = tg_store_take_rules_to_check(pg, TG_RULES_CHECKED_MAX, rules, n);
    if (status != TG_PG_OK || *n == 0)
        return status;
    for (size_t i = 0; i < *n; i++) {
        struct tg_rule_fault *verdict = &verdicts[i];
        verdict->org_id = rules[i].org_id;
        verdict->rule_id = rules[i].id;
        if (!rule_check(&rules[i], &verdict->error))
            tg_log_rarely(TG_LOG_WARN, "rule_refused", TG_LOG_ID("org_id", verdict->org_id),
                          TG_LOG_ID("rule_id", verdict->rule_id),
                          TG_LOG_TEXT("field", verdict->error.field),
                          TG_LOG_TEXT("reason", verdict->error.message));
        else
            verdict->error = (struct tg_error){0};
        tg_rule_finish(&rules[i]);
    }
    return tg_store_keep_rule_verdicts(pg, verdicts, *n);
}

static enum tg_pg_status check_in_transaction(struct tg_pg *pg, size_t *n)
{
    enum tg_pg_status status = tg_pg_begin(pg);
    if (status != TG_PG_OK)
        return status;
    status = check_some(pg, n);
    if (status == TG_PG_OK)
        return tg_pg_commit(pg);
    tg_pg_rollback(pg);
    return status;
}

bool rules_check(const struct means *means)
{
    size_t n = TG_RULES_CHECKED_MAX;
    while (n == TG_RULES_CHECKED_MAX) {
        if (stop_ordered(means->stop) || check_in_transaction(means->pg, &n) != TG_PG_OK)
            return false;
    }
    return true;
}

#include "worker/inbound/rules.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/rules/fit.h"
#include "common/service/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct known {
    struct tg_ready_rule ready; // first, so that it can be found by its rule
    bool failed;                // that is noted
};

struct org_rules {
    struct tg_uuid org_id;
    int64_t version; // 0: nothing is remembered
    bool has_hours;  // one of them does: they are told for the time between these
    int64_t hours_from;
    int64_t hours_until;
    size_t count;
    struct known *rule;
};

struct rules {
    struct tg_matcher *matcher;
    struct org_rules orgs[TG_RULE_CACHE_ORGS]; // by the org's hash
    struct tg_rule loaded[TG_RULES_MAX];
    struct tg_rule_fault faults[TG_RULE_FAULTS_MAX]; // that nobody was told of
    size_t fault_count;
};

struct rules *rules_create(void)
{
    struct rules *rules = tg_alloc(sizeof *rules);
    rules->matcher = tg_matcher_create();
    return rules;
}

static void forget(struct org_rules *org)
{
    for (size_t i = 0; i < org->count; i++)
        tg_ready_rule_finish(&org->rule[i].ready);
    free(org->rule);
    *org = (struct org_rules){0};
}

void rules_destroy(struct rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < TG_RULE_CACHE_ORGS; i++)
        forget(&rules->orgs[i]);
    tg_matcher_destroy(rules->matcher);
    free(rules);
}

// What finds no room is noted when it fails again.
static void fail(struct rules *rules, struct tg_uuid org_id, struct known *known, const char *kind,
                 const struct tg_error *error)
{
    tg_log_rarely(TG_LOG_WARN, kind, TG_LOG_ID("org_id", org_id),
                  TG_LOG_ID("rule_id", known->ready.rule.id), TG_LOG_TEXT("field", error->field),
                  TG_LOG_TEXT("reason", error->message));
    if (known->failed || rules->fault_count == TG_RULE_FAULTS_MAX)
        return;
    known->failed = true;
    rules->faults[rules->fault_count++] = (struct tg_rule_fault){
        .org_id = org_id, .rule_id = known->ready.rule.id, .kind = kind, .error = *error};
}

void rules_fail(struct rules *rules, struct tg_uuid org_id, const struct tg_rule *rule,
                const char *kind, const struct tg_error *error)
{
    fail(rules, org_id, (struct known *)rule, kind, error);
}

enum tg_pg_status rules_tell(struct rules *rules, struct tg_pg *pg)
{
    enum tg_pg_status status = TG_PG_OK;
    if (rules->fault_count > 0)
        status = tg_store_raise_rule_alerts(pg, rules->faults, rules->fault_count);
    if (status != TG_PG_OK && status != TG_PG_REFUSED)
        return status;
    rules->fault_count = 0; // what is refused, of a rule that has just gone say, would be for ever
    return TG_PG_OK;
}

static enum tg_pg_status load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                              int64_t at_s, struct org_rules *org)
{
    size_t count = 0;
    enum tg_pg_status status =
        tg_store_list_rules(pg, org_id, at_s, TG_RULES_MAX, rules->loaded, &count);
    if (status != TG_PG_OK)
        return status;
    if (count == TG_RULES_MAX)
        tg_log_rarely(TG_LOG_WARN, "rules_cut", TG_LOG_ID("org_id", org_id),
                      TG_LOG_NUMBER("kept", TG_RULES_MAX));
    forget(org);
    org->org_id = org_id;
    org->version = count > 0 ? rules->loaded[0].version : 0;
    org->count = count;
    org->rule = tg_alloc((count + 1) * sizeof *org->rule);
    for (size_t i = 0; i < count; i++) {
        struct known *known = &org->rule[i];
        struct tg_error error;
        if (rules->loaded[i].has_hours) {
            org->has_hours = true;
            org->hours_from = rules->loaded[i].hours_from;
            org->hours_until = rules->loaded[i].hours_until;
        }
        if (!tg_ready_rule_make(&known->ready, &rules->loaded[i], &error))
            fail(rules, org_id, known, "rule_refused", &error);
    }
    return TG_PG_OK;
}

static struct org_rules *remembered(struct rules *rules, struct tg_uuid org_id)
{
    return &rules->orgs[tg_uuid_hash(org_id) % TG_RULE_CACHE_ORGS];
}

static bool knows_hours(const struct org_rules *org, int64_t at_s)
{
    return !org->has_hours || (org->hours_from <= at_s && at_s < org->hours_until);
}

enum tg_pg_status rules_load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                             int64_t version, int64_t at_s)
{
    struct org_rules *org = remembered(rules, org_id);
    if (tg_uuid_equal(org->org_id, org_id) && org->version >= version && knows_hours(org, at_s))
        return TG_PG_OK;
    enum tg_pg_status status = load(rules, pg, org_id, at_s, org);
    // An org without active rules has no row that could tell the version.
    if (status == TG_PG_OK && org->version < version)
        org->version = version;
    return status;
}

const struct tg_rule *rules_find(struct rules *rules, const struct tg_received *received,
                                 const struct tg_inbound_message *message, int64_t at_s)
{
    const struct org_rules *org = remembered(rules, received->org_id);
    const struct tg_rule *found = NULL;
    struct tg_said said;
    assert(org->count == 0 || org->rule);
    tg_said_read(&said, message, at_s);
    for (size_t i = 0; i < org->count && !found; i++) {
        struct known *known = &org->rule[i];
        struct tg_error error;
        enum tg_fit fit = tg_fit_of(rules->matcher, &known->ready, received, &said, &error);
        if (fit == TG_FIT_ANSWERS)
            found = &known->ready.rule;
        else if (fit == TG_FIT_TOO_COSTLY)
            fail(rules, received->org_id, known, "rule_failed", &error);
    }
    tg_said_finish(&said);
    return found;
}

#define PCRE2_CODE_UNIT_WIDTH 8
#include "worker/inbound/rules.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

// How each kind's pattern is read: all without case, by Unicode, and in texts that may be any
// bytes.
static const struct kind {
    const char *name;
    uint32_t options;
    bool matches_all;
    bool first_only;
} kinds[] = {
    {.name = "exact", .options = PCRE2_LITERAL | PCRE2_ANCHORED | PCRE2_ENDANCHORED},
    {.name = "starts_with", .options = PCRE2_LITERAL | PCRE2_ANCHORED},
    {.name = "contains", .options = PCRE2_LITERAL},
    {.name = "regex"},
    {.name = "any", .matches_all = true},
    {.name = "first_message", .matches_all = true, .first_only = true},
};

struct compiled {
    struct tg_rule rule;
    const struct kind *kind; // NULL: one that this version does not know
    pcre2_code *code;        // of the pattern; NULL: it needs none, or is no good
};

struct org_rules {
    struct tg_uuid org_id;
    int64_t version; // 0: nothing is remembered
    size_t count;
    struct compiled *rule;
};

struct rules {
    pcre2_match_context *limits;
    pcre2_match_data *match;
    struct org_rules orgs[TG_RULE_CACHE_ORGS]; // by the org's hash
    struct tg_rule loaded[TG_RULES_MAX];
};

struct rules *rules_create(void)
{
    struct rules *rules = tg_alloc(sizeof *rules);
    rules->limits = pcre2_match_context_create(NULL);
    rules->match = pcre2_match_data_create(1, NULL);
    if (!rules->limits || !rules->match)
        abort();
    pcre2_set_match_limit(rules->limits, TG_RULE_MATCH_LIMIT);
    pcre2_set_depth_limit(rules->limits, TG_RULE_DEPTH_LIMIT);
    return rules;
}

static void forget(struct org_rules *org)
{
    for (size_t i = 0; i < org->count; i++) {
        pcre2_code_free(org->rule[i].code);
        tg_rule_finish(&org->rule[i].rule);
    }
    free(org->rule);
    *org = (struct org_rules){0};
}

void rules_destroy(struct rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < TG_RULE_CACHE_ORGS; i++)
        forget(&rules->orgs[i]);
    pcre2_match_data_free(rules->match);
    pcre2_match_context_free(rules->limits);
    free(rules);
}

static void log_bad_rule(const char *event, struct tg_uuid org_id, const struct tg_rule *rule,
                         int error)
{
    PCRE2_UCHAR reason[128] = "";
    if (error)
        pcre2_get_error_message(error, reason, sizeof reason);
    tg_log(TG_LOG_WARN, event, TG_LOG_ID("org_id", org_id), TG_LOG_ID("rule_id", rule->id),
           TG_LOG_TEXT("match_kind", rule->match_kind), TG_LOG_TEXT("reason", (char *)reason));
}

static void compile(struct tg_uuid org_id, struct compiled *compiled)
{
    const struct tg_rule *rule = &compiled->rule;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, rule->match_kind) == 0)
            compiled->kind = &kinds[i];
    }
    if (!compiled->kind)
        log_bad_rule("rule_refused", org_id, rule, 0);
    if (!compiled->kind || compiled->kind->matches_all)
        return;
    int error = 0;
    PCRE2_SIZE offset = 0;
    compiled->code = pcre2_compile((PCRE2_SPTR)tg_text_string(&rule->pattern), rule->pattern.length,
                                   compiled->kind->options | PCRE2_CASELESS | PCRE2_UTF |
                                       PCRE2_MATCH_INVALID_UTF,
                                   &error, &offset, NULL);
    if (!compiled->code)
        log_bad_rule("rule_refused", org_id, rule, error);
    else
        (void)pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE); // without it it is only slower
}

static enum tg_pg_status load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                              struct org_rules *org)
{
    size_t count = 0;
    enum tg_pg_status status = tg_store_list_rules(pg, org_id, TG_RULES_MAX, rules->loaded, &count);
    if (status != TG_PG_OK)
        return status;
    if (count == TG_RULES_MAX)
        tg_log(TG_LOG_WARN, "rules_cut", TG_LOG_ID("org_id", org_id),
               TG_LOG_NUMBER("kept", TG_RULES_MAX));
    forget(org);
    org->org_id = org_id;
    org->version = count > 0 ? rules->loaded[0].version : 0;
    org->count = count;
    org->rule = tg_alloc((count + 1) * sizeof *org->rule);
    for (size_t i = 0; i < count; i++) {
        org->rule[i].rule = rules->loaded[i];
        compile(org_id, &org->rule[i]);
    }
    return TG_PG_OK;
}

// As much of the text as a pattern sees.
static struct tg_span seen(struct tg_span text)
{
    static const char spaces[] = " \t\r\n";
    while (text.length > 0 && memchr(spaces, text.data[0], sizeof spaces - 1)) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && memchr(spaces, text.data[text.length - 1], sizeof spaces - 1))
        text.length--;
    if (text.length > TG_RULE_TEXT_MAX)
        text.length = TG_RULE_TEXT_MAX;
    return text;
}

static bool matches(struct rules *rules, const struct compiled *compiled,
                    const struct tg_received *received, struct tg_span text)
{
    const struct tg_rule *rule = &compiled->rule;
    if (rule->of_channel && !tg_uuid_equal(rule->channel_id, received->channel_id))
        return false;
    if (compiled->kind && compiled->kind->matches_all)
        return !received->is_word && (!compiled->kind->first_only || received->is_first);
    if (!compiled->code || !text.data)
        return false;
    int result = pcre2_match(compiled->code, (PCRE2_SPTR)text.data, text.length, 0, 0, rules->match,
                             rules->limits);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        log_bad_rule("rule_failed", received->org_id, rule, result);
    return result >= 0;
}

static struct org_rules *remembered(struct rules *rules, struct tg_uuid org_id)
{
    return &rules->orgs[tg_uuid_hash(org_id) % TG_RULE_CACHE_ORGS];
}

enum tg_pg_status rules_load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                             int64_t version)
{
    struct org_rules *org = remembered(rules, org_id);
    if (tg_uuid_equal(org->org_id, org_id) && org->version >= version)
        return TG_PG_OK;
    enum tg_pg_status status = load(rules, pg, org_id, org);
    // An org without active rules has no row that could tell the version.
    if (status == TG_PG_OK && org->version < version)
        org->version = version;
    return status;
}

const struct tg_rule *rules_find(struct rules *rules, const struct tg_received *received,
                                 struct tg_span text)
{
    const struct org_rules *org = remembered(rules, received->org_id);
    text = seen(text);
    for (size_t i = 0; i < org->count; i++) {
        if (matches(rules, &org->rule[i], received, text))
            return &org->rule[i].rule;
    }
    return NULL;
}

#include "worker/inbound/rules.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "worker/inbound/pattern.h"
#include "worker/inbound/spelling.h"

#include <stdlib.h>
#include <string.h>

struct known {
    struct tg_rule rule;     // first, so that it can be found by its rule
    struct pattern *pattern; // NULL: it is no good
    bool failed;             // that is noted
};

struct org_rules {
    struct tg_uuid org_id;
    int64_t version; // 0: nothing is remembered
    size_t count;
    struct known *rule;
};

struct rules {
    struct matcher *matcher;
    struct org_rules orgs[TG_RULE_CACHE_ORGS]; // by the org's hash
    struct tg_rule loaded[TG_RULES_MAX];
    struct tg_rule_fault faults[TG_RULE_FAULTS_MAX]; // that nobody was told of
    size_t fault_count;
};

// What of a message patterns are held against.
struct said {
    struct tg_span text;
    struct tg_span word; // the text again, where it is a word, as words are compared
    struct tg_span choice;
};

struct rules *rules_create(void)
{
    struct rules *rules = tg_alloc(sizeof *rules);
    rules->matcher = matcher_create();
    return rules;
}

static void forget(struct org_rules *org)
{
    for (size_t i = 0; i < org->count; i++) {
        pattern_destroy(org->rule[i].pattern);
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
    matcher_destroy(rules->matcher);
    free(rules);
}

// What finds no room is noted when it fails again.
static void fail(struct rules *rules, struct tg_uuid org_id, struct known *known, const char *kind,
                 const struct tg_error *error)
{
    tg_log_rarely(TG_LOG_WARN, kind, TG_LOG_ID("org_id", org_id),
                  TG_LOG_ID("rule_id", known->rule.id), TG_LOG_TEXT("field", error->field),
                  TG_LOG_TEXT("reason", error->message));
    if (known->failed || rules->fault_count == TG_RULE_FAULTS_MAX)
        return;
    known->failed = true;
    rules->faults[rules->fault_count++] = (struct tg_rule_fault){
        .org_id = org_id, .rule_id = known->rule.id, .kind = kind, .error = *error};
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
                              struct org_rules *org)
{
    size_t count = 0;
    enum tg_pg_status status = tg_store_list_rules(pg, org_id, TG_RULES_MAX, rules->loaded, &count);
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
        known->rule = rules->loaded[i];
        known->pattern = pattern_create(&known->rule, &error);
        if (!known->pattern)
            fail(rules, org_id, known, "rule_refused", &error);
    }
    return TG_PG_OK;
}

static bool matches(struct rules *rules, struct known *known, const struct tg_received *received,
                    const struct said *said)
{
    const struct tg_rule *rule = &known->rule;
    const struct pattern *pattern = known->pattern;
    if (!pattern || (rule->of_channel && !tg_uuid_equal(rule->channel_id, received->channel_id)))
        return false;
    if (pattern_takes_all(pattern) || pattern_takes_first(pattern))
        return !received->is_word && (pattern_takes_all(pattern) || received->is_first);
    struct tg_error error;
    struct tg_span text = rule->of_choice ? said->choice : said->text;
    bool found = matcher_matches(rules->matcher, pattern, text, &error) ||
                 (!rule->of_choice && !error.code &&
                  matcher_matches(rules->matcher, pattern, said->word, &error));
    if (error.code)
        fail(rules, received->org_id, known, "rule_failed", &error);
    return found;
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

// So much of the text as a pattern sees, in whole characters.
static void show(struct tg_span text, struct tg_text *seen)
{
    text = spelling_trim(text);
    if (text.length > TG_RULE_TEXT_MAX) {
        text.length = TG_RULE_TEXT_MAX;
        while (((unsigned char)text.data[text.length] & 0xc0) == 0x80)
            text.length--;
    }
    spelling_compose(text, seen);
}

static struct tg_span span_of(const struct tg_text *text)
{
    return text->length > 0 ? (struct tg_span){text->data, text->length} : (struct tg_span){0};
}

const struct tg_rule *rules_find(struct rules *rules, const struct tg_received *received,
                                 const struct tg_inbound_message *message)
{
    const struct org_rules *org = remembered(rules, received->org_id);
    TG_TEXT_AUTO text = {0};
    TG_TEXT_AUTO choice = {0};
    show(message->text, &text);
    show(message->choice, &choice);
    const struct said said = {span_of(&text), span_of(&message->word), span_of(&choice)};
    for (size_t i = 0; i < org->count; i++) {
        if (matches(rules, &org->rule[i], received, &said))
            return &org->rule[i].rule;
    }
    return NULL;
}

#define PCRE2_CODE_UNIT_WIDTH 8
#include "common/rules/pattern.h"

#include "common/base/memory.h"
#include "common/limits.h"
#include "common/rules/spelling.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

// How each kind's pattern is read.
static const struct kind {
    const char *name;
    uint32_t options;
    bool takes_all;
    bool takes_first;
} kinds[] = {
    {.name = "exact", .options = PCRE2_LITERAL | PCRE2_ANCHORED | PCRE2_ENDANCHORED},
    {.name = "starts_with", .options = PCRE2_LITERAL | PCRE2_ANCHORED},
    {.name = "contains", .options = PCRE2_LITERAL},
    {.name = "regex"},
    {.name = "any", .takes_all = true},
    {.name = "first_message", .takes_first = true},
};

struct tg_pattern {
    const struct kind *kind;
    pcre2_code *code; // NULL: it needs none
};

struct tg_matcher {
    pcre2_match_context *limits;
    pcre2_match_data *match;
};

static bool refuse(struct tg_error *error, const char *what, int number)
{
    PCRE2_UCHAR reason[128] = "";
    pcre2_get_error_message(number, reason, sizeof reason);
    return tg_error_set(error, "invalid_rule", "pattern", "%s: %s", what, (char *)reason);
}

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

// Texts may be any bytes.
static pcre2_code *compile(const struct kind *kind, const struct tg_text *pattern,
                           struct tg_error *error)
{
    TG_TEXT_AUTO composed = {0};
    tg_spelling_compose((struct tg_span){tg_text_string(pattern), pattern->length}, &composed);
    int number = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)tg_text_string(&composed), composed.length,
                      kind->options | PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number,
                      &offset, NULL);
    if (code)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); // without it it is only slower
    else
        (void)refuse(error, "it is no regular expression", number);
    return code;
}

struct tg_pattern *tg_pattern_create(const struct tg_rule *rule, struct tg_error *error)
{
    const struct kind *kind = find_kind(rule->match_kind);
    pcre2_code *code = NULL;
    if (!kind) {
        (void)tg_error_set(error, "invalid_rule", "match_kind", "it is no kind of match");
        return NULL;
    }
    if (!kind->takes_all && !kind->takes_first) {
        code = compile(kind, &rule->pattern, error);
        if (!code)
            return NULL;
    }
    struct tg_pattern *pattern = tg_alloc(sizeof *pattern);
    *pattern = (struct tg_pattern){kind, code};
    return pattern;
}

void tg_pattern_destroy(struct tg_pattern *pattern)
{
    if (pattern)
        pcre2_code_free(pattern->code);
    free(pattern);
}

bool tg_pattern_takes_all(const struct tg_pattern *pattern)
{
    return pattern->kind->takes_all;
}

bool tg_pattern_takes_first(const struct tg_pattern *pattern)
{
    return pattern->kind->takes_first;
}

struct tg_matcher *tg_matcher_create(void)
{
    struct tg_matcher *matcher = tg_alloc(sizeof *matcher);
    matcher->limits = pcre2_match_context_create(NULL);
    matcher->match = pcre2_match_data_create(1, NULL);
    if (!matcher->limits || !matcher->match)
        abort();
    pcre2_set_match_limit(matcher->limits, TG_RULE_MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->limits, TG_RULE_DEPTH_LIMIT);
    return matcher;
}

void tg_matcher_destroy(struct tg_matcher *matcher)
{
    if (matcher) {
        pcre2_match_data_free(matcher->match);
        pcre2_match_context_free(matcher->limits);
    }
    free(matcher);
}

bool tg_matcher_matches(struct tg_matcher *matcher, const struct tg_pattern *pattern,
                        struct tg_span text, struct tg_error *error)
{
    error->code = NULL;
    if (!pattern->code || !text.data)
        return false;
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)text.data, text.length, 0, 0,
                             matcher->match, matcher->limits);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        (void)refuse(error, "it could not be compared with what a customer wrote", result);
    return result >= 0;
}

// Patterns of rules: what a customer says, or chose, is held against them, without case, by
// Unicode. For one thread.
#pragma once

#include "common/base/error.h"
#include "common/store/rules.h"

struct pattern;

// Of a rule. NULL and `error` (field "match_kind" or "pattern"): it can never match.
struct pattern *pattern_create(const struct tg_rule *rule, struct tg_error *error) TG_MUST_CHECK;
void pattern_destroy(struct pattern *pattern); // NULL is fine

// Does it match whatever is said: always, or what is said first?
bool pattern_takes_all(const struct pattern *pattern);
bool pattern_takes_first(const struct pattern *pattern);

// What matching needs beside the pattern.
struct matcher;

struct matcher *matcher_create(void);
void matcher_destroy(struct matcher *matcher); // NULL is fine

// Is the text as the pattern says? NULL texts and those of patterns that take all never are. False
// with error->code: finding out costs too much.
bool matcher_matches(struct matcher *matcher, const struct pattern *pattern, struct tg_span text,
                     struct tg_error *error) TG_MUST_CHECK;

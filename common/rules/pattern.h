// Patterns of rules: what a customer says, or chose, is held against them, without case, by
// Unicode. For one thread.
#pragma once

#include "common/base/error.h"
#include "common/store/rules.h"

struct tg_pattern;

// Of a rule. NULL and `error` (field "match_kind" or "pattern"): it can never match.
struct tg_pattern *tg_pattern_create(const struct tg_rule *rule,
                                     struct tg_error *error) TG_MUST_CHECK;
void tg_pattern_destroy(struct tg_pattern *pattern); // NULL is fine

// Does it match whatever is said: always, or what is said first?
bool tg_pattern_takes_all(const struct tg_pattern *pattern);
bool tg_pattern_takes_first(const struct tg_pattern *pattern);

// What matching needs beside the pattern.
struct tg_matcher;

struct tg_matcher *tg_matcher_create(void);
void tg_matcher_destroy(struct tg_matcher *matcher); // NULL is fine

// Is the text as the pattern says? NULL texts and those of patterns that take all never are. False
// with error->code: finding out costs too much.
bool tg_matcher_matches(struct tg_matcher *matcher, const struct tg_pattern *pattern,
                        struct tg_span text, struct tg_error *error) TG_MUST_CHECK;

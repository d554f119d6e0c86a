// Automation rules: which of an org's rules answers a message. Patterns are compiled once for each
// version of an org's rules, and read again when receive_messages tells of a newer one.
// A cache is for one thread.
#pragma once

#include "common/store/inbound.h"
#include "common/store/rules.h"

struct rules;

struct rules *rules_create(void);
void rules_destroy(struct rules *rules); // NULL is fine

// Sees to it that the org's rules are known as of `version`, which is how receive_messages tells
// it: reads them from PostgreSQL if those that are known are older.
enum tg_pg_status rules_load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                             int64_t version) TG_MUST_CHECK;

// The first rule of the org, whose rules are loaded, that matches a message of this text; NULL if
// none does. A word that opts out is only answered by a rule with a pattern. Borrowed until the
// next rules_load. A pattern that is no good, or whose match costs too much, matches nothing and is
// logged.
const struct tg_rule *rules_find(struct rules *rules, const struct tg_received *received,
                                 struct tg_span text);

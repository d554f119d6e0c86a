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
// it, with their hours at that time: reads them from PostgreSQL if they are not.
enum tg_pg_status rules_load(struct rules *rules, struct tg_pg *pg, struct tg_uuid org_id,
                             int64_t version, int64_t at_s) TG_MUST_CHECK;

// The first rule of the org, whose rules are loaded for that time, that fits the message; NULL if
// none does. A word that opts out is only answered by a rule with a pattern. Borrowed until the
// next rules_load. A pattern that is no good, or whose match costs too much, matches nothing, and
// has failed.
const struct tg_rule *rules_find(struct rules *rules, const struct tg_received *received,
                                 const struct tg_inbound_message *message, int64_t at_s);

// Notes that a rule, one that rules_find has returned, does not work: its org is to be told.
void rules_fail(struct rules *rules, struct tg_uuid org_id, const struct tg_rule *rule,
                const char *kind, const struct tg_error *error);

// Tells the orgs of the rules that have failed: in alerts, once for each as it is written.
enum tg_pg_status rules_tell(struct rules *rules, struct tg_pg *pg) TG_MUST_CHECK;

// Automation rules: which of an org's rules answers a message. Patterns are compiled once for each
// version of an org's rules, and read again when receive_messages tells of a newer one.
//
// One thread uses a cache.
#pragma once

#include "common/store/rules.h"

struct rules;

struct rules *rules_create(void);
void rules_destroy(struct rules *rules); // NULL is fine

// What a rule is matched against.
struct rules_message {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    int64_t version; // of the org's rules, as receive_messages tells it
    struct tg_span text;
    bool is_first;
    bool is_word; // one that opts out: only a rule with a pattern answers it
};

// Finds the first rule that matches; *rule is NULL if none does, else borrowed until the next call.
// Reads the org's rules again if those that are known are of another version. A pattern that is no
// good, or whose match costs too much, matches nothing and is logged.
enum tg_pg_status rules_find(struct rules *rules, struct tg_pg *pg,
                             const struct rules_message *message,
                             const struct tg_rule **rule) TG_MUST_CHECK;

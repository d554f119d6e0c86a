// Rules are checked before they are tried: by PostgreSQL as they are written, as far as it can tell
// (core/automation_rules.sql), and here in full.
#pragma once

#include "worker/inbound/means.h"

// Can the rule work: is its pattern one, and would Meta take its reply, even to somebody without a
// name? One that is `former` (tg_store_take_rules_to_check) need not: to somebody with a name is
// enough, and its braces are its own. Failure: field is the part of it, such as "pattern" or
// "text.body".
bool rule_check(const struct tg_rule *rule, struct tg_error *error) TG_MUST_CHECK;

// Checks the rules that nobody has checked as they are, and keeps what comes of it: who cannot work
// is refused, and the org is told. False: PostgreSQL is away, or stop was ordered, before all were.
bool rules_check(const struct means *means);

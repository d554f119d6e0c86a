// The calls of each subject, which schema.c holds against the database. Each list ends in NULL.
#pragma once

#include "common/pg/call.h"

extern const struct tg_call *const tg_accept_calls[];
extern const struct tg_call *const tg_dead_letter_calls[];
extern const struct tg_call *const tg_dispatch_calls[];
extern const struct tg_call *const tg_inbound_calls[];
extern const struct tg_call *const tg_key_calls[];
extern const struct tg_call *const tg_read_calls[];
extern const struct tg_call *const tg_rule_calls[];
extern const struct tg_call *const tg_status_calls[];
extern const struct tg_call *const tg_upkeep_calls[];

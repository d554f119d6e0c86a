// What is the same of rules for orgs and for operators: what is said of one, and how one is tried.
#pragma once

#include "common/limits.h"
#include "ingress/desk/desk.h"

extern const char *const rule_places[]; // where one may be moved

#define RULE_MEMBERS(is_new)                                                                       \
    DESK_MEMBERS(                                                                                  \
        {"match_kind", DESK_TEXT, .required = (is_new)},                                           \
        {"pattern", DESK_TEXT, .max = TG_RULE_TEXT_MAX}, {.name = "match_on", .kind = DESK_TEXT},  \
        {"reply", DESK_OBJECT, .required = (is_new), .max = TG_ADMIN_REPLY_MAX},                   \
        {"priority", DESK_NUMBER, .max = INT32_MAX}, {"channel_id", DESK_ID, .clears = true},      \
        {"cooldown_s", DESK_NUMBER, .max = TG_RULE_COOLDOWN_MAX_S},                                \
        {"daily_cap", DESK_NUMBER, .clears = true, .max = INT32_MAX},                              \
        {"daily_spend_cap", DESK_MONEY, .clears = true},                                           \
        {"meta_cost", DESK_MONEY, .clears = true}, {"hours", DESK_OBJECT, .clears = true},         \
        {.name = "active", .kind = DESK_BOOL})
#define RULE_MOVE                                                                                  \
    DESK_MEMBERS({"before", .kind = DESK_ID}, {"after", .kind = DESK_ID},                          \
                 {"place", DESK_WORD, .words = rule_places})

// Of a message that nobody has written: what is said of it, and what would become of it by the
// org's rules. Nothing is written or sent.
#define RULE_TRY                                                                                   \
    DESK_MEMBERS({"phone", .kind = DESK_CONTACT}, {"user_id", .kind = DESK_TEXT},                  \
                 {"contact_id", DESK_NUMBER, .max = INT64_MAX}, {"name", .kind = DESK_TEXT},       \
                 {"text", DESK_TEXT, .max = TG_TRY_TEXT_MAX},                                      \
                 {"choice", DESK_TEXT, .max = TG_TRY_TEXT_MAX}, {"first", .kind = DESK_BOOL},      \
                 {"channel_id", .kind = DESK_ID}, {"phone_number_id", .kind = DESK_TEXT},          \
                 {"at", .kind = DESK_TIME})
desk_make rules_try;

#include "common/limits.h"
#include "ingress/admin/endpoints.h"

#define RULE_MEMBERS(is_new)                                                                       \
    DESK_MEMBERS(                                                                                  \
        {"match_kind", DESK_TEXT, .required = (is_new)},                                           \
        {"pattern", DESK_TEXT, .max = TG_RULE_TEXT_MAX}, {.name = "match_on", .kind = DESK_TEXT},  \
        {"reply", DESK_OBJECT, .required = (is_new), .max = TG_ADMIN_REPLY_MAX},                   \
        {"priority", DESK_NUMBER, .max = INT32_MAX}, {"channel_id", DESK_ID, .clears = true},      \
        {"cooldown_s", DESK_NUMBER, .max = TG_RULE_COOLDOWN_MAX_S},                                \
        {"daily_cap", DESK_NUMBER, .clears = true, .max = INT32_MAX},                              \
        {.name = "active", .kind = DESK_BOOL})
#define OF_ORG DESK_NAMES({"org", DESK_ORG_ID})
#define ONE_OF_ORG DESK_NAMES({"org", DESK_ORG_ID}, {"rule", DESK_THING_ID})

const struct endpoint rule_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/rules",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_rules, .path = OF_ORG, .list = DESK_LIST_BY_ID),
     .says = "An org's automation rules, newest first.",
     .answer = "Rules"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/rules",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_create_rule, .path = OF_ORG, .status = 201,
               .members = RULE_MEMBERS(true)),
     .says = "Makes an automation rule, which a worker checks within a second.",
     .request = "NewRule",
     .answer = "Rule"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/rules/{rule}",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_get_rule, .path = ONE_OF_ORG),
     .says = "An automation rule, and whether it can work.",
     .answer = "Rule"},
    {.method = "PATCH",
     .path = "/admin/orgs/{org}/rules/{rule}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_change_rule, .path = ONE_OF_ORG, .members = RULE_MEMBERS(false)),
     .says = "Changes an automation rule.",
     .request = "RuleChange",
     .answer = "Rule"},
    {.method = "DELETE",
     .path = "/admin/orgs/{org}/rules/{rule}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_delete_rule, .path = ONE_OF_ORG),
     .says = "Deletes an automation rule; the answer is what it was.",
     .answer = "Rule"},
    {0},
};

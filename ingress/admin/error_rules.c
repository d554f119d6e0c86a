#include "common/limits.h"
#include "ingress/admin/endpoints.h"

const struct endpoint error_rule_endpoints[] = {
    {.method = "GET",
     .path = "/admin/error-rules",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_error_rules),
     .says = "What follows from each outcome that is not success.",
     .answer = "ErrorRules"},
    {.method = "PATCH",
     .path = "/admin/error-rules/{outcome}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OWNER,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_change_error_rule,
               .path = DESK_NAMES({"outcome", DESK_THING_NAME}),
               .members = DESK_MEMBERS({.name = "refundable", .kind = DESK_BOOL},
                                       {.name = "retry", .kind = DESK_TEXT},
                                       {.name = "action", .kind = DESK_TEXT},
                                       {.name = "unconfirmed", .kind = DESK_BOOL},
                                       {"advice", DESK_TEXT, .clears = true, .max = 1000})),
     .says = "Changes what follows from an outcome; the rule as it was is kept.",
     .request = "ErrorRuleChange",
     .answer = "ErrorRule"},
    {0},
};

#include "ingress/admin/endpoints.h"

const struct endpoint audit_log_endpoints[] = {
    {.method = "GET",
     .path = "/admin/audit-log",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_audit_log, .list = DESK_LIST_BY_N,
               .query = DESK_NAMES({"org_id", DESK_ORG_ID}, {"actor", DESK_FIND_TEXT},
                                   {"object", DESK_FIND_TEXT})),
     .says = "What was changed, by whom, newest first.",
     .answer = "AuditLog"},
    {0},
};

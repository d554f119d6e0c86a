#include "ingress/admin/endpoints.h"

const struct endpoint alert_endpoints[] = {
    {.method = "GET",
     .path = "/admin/alerts",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_alerts, .list = DESK_LIST_BY_N,
               .query = DESK_NAMES({"org_id", DESK_ORG_ID}, {"state", DESK_FIND_TEXT})),
     .says = "What a person should look at, newest first.",
     .answer = "Alerts"},
    {.method = "POST",
     .path = "/admin/alerts/{alert}/acknowledge",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_acknowledge_alert, .path = DESK_NAMES({"alert", DESK_THING_N})),
     .says = "Says that somebody sees to it.",
     .answer = "Alert"},
    {0},
};

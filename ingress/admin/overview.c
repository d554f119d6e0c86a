#include "ingress/admin/endpoints.h"

const struct endpoint overview_endpoints[] = {
    {.method = "GET",
     .path = "/admin/overview",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_overview),
     .says = "How the house does: what was sent and earned, what waits, who runs dry.",
     .answer = "Overview"},
    {0},
};

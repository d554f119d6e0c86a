#include "ingress/admin/endpoints.h"
#include "ingress/desk/finds.h"

const struct endpoint desk_template_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/templates",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_templates, .path = DESK_NAMES({"org", DESK_ORG_ID}),
               .list = DESK_LIST_BY_N, .find = TEMPLATE_FIND),
     .says = "An org's templates that fit, as Meta has them, newest first.",
     .answer = "Templates"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/templates/{template}",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_get_template,
               .path = DESK_NAMES({"org", DESK_ORG_ID}, {"template", DESK_THING_NAME})),
     .says = "One template, as Meta has it.",
     .answer = "Template"},
    {0},
};

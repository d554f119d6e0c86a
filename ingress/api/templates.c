#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/finds.h"

static const struct desk_name of_template[] = {{"id", DESK_THING_NAME}, {0}};

const struct endpoint template_endpoints[] = {
    {.method = "GET",
     .path = "/api/templates",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_templates, .list = DESK_LIST_BY_N, .find = TEMPLATE_FIND),
     .says = "The org's templates that fit, as Meta has them, newest first.",
     .answer = "Templates"},
    {.method = "GET",
     .path = "/api/templates/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_template, .path = of_template),
     .says = "One template, as Meta has it.",
     .answer = "Template"},
    {0},
};

#include "ingress/admin/endpoints.h"

const struct endpoint desk_media_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/media",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR, // it has what contacts call their files
     DESK_TASK(.call = &tg_admin_list_media, .path = DESK_NAMES({"org", DESK_ORG_ID}),
               .list = DESK_LIST_BY_ID),
     .says = "An org's files, newest first; not what is in them.",
     .answer = "KeptFiles"},
    {0},
};

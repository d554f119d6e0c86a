#include "common/limits.h"
#include "ingress/admin/endpoints.h"

static const struct desk_name of_org[] = {{"org", DESK_ORG_ID}, {0}};
static const struct desk_name of_key[] = {{"org", DESK_ORG_ID}, {"key", DESK_THING_ID}, {0}};

const struct endpoint key_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/keys",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_keys, .path = of_org, .list = DESK_LIST_BY_ID),
     .says = "The org's API keys, newest first.",
     .answer = "Keys"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/keys",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_create_key, .path = of_org, .status = 201,
               .members = DESK_MEMBERS(
                   {"name", DESK_TEXT, .required = true}, {"rights", .kind = DESK_TEXTS},
                   {"expires_at", .kind = DESK_TIME}, {"addresses", .kind = DESK_TEXTS})),
     .says = "Makes an API key, which is told this once.",
     .request = "NewKey",
     .answer = "Key"},
    {.method = "PATCH",
     .path = "/admin/orgs/{org}/keys/{key}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_change_key, .path = of_key,
               .members = DESK_MEMBERS({"name", .kind = DESK_TEXT}, {"rights", .kind = DESK_TEXTS},
                                       {"expires_at", .kind = DESK_TIME, .clears = true},
                                       {"addresses", .kind = DESK_TEXTS, .clears = true})),
     .says = "Changes an API key.",
     .request = "KeyChange",
     .answer = "Key"},
    {.method = "DELETE",
     .path = "/admin/orgs/{org}/keys/{key}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_revoke_key, .path = of_key),
     .says = "Ends an API key.",
     .answer = "Key"},
    {0},
};

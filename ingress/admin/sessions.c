#include "common/limits.h"
#include "ingress/admin/endpoints.h"

static const struct desk_name of_org[] = {{"org", DESK_ORG_ID}, {0}};
static const struct desk_name of_session[] = {
    {"org", DESK_ORG_ID}, {"session", DESK_THING_ID}, {0}};

const struct endpoint desk_session_endpoints[] = {
    {.method = "POST",
     .path = "/admin/orgs/{org}/console-links",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_admin_create_console_link, .path = of_org, .status = 201,
               .members = DESK_MEMBERS({"rights", .kind = DESK_TEXTS},
                                       {"good_for_s", DESK_NUMBER, .min = 1, .max = 7LL * 86400})),
     .says =
         "Makes a link that lets one person into the console, once; its path is told this once.",
     .request = "NewConsoleLink",
     .answer = "ConsoleLink"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/sessions",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_sessions, .path = of_org, .list = DESK_LIST_BY_ID),
     .says = "Who of the org's people is, or was, in the console, newest first.",
     .answer = "Sessions"},
    {.method = "DELETE",
     .path = "/admin/orgs/{org}/sessions/{session}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_revoke_session, .path = of_session),
     .says = "Ends a session.",
     .answer = "Session"},
    {0},
};

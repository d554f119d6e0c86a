#include "ingress/admin/endpoints.h"

enum { TYPES_BYTES_MAX = 1023 };

const struct endpoint desk_event_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/events",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR, // customers' words stand in it
     DESK_TASK(.call = &tg_admin_list_events, .path = DESK_NAMES({"org", DESK_ORG_ID}),
               .list = DESK_LIST_BY_MARK,
               .find = DESK_MEMBERS({"types", .kind = DESK_TEXT, .max = TYPES_BYTES_MAX},
                                    {"channel_id", .kind = DESK_ID})),
     .says = "What an org was told, newest first.",
     .answer = "RecentEvents"},
    {0},
};

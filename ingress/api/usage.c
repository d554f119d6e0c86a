#include "ingress/api/endpoints.h"

#include "common/store/lists.h"
#include "ingress/desk/desk.h"

const struct endpoint usage_endpoints[] = {
    {.method = "GET",
     .path = "/api/usage",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_usage,
               .find =
                   DESK_MEMBERS({"since", .kind = DESK_DAY}, {"until", .kind = DESK_DAY},
                                {"channel", .kind = DESK_TEXT}, {"channel_id", .kind = DESK_ID})),
     .says = "What the org used, by day and channel.",
     .answer = "Usage"},
    {0},
};

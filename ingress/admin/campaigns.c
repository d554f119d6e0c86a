#include "common/store/campaigns.h"

#include "ingress/admin/endpoints.h"
#include "ingress/desk/finds.h"

#define ONE_OF_ORG DESK_NAMES({"org", DESK_ORG_ID}, {"campaign", DESK_THING_ID})

const struct endpoint desk_campaign_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/campaigns",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_list_campaigns, .path = DESK_NAMES({"org", DESK_ORG_ID}),
               .list = DESK_LIST_BY_ID, .find = CAMPAIGN_FIND),
     .says = "An org's campaigns, newest first.",
     .answer = "Campaigns"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/campaigns/{campaign}",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_get_campaign, .path = ONE_OF_ORG),
     .says = "One campaign, and how far it is.",
     .answer = "Campaign"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/campaigns/{campaign}/refused",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR, // it has phones of people
     DESK_TASK(.call = &tg_list_refused_recipients, .path = ONE_OF_ORG, .list = DESK_LIST_BY_N),
     .says = "Recipients who got no message when their turn came, the last line first.",
     .answer = "RefusedRecipients"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/campaigns/{campaign}/pause",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_pause_campaign, .path = ONE_OF_ORG),
     .says = "Keeps what has not left of a campaign from leaving.",
     .answer = "Campaign"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/campaigns/{campaign}/resume",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_resume_campaign, .path = ONE_OF_ORG),
     .says = "Lets a paused campaign go on.",
     .answer = "Campaign"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/campaigns/{campaign}/cancel",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_cancel_campaign, .path = ONE_OF_ORG),
     .says = "Ends a campaign. What has not left is refunded.",
     .answer = "Campaign"},
    {0},
};

#include "common/limits.h"
#include "ingress/admin/desk.h"

static const struct desk_name of_org[] = {{"org", DESK_ORG_ID}, {0}};
static const struct desk_name of_channel[] = {
    {"org", DESK_ORG_ID}, {"channel", DESK_THING_ID}, {0}};

// Meta's tokens have some 200 characters, and no bound that is written down.
enum { TOKEN_MAX = 4096 };

#define FEE_AND_RATE                                                                               \
    {"waba_id", DESK_TEXT, .clears = true}, {"display_phone_number", DESK_TEXT, .clears = true},   \
        {"service_fee_per_msg", .kind = DESK_MONEY},                                               \
    {                                                                                              \
        "max_mps", DESK_NUMBER, .max = 10000                                                       \
    }

const struct endpoint channel_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/channels",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_channels, .path = of_org, .list = DESK_LIST_BY_ID),
     .says = "The org's channels, newest first.",
     .answer = "Channels"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/channels",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_add_channel, .path = of_org, .status = 201,
               .members = DESK_MEMBERS(
                   {"phone_number_id", DESK_TEXT, .required = true},
                   {"access_token", DESK_TEXT, .required = true, .max = TOKEN_MAX}, FEE_AND_RATE)),
     .says = "A number becomes the org's.",
     .request = "NewChannel",
     .answer = "Channel"},
    {.method = "GET",
     .path = "/admin/orgs/{org}/channels/{channel}",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_get_channel, .path = of_channel),
     .says = "One channel.",
     .answer = "Channel"},
    {.method = "PATCH",
     .path = "/admin/orgs/{org}/channels/{channel}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_change_channel, .path = of_channel,
               .members =
                   DESK_MEMBERS({"access_token", DESK_TEXT, .max = TOKEN_MAX}, FEE_AND_RATE)),
     .says = "Another token, account, fee or rate.",
     .request = "ChannelSettings",
     .answer = "Channel"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/channels/{channel}/pause",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_pause_channel, .path = of_channel),
     .says = "Nothing is sent over it until it is resumed.",
     .answer = "Channel"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/channels/{channel}/resume",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_resume_channel, .path = of_channel),
     .says = "What was paused sends again.",
     .answer = "Channel"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/channels/{channel}/disable",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_disable_channel, .path = of_channel),
     .says = "The number is no longer the org's.",
     .answer = "Channel"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/channels/{channel}/hand-over",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_hand_over_channel, .path = of_channel, .status = 201,
               .members = DESK_MEMBERS({"to_org_id", DESK_ID, .required = true},
                                       {"access_token", DESK_TEXT, .max = TOKEN_MAX})),
     .says = "The number becomes another org's.",
     .request = "HandOver",
     .answer = "Channel"},
    {0},
};

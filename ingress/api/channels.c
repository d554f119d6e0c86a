#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/desk.h"

static const struct desk_name of_channel[] = {{"number", DESK_THING_NAME}, {0}};

const struct endpoint own_channel_endpoints[] = {
    {.method = "GET",
     .path = "/api/channels",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_channels, .list = DESK_LIST_BY_ID),
     .says = "The org's channels, newest first, and how their numbers are.",
     .answer = "OwnChannels"},
    {.method = "GET",
     .path = "/api/channels/{number}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_channel, .path = of_channel),
     .says = "One channel, and how its number is.",
     .answer = "OwnChannel"},
    {0},
};

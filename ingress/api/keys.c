#include "common/limits.h"
#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/desk.h"

static const struct desk_name of_key[] = {{"id", DESK_THING_ID}, {0}};

const struct endpoint own_key_endpoints[] = {
    {.method = "GET",
     .path = "/api/keys",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     DESK_TASK(.call = &tg_list_keys, .list = DESK_LIST_BY_ID),
     .says = "The org's API keys, newest first.",
     .answer = "Keys"},
    {.method = "POST",
     .path = "/api/keys",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     DESK_BODY,
     DESK_TASK(.call = &tg_create_key, .status = 201,
               .members = DESK_MEMBERS(
                   {"name", DESK_TEXT, .required = true}, {"rights", .kind = DESK_TEXTS},
                   {"expires_at", .kind = DESK_TIME}, {"addresses", .kind = DESK_TEXTS})),
     .says = "Makes an API key, which is told this once. It may do no more than who makes it.",
     .request = "NewKey",
     .answer = "Key"},
    {.method = "DELETE",
     .path = "/api/keys/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     DESK_TASK(.call = &tg_revoke_key, .path = of_key),
     .says = "Ends an API key.",
     .answer = "Key"},
    {.method = "POST",
     .path = "/api/console-links",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     DESK_BODY,
     DESK_TASK(.call = &tg_create_link, .status = 201,
               .members = DESK_MEMBERS({"rights", .kind = DESK_TEXTS},
                                       {"good_for_s", DESK_NUMBER, .max = 7LL * 86400})),
     .says = "Makes a link that lets one of the org's people into the console, once.",
     .request = "NewConsoleLink",
     .answer = "ConsoleLink"},
    {0},
};

#include "ingress/admin/endpoints.h"

const struct endpoint found_message_endpoints[] = {
    {.method = "GET",
     .path = "/admin/messages",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_find_messages, .list = DESK_LIST_BY_ID,
               .query = DESK_NAMES({"id", DESK_FIND_TEXT}, {"wamid", DESK_FIND_TEXT},
                                   {"phone", DESK_FIND_TEXT})),
     .says = "Finds messages of any org by id, Meta's id or phone.",
     .answer = "MessageLines"},
    {.method = "GET",
     .path = "/admin/messages/{message}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR, // what customers have said stands in it
     DESK_TASK(.call = &tg_admin_get_message, .path = DESK_NAMES({"message", DESK_THING_ID})),
     .says = "A message of any org, and all that has happened to it.",
     .answer = "Message"},
    {0},
};

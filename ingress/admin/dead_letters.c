#include "common/limits.h"
#include "ingress/admin/endpoints.h"

#define LETTER DESK_NAMES({"letter", DESK_THING_N})

const struct endpoint dead_letter_endpoints[] = {
    {.method = "GET",
     .path = "/admin/dead-letters",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_dead_letters, .list = DESK_LIST_BY_N,
               .query = DESK_NAMES({"org_id", DESK_ORG_ID}, {"reason", DESK_FIND_TEXT})),
     .says = "What could not be applied, newest first.",
     .answer = "DeadLetters"},
    {.method = "GET",
     .path = "/admin/dead-letters/{letter}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR, // customers' words stand in it
     DESK_TASK(.call = &tg_admin_get_dead_letter, .path = LETTER),
     .says = "A dead letter, with what it says.",
     .answer = "DeadLetter"},
    {.method = "POST",
     .path = "/admin/dead-letters/{letter}/replay",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_replay_dead_letter, .path = LETTER),
     .says = "Has a dead letter applied once more.",
     .answer = "DeadLetter"},
    {.method = "POST",
     .path = "/admin/dead-letters/{letter}/dismiss",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_dismiss_dead_letter, .path = LETTER,
               .members = DESK_MEMBERS({"reason", DESK_TEXT, .required = true})),
     .says = "Lets a dead letter go; the audit log keeps why.",
     .request = "Dismissal",
     .answer = "DeadLetter"},
    {0},
};

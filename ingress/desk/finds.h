// What is the same for orgs and for operators of how lists are asked for, and of what is said of
// an endpoint.
#pragma once

#include "ingress/desk/desk.h"

extern const char *const campaign_states[];
extern const char *const delivery_states[];
extern const char *const endpoint_states[]; // that one may be set to

enum { TEMPLATE_NAME_BYTES_MAX = 512, TEMPLATE_WORD_BYTES_MAX = 64 };

#define CAMPAIGN_FIND DESK_MEMBERS({"state", DESK_WORD, .words = campaign_states})
#define DELIVERY_FIND DESK_MEMBERS({"state", .kind = DESK_WORD, .words = delivery_states})
#define TEMPLATE_FIND                                                                              \
    DESK_MEMBERS({"status", .kind = DESK_TEXT, .max = TEMPLATE_WORD_BYTES_MAX},                    \
                 {"name", .kind = DESK_TEXT, .max = TEMPLATE_NAME_BYTES_MAX},                      \
                 {"language", .kind = DESK_TEXT, .max = TEMPLATE_WORD_BYTES_MAX},                  \
                 {"category", .kind = DESK_TEXT, .max = TEMPLATE_WORD_BYTES_MAX},                  \
                 {"channel_id", .kind = DESK_ID})
#define RECOVERY_MEMBERS DESK_MEMBERS({"since", .kind = DESK_TIME})

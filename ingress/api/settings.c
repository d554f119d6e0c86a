#include "common/limits.h"
#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/desk.h"

enum { DAY_S = 86400 };

static const char *const outside_window_words[] = {"off", "warn", "refuse", NULL};

const struct endpoint setting_endpoints[] = {
    {.method = "GET",
     .path = "/api/settings",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_settings),
     .says = "What the org has set.",
     .answer = "Settings"},
    {.method = "PATCH",
     .path = "/api/settings",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY,
     DESK_TASK(.call = &tg_change_settings,
               .members = DESK_MEMBERS(
                   {"default_country", .kind = DESK_TEXT, .clears = true},
                   {"default_channel_id", .kind = DESK_ID, .clears = true},
                   {"opt_out_words", .kind = DESK_TEXTS}, {"opt_in_words", .kind = DESK_TEXTS},
                   {"replies_per_minute_max", .kind = DESK_NUMBER, .max = 1000},
                   {"undelivered_after_s", DESK_NUMBER, .clears = true, .max = 90LL * DAY_S},
                   {"keep_bodies_for_s", DESK_NUMBER, .clears = true, .max = 3650LL * DAY_S},
                   {"outside_window", DESK_WORD, .words = outside_window_words})),
     .says = "Changes what the org may set by itself.",
     .request = "SettingsChange",
     .answer = "Settings"},
    {0},
};

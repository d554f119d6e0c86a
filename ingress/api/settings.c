#include "common/limits.h"
#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/desk.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

// Of outside_window, and of template_check.
static const char *const refusal_words[] = {"off", "warn", "refuse", NULL};

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
                   {"undelivered_after_s", DESK_NUMBER, .clears = true, .min = HOUR_S,
                    .max = 90LL * DAY_S},
                   {"keep_bodies_for_s", DESK_NUMBER, .clears = true, .min = 1,
                    .max = 3650LL * DAY_S},
                   {"keep_media", .kind = DESK_BOOL},
                   {"keep_media_for_s", DESK_NUMBER, .min = 1, .max = 3650LL * DAY_S},
                   {"keep_media_types", .kind = DESK_TEXTS, .clears = true},
                   {"keep_media_max_bytes", DESK_NUMBER, .min = 1, .max = TG_MEDIA_MAX},
                   {"outside_window", DESK_WORD, .words = refusal_words},
                   {"wallet_low_at", DESK_MONEY, .clears = true},
                   {"template_check", DESK_WORD, .words = refusal_words},
                   {"time_zone", .kind = DESK_TEXT}, {"reply_meta_cost", .kind = DESK_MONEY})),
     .says = "Changes what the org may set by itself.",
     .request = "SettingsChange",
     .answer = "Settings"},
    {0},
};

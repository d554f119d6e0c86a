#include "common/limits.h"
#include "ingress/admin/endpoints.h"

static const struct desk_name of_org[] = {{"org", DESK_ORG_ID}, {0}};

// Of outside_window, and of template_check.
static const char *const refusal_words[] = {"off", "warn", "refuse", NULL};

#define SETTINGS                                                                                   \
    {.name = "currency", .kind = DESK_TEXT}, {"default_country", DESK_TEXT, .clears = true},       \
        {"default_channel_id", DESK_ID, .clears = true}, {"opt_out_words", .kind = DESK_TEXTS},    \
        {"opt_in_words", .kind = DESK_TEXTS},                                                      \
        {"replies_per_minute_max", DESK_NUMBER, .max = 1000},                                      \
        {"undelivered_after_s", DESK_NUMBER, .clears = true, .min = 1, .max = 90LL * 86400},       \
        {"keep_bodies_for_s", DESK_NUMBER, .clears = true, .min = 1, .max = 3650LL * 86400},       \
        {"outside_window", DESK_WORD, .words = refusal_words}, {"time_zone", .kind = DESK_TEXT},   \
        {"reply_meta_cost", .kind = DESK_MONEY}, {"keep_media", .kind = DESK_BOOL},                \
        {"keep_media_for_s", DESK_NUMBER, .min = 1, .max = 3650LL * 86400},                        \
        {"keep_media_types", .kind = DESK_TEXTS, .clears = true},                                  \
        {"keep_media_max_bytes", DESK_NUMBER, .min = 1, .max = TG_MEDIA_MAX},                      \
        {"media_quota_bytes", DESK_NUMBER, .max = 1LL << 50},                                      \
    {                                                                                              \
        "template_check", DESK_WORD, .words = refusal_words                                        \
    }

const struct endpoint org_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_list_orgs, .query = DESK_NAMES({"name", DESK_FIND_TEXT}),
               .list = DESK_LIST_BY_ID),
     .says = "All orgs, or those of a name, newest first.",
     .answer = "Orgs"},
    {.method = "POST",
     .path = "/admin/orgs",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_create_org, .status = 201,
               .members = DESK_MEMBERS({"name", DESK_TEXT, .required = true}, SETTINGS)),
     .says = "Makes an org.",
     .request = "OrgSettings",
     .answer = "Org"},
    {.method = "GET",
     .path = "/admin/orgs/{org}",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     DESK_TASK(.call = &tg_admin_get_org, .path = of_org),
     .says = "One org.",
     .answer = "Org"},
    {.method = "PATCH",
     .path = "/admin/orgs/{org}",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_BODY,
     DESK_TASK(.call = &tg_admin_change_org, .path = of_org,
               .members = DESK_MEMBERS({"name", .kind = DESK_TEXT}, SETTINGS)),
     .says = "Changes an org's name or settings.",
     .request = "OrgSettings",
     .answer = "Org"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/suspend",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_suspend_org, .path = of_org),
     .says = "The org sends nothing until it is resumed.",
     .answer = "Org"},
    {.method = "POST",
     .path = "/admin/orgs/{org}/resume",
     .who = CALLER_OPERATOR,
     .role = ROLE_OPERATOR,
     DESK_TASK(.call = &tg_admin_resume_org, .path = of_org),
     .says = "The org sends again.",
     .answer = "Org"},
    {0},
};

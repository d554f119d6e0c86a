#include "common/base/json.h"
#include "common/crypto/seal.h"
#include "common/limits.h"
#include "common/settings/settings.h"
#include "ingress/admin/endpoints.h"

static const struct desk_name of_org[] = {{"org", DESK_ORG_ID}, {0}};
static const struct desk_name of_channel[] = {
    {"org", DESK_ORG_ID}, {"channel", DESK_THING_ID}, {0}};

// Meta's tokens have some 200 characters, and no bound that is written down.
enum { TOKEN_MAX = 4096 };

// Meta's own are of such letters, and no other would get into a header.
static bool is_token(struct tg_span token)
{
    bool good = !tg_is_sealed(token);
    for (size_t i = 0; good && i < token.length; i++)
        good = token.data[i] > ' ' && token.data[i] < 0x7f;
    return good;
}

// In place of the token, if there is one, SQL gets it as it is to stand in that row
// (`sealed_token`), if there are keys.
static bool seal_token(const struct tg_settings *settings, struct tg_uuid org_id,
                       struct tg_uuid channel_id, struct json_object *body, struct tg_error *error)
{
    const struct tg_seal_place place = tg_seal_place_of_token(org_id, channel_id);
    struct tg_span token = tg_json_span(json_object_object_get(body, "access_token"));
    TG_TEXT_AUTO text = {0};
    if (!token.data)
        return true;
    if (!is_token(token))
        return tg_error_set(error, "invalid_field", "access_token",
                            "access_token must be Meta's token, without blanks");
    if (tg_seal(settings->token_keys, &place, token, &text)) {
        json_object_object_del(body, "access_token");
        json_object_object_add(body, "sealed_token", json_object_new_string(text.data));
    }
    return true;
}

// The channel's id is made here: what is sealed is bound to it.
static bool seal_token_of_new(const struct tg_settings *settings, struct tg_uuid org_id,
                              struct json_object *body, struct tg_error *error)
{
    struct tg_uuid channel_id = tg_uuid7();
    char id[TG_UUID_TEXT_SIZE];
    if (!seal_token(settings, org_id, channel_id, body, error))
        return false;
    tg_uuid_format(channel_id, id);
    if (json_object_object_get_ex(body, "sealed_token", NULL))
        json_object_object_add(body, "id", json_object_new_string(id));
    return true;
}

static bool prepare_new(const void *settings, struct tg_desk_question *question,
                        struct json_object *body, struct tg_error *error)
{
    return seal_token_of_new(settings, question->org_id, body, error);
}

static bool prepare_change(const void *settings, struct tg_desk_question *question,
                           struct json_object *body, struct tg_error *error)
{
    return seal_token(settings, question->org_id, question->id, body, error);
}

static bool prepare_hand_over(const void *settings, struct tg_desk_question *question,
                              struct json_object *body, struct tg_error *error)
{
    (void)question;
    struct tg_uuid to_org_id;
    struct tg_span text = tg_json_span(json_object_object_get(body, "to_org_id"));
    if (!tg_uuid_parse(text.data, text.length, &to_org_id))
        return tg_error_set(error, "invalid_field", "to_org_id", "to_org_id must be a UUID");
    return seal_token_of_new(settings, to_org_id, body, error);
}

#define FEE_AND_RATE                                                                               \
    {"waba_id", DESK_TEXT, .clears = true}, {"display_phone_number", DESK_TEXT, .clears = true},   \
        {"service_fee_per_msg", .kind = DESK_MONEY},                                               \
    {                                                                                              \
        "max_mps", DESK_NUMBER, .min = 1, .max = 10000                                             \
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
     DESK_TASK(.call = &tg_admin_add_channel, .path = of_org, .prepare = prepare_new, .status = 201,
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
     DESK_TASK(.call = &tg_admin_change_channel, .path = of_channel, .prepare = prepare_change,
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
     DESK_TASK(.call = &tg_admin_hand_over_channel, .path = of_channel,
               .prepare = prepare_hand_over, .status = 201,
               .members = DESK_MEMBERS({"to_org_id", DESK_ID, .required = true},
                                       {"access_token", DESK_TEXT, .max = TOKEN_MAX})),
     .says = "The number becomes another org's.",
     .request = "HandOver",
     .answer = "Channel"},
    {0},
};

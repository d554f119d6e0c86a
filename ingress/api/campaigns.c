#include "common/store/campaigns.h"

#include "common/base/json.h"
#include "common/limits.h"
#include "ingress/api/campaign_upload.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/finds.h"
#include "ingress/http/answer.h"

#include <string.h>

static const struct desk_name of_campaign[] = {{"id", DESK_THING_ID}, {0}};

// Why a campaign does not start, in the words in which sends are refused; the first has a detail.
static const struct {
    const char *why;
    const char *code;
    const char *message;
} refusals[] = {
    {"insufficient_balance", "insufficient_balance",
     "The wallet does not carry what the campaign costs"},
    {"org_suspended", "org_suspended", "The org is suspended"},
    {"channel_not_found", "channel_not_found", "The channel is no longer active"},
    {"channel_paused", "channel_paused", "The channel is paused"},
    {"template_paused", "template_paused", "Meta has paused the template"},
    {"template_disabled", "template_disabled", "Meta has disabled the template"},
    {"template_rejected", "template_rejected", "Meta has rejected the template"},
    {"template_not_found", "template_not_found", "The number's account has no such template"},
    {"template_parameters", "template_parameters", "The template has other parameters"},
    {"expired", "conflict", "The campaign's not_after has passed"},
};

static void append_member(struct tg_text *json, struct json_object *document, const char *name)
{
    struct tg_span value = tg_json_span(tg_json_member(document, name, json_type_string));
    tg_text_append_format(json, "%s\"%s\":", json->length > 1 ? "," : "", name);
    tg_text_append_json(json, value.data ? value.data : "", value.length);
}

// A campaign that does not start: what it costs, and what the wallet lacks for it.
static bool tell_refusal(struct request *request, const struct tg_desk_question *question,
                         const struct tg_text *document)
{
    (void)question;
    struct tg_error error;
    struct tg_text detail = {0};
    struct json_object *root = tg_json_parse(tg_text_string(document), document->length, &error);
    const char *why = tg_json_string_member(root, "refused");
    size_t i = 0;
    while (why && i < sizeof refusals / sizeof *refusals - 1 && strcmp(why, refusals[i].why) != 0)
        i++;
    if (why && i > 0) {
        answer_refusal(request, refusals[i].code, NULL, refusals[i].message);
    } else if (why) {
        tg_text_append_string(&detail, "{");
        append_member(&detail, root, "balance");
        append_member(&detail, root, "cost");
        append_member(&detail, root, "missing");
        tg_text_append_string(&detail, "}");
        answer_error_detail(request, refusals[i].code, refusals[i].message, &detail);
    }
    json_object_put(root);
    return why != NULL;
}

const struct endpoint campaign_endpoints[] = {
    {.method = "GET",
     .path = "/api/campaigns",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_campaigns, .list = DESK_LIST_BY_ID, .find = CAMPAIGN_FIND),
     .says = "The org's campaigns, newest first, in pages.",
     .answer = "Campaigns"},
    {.method = "POST",
     .path = "/api/campaigns",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     .body = BODY_FILE,
     .body_max = TG_CAMPAIGN_BYTES_MAX,
     ENDPOINT_QUERY("org_id"),
     .on_database = create_campaign,
     .says = "Makes a campaign, one message to many, and tells what it costs and whom it cannot "
             "reach. Nothing is charged.",
     .request = "NewCampaign",
     .answer = "MadeCampaign"},
    {.method = "GET",
     .path = "/api/campaigns/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_campaign, .path = of_campaign),
     .says = "One campaign, and how far it is.",
     .answer = "Campaign"},
    {.method = "GET",
     .path = "/api/campaigns/{id}/refused",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_refused_recipients, .path = of_campaign, .list = DESK_LIST_BY_N),
     .says = "Recipients who got no message when their turn came, the last line first, in pages.",
     .answer = "RefusedRecipients"},
    {.method = "POST",
     .path = "/api/campaigns/{id}/start",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_start_campaign, .path = of_campaign,
               .members = DESK_MEMBERS({"cost", .kind = DESK_MONEY}), .follow = tell_refusal),
     .says = "Charges all that the campaign costs, and lets it run.",
     .request = "CampaignStart",
     .answer = "Campaign"},
    {.method = "POST",
     .path = "/api/campaigns/{id}/pause",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     DESK_TASK(.call = &tg_pause_campaign, .path = of_campaign),
     .says = "Keeps what has not left from leaving.",
     .answer = "Campaign"},
    {.method = "POST",
     .path = "/api/campaigns/{id}/resume",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     DESK_TASK(.call = &tg_resume_campaign, .path = of_campaign),
     .says = "Lets a paused campaign go on.",
     .answer = "Campaign"},
    {.method = "POST",
     .path = "/api/campaigns/{id}/cancel",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     DESK_TASK(.call = &tg_cancel_campaign, .path = of_campaign),
     .says = "Ends a campaign. What has not left is refunded.",
     .answer = "Campaign"},
    {0},
};

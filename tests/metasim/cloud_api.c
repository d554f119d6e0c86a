#include "tests/metasim/cloud_api.h"

#include "common/base/json.h"
#include "tests/metasim/access.h"
#include "tests/metasim/envelope.h"
#include "tests/metasim/graph_calls.h"
#include "tests/metasim/judge.h"
#include "tests/metasim/phone.h"
#include "tests/metasim/sim_limits.h"
#include "tests/metasim/webhook_body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    CODE_PARAMETER_INVALID = 100,
    CODE_TOKEN = 190,
    CODE_PARAMETER_VALUE = 131009,
};

// One post on its way from request to answer.
struct post_in_hand {
    const struct request *request;
    char phone_number_id[SIM_PHONE_NUMBER_ID_SIZE];
    struct json_object *message;        // owned; NULL: the body is no JSON
    const char *message_id;             // borrowed from `message`; "" if absent
    const char *to;                     // likewise: as it stands there
    char recipient[SIM_RECIPIENT_SIZE]; // whom that reaches
    char wa_id[SIM_RECIPIENT_SIZE];     // and what WhatsApp calls them
    struct judged judged;
    // If Meta refuses it:
    int code;
    int subcode;       // 0: none
    int http_status;   // 0: as the error rule says
    const char *title; // NULL: likewise
    char details[sizeof((struct objection *)0)->details];
};

static bool refuse(struct post_in_hand *post, int code, int http_status, const char *details)
{
    post->code = code;
    post->http_status = http_status;
    snprintf(post->details, sizeof post->details, "%s", details);
    return false;
}

// Takes a part of the path, of these characters and shorter than `size`, off its beginning.
static bool take_part(const char **path, const char *characters, char *part, size_t size)
{
    size_t length = strspn(*path, characters);
    if (length == 0 || length >= size)
        return false;
    memcpy(part, *path, length);
    part[length] = '\0';
    *path += length;
    return true;
}

// "/v23.0/106540352242922/messages"
static bool parse_path(const char *path, struct graph_note *graph,
                       char phone_number_id[static SIM_PHONE_NUMBER_ID_SIZE])
{
    char version[sizeof graph->version - 1];
    if (strncmp(path, "/v", 2) != 0)
        return false;
    path += 2;
    if (!take_part(&path, "0123456789.", version, sizeof version) || *path++ != '/')
        return false;
    snprintf(graph->version, sizeof graph->version, "v%s", version);
    return take_part(&path, "0123456789", phone_number_id, SIM_PHONE_NUMBER_ID_SIZE) &&
           strcmp(path, "/messages") == 0;
}

// A member's string, "" if it is none or longer than is kept.
static const char *string_member(struct json_object *object, const char *name, size_t size)
{
    const char *text = tg_json_string_member(object, name);
    return text && strlen(text) < size ? text : "";
}

static bool is_to_group(const struct post_in_hand *post)
{
    return strcmp(string_member(post->message, "recipient_type", 16), "group") == 0;
}

// Finds out whom the post reaches; `wa_id` stays empty where `to` should be a number and is none.
static void find_recipient(struct sim *sim, struct post_in_hand *post)
{
    bool phone = *post->to && !is_to_group(post);
    if (phone &&
        phone_read(post->to, numbers_code(&sim->numbers, post->phone_number_id), post->recipient)) {
        phone_wa_id(post->recipient, post->wa_id);
        return;
    }
    if (!*post->to)
        post->to = string_member(post->message, "recipient", sizeof post->recipient);
    snprintf(post->recipient, sizeof post->recipient, "%s", post->to);
    if (!phone)
        snprintf(post->wa_id, sizeof post->wa_id, "%s", post->to);
}

// Reads what the record tells of every post, be it ever so wrong.
static void understand(struct sim *sim, struct post_in_hand *post)
{
    struct tg_error not_json;
    const struct tg_text *body = &post->request->body;
    post->message = tg_json_parse(tg_text_string(body), body->length, &not_json);
    post->message_id =
        string_member(post->message, "biz_opaque_callback_data", SIM_MESSAGE_ID_SIZE);
    post->to = string_member(post->message, "to", sizeof post->recipient);
    find_recipient(sim, post);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    if (!content_type || strncasecmp(content_type, json, sizeof json - 1) != 0)
        return false;
    char next = content_type[sizeof json - 1];
    return next == '\0' || next == ';' || next == ' ';
}

static bool check_access(struct sim *sim, struct post_in_hand *post)
{
    struct access access;
    if (!access_check(sim, post->request, &access)) {
        post->title = access.title;
        return refuse(post, access.code, access.http_status, access.details);
    }
    return is_json(post->request->content_type) ||
           refuse(post, CODE_PARAMETER_INVALID, 400, "Content-Type must be application/json");
}

static bool check_message(struct post_in_hand *post)
{
    struct objection objection;
    if (post->request->body_too_large)
        return refuse(post, CODE_PARAMETER_INVALID, 413, "The request is too large");
    if (!post->message)
        return refuse(post, CODE_PARAMETER_INVALID, 400, "The request is not valid JSON");
    if (!judge_message(post->message, &post->judged, &objection))
        return refuse(post, objection.code, 400, objection.details);
    return post->judged.addressee != TO_PHONE || *post->wa_id ||
           refuse(post, CODE_PARAMETER_VALUE, 400, "to is not a phone number");
}

static bool check_rates(struct sim *sim, struct post_in_hand *post)
{
    int code = rates_check(&sim->rates, &sim->settings, post->phone_number_id, post->recipient);
    return code == RATE_KEPT || refuse(post, code, 0, "Too many messages were sent");
}

static void record(struct sim *sim, const struct post_in_hand *post, const struct answer *answer,
                   bool taken, int code, uint64_t wamid_serial)
{
    const struct post_note note = {
        .message = post->message_id,
        .to = post->to,
        .recipient = post->recipient,
        .phone_number_id = post->phone_number_id,
        .taken = taken,
        .http_status = answer->manner == ANSWER_SEND ? answer->http_status : 0,
        .code = code,
        .wamid_serial = wamid_serial,
    };
    posts_add(&sim->posts, &note);
}

static void answer_refusal(struct sim *sim, const struct post_in_hand *post, struct answer *answer)
{
    struct error_rule rule = error_rules_find(&sim->error_rules, post->code, post->subcode);
    envelope_write(answer, post->http_status ? post->http_status : rule.http_status, post->code,
                   post->subcode, post->title ? post->title : rule.title,
                   *post->details ? post->details : rule.meaning);
    answer->retry_after_s = sim_settings_get(&sim->settings, SETTING_RETRY_AFTER_S);
    bool unauthorized = post->code == CODE_TOKEN && post->http_status == 401;
    stats_count(&sim->stats, unauthorized ? STAT_UNAUTHORIZED : STAT_REFUSED);
    stats_count_code(&sim->stats, post->code);
    record(sim, post, answer, false, post->code, 0);
}

// `wamid` NULL: without an id.
static void write_success(const struct post_in_hand *post, const struct fate *fate,
                          const char *wamid, struct tg_text *body)
{
    tg_text_append_string(body, "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":");
    tg_text_append_json(body, post->judged.to, strlen(post->judged.to));
    tg_text_append_string(body,
                          post->judged.addressee == TO_USER ? ",\"user_id\":" : ",\"wa_id\":");
    tg_text_append_json(body, post->wa_id, strlen(post->wa_id));
    tg_text_append_string(body, "}],\"messages\":[{");
    if (wamid)
        tg_text_append_format(body, "\"id\":\"%s\"", wamid);
    if (wamid && strcmp(post->judged.type, "template") == 0)
        tg_text_append_format(body, ",\"message_status\":\"%s\"",
                              fate->held ? "held_for_quality_assessment" : "accepted");
    tg_text_append_string(body, "}]}");
}

// What somebody on the way answers in Meta's place.
static void write_for_proxy(const struct fate *fate, struct answer *answer)
{
    answer->http_status = fate->http_status;
    answer->content_type = "text/html";
    answer->graph.number = 0;
    if (fate->body == BODY_PROXY_HTML)
        tg_text_append_format(
            &answer->body, "<html><head><title>%d</title></head><body><h1>%d</h1></body></html>\n",
            fate->http_status, fate->http_status);
}

static void write_body(const struct post_in_hand *post, const struct fate *fate, const char *wamid,
                       struct answer *answer)
{
    answer->http_status = 200;
    switch (fate->body) {
    case BODY_SUCCESS:
        write_success(post, fate, wamid, &answer->body);
        break;
    case BODY_GARBAGE:
        tg_text_append_string(&answer->body, "{\"messaging_product\":\"what\xff\xfe");
        break;
    case BODY_WITHOUT_ID:
        write_success(post, fate, NULL, &answer->body);
        break;
    case BODY_PROXY_HTML:
    case BODY_EMPTY:
        write_for_proxy(fate, answer);
        break;
    }
}

// Meta's word for what it charges for.
static const char *category_of(const struct judged *judged)
{
    bool utility = strcmp(judged->type, "template") == 0;
    if (judged->addressee == TO_GROUP)
        return utility ? "group_utility" : "group_service";
    return utility ? "utility" : "service";
}

static void plan_webhooks(struct sim *sim, const struct post_in_hand *post, const struct fate *fate,
                          uint64_t serial, const char *wamid, struct answer *answer)
{
    const struct status_plan *plan = fate->statuses;
    if (!plan || !sim_settings_get(&sim->settings, SETTING_WEBHOOKS) ||
        !webhooks_aimed(sim->webhooks))
        return;
    struct error_rule rule = error_rules_find(&sim->error_rules, fate->code, 0);
    const struct webhook_status status = {
        .phone_number_id = post->phone_number_id,
        .wamid = wamid,
        .recipient = post->wa_id,
        .addressee = post->judged.addressee,
        .category = category_of(&post->judged),
        .callback_data = post->message_id,
        .error_code = fate->code,
        .error_title = rule.title,
        .error_details = rule.meaning,
    };
    struct series *series =
        series_of_statuses(plan, sim_settings_get(&sim->settings, SETTING_STATUS_GAP_MS), &status);
    series->held_answer = plan->before_answer ? serial : 0;
    if (!webhooks_admit(sim->webhooks, series))
        return;
    answer->webhooks = series;
    if (plan->before_answer) {
        answer->ticket = serial;
        answer->delay_ms = SIM_HELD_ANSWER_MS_MAX;
    }
}

// A message is taken here and nowhere else, before anything of its answer leaves.
static void answer_fate(struct sim *sim, const struct post_in_hand *post, const struct fate *fate,
                        struct answer *answer)
{
    answer->manner = fate->manner;
    if (fate->close_if_reused && post->request->connection_reused)
        answer->manner = ANSWER_CLOSE;
    answer->delay_ms += fate->delay_ms;
    if (!fate->taken) {
        if (fate->http_status != 0)
            write_for_proxy(fate, answer);
        stats_count(&sim->stats, STAT_REFUSED);
        record(sim, post, answer, false, -1, 0);
        return;
    }
    uint64_t serial = wamids_next(&sim->wamids);
    char wamid[WAMID_SIZE];
    wamids_write(&sim->wamids, serial, post->recipient, wamid);
    if (answer->manner == ANSWER_SEND)
        write_body(post, fate, wamid, answer);
    // Before the post can be seen: who sees it taken and no webhook waiting knows that none will
    // come.
    plan_webhooks(sim, post, fate, serial, wamid, answer);
    stats_count(&sim->stats, STAT_TAKEN);
    record(sim, post, answer, true, -1, serial);
}

static void answer_post(struct sim *sim, struct post_in_hand *post, struct answer *answer)
{
    if (!check_access(sim, post) || !check_message(post) || !check_rates(sim, post)) {
        answer_refusal(sim, post, answer);
        return;
    }
    if (post->judged.addressee == TO_NOBODY) {
        answer->http_status = 200;
        tg_text_append_string(&answer->body, "{\"success\":true}");
        stats_count(&sim->stats, STAT_RECEIPTS);
        return;
    }
    struct fate fate =
        recipients_fate(&sim->recipients, post->recipient, post->judged.addressee == TO_GROUP);
    if (fate.refused) {
        (void)refuse(post, fate.code, 0, "");
        post->subcode = fate.subcode;
        answer_refusal(sim, post, answer);
        return;
    }
    answer_fate(sim, post, &fate, answer);
}

void cloud_api_answer(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct post_in_hand post = {.request = request};
    stats_count(&sim->stats, STAT_REQUESTS);
    stats_count(&sim->stats, request->connection_reused ? STAT_REUSED : STAT_CONNECTIONS);
    answer->delay_ms = sim_settings_get(&sim->settings, SETTING_LATENCY_MS);
    answer->graph.number = atomic_fetch_add(&sim->answers, 1) + 1;
    answer->graph.usage_percent = sim_settings_get(&sim->settings, SETTING_USAGE_PERCENT);
    if (!parse_path(request->path, &answer->graph, post.phone_number_id) ||
        strcmp(request->method, "POST") != 0) {
        graph_calls_answer(sim, request, answer);
        return;
    }
    understand(sim, &post);
    answer_post(sim, &post, answer);
    json_object_put(post.message);
}

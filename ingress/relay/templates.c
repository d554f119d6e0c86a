// Changes of templates by Tollgate's own API: what is asked is checked, passed on to Meta as a call
// of its own, kept here once Meta has done it, and answered with the template as it is then.
#include "common/base/json.h"
#include "common/limits.h"
#include "common/store/desk.h"
#include "common/store/failure.h"
#include "ingress/desk/member.h"
#include "ingress/relay/call.h"
#include "ingress/relay/relay.h"
#include "ingress/route/document.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 512, WORD_BYTES_MAX = 32, TTL_MAX_S = 30 * 86400 };

static const char *const formats[] = {"NAMED", "POSITIONAL", NULL};

#define FORMAT                                                                                     \
    {                                                                                              \
        "parameter_format", .kind = DESK_WORD, .words = formats                                    \
    }
#define TTL                                                                                        \
    {                                                                                              \
        "message_send_ttl_seconds", .kind = DESK_NUMBER, .max = TTL_MAX_S                          \
    }

static const struct desk_member new_members[] = {
    {"name", .kind = DESK_TEXT, .required = true, .max = NAME_BYTES_MAX},
    {"language", .kind = DESK_TEXT, .required = true, .max = WORD_BYTES_MAX},
    {"category", .kind = DESK_TEXT, .required = true, .max = WORD_BYTES_MAX},
    {"components", .kind = DESK_OBJECTS, .required = true},
    FORMAT,
    TTL,
    {"channel_id", .kind = DESK_ID},
    {"phone_number_id", .kind = DESK_TEXT, .max = MEDIA_ID_SIZE - 1},
    {0}};

static const struct desk_member changed_members[] = {
    {"components", .kind = DESK_OBJECTS},
    {"category", .kind = DESK_TEXT, .max = WORD_BYTES_MAX},
    FORMAT,
    TTL,
    {0}};

static void take_channel(struct call *call, struct json_object *asked)
{
    const char *id = tg_json_string_member(asked, "channel_id");
    const char *number = tg_json_string_member(asked, "phone_number_id");
    if (id)
        call->has_channel = tg_uuid_parse(id, strlen(id), &call->channel_id);
    if (number)
        snprintf(call->phone_number_id, sizeof call->phone_number_id, "%s", number);
    json_object_object_del(asked, "channel_id");
    json_object_object_del(asked, "phone_number_id");
}

// What is asked of Meta is all that is left of the body.
static void take_rest(struct call *call, struct json_object *asked)
{
    tg_json_write(asked, &call->body);
    call->body_type = "application/json";
    json_object_put(asked);
}

static bool read_new(struct call *call)
{
    struct json_object *asked =
        desk_read_object(&call->request->body.bytes, new_members, &call->error);
    if (!asked)
        return false;
    take_channel(call, asked);
    take_rest(call, asked);
    return true;
}

static bool is_not_there(struct call *call)
{
    return tg_error_set(&call->error, "not_found", NULL,
                        "The org has no such template, as far as is known");
}

// Meta's ids are numbers: whatever else stands there is no template's.
static bool read_id(struct call *call)
{
    struct tg_span id = endpoint_segment(call->request, "id");
    if (id.length == 0 || id.length >= sizeof call->template_id)
        return is_not_there(call);
    memcpy(call->template_id, id.data, id.length);
    return strspn(call->template_id, "0123456789") == id.length || is_not_there(call);
}

static bool read_change(struct call *call)
{
    struct json_object *asked =
        read_id(call) ? desk_read_object(&call->request->body.bytes, changed_members, &call->error)
                      : NULL;
    if (!asked)
        return false;
    bool changes = json_object_object_get_ex(asked, "components", NULL) ||
                   json_object_object_get_ex(asked, "category", NULL) ||
                   json_object_object_get_ex(asked, "message_send_ttl_seconds", NULL);
    take_rest(call, asked);
    return changes || tg_error_set(&call->error, "missing_field", "components",
                                   "components, category or message_send_ttl_seconds must be "
                                   "there");
}

// Whose account it is, and under which token. `call->id` becomes the account's.
static bool find(struct call *call, struct tg_pg *pg, struct tg_template_call *found)
{
    const struct tg_template_question question = {.org_id = call->org_id,
                                                  .id = call->template_id,
                                                  .channel_id = call->channel_id,
                                                  .has_channel = call->has_channel,
                                                  .phone_number_id = call->phone_number_id};
    bool is_there;
    enum tg_pg_status status = tg_store_find_template_call(pg, &question, &is_there, found);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, &call->error);
    if (!is_there)
        return *call->template_id
                   ? is_not_there(call)
                   : tg_error_set(&call->error, "channel_not_found", "channel_id",
                                  "The org has no such channel, or not its account for itself");
    call->relayed = found->relayed;
    call->relayed.kind = TG_RELAYED_ACCOUNT;
    snprintf(call->id, sizeof call->id, "%s", found->waba_id);
    return !call->relayed.is_suspended ||
           tg_error_set(&call->error, "org_suspended", NULL, "The org is suspended");
}

static bool find_account(struct call *call, struct tg_pg *pg)
{
    struct tg_template_call found = {0};
    return find(call, pg, &found);
}

static bool find_template(struct call *call, struct tg_pg *pg)
{
    struct tg_template_call found = {0};
    if (!find(call, pg, &found))
        return false;
    memcpy(call->id, call->template_id, sizeof call->id);
    return true;
}

// Meta deletes by the name, and of that the one with this id.
static bool find_deleted(struct call *call, struct tg_pg *pg)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    struct tg_template_call found = {0};
    if (!find(call, pg, &found))
        return false;
    tg_text_append_format(&call->query, "hsm_id=%s&name=", call->template_id);
    for (const char *at = found.name; *at; at++) {
        if (strchr(plain, *at))
            tg_text_append(&call->query, at, 1);
        else
            tg_text_append_format(&call->query, "%%%02X", (unsigned char)*at);
    }
    return true;
}

// Whatever hinders it: Meta has done it.
static bool keep(struct call *call, struct tg_pg *pg, const struct tg_call *made, const char *name)
{
    struct tg_desk_question question = {.actor = call->caller->actor,
                                        .org_id = call->org_id,
                                        .has_org = true,
                                        .name = {name, strlen(name)},
                                        .find = call->answer,
                                        .body = call->body};
    return tg_store_desk(pg, made, &question, &call->document) == TG_PG_OK ||
           tg_error_set(&call->error, "outcome_unknown", NULL,
                        "Meta has done it; what has become of it is seen here soon");
}

static bool keep_new(struct call *call, struct tg_pg *pg)
{
    return keep(call, pg, &tg_keep_new_template, call->id);
}

static bool keep_change(struct call *call, struct tg_pg *pg)
{
    return keep(call, pg, &tg_keep_template_change, call->template_id);
}

static bool keep_deletion(struct call *call, struct tg_pg *pg)
{
    return keep(call, pg, &tg_keep_template_deletion, call->template_id);
}

static void pass_on(void *context, struct request *request, const struct identity *caller)
{
    if (document_knows_query(request))
        relay_take(context, request, caller);
}

#define TASK(...)                                                                                  \
    .task = &(const struct relay_task)                                                             \
    {                                                                                              \
        .renews_templates = true, __VA_ARGS__                                                      \
    }
#define DEED(...)                                                                                  \
    .deed = &(const struct relay_deed)                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define OF_ORG                                                                                     \
    .who = CALLER_ORG, ENDPOINT_QUERY("org_id"), .right = RIGHT_MANAGE, .on_server = pass_on,      \
    .answer = "Template"
#define SAID .body = BODY_JSON, .body_max = TG_RELAY_BODY_MAX

const struct endpoint template_change_endpoints[] = {
    {.method = "POST",
     .path = "/api/templates",
     OF_ORG,
     SAID,
     TASK(.name = "own_template_create", .edge = "message_templates",
          DEED(.method = "POST", .read = read_new, .find = find_account, .keep = keep_new,
               .status = 201)),
     .says = "A new template, which Meta looks at before it may be sent.",
     .request = "NewTemplate"},
    {.method = "PATCH",
     .path = "/api/templates/{id}",
     OF_ORG,
     SAID,
     TASK(.name = "own_template_edit",
          DEED(.method = "POST", .read = read_change, .find = find_template, .keep = keep_change,
               .status = 200)),
     .says = "A template says something else, once Meta has looked at it.",
     .request = "TemplateChange"},
    {.method = "DELETE",
     .path = "/api/templates/{id}",
     OF_ORG,
     TASK(.name = "own_template_delete", .edge = "message_templates",
          DEED(.method = "DELETE", .read = read_id, .find = find_deleted, .keep = keep_deletion,
               .status = 200)),
     .says = "Deletes a template, in its one language."},
    {0},
};

#include "tests/metasim/graph_calls.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "tests/metasim/envelope.h"
#include "tests/metasim/graph_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    CODE_PARAMETER = 100,
    CODE_TOKEN = 190,
    CODE_UNKNOWN_PATH = 2500,
    CODE_WRONG_PIN = 133005,
    SUBCODE_NOT_THERE = 33,
};

void graph_refuse(struct graph_call *call, int http_status, int code, int subcode,
                  const char *title, const char *details)
{
    envelope_write(call->answer, http_status, code, subcode, title, details);
}

void graph_refuse_object(struct graph_call *call)
{
    TG_TEXT_AUTO title = {0};
    tg_text_append_format(&title,
                          "Unsupported %s request. Object with ID '%s' does not exist, cannot be "
                          "loaded due to missing permissions, or does not support this operation",
                          strcmp(call->request->method, "GET") == 0 ? "get" : "post", call->id);
    graph_refuse(call, 400, CODE_PARAMETER, SUBCODE_NOT_THERE, title.data, "");
}

void graph_succeed(struct graph_call *call)
{
    call->answer->http_status = 200;
    tg_text_append_string(&call->answer->body, "{\"success\":true}");
}

const char *graph_text(struct graph_call *call, const char *name)
{
    const char *text = tg_json_string_member(call->body, name);
    return text ? text : request_argument(call->request, name);
}

// Is the name one of a list with commas between?
static bool is_named(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && strchr(", ", at[length]))
            return true;
    }
    return false;
}

// Are only told where ?fields= names them.
static bool is_told_by_itself(const char *name)
{
    return strcmp(name, "health_status") != 0 && strcmp(name, "account_mode") != 0 &&
           strcmp(name, "whatsapp_business_manager_messaging_limit") != 0;
}

void graph_write_fields(struct graph_call *call, struct json_object *object, struct tg_text *out)
{
    const char *fields = request_argument(call->request, "fields");
    const char *separator = "{";
    json_object_object_foreach(object, name, value)
    {
        bool wanted =
            fields ? is_named(fields, name) || strcmp(name, "id") == 0 : is_told_by_itself(name);
        if (*name == '_' || !wanted)
            continue;
        tg_text_append_format(out, "%s\"%s\":%s", separator, name,
                              json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
        separator = ",";
    }
    tg_text_append_string(out, *separator == '{' ? "{}" : "}");
}

// "_raw" is the answer as it is, "_refuse" the code of an error, "_words" what that says, and
// "_lacks" a field that this version of the API has not.
static void get_number(struct graph_call *call)
{
    struct json_object *number = estate_number(call->estate, call->id);
    struct json_object *code = tg_json_member(number, "_refuse", json_type_int);
    const char *words = tg_json_string_member(number, "_words");
    const char *raw = tg_json_string_member(number, "_raw");
    const char *lacks = tg_json_string_member(number, "_lacks");
    const char *fields = request_argument(call->request, "fields");
    if (code) {
        graph_refuse(call, 400, json_object_get_int(code), 0, words ? words : "Refused", "");
    } else if (lacks && fields && is_named(fields, lacks)) {
        graph_refuse(call, 400, CODE_PARAMETER, 0,
                     "(#100) Tried accessing nonexisting field on node type", "");
    } else {
        call->answer->http_status = 200;
        if (raw)
            tg_text_append_string(&call->answer->body, raw);
        else
            graph_write_fields(call, number, &call->answer->body);
    }
}

static void get_account(struct graph_call *call)
{
    call->answer->http_status = 200;
    graph_write_fields(call, estate_account(call->estate, call->id), &call->answer->body);
}

static bool is_known(struct json_object *map, const char *id)
{
    return json_object_object_get_ex(map, id, NULL);
}

// Files and templates are known by their ids; an account by what was done with it; all else that is
// the token's is a number.
static void get_object(struct graph_call *call)
{
    if (graph_get_media(call) || graph_get_template(call))
        return;
    if (estate_was_new(call->estate, call->id) || !estate_owns(call->estate, call->token, call->id))
        graph_refuse_object(call);
    else if (is_known(call->estate->accounts, call->id))
        get_account(call);
    else
        get_number(call);
}

static bool is_pin(const char *pin)
{
    return pin && strlen(pin) == 6 && strspn(pin, "0123456789") == 6;
}

static void set_object(struct graph_call *call)
{
    const char *pin = graph_text(call, "pin");
    if (graph_edit_template(call))
        return;
    if (estate_was_new(call->estate, call->id) ||
        !estate_owns(call->estate, call->token, call->id)) {
        graph_refuse_object(call);
    } else if (!is_pin(pin)) {
        graph_refuse(call, 400, CODE_PARAMETER, 0, "Invalid parameter", "pin must have 6 digits");
    } else {
        json_object_object_add(estate_number(call->estate, call->id), "_pin",
                               json_object_new_string(pin));
        graph_succeed(call);
    }
}

static void delete_object(struct graph_call *call)
{
    if (!graph_delete_media(call))
        graph_refuse_object(call);
}

static void register_number(struct graph_call *call)
{
    const char *pin = graph_text(call, "pin");
    const char *is = tg_json_string_member(estate_number(call->estate, call->id), "_pin");
    if (!is_pin(pin))
        graph_refuse(call, 400, CODE_PARAMETER, 0, "Invalid parameter", "pin must have 6 digits");
    else if (is && strcmp(pin, is) != 0)
        graph_refuse(call, 400, CODE_WRONG_PIN, 0, "Two step verification PIN Mismatch",
                     "The PIN is another");
    else
        graph_succeed(call);
}

static struct json_object *profile_of(struct graph_call *call)
{
    struct json_object *number = estate_number(call->estate, call->id);
    struct json_object *profile;
    if (json_object_object_get_ex(number, "_profile", &profile))
        return profile;
    profile = json_object_new_object();
    json_object_object_add(profile, "messaging_product", json_object_new_string("whatsapp"));
    json_object_object_add(profile, "about", json_object_new_string("Sums and sons"));
    json_object_object_add(number, "_profile", profile);
    return profile;
}

static void get_profile(struct graph_call *call)
{
    call->answer->http_status = 200;
    tg_text_append_string(&call->answer->body, "{\"data\":[");
    graph_write_fields(call, profile_of(call), &call->answer->body);
    tg_text_append_string(&call->answer->body, "]}");
}

static void set_profile(struct graph_call *call)
{
    const char *product = graph_text(call, "messaging_product");
    if (!product || strcmp(product, "whatsapp") != 0) {
        graph_refuse(call, 400, CODE_PARAMETER, 0, "Invalid parameter",
                     "messaging_product is required");
        return;
    }
    json_object_object_foreach(call->body, name, value)
    {
        json_object_object_add(profile_of(call), name, json_object_get(value));
    }
    graph_succeed(call);
}

static void list_numbers(struct graph_call *call)
{
    const char *separator = "";
    call->answer->http_status = 200;
    tg_text_append_string(&call->answer->body, "{\"data\":[");
    json_object_object_foreach(call->estate->numbers, id, number)
    {
        (void)id;
        const char *account = tg_json_string_member(number, "_account");
        if (!account || strcmp(account, call->id) != 0)
            continue;
        tg_text_append_string(&call->answer->body, separator);
        graph_write_fields(call, number, &call->answer->body);
        separator = ",";
    }
    tg_text_append_string(&call->answer->body, "],\"paging\":{\"cursors\":{}}}");
}

static void list_apps(struct graph_call *call)
{
    bool subscribed = json_object_get_boolean(
        json_object_object_get(estate_account(call->estate, call->id), "_subscribed"));
    call->answer->http_status = 200;
    tg_text_append_format(
        &call->answer->body, "{\"data\":[%s]}",
        subscribed ? "{\"whatsapp_business_api_data\":{\"id\":\"9090\",\"name\":\"Sim app\"}}"
                   : "");
}

static void subscribe(struct graph_call *call)
{
    json_object_object_add(estate_account(call->estate, call->id), "_subscribed",
                           json_object_new_boolean(strcmp(call->request->method, "POST") == 0));
    graph_succeed(call);
}

static void debug_token(struct graph_call *call)
{
    const char *about = request_argument(call->request, "input_token");
    call->answer->http_status = 200;
    if (about && strcmp(about, call->token) == 0)
        tg_text_append_string(
            &call->answer->body,
            "{\"data\":{\"app_id\":\"9090\",\"type\":\"SYSTEM_USER\",\"is_valid\":"
            "true,\"expires_at\":0,\"scopes\":[\"whatsapp_business_messaging\"]}}");
    else
        tg_text_append_string(
            &call->answer->body,
            "{\"data\":{\"error\":{\"code\":190,\"message\":\"Invalid OAuth access "
            "token.\"},\"is_valid\":false,\"scopes\":[]}}");
}

// An edge of "" is the object itself.
static const struct route {
    const char *method;
    const char *edge;
    void (*answer)(struct graph_call *call);
    bool is_of_account; // and so becomes one by being asked for
} routes[] = {
    {"POST", "media", graph_upload, false},
    {"GET", "whatsapp_business_profile", get_profile, false},
    {"POST", "whatsapp_business_profile", set_profile, false},
    {"POST", "register", register_number, false},
    {"GET", "message_templates", graph_list_templates, true},
    {"POST", "message_templates", graph_create_template, true},
    {"DELETE", "message_templates", graph_delete_templates, true},
    {"GET", "phone_numbers", list_numbers, true},
    {"GET", "subscribed_apps", list_apps, true},
    {"POST", "subscribed_apps", subscribe, true},
    {"DELETE", "subscribed_apps", subscribe, true},
    {"GET", "", get_object, false},
    {"POST", "", set_object, false},
    {"DELETE", "", delete_object, false},
};

static const struct route *find_route(const char *method, const char *edge)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].method, method) == 0 && strcmp(routes[i].edge, edge) == 0)
            return &routes[i];
    }
    return NULL;
}

static void run_route(struct graph_call *call, const struct route *route)
{
    if (*route->edge && !estate_owns(call->estate, call->token, call->id)) {
        graph_refuse_object(call);
        return;
    }
    if (route->is_of_account)
        (void)estate_account(call->estate, call->id);
    route->answer(call);
}

// Percent-encoding is undone in place; what it was is longer.
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        unsigned char c = *from == '+' ? ' ' : (unsigned char)*from;
        if (c == '%' && strlen(from) > 2 && tg_hex_read(from + 1, &c, 1))
            from += 2;
        *to++ = (char)c;
    }
    *to = '\0';
}

static struct json_object *read_form(const struct tg_text *body)
{
    struct json_object *fields = json_object_new_object();
    TG_TEXT_AUTO text = {0};
    tg_text_append(&text, body->data, body->length);
    char *rest = text.data;
    for (char *field; (field = strtok_r(rest, "&", &rest));) {
        char *value = strchr(field, '=');
        if (!value)
            continue;
        *value++ = '\0';
        decode(field);
        decode(value);
        json_object_object_add(fields, field, json_object_new_string(value));
    }
    return fields;
}

static struct json_object *read_body(const struct request *request)
{
    struct tg_error error;
    bool is_form = request->content_type &&
                   strncasecmp(request->content_type, "application/x-www-form", 22) == 0;
    struct json_object *body =
        request->body.length == 0 ? NULL
        : is_form                 ? read_form(&request->body)
                                  : tg_json_parse(request->body.data, request->body.length, &error);
    return body ? body : json_object_new_object();
}

// "/v23.0/1001/message_templates" becomes the three.
struct parts {
    char version[12];
    char id[64];
    char edge[64];
};

static bool read_path(const char *path, struct parts *parts)
{
    *parts = (struct parts){.edge = ""};
    return sscanf(path, "/%11[v0-9.]/%63[0-9a-z_]/%63[a-z_]", parts->version, parts->id,
                  parts->edge) >= 2 &&
           *parts->version == 'v';
}

static bool is_download(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 &&
           strcmp(request->path, "/whatsapp_business/attachments/") == 0;
}

static void run(struct graph_call *call, const struct parts *parts)
{
    const struct route *route = find_route(call->request->method, parts->edge);
    pthread_mutex_lock(&call->estate->lock);
    if (is_download(call->request))
        graph_download(call);
    else if (strcmp(parts->id, "debug_token") == 0)
        debug_token(call);
    else if (route)
        run_route(call, route);
    else
        graph_refuse(call, 404, CODE_UNKNOWN_PATH, 0, "Unknown path components",
                     "The simulator has no such call");
    pthread_mutex_unlock(&call->estate->lock);
}

static void count(struct sim *sim, const struct graph_call *call, const struct access *access)
{
    bool unauthorized = access->code == CODE_TOKEN;
    stats_count(&sim->stats, call->answer->http_status == 200 ? STAT_CALLS
                             : unauthorized                   ? STAT_UNAUTHORIZED
                                                              : STAT_REFUSED);
}

void graph_calls_answer(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct parts parts;
    struct access access;
    struct graph_call call = {
        .sim = sim, .estate = &sim->estate, .request = request, .answer = answer};
    bool known = read_path(request->path, &parts) || is_download(request);
    snprintf(answer->graph.version, sizeof answer->graph.version, "%s", parts.version);
    estate_count(&sim->estate, request->method, request->path);
    call.version = parts.version;
    call.id = parts.id;
    if (!access_check(sim, request, &access)) {
        graph_refuse(&call, access.http_status, access.code, 0,
                     access.title ? access.title : "Authentication Error", access.details);
        answer->retry_after_s = sim_settings_get(&sim->settings, SETTING_RETRY_AFTER_S);
    } else if (!known) {
        graph_refuse(&call, 404, CODE_UNKNOWN_PATH, 0, "Unknown path components",
                     "The simulator has no such call");
    } else {
        call.token = access.token;
        call.body = read_body(request);
        run(&call, &parts);
        json_object_put(call.body);
    }
    count(sim, &call, &access);
}

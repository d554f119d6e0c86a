#include "tests/metasim/graph_call.h"

#include "common/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_PARAMETER = 100, LIMIT_DEFAULT = 25, HUGE_BYTES = 4 * 1024 * 1024 };

static struct json_object *list_of(struct graph_call *call, const char *account)
{
    return json_object_object_get(estate_account(call->estate, account), "_templates");
}

static bool is_asked_for(struct graph_call *call, struct json_object *template)
{
    static const char *const filters[] = {"name", "status", "language", "category"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        const char *wanted = request_argument(call->request, filters[i]);
        const char *is = tg_json_string_member(template, filters[i]);
        if (wanted && (!is || strcmp(wanted, is) != 0))
            return false;
    }
    return true;
}

// The next page's address, as Meta has it: with the token in it, and escaped.
static void write_paging(struct graph_call *call, size_t first, size_t next, size_t limit,
                         bool more)
{
    struct tg_text *body = &call->answer->body;
    tg_text_append_format(body, "\"paging\":{\"cursors\":{\"before\":\"c%zu\",\"after\":\"c%zu\"}",
                          first, next);
    if (more)
        tg_text_append_format(
            body,
            ",\"next\":\"http:\\/\\/%s\\/%s\\/%s\\/message_templates?access_token="
            "%s&pretty=0&limit=%zu&after=c%zu\"",
            call->request->host, call->version, call->id, call->token, limit, next);
    tg_text_append_string(body, "}");
}

static size_t number_argument(struct graph_call *call, const char *name, size_t standard)
{
    const char *given = request_argument(call->request, name);
    given = given && *given == 'c' ? given + 1 : given;
    return given ? strtoul(given, NULL, 10) : standard;
}

static bool has_flag(struct graph_call *call, const char *name)
{
    return json_object_get_boolean(
        json_object_object_get(estate_account(call->estate, call->id), name));
}

// A page of as many as are asked for, with another one behind it.
static void write_endless_page(struct graph_call *call, size_t first, size_t limit)
{
    struct tg_text *body = &call->answer->body;
    for (size_t i = 0; i < limit; i++)
        tg_text_append_format(body,
                              "%s{\"id\":\"%zu\",\"name\":\"n\",\"language\":\"en\",\"status\":"
                              "\"APPROVED\"}",
                              i > 0 ? "," : "", 1000000 + first + i);
    tg_text_append_string(body, "],");
    write_paging(call, first, first + limit, limit, true);
    tg_text_append_string(body, "}");
}

void graph_list_templates(struct graph_call *call)
{
    struct json_object *list = list_of(call, call->id);
    struct tg_text *body = &call->answer->body;
    size_t limit = number_argument(call, "limit", LIMIT_DEFAULT);
    size_t first = number_argument(call, "after", 0);
    size_t n = json_object_array_length(list);
    size_t at = first;
    size_t written = 0;
    call->answer->http_status = 200;
    tg_text_append_string(body, "{\"data\":[");
    if (has_flag(call, "_huge"))
        tg_text_append_format(body, "\"%*s\",", HUGE_BYTES, "x");
    if (has_flag(call, "_endless")) {
        write_endless_page(call, first, limit);
        return;
    }
    for (; at < n && written < limit; at++) {
        struct json_object *template = json_object_array_get_idx(list, at);
        if (!is_asked_for(call, template))
            continue;
        tg_text_append_string(body, written++ > 0 ? "," : "");
        graph_write_fields(call, template, body);
    }
    tg_text_append_string(body, "],");
    write_paging(call, first, at, limit, at < n);
    tg_text_append_string(body, "}");
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return name && *name && strspn(name, letters) == strlen(name);
}

// Fields of forms, and of careless clients, are texts that are JSON.
static struct json_object *components_of(struct graph_call *call)
{
    struct json_object *given = json_object_object_get(call->body, "components");
    if (json_object_is_type(given, json_type_string))
        return json_tokener_parse(json_object_get_string(given));
    return json_object_get(given);
}

static void set(struct json_object *template, const char *name, const char *value)
{
    json_object_object_add(template, name, json_object_new_string(value));
}

static void add_template(struct graph_call *call, struct json_object *components)
{
    char id[24];
    struct json_object *template = json_object_new_object();
    snprintf(id, sizeof id, "%" PRIu64, estate_new_id(call->estate));
    set(template, "id", id);
    set(template, "name", graph_text(call, "name"));
    set(template, "language", graph_text(call, "language"));
    set(template, "category", graph_text(call, "category"));
    set(template, "status", "PENDING");
    json_object_object_add(template, "components", components);
    json_object_array_add(list_of(call, call->id), template);
    json_object_object_add(call->estate->templates, id, json_object_new_string(call->id));
    call->answer->http_status = 200;
    tg_text_append_format(&call->answer->body,
                          "{\"id\":\"%s\",\"status\":\"PENDING\",\"category\":\"%s\"}", id,
                          graph_text(call, "category"));
}

void graph_create_template(struct graph_call *call)
{
    struct json_object *components = components_of(call);
    bool good = is_name(graph_text(call, "name")) && graph_text(call, "language") &&
                graph_text(call, "category") && json_object_is_type(components, json_type_array);
    if (good) {
        add_template(call, components);
        return;
    }
    json_object_put(components);
    graph_refuse(call, 400, CODE_PARAMETER, 2388040, "Invalid parameter",
                 "name, language, category and components must be there");
}

void graph_delete_templates(struct graph_call *call)
{
    const char *name = request_argument(call->request, "name");
    const char *id = request_argument(call->request, "hsm_id");
    struct json_object *list = list_of(call, call->id);
    bool deleted = false;
    for (size_t i = json_object_array_length(list); name && i-- > 0;) {
        struct json_object *template = json_object_array_get_idx(list, i);
        const char *its_id = tg_json_string_member(template, "id");
        if (strcmp(tg_json_string_member(template, "name"), name) != 0 ||
            (id && strcmp(its_id, id) != 0))
            continue;
        json_object_object_del(call->estate->templates, its_id);
        json_object_array_del_idx(list, i, 1);
        deleted = true;
    }
    if (deleted)
        graph_succeed(call);
    else
        graph_refuse(call, 400, CODE_PARAMETER, 2593002, "Invalid parameter",
                     "There is no such message template");
}

// The template of the call's id; NULL: there is none of its token's.
static struct json_object *find(struct graph_call *call)
{
    struct json_object *account;
    if (!json_object_object_get_ex(call->estate->templates, call->id, &account) ||
        !estate_owns(call->estate, call->token, json_object_get_string(account)))
        return NULL;
    return estate_template(call->estate, call->id);
}

bool graph_get_template(struct graph_call *call)
{
    struct json_object *template = find(call);
    if (!template)
        return false;
    call->answer->http_status = 200;
    graph_write_fields(call, template, &call->answer->body);
    return true;
}

bool graph_edit_template(struct graph_call *call)
{
    struct json_object *template = find(call);
    struct json_object *components = components_of(call);
    if (template && components)
        json_object_object_add(template, "components", json_object_get(components));
    json_object_put(components);
    if (template && graph_text(call, "category"))
        set(template, "category", graph_text(call, "category"));
    if (template)
        graph_succeed(call);
    return template != NULL;
}

#include "ingress/describe/operation.h"

#include "common/limits.h"
#include "ingress/describe/embedded.h"
#include "ingress/describe/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char media_json[] = "application/json";

static void set(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text));
}

// A path of Meta's API, whose refusals are as Meta's.
static bool is_metas(const struct endpoint *endpoint)
{
    return *endpoint->path == '[';
}

void operation_name(const struct endpoint *endpoint, struct tg_text *name)
{
    tg_text_append_format(name, "%s %s", endpoint->method, endpoint->path);
}

struct json_object *operations_written(void)
{
    static const char folder[] = "ingress/describe/operations/";
    struct json_object *all = json_object_new_object();
    for (const struct embedded *file = embedded_files; file->name; file++) {
        struct json_object *some = strncmp(file->name, folder, strlen(folder)) == 0
                                       ? json_tokener_parse(file->text)
                                       : NULL;
        if (some)
            schema_merge(all, some);
    }
    return all;
}

// Such as "getApiMessagesId".
static void set_id(struct json_object *operation, const struct endpoint *endpoint)
{
    TG_TEXT_AUTO id = {0};
    bool begins = false;
    for (const char *at = endpoint->method; *at; at++)
        tg_text_append_format(&id, "%c", tolower((unsigned char)*at));
    for (const char *at = endpoint->path; *at; at++) {
        if (isalnum((unsigned char)*at))
            tg_text_append_format(&id, "%c", begins ? toupper((unsigned char)*at) : *at);
        begins = !isalnum((unsigned char)*at);
    }
    set(operation, "operationId", id.data);
}

// The first word of the path behind /api or /admin, and of an org's the thing that is its.
static void set_tag(struct json_object *operation, const struct endpoint *endpoint)
{
    const char *path = endpoint->path;
    static const char *const fronts[] = {"/api", "/admin/orgs/{org}", "/admin"};
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        size_t length = strlen(fronts[i]);
        if (strncmp(path, fronts[i], length) == 0 && path[length] == '/') {
            path += length;
            break;
        }
    }
    struct json_object *tags = json_object_new_array();
    json_object_array_add(tags, is_metas(endpoint) ? json_object_new_string("Cloud API")
                                                   : json_object_new_string_len(
                                                         path + 1, (int)strcspn(path + 1, "/")));
    json_object_object_add(operation, "tags", tags);
}

static void set_proof(struct json_object *operation, const struct endpoint *endpoint)
{
    static const char *const proofs[] = {[CALLER_ORG] =
                                             "[{\"key\": []}, {\"jwt\": []}, {\"session\": []}]",
                                         [CALLER_META] = "[{\"signature\": []}]",
                                         [CALLER_OPERATOR] = "[{\"operator\": []}]",
                                         [CALLER_ANYBODY] = "[]"};
    json_object_object_add(operation, "security", json_tokener_parse(proofs[endpoint->who]));
    if (endpoint->right)
        set(operation, "x-right", right_name(endpoint->right));
    if (endpoint->role)
        set(operation, "x-role", role_names[endpoint->role]);
}

// The description of a path's segment, of whatever kind its task says that it is.
static struct json_object *segment_of(const struct endpoint *endpoint, const char *whose,
                                      const char *name, struct tg_text *faults)
{
    const struct desk_task *task = endpoint->on_database == desk_answer ? endpoint->task : NULL;
    const struct desk_name *part = task ? task->path : NULL;
    while (part && part->name && strcmp(part->name, name) != 0)
        part++;
    return schema_of_parameter("path", name, whose,
                               part && part->name ? schema_of_part(part->part) : NULL, faults);
}

static void add_segments(struct json_object *parameters, const struct endpoint *endpoint,
                         const char *whose, struct tg_text *faults)
{
    for (const char *at = endpoint->path; (at = strchr(at, '{')); at++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        json_object_array_add(parameters, segment_of(endpoint, whose, name, faults));
    }
}

static void add_page(struct json_object *parameters, const struct desk_task *task,
                     const char *whose, struct tg_text *faults)
{
    struct json_object *limit = schema_of_number(1, TG_LIST_LIMIT_MAX);
    json_object_object_add(
        limit, "default",
        json_object_new_int64(task->limit > 0 ? task->limit : TG_LIST_LIMIT_DEFAULT));
    json_object_array_add(parameters, schema_of_parameter("query", "limit", whose, limit, faults));
    json_object_array_add(
        parameters,
        schema_of_parameter("query", "before", whose,
                            schema_of_part(task->list == DESK_LIST_BY_N    ? DESK_THING_N
                                           : task->list == DESK_LIST_BY_ID ? DESK_THING_ID
                                                                           : DESK_FIND_TEXT),
                            faults));
}

static void add_query_of_desk(struct json_object *parameters, const struct endpoint *endpoint,
                              const char *whose, struct tg_text *faults)
{
    const struct desk_task *task = endpoint->task;
    if (task->list != DESK_NO_LIST)
        add_page(parameters, task, whose, faults);
    for (const struct desk_name *name = task->query; name && name->name; name++)
        json_object_array_add(parameters, schema_of_parameter("query", name->name, whose,
                                                              schema_of_part(name->part), faults));
    for (const struct desk_member *member = task->find; member && member->name; member++)
        json_object_array_add(parameters, schema_of_parameter("query", member->name, whose,
                                                              schema_of_find(member), faults));
    if (endpoint->who == CALLER_ORG)
        json_object_array_add(parameters,
                              schema_of_parameter("query", "org_id", whose, NULL, faults));
}

static void set_parameters(struct json_object *operation, const struct endpoint *endpoint,
                           const char *whose, struct tg_text *faults)
{
    struct json_object *parameters = json_object_new_array();
    add_segments(parameters, endpoint, whose, faults);
    if (endpoint->on_database == desk_answer)
        add_query_of_desk(parameters, endpoint, whose, faults);
    for (const char *const *name = endpoint->query; name && *name; name++)
        json_object_array_add(parameters, schema_of_parameter("query", *name, whose, NULL, faults));
    json_object_object_add(operation, "parameters", parameters);
}

static struct json_object *reference(const char *what, const char *name)
{
    struct json_object *object = json_object_new_object();
    TG_TEXT_AUTO path = {0};
    tg_text_append_format(&path, "#/components/%s/%s", what, name);
    set(object, "$ref", path.data);
    return object;
}

// {media type: {"schema": ...}}; takes the schema.
static struct json_object *content_of(const char *type, struct json_object *schema)
{
    struct json_object *media = json_object_new_object();
    struct json_object *content = json_object_new_object();
    json_object_object_add(media, "schema", schema);
    json_object_object_add(content, type, media);
    return content;
}

static struct json_object *named(const char *name, struct json_object *schemas, const char *whose,
                                 struct tg_text *faults);

// The schemas that are named within a value.
// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
static void add_named(struct json_object *value, struct json_object *schemas, const char *whose,
                      struct tg_text *faults)
{
    static const char front[] = "#/components/schemas/";
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            add_named(json_object_array_get_idx(value, i), schemas, whose, faults);
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, part)
        {
            const char *path = strcmp(name, "$ref") == 0 ? json_object_get_string(part) : "";
            if (strncmp(path, front, strlen(front)) == 0)
                json_object_put(named(path + strlen(front), schemas, whose, faults));
            add_named(part, schemas, whose, faults);
        }
    }
}

// A reference to the schema, which is added to `schemas`, and what it names.
// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
static struct json_object *named(const char *name, struct json_object *schemas, const char *whose,
                                 struct tg_text *faults)
{
    if (!json_object_object_get_ex(schemas, name, NULL)) {
        struct json_object *schema = schema_named(name, whose, faults);
        json_object_object_add(schemas, name, schema);
        add_named(schema, schemas, whose, faults);
    }
    return reference("schemas", name);
}

static void set_body(struct json_object *operation, const struct endpoint *endpoint,
                     struct json_object *schemas, const char *whose, struct tg_text *faults)
{
    const struct desk_task *task = endpoint->on_database == desk_answer ? endpoint->task : NULL;
    struct json_object *body = json_object_new_object();
    struct json_object *schema;
    if (!endpoint->request) {
        tg_text_append_format(faults, "%s: its row names no schema of its body (.request)\n",
                              whose);
        schema = json_object_new_object();
    } else if (task && task->members) {
        schema = schema_of_members(task->members, endpoint->request, whose, faults);
    } else {
        schema = named(endpoint->request, schemas, whose, faults);
    }
    json_object_object_add(body, "required", json_object_new_boolean(!endpoint->or_none));
    json_object_object_add(body, "content", content_of(media_json, schema));
    json_object_object_add(operation, "requestBody", body);
}

static void add_refusals(struct json_object *responses, const struct endpoint *endpoint)
{
    bool has_body = endpoint->body != BODY_NONE;
    bool is_known = endpoint->who == CALLER_ORG || endpoint->who == CALLER_OPERATOR;
    const struct {
        const char *status;
        bool may_be;
    } refusals[] = {
        {"400", true},
        {"401", endpoint->who != CALLER_ANYBODY},
        {"403", is_known},
        {"404", is_known || strchr(endpoint->path, '{')},
        {"409", strcmp(endpoint->method, "GET") != 0},
        {"413", has_body},
        {"415", has_body},
        {"429", true},
        {"500", true},
        {"503", true},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char name[16];
        snprintf(name, sizeof name, "Refused%s", refusals[i].status);
        if (refusals[i].may_be)
            json_object_object_add(responses, refusals[i].status, reference("responses", name));
    }
    json_object_object_add(responses, "default", reference("responses", "Refused"));
}

static void set_answers(struct json_object *operation, const struct endpoint *endpoint,
                        struct json_object *schemas, const char *whose, struct tg_text *faults)
{
    const struct desk_task *task = endpoint->on_database == desk_answer ? endpoint->task : NULL;
    struct json_object *responses = json_object_new_object();
    struct json_object *good = json_object_new_object();
    char status[12];
    snprintf(status, sizeof status, "%d", task && task->status > 0 ? task->status : 200);
    set(good, "description", task && task->status == 201 ? "It is made." : "It is so.");
    if (endpoint->answer)
        json_object_object_add(
            good, "content",
            content_of(media_json, named(endpoint->answer, schemas, whose, faults)));
    json_object_object_add(responses, status, good);
    if (is_metas(endpoint)) {
        json_object_put(named("MetaError", schemas, whose, faults));
        json_object_object_add(responses, "4XX", reference("responses", "RefusedByMeta"));
        json_object_object_add(responses, "5XX", reference("responses", "RefusedByMeta"));
    } else {
        add_refusals(responses, endpoint);
    }
    json_object_object_add(operation, "responses", responses);
}

static void add_parameters(struct json_object *operation, struct json_object *more)
{
    struct json_object *parameters = json_object_object_get(operation, "parameters");
    for (size_t i = 0; more && i < json_object_array_length(more); i++)
        json_object_array_add(parameters, json_object_get(json_object_array_get_idx(more, i)));
}

// A good answer stands in place of the one that was made.
static void replace_responses(struct json_object *operation, struct json_object *written)
{
    struct json_object *responses = json_object_object_get(operation, "responses");
    if (!written)
        return;
    json_object_object_foreach(written, good, unused)
    {
        (void)unused;
        if (*good == '2')
            json_object_object_del(responses, "200");
    }
    json_object_object_foreach(written, status, response)
    {
        json_object_object_add(responses, status, json_object_get(response));
    }
}

// What is written of it: parameters besides, and whatever else in place of what was made.
static void add_written(struct json_object *operation, struct json_object *written)
{
    json_object_object_foreach(written, name, value)
    {
        if (strcmp(name, "parameters") == 0)
            add_parameters(operation, value);
        else if (strcmp(name, "responses") == 0)
            replace_responses(operation, value);
        else
            json_object_object_add(operation, name, json_object_get(value));
    }
}

struct json_object *operation_of(const struct endpoint *endpoint, struct json_object *schemas,
                                 struct tg_text *faults)
{
    struct json_object *operation = json_object_new_object();
    struct json_object *all = operations_written();
    struct json_object *written = NULL;
    TG_TEXT_AUTO name = {0};
    operation_name(endpoint, &name);
    set(operation, "summary", endpoint->says ? endpoint->says : "");
    set_id(operation, endpoint);
    set_tag(operation, endpoint);
    set_proof(operation, endpoint);
    set_parameters(operation, endpoint, name.data, faults);
    if (endpoint->body != BODY_NONE)
        set_body(operation, endpoint, schemas, name.data, faults);
    set_answers(operation, endpoint, schemas, name.data, faults);
    if (json_object_object_get_ex(all, name.data, &written))
        add_written(operation, written);
    else if (!endpoint->answer)
        tg_text_append_format(faults, "%s: its row names no schema of its answer (.answer)\n",
                              name.data);
    add_named(operation, schemas, name.data, faults);
    json_object_put(all);
    return operation;
}

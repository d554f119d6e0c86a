#include "ingress/describe/describe.h"

#include "ingress/describe/embedded.h"
#include "ingress/describe/operation.h"
#include "ingress/describe/schema.h"
#include "ingress/http/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text));
}

// A file of parts/, which are what no row says.
static struct json_object *written(const char *name)
{
    TG_TEXT_AUTO path = {0};
    tg_text_append_format(&path, "ingress/describe/parts/%s.json", name);
    return json_tokener_parse(embedded_text(path.data));
}

static const char *const charged_words[] = {
    [CHARGED_NOTHING] = "no", [CHARGED_AS_TOLD] = "as told", [CHARGED_PERHAPS] = "perhaps"};

static struct json_object *code_of(const struct code *code)
{
    struct json_object *object = json_object_new_object();
    struct json_object *statuses = json_object_new_array();
    set(object, "code", code->name);
    json_object_array_add(statuses, json_object_new_int(code->status));
    if (code->also)
        json_object_array_add(statuses, json_object_new_int(code->also));
    json_object_object_add(object, "statuses", statuses);
    set(object, "charged", charged_words[code->charged]);
    set(object, "means", code->means);
    set(object, "do", code->remedy);
    return object;
}

static struct json_object *list_codes(void)
{
    struct json_object *list = json_object_new_array();
    for (const struct code *code = codes; code->name; code++)
        json_object_array_add(list, code_of(code));
    return list;
}

// A refusal with one of the codes of a status; 0: of any.
static struct json_object *refusal_of(int status)
{
    struct json_object *names = json_object_new_array();
    TG_TEXT_AUTO says = {0};
    for (const struct code *code = codes; code->name; code++) {
        if (status != 0 && code->status != status && code->also != status)
            continue;
        json_object_array_add(names, json_object_new_string(code->name));
        tg_text_append_format(&says, "%s`%s`", says.length > 0 ? ", " : "", code->name);
    }
    struct json_object *response = written("refusal");
    struct json_object *schema = NULL;
    (void)json_pointer_get(response, "/content/application~1json/schema", &schema);
    struct json_object *code = json_object_new_object();
    set(code, "type", "string");
    json_object_object_add(code, "enum", names);
    json_object_object_add(json_object_object_get(schema, "properties"), "code", code);
    set(response, "description",
        status == 0 ? "Any other refusal: its code tells." : tg_text_string(&says));
    return response;
}

static void add_headers(struct json_object *response, int status)
{
    if (status == 429 || status == 503)
        json_object_object_add(response, "headers", written("retry"));
    if (status == 401)
        json_object_object_add(response, "headers", written("challenge"));
}

static struct json_object *list_refusals(void)
{
    struct json_object *responses = json_object_new_object();
    static const int statuses[] = {400, 401, 402, 403, 404, 409, 413, 415, 429, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char name[32];
        struct json_object *response = refusal_of(statuses[i]);
        add_headers(response, statuses[i]);
        snprintf(name, sizeof name, "Refused%d", statuses[i]);
        json_object_object_add(responses, name, response);
    }
    json_object_object_add(responses, "Refused", refusal_of(0));
    json_object_object_add(responses, "RefusedByMeta", written("refused_by_meta"));
    return responses;
}

// Do both paths have the same parts, but for the names of segments? Then OpenAPI takes them for
// one.
static bool are_one(const char *one, const char *other)
{
    while (*one && *other) {
        if (*one == '{' && *other == '{') {
            one += strcspn(one, "}");
            other += strcspn(other, "}");
        }
        if (*one != *other)
            return false;
        one++;
        other++;
    }
    return *one == *other;
}

// The item of a path, or of one that is the same to OpenAPI; made if there is none.
static struct json_object *item_of(struct json_object *paths, const char *path)
{
    json_object_object_foreach(paths, other, found)
    {
        if (are_one(path, other))
            return found;
    }
    struct json_object *item = json_object_new_object();
    json_object_object_add(paths, path, item);
    return item;
}

static void add_operation(struct json_object *paths, const char *path,
                          const struct endpoint *endpoint, struct json_object *operation,
                          struct tg_text *faults)
{
    struct json_object *item = item_of(paths, path);
    char method[16];
    size_t length = 0;
    for (; endpoint->method[length] && length + 1 < sizeof method; length++)
        method[length] = (char)(endpoint->method[length] | 0x20); // ASCII
    method[length] = '\0';
    if (json_object_object_get_ex(item, method, NULL)) {
        tg_text_append_format(faults, "%s %s: another endpoint has the same path\n",
                              endpoint->method, endpoint->path);
        json_object_put(operation);
        return;
    }
    json_object_object_add(item, method, operation);
}

static void add_endpoint(struct json_object *paths, const struct endpoint *endpoint,
                         struct json_object *schemas, struct tg_text *faults)
{
    static const char if_any[] = "[/{version}]";
    const char *path = endpoint->path;
    struct json_object *operation = operation_of(endpoint, schemas, faults);
    if (strncmp(path, if_any, strlen(if_any)) == 0) {
        TG_TEXT_AUTO whole = {0};
        tg_text_append_format(&whole, "/{version}%s", path + strlen(if_any));
        add_operation(paths, whole.data, endpoint, operation, faults);
    } else {
        add_operation(paths, path, endpoint, operation, faults);
    }
}

struct json_object *describe(const struct router *router, enum listener listener,
                             struct tg_text *faults)
{
    struct json_object *description = written(listener == LISTENER_ADMIN ? "admin" : "public");
    struct json_object *paths = json_object_new_object();
    struct json_object *schemas = json_object_new_object();
    struct json_object *components = json_object_object_get(description, "components");
    set(json_object_object_get(description, "info"), "version", TOLLGATE_VERSION);
    for (size_t i = 0; router_endpoint(router, i); i++)
        add_endpoint(paths, router_endpoint(router, i), schemas, faults);
    json_object_object_add(description, "paths", paths);
    if (json_object_object_get_ex(schemas, "Event", NULL))
        json_object_object_add(description, "webhooks", written("webhooks"));
    json_object_object_add(components, "schemas", schemas);
    struct json_object *refusals = list_refusals();
    if (json_object_object_get_ex(schemas, "MetaError", NULL)) // a row is of Meta's API
        json_object_object_add(refusals, "RefusedByMeta", written("refusal_of_meta"));
    json_object_object_add(components, "responses", refusals);
    json_object_object_add(description, "x-codes", list_codes());
    return description;
}

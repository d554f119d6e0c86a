#include "ingress/describe/schema.h"

#include "ingress/describe/embedded.h"

#include <assert.h>
#include <string.h>

enum { TEXT_MAX = 255 };
#define MONEY "^-?[0-9]{1,10}([.][0-9]{1,4})?$"

static void set(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *typed(const char *type)
{
    struct json_object *schema = json_object_new_object();
    set(schema, "type", type);
    return schema;
}

static struct json_object *formatted(const char *format)
{
    struct json_object *schema = typed("string");
    set(schema, "format", format);
    return schema;
}

struct json_object *schema_of_number(int64_t min, int64_t max)
{
    struct json_object *schema = typed("integer");
    json_object_object_add(schema, "minimum", json_object_new_int64(min));
    json_object_object_add(schema, "maximum", json_object_new_int64(max));
    return schema;
}

static struct json_object *text_of_up_to(int64_t max)
{
    struct json_object *schema = typed("string");
    json_object_object_add(schema, "minLength", json_object_new_int(1));
    json_object_object_add(schema, "maxLength", json_object_new_int64(max > 0 ? max : TEXT_MAX));
    return schema;
}

static struct json_object *one_of(const char *const *words)
{
    struct json_object *schema = typed("string");
    struct json_object *list = json_object_new_array();
    for (; *words; words++)
        json_object_array_add(list, json_object_new_string(*words));
    json_object_object_add(schema, "enum", list);
    return schema;
}

struct json_object *schema_of_find(const struct desk_member *member)
{
    struct json_object *schema = NULL;
    switch (member->kind) {
    case DESK_TEXT:
    case DESK_CONTACT:
        return text_of_up_to(member->max);
    case DESK_TEXTS:
        schema = typed("array");
        json_object_object_add(schema, "items", text_of_up_to(member->max));
        return schema;
    case DESK_ID:
        return formatted("uuid");
    case DESK_NUMBER:
        return schema_of_number(member->min, member->max);
    case DESK_MONEY:
        schema = typed("string");
        set(schema, "pattern", MONEY);
        return schema;
    case DESK_BOOL:
        return typed("boolean");
    case DESK_TIME:
        return formatted("date-time");
    case DESK_DAY:
        return formatted("date");
    case DESK_SINCE:
        schema = typed("string");
        json_object_object_add(schema, "examples",
                               json_tokener_parse("[\"2026-11-28\", \"2026-11-28T09:30:00Z\"]"));
        return schema;
    case DESK_OBJECT:
        schema = json_object_new_object();
        json_object_object_add(schema, "type", json_tokener_parse("[\"object\", \"string\"]"));
        return schema;
    case DESK_OBJECTS:
        schema = typed("array");
        json_object_object_add(schema, "items", typed("object"));
        json_object_object_add(schema, "minItems", json_object_new_int(1));
        return schema;
    case DESK_WORD:
        return one_of(member->words);
    }
    return json_object_new_object();
}

struct json_object *schema_of_part(enum desk_part part)
{
    switch (part) {
    case DESK_ORG_ID:
    case DESK_THING_ID:
        return formatted("uuid");
    case DESK_THING_N:
        return schema_of_number(0, INT64_MAX);
    case DESK_THING_NAME:
    case DESK_FIND_TEXT:
        break;
    }
    return text_of_up_to(0);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
void schema_merge(struct json_object *into, struct json_object *from)
{
    json_object_object_foreach(from, name, value)
    {
        struct json_object *old = json_object_object_get(into, name);
        if (json_object_is_type(old, json_type_object) &&
            json_object_is_type(value, json_type_object))
            schema_merge(old, json_object_get(value));
        else
            json_object_object_add(into, name, json_object_get(value));
    }
    json_object_put(from);
}

struct json_object *schema_named(const char *name, const char *whose, struct tg_text *faults)
{
    TG_TEXT_AUTO path = {0};
    tg_text_append_format(&path, "ingress/describe/schemas/%s.json", name);
    for (const struct embedded *file = embedded_files; file->name; file++) {
        if (strcmp(file->name, path.data) != 0)
            continue;
        struct json_object *schema = json_tokener_parse(file->text);
        if (!json_object_is_type(schema, json_type_object))
            tg_text_append_format(faults, "%s: %s is no JSON object\n", whose, path.data);
        return schema ? schema : json_object_new_object();
    }
    tg_text_append_format(faults, "%s: there is no %s\n", whose, path.data);
    return json_object_new_object();
}

// null counts as absent, or takes away what is there.
static void allow_null(struct json_object *schema)
{
    struct json_object *words = json_object_object_get(schema, "enum");
    struct json_object *type = json_object_get(json_object_object_get(schema, "type"));
    if (json_object_is_type(type, json_type_string)) {
        struct json_object *types = json_object_new_array();
        json_object_array_add(types, type);
        type = types;
    }
    json_object_array_add(type, json_object_new_string("null"));
    json_object_object_add(schema, "type", type);
    if (words)
        json_object_array_add(words, NULL);
}

static struct json_object *property_of(const struct desk_member *member)
{
    struct json_object *schema = schema_of_find(member);
    if (!member->required || member->clears)
        allow_null(schema);
    return schema;
}

static bool has_member(const struct desk_member *members, const char *name)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    return members->name;
}

// What the file says, and the members do not.
static void look_for_others(struct json_object *written, const struct desk_member *members,
                            const char *name, const char *whose, struct tg_text *faults)
{
    struct json_object *properties = json_object_object_get(written, "properties");
    if (!properties)
        return;
    json_object_object_foreach(properties, member, value)
    {
        (void)value;
        if (!has_member(members, member)) {
            tg_text_append_format(faults, "%s: schemas/%s.json describes %s, which it has not\n",
                                  whose, name, member);
        }
    }
}

struct json_object *schema_of_members(const struct desk_member *members, const char *name,
                                      const char *whose, struct tg_text *faults)
{
    struct json_object *schema = typed("object");
    struct json_object *properties = json_object_new_object();
    struct json_object *required = json_object_new_array();
    struct json_object *written = schema_named(name, whose, faults);
    look_for_others(written, members, name, whose, faults);
    for (; members->name; members++) {
        json_object_object_add(properties, members->name, property_of(members));
        if (members->required)
            json_object_array_add(required, json_object_new_string(members->name));
    }
    json_object_object_add(schema, "properties", properties);
    json_object_object_add(schema, "required", required);
    json_object_object_add(schema, "additionalProperties", json_object_new_boolean(false));
    schema_merge(schema, written);
    json_object_object_foreach(properties, member, property)
    {
        if (!json_object_object_get_ex(property, "description", NULL))
            tg_text_append_format(faults, "%s: schemas/%s.json has no description of %s\n", whose,
                                  name, member);
    }
    return schema;
}

// What is written of it; NULL: nothing.
static struct json_object *written_of(const char *name, const char *whose)
{
    static struct json_object *all;
    struct json_object *found = NULL;
    TG_TEXT_AUTO own = {0};
    if (!all)
        all = json_tokener_parse(embedded_text("ingress/describe/parts/parameters.json"));
    tg_text_append_format(&own, "%s %s", whose, name);
    if (!json_object_object_get_ex(all, own.data, &found))
        (void)json_object_object_get_ex(all, name, &found);
    return found;
}

struct json_object *schema_of_parameter(const char *in, const char *name, const char *whose,
                                        struct json_object *schema, struct tg_text *faults)
{
    struct json_object *parameter = json_object_new_object();
    struct json_object *written = written_of(name, whose);
    set(parameter, "name", name);
    set(parameter, "in", in);
    if (strcmp(in, "path") == 0)
        json_object_object_add(parameter, "required", json_object_new_boolean(true));
    if (schema)
        json_object_object_add(parameter, "schema", schema);
    if (written)
        schema_merge(parameter, json_tokener_parse(json_object_to_json_string(written)));
    if (!json_object_object_get_ex(parameter, "schema", NULL) ||
        !json_object_object_get_ex(parameter, "description", NULL))
        tg_text_append_format(faults,
                              "%s: ingress/describe/parts/parameters.json does not describe %s\n",
                              whose, name);
    return parameter;
}

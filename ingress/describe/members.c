#include "ingress/describe/members.h"

#include "common/base/json.h"
#include "ingress/describe/html.h"

#include <string.h>

static const char named[] = "#/components/schemas/";

static void append_link(struct tg_text *html, const char *path)
{
    const char *name = strncmp(path, named, strlen(named)) == 0 ? path + strlen(named) : path;
    tg_text_append_string(html, "<a href=\"#schema-");
    html_append_id(html, name);
    tg_text_append_string(html, "\">");
    html_append(html, name);
    tg_text_append_string(html, "</a>");
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
static void append_list(struct tg_text *html, struct json_object *list, const char *between)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        tg_text_append_string(html, i > 0 ? between : "");
        members_append_type(html, json_object_array_get_idx(list, i));
    }
}

static void append_words(struct tg_text *html, struct json_object *words)
{
    for (size_t i = 0; i < json_object_array_length(words); i++) {
        struct json_object *word = json_object_array_get_idx(words, i);
        tg_text_append_string(html, i > 0 ? " | <code>" : "<code>");
        html_append(html, word ? json_object_get_string(word) : "null");
        tg_text_append_string(html, "</code>");
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
static void append_one(struct tg_text *html, struct json_object *schema, const char *type)
{
    struct json_object *items = tg_json_member(schema, "items", json_type_object);
    const char *format = tg_json_string_member(schema, "format");
    if (items && strcmp(type, "array") == 0) {
        tg_text_append_string(html, "list of ");
        members_append_type(html, items);
        return;
    }
    html_append(html, type);
    if (format && strcmp(type, "string") == 0) {
        tg_text_append_string(html, " (");
        html_append(html, format);
        tg_text_append_string(html, ")");
    }
}

static void append_bounds(struct tg_text *html, struct json_object *schema)
{
    static const struct {
        const char *name;
        const char *says;
    } bounds[] = {{"minimum", "at least"}, {"maximum", "at most"}, {"default", "unless given"}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct json_object *value = json_object_object_get(schema, bounds[i].name);
        if (!value)
            continue;
        tg_text_append_format(html, ", %s ", bounds[i].says);
        html_append(html, json_object_get_string(value));
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
void members_append_type(struct tg_text *html, struct json_object *schema)
{
    const char *path = tg_json_string_member(schema, "$ref");
    struct json_object *any = tg_json_member(schema, "anyOf", json_type_array);
    struct json_object *words = tg_json_member(schema, "enum", json_type_array);
    struct json_object *type = json_object_object_get(schema, "type");
    struct json_object *constant = json_object_object_get(schema, "const");
    if (path) {
        append_link(html, path);
    } else if (any) {
        append_list(html, any, " or ");
    } else if (words) {
        append_words(html, words);
    } else if (constant) {
        html_append(html, json_object_to_json_string(constant));
    } else if (json_object_is_type(type, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(type); i++) {
            tg_text_append_string(html, i > 0 ? " or " : "");
            append_one(html, schema, json_object_get_string(json_object_array_get_idx(type, i)));
        }
    } else {
        append_one(html, schema, type ? json_object_get_string(type) : "anything");
    }
    append_bounds(html, schema);
}

static bool is_required(struct json_object *schema, const char *name)
{
    struct json_object *required = tg_json_member(schema, "required", json_type_array);
    for (size_t i = 0; required && i < json_object_array_length(required); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(required, i)), name) == 0)
            return true;
    }
    return false;
}

// Rows of an object's members; `front` stands before their names.
// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files
static void append_rows(struct tg_text *html, struct json_object *schema, const char *front)
{
    struct json_object *properties = tg_json_member(schema, "properties", json_type_object);
    if (!properties)
        return;
    json_object_object_foreach(properties, name, member)
    {
        TG_TEXT_AUTO path = {0};
        struct json_object *items = tg_json_member(member, "items", json_type_object);
        tg_text_append_format(&path, "%s%s", front, name);
        tg_text_append_string(html, "<tr><td><code>");
        html_append(html, path.data);
        tg_text_append_string(html, is_required(schema, name) ? "</code></td><td>"
                                                              : "</code> ?</td><td>");
        members_append_type(html, member);
        tg_text_append_string(html, "</td><td>");
        html_append_prose(html, tg_json_string_member(member, "description"));
        tg_text_append_string(html, "</td></tr>\n");
        tg_text_append_string(&path, items ? "[]." : ".");
        append_rows(html, items ? items : member, path.data);
    }
}

static void append_examples(struct tg_text *html, struct json_object *schema)
{
    struct json_object *examples = tg_json_member(schema, "examples", json_type_array);
    for (size_t i = 0; examples && i < json_object_array_length(examples); i++) {
        tg_text_append_string(html, "<pre>");
        html_append(html, json_object_to_json_string_ext(json_object_array_get_idx(examples, i),
                                                         JSON_C_TO_STRING_PRETTY |
                                                             JSON_C_TO_STRING_SPACED |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
        tg_text_append_string(html, "</pre>\n");
    }
}

void members_append(struct tg_text *html, struct json_object *schema)
{
    if (tg_json_member(schema, "properties", json_type_object)) {
        tg_text_append_string(html, "<table>\n<tr><th>member</th><th>type</th><th></th></tr>\n");
        append_rows(html, schema, "");
        tg_text_append_string(html, "</table>\n");
    } else {
        tg_text_append_string(html, "<p>");
        members_append_type(html, schema);
        tg_text_append_string(html, "</p>\n");
    }
    append_examples(html, schema);
}

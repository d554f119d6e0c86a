#include "common/base/json.h"
#include "ingress/describe/describe.h"
#include "ingress/describe/html.h"
#include "ingress/describe/members.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void append_wrapped(struct tg_text *html, const char *before, const char *prose,
                           const char *after)
{
    if (!prose || !*prose)
        return;
    tg_text_append_string(html, before);
    html_append_prose(html, prose);
    tg_text_append_string(html, after);
}

static void append_method(struct tg_text *html, const char *method)
{
    tg_text_append_format(html, "<span class=\"method %s\">", method);
    for (; *method; method++)
        tg_text_append_format(html, "%c", toupper((unsigned char)*method));
    tg_text_append_string(html, "</span> ");
}

static const char *tag_of(struct json_object *operation)
{
    struct json_object *tags = tg_json_member(operation, "tags", json_type_array);
    return tags ? json_object_get_string(json_object_array_get_idx(tags, 0)) : "";
}

// What is written, and of what.
struct page {
    struct tg_text *html;
    struct json_object *description;
};

typedef void each_operation(const struct page *page, const char *path, const char *method,
                            struct json_object *operation);

// Those of a tag.
static void each(const struct page *page, const char *tag, each_operation *append)
{
    struct json_object *paths = json_object_object_get(page->description, "paths");
    json_object_object_foreach(paths, path, item)
    {
        json_object_object_foreach(item, method, operation)
        {
            if (strcmp(tag_of(operation), tag) == 0)
                append(page, path, method, operation);
        }
    }
}

static void append_line(const struct page *page, const char *path, const char *method,
                        struct json_object *operation)
{
    struct tg_text *html = page->html;
    tg_text_append_string(html, "<li><a href=\"#");
    html_append_id(html, tg_json_string_member(operation, "operationId"));
    tg_text_append_string(html, "\">");
    append_method(html, method);
    html_append(html, path);
    tg_text_append_string(html, "</a></li>\n");
}

static void append_parameters(struct tg_text *html, struct json_object *operation)
{
    struct json_object *parameters = tg_json_member(operation, "parameters", json_type_array);
    if (!parameters || json_object_array_length(parameters) == 0)
        return;
    tg_text_append_string(html, "<table>\n<tr><th>parameter</th><th>type</th><th></th></tr>\n");
    for (size_t i = 0; i < json_object_array_length(parameters); i++) {
        struct json_object *parameter = json_object_array_get_idx(parameters, i);
        tg_text_append_string(html, "<tr><td><code>");
        html_append(html, tg_json_string_member(parameter, "name"));
        tg_text_append_string(html, "</code> <small>in ");
        html_append(html, tg_json_string_member(parameter, "in"));
        tg_text_append_string(html, "</small></td><td>");
        members_append_type(html, json_object_object_get(parameter, "schema"));
        tg_text_append_string(html, "</td><td>");
        html_append_prose(html, tg_json_string_member(parameter, "description"));
        tg_text_append_string(html, "</td></tr>\n");
    }
    tg_text_append_string(html, "</table>\n");
}

static struct json_object *resolved(struct json_object *document, struct json_object *object)
{
    struct json_object *found = NULL;
    const char *path = tg_json_string_member(object, "$ref");
    return path && json_pointer_get(document, path + 1, &found) == 0 ? found : object;
}

static void append_body(const struct page *page, struct json_object *operation)
{
    struct tg_text *html = page->html;
    struct json_object *body = tg_json_member(operation, "requestBody", json_type_object);
    struct json_object *content = body ? json_object_object_get(body, "content") : NULL;
    if (!content)
        return;
    json_object_object_foreach(content, type, media)
    {
        tg_text_append_string(html, "<h4>Body <small>");
        html_append(html, type);
        tg_text_append_string(html, "</small></h4>\n");
        members_append(html, resolved(page->description, json_object_object_get(media, "schema")));
    }
}

static void append_answer(const struct page *page, const char *status, struct json_object *response)
{
    struct tg_text *html = page->html;
    struct json_object *whole = resolved(page->description, response);
    struct json_object *content = json_object_object_get(whole, "content");
    tg_text_append_string(html, "<tr><td><code>");
    html_append(html, status);
    tg_text_append_string(html, "</code></td><td>");
    if (content && whole == response) {
        json_object_object_foreach(content, type, media)
        {
            if (strcmp(type, "application/json") != 0)
                html_append(html, type);
            else
                members_append_type(html, json_object_object_get(media, "schema"));
        }
    }
    tg_text_append_string(html, "</td><td>");
    html_append_prose(html, tg_json_string_member(whole, "description"));
    tg_text_append_string(html, "</td></tr>\n");
}

static void append_answers(const struct page *page, struct json_object *operation)
{
    struct tg_text *html = page->html;
    struct json_object *responses = json_object_object_get(operation, "responses");
    tg_text_append_string(html, "<details><summary>Answers</summary>\n<table>\n");
    json_object_object_foreach(responses, status, response)
    {
        append_answer(page, status, response);
    }
    tg_text_append_string(html, "</table></details>\n");
}

static void append_operation(const struct page *page, const char *path, const char *method,
                             struct json_object *operation)
{
    struct tg_text *html = page->html;
    tg_text_append_string(html, "<article id=\"");
    html_append_id(html, tg_json_string_member(operation, "operationId"));
    tg_text_append_string(html, "\">\n<h3>");
    append_method(html, method);
    tg_text_append_string(html, "<code>");
    html_append(html, path);
    tg_text_append_string(html, "</code></h3>\n");
    append_wrapped(html, "<p>", tg_json_string_member(operation, "summary"), "</p>\n");
    append_wrapped(html, "<p>", tg_json_string_member(operation, "description"), "</p>\n");
    append_wrapped(html, "<p>Right: <code>", tg_json_string_member(operation, "x-right"),
                   "</code></p>\n");
    append_wrapped(html, "<p>Role: <code>", tg_json_string_member(operation, "x-role"),
                   "</code></p>\n");
    append_parameters(html, operation);
    append_body(page, operation);
    append_answers(page, operation);
    tg_text_append_string(html, "</article>\n");
}

static bool has(struct json_object *list, const char *text)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text) == 0)
            return true;
    }
    return false;
}

// In the order in which they are first met. The caller puts the list.
static struct json_object *list_tags(struct json_object *paths)
{
    struct json_object *tags = json_object_new_array();
    json_object_object_foreach(paths, path, item)
    {
        (void)path;
        json_object_object_foreach(item, method, operation)
        {
            (void)method;
            if (!has(tags, tag_of(operation)))
                json_object_array_add(tags, json_object_new_string(tag_of(operation)));
        }
    }
    return tags;
}

static void append_codes(struct tg_text *html, struct json_object *list)
{
    tg_text_append_string(html, "<section><h2 id=\"codes\">Codes</h2>\n<table>\n<tr><th>code</th>"
                                "<th>status</th><th>means</th><th>do</th><th>charged</th></tr>\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *code = json_object_array_get_idx(list, i);
        struct json_object *statuses = json_object_object_get(code, "statuses");
        append_wrapped(html, "<tr><td><code>", tg_json_string_member(code, "code"), "</code></td>");
        tg_text_append_string(html, "<td>");
        for (size_t s = 0; s < json_object_array_length(statuses); s++)
            tg_text_append_format(html, "%s%d", s > 0 ? ", " : "",
                                  json_object_get_int(json_object_array_get_idx(statuses, s)));
        append_wrapped(html, "</td><td>", tg_json_string_member(code, "means"), "</td>");
        tg_text_append_string(html, "<td>");
        append_wrapped(html, "", tg_json_string_member(code, "do"), "");
        append_wrapped(html, "</td><td>", tg_json_string_member(code, "charged"), "</td></tr>\n");
    }
    tg_text_append_string(html, "</table></section>\n");
}

static void append_schemas(struct tg_text *html, struct json_object *schemas)
{
    tg_text_append_string(html, "<section><h2 id=\"schemas\">Schemas</h2>\n");
    json_object_object_foreach(schemas, name, schema)
    {
        tg_text_append_string(html, "<article id=\"schema-");
        html_append_id(html, name);
        append_wrapped(html, "\">\n<h3>", name, "</h3>\n");
        append_wrapped(html, "<p>", tg_json_string_member(schema, "description"), "</p>\n");
        members_append(html, schema);
        tg_text_append_string(html, "</article>\n");
    }
    tg_text_append_string(html, "</section>\n");
}

static void append_head(struct tg_text *html, struct json_object *info)
{
    tg_text_append_string(
        html, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n");
    append_wrapped(html, "<title>", tg_json_string_member(info, "title"), "</title>\n");
    tg_text_append_string(html, "<link rel=\"stylesheet\" href=\"/docs/docs.css\">\n"
                                "<script src=\"/docs/docs.js\" defer></script>\n");
}

static void append_tags(const struct page *page, struct json_object *tags, const char *before,
                        const char *after, each_operation *append)
{
    struct tg_text *html = page->html;
    for (size_t i = 0; i < json_object_array_length(tags); i++) {
        const char *tag = json_object_get_string(json_object_array_get_idx(tags, i));
        append_wrapped(html, "<section><h2>", tag, "</h2>\n");
        tg_text_append_string(html, before);
        each(page, tag, append);
        tg_text_append_string(html, after);
        tg_text_append_string(html, "</section>\n");
    }
}

void describe_page(struct json_object *description, struct tg_text *html)
{
    struct json_object *info = json_object_object_get(description, "info");
    struct json_object *paths = json_object_object_get(description, "paths");
    struct json_object *components = json_object_object_get(description, "components");
    struct json_object *tags = list_tags(paths);
    const struct page page = {html, description};
    append_head(html, info);
    tg_text_append_string(html,
                          "<nav>\n<input type=\"search\" id=\"search\" placeholder=\"Search\" "
                          "aria-label=\"Search\" autocomplete=\"off\">\n");
    append_tags(&page, tags, "<ul>\n", "</ul>\n", append_line);
    tg_text_append_string(html, "<section><ul><li><a href=\"#schemas\">Schemas</a></li>\n"
                                "<li><a href=\"#codes\">Codes</a></li></ul></section>\n"
                                "</nav>\n<main>\n");
    append_wrapped(html, "<h1>", tg_json_string_member(info, "title"), "</h1>\n");
    append_wrapped(html, "<p>", tg_json_string_member(info, "summary"), "</p>\n");
    append_wrapped(html, "<p>", tg_json_string_member(info, "description"), "</p>\n");
    append_wrapped(html, "<p>Version ", tg_json_string_member(info, "version"),
                   ". For programs: <a href=\"/openapi.json\">openapi.json</a>.</p>\n");
    append_tags(&page, tags, "", "", append_operation);
    append_schemas(html, json_object_object_get(components, "schemas"));
    append_codes(html, json_object_object_get(description, "x-codes"));
    tg_text_append_string(html, "<p id=\"nothing\" hidden>Nothing has these words.</p>\n</main>\n"
                                "</html>\n");
    json_object_put(tags);
}

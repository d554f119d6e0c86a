#include "common/graph/templates.h"

#include "common/base/json.h"

#include <string.h>

#define OLD_FIELDS "id,name,language,status,category,components"
const char tg_graph_template_old_fields[] = OLD_FIELDS;
const char tg_graph_template_fields[] =
    OLD_FIELDS ",parameter_format,quality_score,rejected_reason";

static const char *const kept[] = {"id",
                                   "name",
                                   "language",
                                   "status",
                                   "category",
                                   "components",
                                   "parameter_format",
                                   "quality_score",
                                   "rejected_reason"};

static bool is_id(const char *id)
{
    enum { ID_MAX = 32 };
    return id && *id && *id != '0' && strlen(id) <= ID_MAX &&
           strspn(id, "0123456789") == strlen(id);
}

static void add_template(struct json_object *page, struct json_object *given, struct tg_text *ids)
{
    const char *id = tg_json_string_member(given, "id");
    if (!is_id(id) || !tg_json_string_member(given, "name") ||
        !tg_json_string_member(given, "language"))
        return;
    struct json_object *template = json_object_new_object();
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct json_object *value;
        if (json_object_object_get_ex(given, kept[i], &value))
            json_object_object_add(template, kept[i], json_object_get(value));
    }
    json_object_array_add(page, template);
    tg_text_append_format(ids, "%s\"%s\"", ids->length > 0 ? "," : "", id);
}

// The cursor is Meta's, and so is what stands in it. What would be too long is no cursor.
static bool read_after(struct json_object *root, char *after, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    struct json_object *paging = tg_json_member(root, "paging", json_type_object);
    const char *cursor =
        tg_json_string_member(tg_json_member(paging, "cursors", json_type_object), "after");
    TG_TEXT_AUTO encoded = {0};
    // (The address of the next page has a token in it: that it is there is all that it tells.)
    if (!tg_json_string_member(paging, "next"))
        return true;
    for (const char *at = cursor ? cursor : ""; *at; at++) {
        if (strchr(plain, *at))
            tg_text_append(&encoded, at, 1);
        else
            tg_text_append_format(&encoded, "%%%02X", (unsigned char)*at);
    }
    if (encoded.length == 0 || encoded.length >= size)
        return false;
    memcpy(after, encoded.data, encoded.length + 1);
    return true;
}

void tg_graph_read_templates(int status, struct tg_span body, struct tg_text *ids,
                             struct tg_graph_templates *templates)
{
    struct tg_error none;
    *templates = (struct tg_graph_templates){.after = ""};
    struct json_object *root = tg_json_parse(body.data, body.length, &none);
    struct json_object *data = tg_json_member(root, "data", json_type_array);
    struct json_object *page = json_object_new_array();
    if (tg_graph_read_trouble(root, status, &templates->trouble)) {
        // It says why.
    } else if (!data || !read_after(root, templates->after, sizeof templates->after)) {
        tg_graph_set_trouble(&templates->trouble, "unreadable",
                             "What came is no list of templates of Meta's");
    } else {
        for (size_t i = 0; i < json_object_array_length(data); i++)
            add_template(page, json_object_array_get_idx(data, i), ids);
        templates->n = json_object_array_length(page);
        tg_json_write(page, &templates->page);
    }
    json_object_put(page);
    json_object_put(root);
}

#include "ingress/accept/cloud_form.h"

#include "common/base/json.h"
#include "common/cloud/message.h"
#include "ingress/accept/send_content.h"
#include "ingress/http/fields.h"

#include <stdio.h>
#include <string.h>

static const char message_id[] = "message_id";

static bool holds_escaped_nul(const struct tg_text *json)
{
    return json->length > 0 && memmem(json->data, json->length, "\\u0000", 6);
}

// NULL: it is no JSON, or a member's name in it holds a NUL.
static struct json_object *parse(const struct tg_text *json, struct tg_error *error)
{
    struct json_object *parsed = send_content_parse(json, error);
    if (!parsed || !holds_escaped_nul(json) || tg_json_check_names(json, error))
        return parsed;
    json_object_put(parsed);
    return NULL;
}

// An object that stands there as text becomes one.
static bool unfold(struct json_object *message, const char *name, struct tg_error *error)
{
    struct tg_span text = tg_json_span(tg_json_member(message, name, json_type_string));
    if (text.length == 0 || !strchr("{[", *text.data))
        return true;
    TG_TEXT_AUTO json = {0};
    tg_text_append(&json, text.data, text.length);
    struct json_object *part = parse(&json, error);
    if (part)
        json_object_object_add(message, name, part);
    else
        snprintf(error->field, sizeof error->field, "%s", name);
    return part != NULL;
}

// Below the parts, too, programs write objects as text, and Graph takes it: wherever there is
// nothing but an object or a list to be expected.
static const char *const below[][4] = {
    {"interactive", "header"},
    {"interactive", "body"},
    {"interactive", "footer"},
    {"interactive", "action"},
    {"interactive", "action", "parameters"},
    {"interactive", "action", "buttons"},
    {"interactive", "action", "sections"},
    {"interactive", "action", "cards"},
    {"template", "language"},
    {"template", "components"},
};

static bool unfold_below(struct json_object *message, const char *const *path,
                         struct tg_error *error)
{
    for (; message && path[1]; path++)
        message = tg_json_member(message, *path, json_type_object);
    return !message || unfold(message, *path, error);
}

static bool unfold_all(struct json_object *message, struct tg_error *error)
{
    bool good = true;
    const char *name;
    for (size_t n = 0; good && (name = tg_cloud_message_part(n)); n++)
        good = unfold(message, name, error);
    for (size_t n = 0; good && n < sizeof below / sizeof *below; n++)
        good = unfold_below(message, below[n], error);
    return good;
}

static struct json_object *read_json(const struct tg_text *body, struct tg_error *error)
{
    struct json_object *message = parse(body, error);
    if (message && !json_object_is_type(message, json_type_object)) {
        json_object_put(message);
        tg_error_set(error, "invalid_json", "body", "The body must be a JSON object");
        return NULL;
    }
    return message;
}

// curl, for one, calls everything a form unless it is told otherwise.
static bool is_form(const char *content_type, const struct tg_text *body, struct tg_error *error)
{
    const char *text = tg_text_string(body);
    return fields_kind_of(content_type) != FIELDS_FORM || text[strspn(text, " \t\r\n")] != '{' ||
           tg_error_set(error, "unsupported_media_type", "Content-Type",
                        "The body is JSON: its Content-Type must be application/json");
}

static struct json_object *read_fields(const char *content_type, const struct tg_text *body,
                                       struct tg_error *error)
{
    struct form *form =
        is_form(content_type, body, error) ? fields_read(content_type, body, error) : NULL;
    if (!form)
        return NULL;
    struct json_object *message = json_object_new_object();
    const char *value;
    const char *name;
    for (size_t n = 0; (name = form_field(form, n, &value)); n++) {
        if (strcmp(name, "access_token") != 0)
            json_object_object_add(message, name, json_object_new_string(value));
    }
    form_free(form);
    return message;
}

struct json_object *cloud_form_read(const char *content_type, const struct tg_text *body,
                                    struct tg_error *error)
{
    bool is_json = fields_kind_of(content_type) == FIELDS_JSON;
    struct json_object *message =
        is_json ? read_json(body, error) : read_fields(content_type, body, error);
    if (!message)
        return NULL;
    // In a form an escape may itself be escaped; in JSON it stands there.
    bool may_hold_nul = !is_json || holds_escaped_nul(body);
    if (unfold_all(message, error) && (!may_hold_nul || tg_json_check_nul(message, error)))
        return message;
    json_object_put(message);
    return NULL;
}

static bool names_ours(struct json_object *object, struct tg_uuid *id)
{
    struct tg_span text = tg_json_span(tg_json_member(object, message_id, json_type_string));
    return text.data && tg_uuid_parse(text.data, text.length, id);
}

struct json_object *cloud_form_named(struct json_object *message, struct tg_uuid *id)
{
    struct json_object *const objects[] = {message,
                                           tg_json_member(message, "context", json_type_object),
                                           tg_json_member(message, "reaction", json_type_object)};
    for (size_t i = 0; i < sizeof objects / sizeof(struct json_object *); i++) {
        if (names_ours(objects[i], id))
            return objects[i];
    }
    return NULL;
}

void cloud_form_name(struct json_object *named, const char *wamid)
{
    json_object_object_add(named, message_id, json_object_new_string(wamid));
}

struct tg_span cloud_form_recipient(struct json_object *message)
{
    struct tg_span to = tg_json_span(tg_json_member(message, "to", json_type_string));
    return to.length > 0 ? to
                         : tg_json_span(tg_json_member(message, "recipient", json_type_string));
}

bool cloud_form_fill(struct json_object *message, struct homes *homes, struct tg_send *send,
                     struct tg_error *error)
{
    struct tg_cloud_message checked;
    send_content_drop_empty(message);
    return tg_cloud_message_check(message, &checked, error) &&
           send_content_read(message, &checked, "", homes, send, error);
}

#include "ingress/relay/asked.h"

#include "common/base/json.h"
#include "common/base/weight.h"
#include "common/crypto/digest.h"
#include "common/limits.h"
#include "ingress/http/fields.h"
#include "ingress/relay/rewrite.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void append_encoded(struct tg_text *text, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~,";
    while (*value) {
        size_t length = strspn(value, plain);
        tg_text_append(text, value, length);
        value += length;
        if (*value)
            tg_text_append_format(text, "%%%02X", (unsigned char)*value++);
    }
}

static void append_pair(struct tg_text *text, const char *name, const char *value)
{
    tg_text_append_string(text, text->length > 0 ? "&" : "");
    append_encoded(text, name);
    tg_text_append_string(text, "=");
    append_encoded(text, value ? value : "");
}

static bool is_withheld(const char *name)
{
    return rewrite_is_withheld((struct tg_span){name, strlen(name)});
}

// Names alone. What Graph takes in `fields` beside them leads from an object to others, which need
// not be the org's.
static bool check_fields(const char *fields, struct tg_error *error)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_, ";
    return fields[strspn(fields, names)] == '\0' ||
           tg_error_set(error, "invalid_field", "fields",
                        "fields must be names with commas between: no fields of fields");
}

struct reading {
    struct tg_text *query;
    struct tg_error *error;
    bool good;
};

static bool read_parameter(void *context, const char *name, const char *value)
{
    struct reading *reading = context;
    if (strcasecmp(name, "phone_number_id") == 0 || is_withheld(name))
        return true;
    if (strcasecmp(name, "fields") == 0)
        reading->good = check_fields(value ? value : "", reading->error);
    append_pair(reading->query, name, value);
    return reading->good;
}

bool asked_read_query(const struct request *request, struct tg_text *query, struct tg_error *error)
{
    struct reading reading = {query, error, true};
    request_each_parameter(request, read_parameter, &reading);
    return reading.good;
}

static bool is_among(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

// What is there, as it is read.
struct members {
    const struct relay_task *task;
    bool has_wanted;
    bool has_withheld;
    char strange[64]; // the first that the task does not take; "": there is none
};

static void see_member(struct members *members, const char *name)
{
    const struct relay_task *task = members->task;
    if (is_withheld(name))
        members->has_withheld = true;
    else if (task->wants && is_among(task->wants, name))
        members->has_wanted = true;
    else if (task->takes && !is_among(task->takes, name) && !*members->strange)
        snprintf(members->strange, sizeof members->strange, "%s", name);
}

static bool check_members(const struct members *members, struct tg_error *error)
{
    const char *const *wants = members->task->wants;
    if (wants && !members->has_wanted)
        return tg_error_set(error, "missing_field", *wants, "%s must be there", *wants);
    return !*members->strange || tg_error_set(error, "invalid_field", members->strange,
                                              "%s is not passed on by this call", members->strange);
}

static struct json_object *parse(const struct tg_text *body, struct tg_error *error)
{
    struct tg_weight weight = tg_weight_of(body);
    if (weight.objects > TG_SEND_OBJECTS_MAX || weight.values > TG_SEND_VALUES_MAX) {
        tg_error_set(error, "invalid_json", "body", "The body has too many parts");
        return NULL;
    }
    struct json_object *root = tg_json_parse(tg_text_string(body), body->length, error);
    if (root && !json_object_is_type(root, json_type_object)) {
        json_object_put(root);
        tg_error_set(error, "invalid_json", "body", "The body must be a JSON object");
        return NULL;
    }
    return root;
}

static void drop_withheld(struct json_object *root)
{
    json_object_object_foreach(root, name, value)
    {
        (void)value;
        if (is_withheld(name))
            json_object_object_del(root, name); // the macro knows the next one already
    }
}

static bool read_json(const struct tg_text *given, const struct relay_task *task,
                      struct tg_text *body, struct tg_error *error)
{
    struct members members = {.task = task};
    struct json_object *root = parse(given, error);
    bool good = root && tg_json_check_names(given, error);
    if (good) {
        json_object_object_foreach(root, name, value)
        {
            (void)value;
            see_member(&members, name);
        }
    }
    good = good && check_members(&members, error);
    if (good && members.has_withheld) {
        drop_withheld(root);
        tg_json_write(root, body);
    } else if (good) {
        tg_text_append(body, given->data, given->length);
    }
    json_object_put(root);
    return good;
}

static bool read_form(const char *type, const struct tg_text *given, const struct relay_task *task,
                      struct tg_text *body, struct tg_error *error)
{
    struct members members = {.task = task};
    struct form *form = fields_read(type, given, error);
    const char *name;
    const char *value;
    for (size_t i = 0; form && (name = form_field(form, i, &value)); i++) {
        see_member(&members, name);
        if (!is_withheld(name))
            append_pair(body, name, value);
    }
    bool good = form && check_members(&members, error);
    form_free(form);
    return good;
}

bool asked_read_body(const struct request *request, const struct relay_task *task,
                     struct tg_text *body, const char **type, struct tg_error *error)
{
    const struct tg_text *given = &request->body.bytes;
    const char *given_type = request_header(request, "Content-Type", NULL);
    enum fields_kind kind = fields_kind_of(given_type);
    *type = NULL;
    tg_text_clear(body);
    if (given->length == 0)
        return check_members(&(const struct members){.task = task}, error);
    *type = kind == FIELDS_JSON ? "application/json" : "application/x-www-form-urlencoded";
    return kind == FIELDS_JSON ? read_json(given, task, body, error)
                               : read_form(given_type, given, task, body, error);
}

// Is there a field of that name in what a form has around its file? What clients put into it, they
// put before the file, or behind it.
static bool has_key(const struct body *body)
{
    enum { LOOKED_AT = 8 * 1024 };
    static const char *const fields[] = {"form-data; name=\"access_token\"",
                                         "form-data; name=access_token"};
    char bytes[LOOKED_AT];
    const off_t from[] = {0, body->held > LOOKED_AT ? (off_t)(body->held - LOOKED_AT) : 0};
    for (size_t i = 0; i < 2; i++) {
        ssize_t n = pread(body->file, bytes, sizeof bytes, from[i]);
        for (size_t j = 0; n > 0 && j < 2; j++) {
            if (memmem(bytes, (size_t)n, fields[j], strlen(fields[j])))
                return true;
        }
    }
    return false;
}

bool asked_read_file(const struct request *request, const char **type, struct tg_error *error)
{
    enum { TYPE_MAX = 256 };
    const char *given = request_header(request, "Content-Type", NULL);
    bool good = fields_kind_of(given) == FIELDS_MULTIPART && strlen(given) <= TYPE_MAX;
    for (const char *c = given; good && *c; c++)
        good = *c >= ' ' && *c <= '~';
    *type = given;
    if (!good)
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must be multipart/form-data, with its boundary");
    if (request->body.file < 0)
        return tg_error_set(error, "missing_field", "file", "file must be there");
    return !has_key(&request->body) ||
           tg_error_set(error, "invalid_field", "access_token",
                        "The key must stand in a header or in the query: the form goes on to Meta "
                        "as it is");
}

bool asked_about_itself(const struct request *request)
{
    const char *about = request_parameter(request, "input_token");
    const char *shown = request_header(request, "Authorization", NULL);
    shown = shown ? strchr(shown, ' ') : NULL;
    shown = shown ? shown + strspn(shown, " ") : request_parameter(request, "access_token");
    return about && shown && tg_same_text(about, shown);
}

#include "deploy/ctl/names.h"

#include "common/base/json.h"
#include "common/base/uuid7.h"

#include <string.h>
#include <strings.h>

// What may be named otherwise than by its id: where such things are listed, and the members that
// are a name.
static const struct kind {
    const char *argument; // "ORG"
    const char *list;
    const char *names[3];
} kinds[] = {
    {"ORG", "/admin/orgs?name=", {"name"}},
    {"CHANNEL", "/admin/orgs/{ORG}/channels", {"phone_number_id", "display_phone_number"}},
    {"KEY", "/admin/orgs/{ORG}/keys", {"name", "prefix"}},
};

static const struct kind *kind_of(const char *argument)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].argument, argument) == 0)
            return &kinds[i];
    }
    return NULL;
}

// The only list in an answer; NULL: there is none.
static struct json_object *list_in(struct json_object *answer)
{
    json_object_object_foreach(answer, name, value)
    {
        (void)name;
        if (json_object_is_type(value, json_type_array))
            return value;
    }
    return NULL;
}

static bool has_name(struct json_object *thing, const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < sizeof kind->names / sizeof *kind->names && kind->names[i]; i++) {
        const char *is = tg_json_string_member(thing, kind->names[i]);
        if (is && strcasecmp(is, name) == 0)
            return true;
    }
    return false;
}

// Of those that are over (revoked, say) the name is free again.
static bool is_over(struct json_object *thing)
{
    return tg_json_string_member(thing, "revoked_at") != NULL;
}

static enum call_result pick(struct json_object *list, const struct kind *kind, const char *name,
                             struct tg_text *id, struct tg_error *error)
{
    size_t found = 0;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *thing = json_object_array_get_idx(list, i);
        const char *is = tg_json_string_member(thing, "id");
        if (!is || is_over(thing) || !has_name(thing, kind, name))
            continue;
        found++;
        tg_text_clear(id);
        tg_text_append_string(id, is);
    }
    if (found == 1)
        return CALL_DONE;
    if (found == 0)
        tg_error_set(error, "refused", NULL, "there is no %s %s", kind->argument, name);
    else
        tg_error_set(error, "refused", NULL, "%s %s is not the only one: say its id",
                     kind->argument, name);
    return CALL_REFUSED;
}

static enum call_result find(const struct desk *desk, const struct kind *kind, const char *org_id,
                             const char *name, struct tg_text *id, struct tg_error *error)
{
    TG_TEXT_AUTO path = {0};
    size_t plain = strcspn(kind->list, "{");
    tg_text_append(&path, kind->list, plain);
    if (kind->list[plain])
        tg_text_append_format(&path, "%s%s", org_id, kind->list + plain + strlen("{ORG}"));
    else
        call_escape(name, &path);
    struct json_object *answer;
    enum call_result result = call(desk, "GET", tg_text_string(&path), NULL, &answer, error);
    if (result == CALL_DONE)
        result = pick(list_in(answer), kind, name, id, error);
    json_object_put(answer);
    return result;
}

// Appends what an argument says, as an id if it can be one.
static enum call_result append_id(const struct desk *desk, const char *argument, const char *typed,
                                  const char *org_id, struct tg_text *id, struct tg_error *error)
{
    struct tg_uuid uuid;
    const struct kind *kind = kind_of(argument);
    if (kind && !tg_uuid_parse(typed, strlen(typed), &uuid))
        return find(desk, kind, org_id, typed, id, error);
    call_escape(typed, id);
    return CALL_DONE;
}

// Which argument is named there, {ORG} say.
static size_t argument_at(const struct command *command, const char *name, size_t length)
{
    size_t i = 0;
    while (i < ARGUMENTS_MAX && (strlen(command->arguments[i].name) != length ||
                                 strncmp(command->arguments[i].name, name, length) != 0))
        i++;
    return i;
}

static void append_query(struct json_object *parameters, struct tg_text *path)
{
    const char *mark = "?";
    json_object_object_foreach(parameters, name, value)
    {
        tg_text_append_format(path, "%s%s=", mark, name);
        call_escape(json_object_get_string(value), path);
        mark = "&";
    }
}

enum call_result names_path(const struct desk *desk, const struct line *line, struct tg_text *path,
                            struct tg_error *error)
{
    const struct command *command = line->command;
    TG_TEXT_AUTO org_id = {0};
    const char *at = command->path;
    for (size_t plain; at[plain = strcspn(at, "{")];) {
        TG_TEXT_AUTO id = {0};
        size_t length = strcspn(at + plain + 1, "}");
        size_t i = argument_at(command, at + plain + 1, length);
        tg_text_append(path, at, plain);
        at += plain + length + 2;
        enum call_result result = append_id(desk, command->arguments[i].name, line->arguments[i],
                                            tg_text_string(&org_id), &id, error);
        if (result != CALL_DONE)
            return result;
        tg_text_append_string(path, tg_text_string(&id));
        if (strcmp(command->arguments[i].name, "ORG") == 0)
            tg_text_append_string(&org_id, tg_text_string(&id));
    }
    tg_text_append_string(path, at);
    if (strcmp(command->method, "GET") == 0)
        append_query(line->body, path);
    return CALL_DONE;
}

static enum call_result name_org(const struct desk *desk, struct line *line, const char *member,
                                 struct tg_error *error)
{
    struct json_object *typed = tg_json_member(line->body, member, json_type_string);
    TG_TEXT_AUTO id = {0};
    if (!typed)
        return CALL_DONE;
    enum call_result result = append_id(desk, "ORG", json_object_get_string(typed), "", &id, error);
    if (result == CALL_DONE)
        json_object_object_add(line->body, member, json_object_new_string(tg_text_string(&id)));
    return result;
}

enum call_result names_body(const struct desk *desk, struct line *line, struct tg_error *error)
{
    const struct command *command = line->command;
    enum call_result result = CALL_DONE;
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++) {
        if (result == CALL_DONE && command->arguments[i].kind == VALUE_ORG)
            result = name_org(desk, line, command->arguments[i].member, error);
    }
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        if (result == CALL_DONE && command->options[i].kind == VALUE_ORG)
            result = name_org(desk, line, command->options[i].member, error);
    }
    return result;
}

#include "deploy/ctl/names.h"

#include "common/base/json.h"
#include "common/base/uuid7.h"

#include <string.h>
#include <strings.h>

// What may be named otherwise than by its id: where such things are listed, and the members that
// are a name.
static const struct kind {
    const char *argument; // "ORG"
    const char *word;     // "org"
    const char *list;
    const char *names[3];
    const char *id; // the member that is its id; NULL: "id"
} kinds[] = {
    {"ORG", "org", "/admin/orgs?limit=200&name=", {"name"}, NULL},
    {"CHANNEL",
     "channel",
     "/admin/orgs/{ORG}/channels?limit=200",
     {"phone_number_id", "display_phone_number"},
     NULL},
    {"KEY", "key", "/admin/orgs/{ORG}/keys?limit=200", {"name", "prefix"}, NULL},
    {"CAMPAIGN", "campaign", "/admin/orgs/{ORG}/campaigns?limit=200", {"name"}, "campaign_id"},
    {"ENDPOINT", "endpoint", "/admin/orgs/{ORG}/endpoints?limit=200", {"url", "description"}, NULL},
};

// How many ids of the same name are said.
enum { IDS_MAX = 2 };

// Those that a name may mean. Of what is over (revoked, disabled, ended) the name is free again: it
// means such a one only where no other has it.
struct found {
    size_t good;
    size_t over;
    struct tg_text good_ids; // separated by blanks
    struct tg_text over_ids;
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

static bool is_over(struct json_object *thing)
{
    const char *status = tg_json_string_member(thing, "status");
    return tg_json_string_member(thing, "revoked_at") || tg_json_string_member(thing, "ended_at") ||
           (status && strcmp(status, "disabled") == 0);
}

static void keep(struct found *found, const struct kind *kind, struct json_object *thing)
{
    const char *id = tg_json_string_member(thing, kind->id ? kind->id : "id");
    bool over = is_over(thing);
    struct tg_text *ids = over ? &found->over_ids : &found->good_ids;
    size_t n = over ? found->over++ : found->good++;
    if (n < IDS_MAX)
        tg_text_append_format(ids, "%s%s", n > 0 ? " " : "", id ? id : "");
    else if (n == IDS_MAX)
        tg_text_append_string(ids, " ...");
}

// Those of a page that have the name.
static void keep_named(struct found *found, const struct kind *kind, struct json_object *list,
                       const char *name)
{
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *thing = json_object_array_get_idx(list, i);
        if (has_name(thing, kind, name))
            keep(found, kind, thing);
    }
}

static enum call_result pick(const struct found *found, const struct kind *kind, const char *name,
                             struct tg_text *id, struct tg_error *error)
{
    size_t count = found->good > 0 ? found->good : found->over;
    const char *ids = tg_text_string(found->good > 0 ? &found->good_ids : &found->over_ids);
    if (count == 1)
        tg_text_append_string(id, ids);
    else if (count == 0)
        tg_error_set(error, "refused", NULL, "there is no %s %s", kind->word, name);
    else
        tg_error_set(error, "refused", NULL, "%zu %ss are called %.50s, say which: %s", count,
                     kind->word, name, ids);
    return count == 1 ? CALL_DONE : CALL_REFUSED;
}

// Looks through all pages of a list.
static enum call_result look_through(const struct desk *desk, const char *list,
                                     const struct kind *kind, const char *name, struct found *found,
                                     struct tg_error *error)
{
    TG_TEXT_AUTO path = {0};
    enum call_result result;
    struct json_object *answer;
    bool goes_on;
    tg_text_append_string(&path, list);
    do {
        result = call(desk, "GET", tg_text_string(&path), NULL, &answer, error);
        if (result == CALL_DONE)
            keep_named(found, kind, list_in(answer), name);
        const char *next = tg_json_string_member(answer, "next_before");
        goes_on = result == CALL_DONE && next;
        if (goes_on) {
            tg_text_clear(&path);
            tg_text_append_format(&path, "%s&before=", list);
            call_escape(next, &path);
        }
        json_object_put(answer);
    } while (goes_on);
    return result;
}

static enum call_result find(const struct desk *desk, const struct kind *kind, const char *org_id,
                             const char *name, struct tg_text *id, struct tg_error *error)
{
    TG_TEXT_AUTO list = {0};
    struct found found = {0};
    size_t plain = strcspn(kind->list, "{");
    tg_text_append(&list, kind->list, plain);
    if (kind->list[plain])
        tg_text_append_format(&list, "%s%s", org_id, kind->list + plain + strlen("{ORG}"));
    else
        call_escape(name, &list);
    enum call_result result = look_through(desk, tg_text_string(&list), kind, name, &found, error);
    if (result == CALL_DONE)
        result = pick(&found, kind, name, id, error);
    tg_text_finish(&found.good_ids);
    tg_text_finish(&found.over_ids);
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

// The id of the org that the command is about; "": it is about none.
static enum call_result org_of(const struct desk *desk, const struct line *line, struct tg_text *id,
                               struct tg_error *error)
{
    const struct argument *first = &line->command->arguments[0];
    if (!first->name || strcmp(first->name, "ORG") != 0)
        return CALL_DONE;
    return append_id(desk, "ORG", line->arguments[0], "", id, error);
}

static enum call_result name_member(const struct desk *desk, struct line *line,
                                    enum value_kind kind, const char *member,
                                    struct tg_error *error)
{
    bool is_channel = kind == VALUE_CHANNEL;
    TG_TEXT_AUTO org_id = {0};
    TG_TEXT_AUTO id = {0};
    if (kind != VALUE_ORG && !is_channel)
        return CALL_DONE;
    struct json_object *typed = tg_json_member(line->body, member, json_type_string);
    if (!typed)
        return CALL_DONE;
    enum call_result result = is_channel ? org_of(desk, line, &org_id, error) : CALL_DONE;
    if (result == CALL_DONE)
        result = append_id(desk, is_channel ? "CHANNEL" : "ORG", json_object_get_string(typed),
                           tg_text_string(&org_id), &id, error);
    if (result == CALL_DONE)
        json_object_object_add(line->body, member, json_object_new_string(tg_text_string(&id)));
    return result;
}

enum call_result names_body(const struct desk *desk, struct line *line, struct tg_error *error)
{
    const struct command *command = line->command;
    enum call_result result = CALL_DONE;
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++) {
        const struct argument *argument = &command->arguments[i];
        if (result == CALL_DONE)
            result = name_member(desk, line, argument->kind, argument->member, error);
    }
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        if (result == CALL_DONE)
            result = name_member(desk, line, option->kind, option->member, error);
    }
    return result;
}

enum call_result names_twin(const struct desk *desk, const struct line *line, struct tg_text *id,
                            struct tg_error *error)
{
    TG_TEXT_AUTO path = {0};
    struct json_object *answer;
    tg_text_append_string(&path, line->command->twins);
    call_escape(line->arguments[0], &path);
    enum call_result result = call(desk, "GET", tg_text_string(&path), NULL, &answer, error);
    struct json_object *list = result == CALL_DONE ? list_in(answer) : NULL;
    if (list && json_object_array_length(list) > 0)
        tg_text_append_string(id, tg_json_string_member(json_object_array_get_idx(list, 0), "id"));
    json_object_put(answer);
    return result;
}

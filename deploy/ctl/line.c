#include "deploy/ctl/line.h"

#include "common/base/digits.h"
#include "deploy/ctl/closest.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t";

// Of a file: a token, or a reply of a rule.
enum { FILE_MAX = 64 * 1024, OPTION_SIZE = 48 };

// What stands in the file, without the line's end behind it. NULL: *error says why.
static struct json_object *read_file(const char *name, struct tg_error *error)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    if (!file) {
        tg_error_set(error, "usage", NULL, "%s cannot be read: %s", name, strerrordesc_np(errno));
        return NULL;
    }
    char bytes[FILE_MAX + 1];
    size_t length = fread(bytes, 1, sizeof bytes, file);
    bool failed = ferror(file) != 0;
    if (file != stdin)
        (void)fclose(file);
    while (length > 0 && strchr("\r\n", bytes[length - 1]))
        length--;
    struct json_object *text = NULL;
    if (failed || length == 0 || length > FILE_MAX)
        tg_error_set(error, "usage", NULL, "%s %s", name,
                     length > FILE_MAX ? "is too long" : "is empty, or cannot be read");
    else
        text = json_object_new_string_len(bytes, (int)length);
    explicit_bzero(bytes, sizeof bytes);
    return text;
}

static struct json_object *list_of(const char *words)
{
    struct json_object *list = json_object_new_array();
    for (const char *at = words; *at; at += strspn(at, ",")) {
        at += strspn(at, blanks);
        size_t length = strcspn(at, ",");
        size_t kept = length;
        while (kept > 0 && strchr(blanks, at[kept - 1]))
            kept--;
        if (kept > 0)
            json_object_array_add(list, json_object_new_string_len(at, (int)kept));
        at += length;
    }
    return list;
}

// False: it is none. (JSON's null is NULL, as json-c has it.)
static bool read_value(enum value_kind kind, const char *name, const char *text,
                       struct json_object **value, struct tg_error *error)
{
    int64_t number;
    switch (kind) {
    case VALUE_NUMBER:
        if (!tg_decimal_read(text, INT64_MAX, &number))
            return tg_error_set(error, "usage", NULL, "%s must be a whole number, not %s", name,
                                text);
        *value = json_object_new_int64(number);
        return true;
    case VALUE_WORDS:
        *value = list_of(text);
        return true;
    case VALUE_FILE:
        *value = read_file(text, error);
        return *value != NULL;
    case VALUE_YES:
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return tg_error_set(error, "usage", NULL, "%s must be yes or no, not %s", name, text);
        *value = json_object_new_boolean(strcmp(text, "yes") == 0);
        return true;
    case VALUE_JSON:
        *value = json_tokener_parse(text);
        return json_object_is_type(*value, json_type_object) ||
               tg_error_set(error, "usage", NULL, "%s must be an object in JSON", name);
    case VALUE_TEXT:
    case VALUE_ORG:
    case VALUE_CHANNEL:
    case VALUE_END:
        break;
    }
    *value = json_object_new_string(text);
    return true;
}

static bool set_member(struct line *line, enum value_kind kind, const char *name,
                       const char *member, const char *text, struct tg_error *error)
{
    struct json_object *value = NULL;
    if (!read_value(kind, name, text, &value, error))
        return false;
    json_object_object_add(line->body, member, value);
    return true;
}

// The option that was perhaps meant; NULL: nobody can tell.
static const struct option *guess_option(const struct command *command, const char *name,
                                         size_t length)
{
    const struct option *meant = NULL;
    int nearest = INT_MAX;
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        int distance = closest_distance(name, length, command->options[i].name);
        if (distance < nearest) {
            nearest = distance;
            meant = &command->options[i];
        }
    }
    return meant;
}

static bool refuse_option(const struct command *command, const char *name, size_t length,
                          struct tg_error *error)
{
    const struct option *meant = guess_option(command, name, length);
    return tg_error_set(error, "usage", NULL, "there is no --%.*s%s%s (see --help)", (int)length,
                        name, meant ? "; there is --" : "", meant ? meant->name : "");
}

static const struct option *find_option(const struct command *command, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

// One that every command has; false: it is none of these.
static bool take_common(struct line *line, const char *word)
{
    static const char *const names[] = {"--json", "--yes", "--help", "-h"};
    bool *const flags[] = {&line->json, &line->yes, &line->help, &line->help};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(word, names[i]) == 0)
            return *flags[i] = true;
    }
    return false;
}

// "--name value" or "--name=value"; *at is the last word of it then.
static bool take_option(struct line *line, int count, char *const *words, int *at,
                        struct tg_error *error)
{
    const char *word = words[*at];
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const struct option *option = find_option(line->command, name, length);
    if (!option)
        return refuse_option(line->command, name, length, error);
    const char *value = name[length] ? name + length + 1 : NULL;
    if (!value && *at + 1 == count)
        return tg_error_set(error, "usage", NULL, "--%s needs a value", option->name);
    if (!value)
        value = words[++*at];
    if (strcmp(value, "none") == 0 && command_names(line->command->clears, option->name)) {
        json_object_object_add(line->body, option->member, NULL);
        return true;
    }
    char said[OPTION_SIZE];
    snprintf(said, sizeof said, "--%s", option->name);
    return set_member(line, option->kind, said, option->member, value, error);
}

static bool take_argument(struct line *line, size_t place, const char *word, struct tg_error *error)
{
    const struct argument *argument =
        place < ARGUMENTS_MAX ? &line->command->arguments[place] : NULL;
    if (!argument || !argument->name)
        return tg_error_set(error, "usage", NULL, "%s is one word too many (see --help)", word);
    line->arguments[place] = word;
    return !argument->member ||
           set_member(line, argument->kind, argument->name, argument->member, word, error);
}

// Is all there that must be?
static bool is_whole(const struct line *line, size_t places, struct tg_error *error)
{
    const struct command *command = line->command;
    if (places < ARGUMENTS_MAX && command->arguments[places].name)
        return tg_error_set(error, "usage", NULL, "%s is missing (see --help)",
                            command->arguments[places].name);
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        if (command_names(command->needs, option->name) &&
            !json_object_object_get_ex(line->body, option->member, NULL))
            return tg_error_set(error, "usage", NULL, "--%s is missing (see --help)", option->name);
    }
    return true;
}

bool line_read(struct line *line, const struct command *command, int count, char *const *words,
               struct tg_error *error)
{
    *line = (struct line){.command = command, .body = json_object_new_object()};
    size_t place = 0;
    for (int i = 0; i < count; i++) {
        bool is_option = strncmp(words[i], "--", 2) == 0;
        if (take_common(line, words[i]))
            continue;
        if (is_option ? !take_option(line, count, words, &i, error)
                      : !take_argument(line, place++, words[i], error))
            return false;
    }
    return line->help || is_whole(line, place, error);
}

void line_finish(struct line *line)
{
    json_object_put(line->body);
}

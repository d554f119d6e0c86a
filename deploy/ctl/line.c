#include "deploy/ctl/line.h"

#include "common/base/digits.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Of a file: a token, or a reply of a rule.
enum { FILE_MAX = 64 * 1024 };

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
        size_t length = strcspn(at, ",");
        json_object_array_add(list, json_object_new_string_len(at, (int)length));
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
    case VALUE_FLAG:
        *value = json_object_new_boolean(true);
        return true;
    case VALUE_TEXT:
    case VALUE_ORG:
    case VALUE_END:
        break;
    }
    *value = strcmp(text, "none") == 0 ? NULL : json_object_new_string(text);
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
    static const char *const names[] = {"--json", "--yes", "--help"};
    bool *const flags[] = {&line->json, &line->yes, &line->help};
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
        return tg_error_set(error, "usage", NULL, "there is no %s (see --help)", word);
    const char *value = name[length] ? name + length + 1 : NULL;
    if (option->kind == VALUE_FLAG) {
        if (value)
            return tg_error_set(error, "usage", NULL, "--%s takes no value", option->name);
    } else if (!value) {
        if (*at + 1 == count)
            return tg_error_set(error, "usage", NULL, "--%s needs a value", option->name);
        value = words[++*at];
    }
    return set_member(line, option->kind, word, option->member, value, error);
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

bool line_read(struct line *line, const struct command *command, int count, char *const *words,
               struct tg_error *error)
{
    *line = (struct line){.command = command, .body = json_object_new_object()};
    size_t place = 0;
    for (int i = 0; i < count; i++) {
        bool is_option = strncmp(words[i], "--", 2) == 0;
        if (is_option && take_common(line, words[i]))
            continue;
        if (is_option ? !take_option(line, count, words, &i, error)
                      : !take_argument(line, place++, words[i], error))
            return false;
    }
    if (line->help || place == ARGUMENTS_MAX || !command->arguments[place].name)
        return true;
    return tg_error_set(error, "usage", NULL, "%s is missing (see --help)",
                        command->arguments[place].name);
}

void line_finish(struct line *line)
{
    json_object_put(line->body);
}

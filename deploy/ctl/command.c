#include "deploy/ctl/command.h"

#include "common/base/text.h"
#include "deploy/ctl/closest.h"

#include <stdio.h>
#include <string.h>

// How many of the words are those of `name`; -1: they are others.
static int match(const char *name, int count, char *const *words)
{
    int n = 0;
    for (const char *at = name; *at; n++) {
        size_t length = strcspn(at, " ");
        if (n == count || strlen(words[n]) != length || strncmp(at, words[n], length) != 0)
            return -1;
        at += length + strspn(at + length, " ");
    }
    return n;
}

const struct command *command_find(int count, char *const *words, int *named)
{
    for (const struct command *command = commands; command->words; command++) {
        *named = match(command->words, count, words);
        if (*named > 0)
            return command;
    }
    return NULL;
}

static const char *placeholder(enum value_kind kind)
{
    static const char *const names[] = {[VALUE_END] = "",
                                        [VALUE_TEXT] = "TEXT",
                                        [VALUE_NUMBER] = "NUMBER",
                                        [VALUE_WORDS] = "WORD,WORD",
                                        [VALUE_FILE] = "FILE",
                                        [VALUE_ORG] = "ORG",
                                        [VALUE_CHANNEL] = "CHANNEL",
                                        [VALUE_YES] = "yes|no",
                                        [VALUE_JSON] = "JSON"};
    return names[kind];
}

static void print_arguments(const struct command *command)
{
    printf("%s", command->words);
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++)
        printf(" %s", command->arguments[i].name);
}

bool command_names(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names ? names : ""; *at; at += strspn(at, ",")) {
        size_t n = strcspn(at, ",");
        if (n == length && strncmp(at, name, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static void print_usage(const struct command *command)
{
    bool has_more = false;
    printf("Usage: tollgatectl ");
    print_arguments(command);
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        if (command_names(command->needs, option->name))
            printf(" --%s %s", option->name, placeholder(option->kind));
        else
            has_more = true;
    }
    printf("%s\n\n%s\n\n", has_more ? " [OPTION]..." : "", command->says);
}

static void print_option(const char *left, const char *says, const char *note)
{
    printf("  %-32s %s%s\n", left, says, note);
}

static void print_options(const struct command *command)
{
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        char left[48];
        snprintf(left, sizeof left, "--%s %s", option->name, placeholder(option->kind));
        print_option(left, option->says,
                     command_names(command->clears, option->name) ? " none: takes it away." : "");
    }
    print_option("--json", "Print the answer as it came.", "");
    if (command->warning || command->twins)
        print_option("--yes", "Ask nothing.", "");
}

// How what stands in capitals may be said.
static void print_names(const struct command *command)
{
    static const char *const names[][2] = {
        {"ORG", "its name or id"},
        {"CHANNEL", "the number as people write it, Meta's id of it, or the channel's id"},
        {"KEY", "its name, what it begins with (prefix), or its id"},
        {"CAMPAIGN", "its name or id"},
        {"ENDPOINT", "its address (url), its description, or its id"}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        bool is_said = false;
        for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++)
            is_said |= strcmp(command->arguments[i].name, names[n][0]) == 0;
        for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
            is_said |= strcmp(placeholder(command->options[i].kind), names[n][0]) == 0;
        }
        if (is_said)
            printf("%s: %s.\n", names[n][0], names[n][1]);
    }
}

void command_print_help(const struct command *command)
{
    print_usage(command);
    print_options(command);
    printf("\n");
    print_names(command);
    printf("It is %s %s of the admin API.\n", command->method, command->path);
}

static bool begins_with(const char *name, int count, char *const *words)
{
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(name, words[i], length) != 0 || (name[length] && name[length] != ' '))
            return false;
        name += length + strspn(name + length, " ");
    }
    return true;
}

size_t command_print_list(int count, char *const *words)
{
    size_t n = 0;
    for (const struct command *command = commands; command->words; command++) {
        if (!begins_with(command->words, count, words))
            continue;
        char left[64];
        int length = snprintf(left, sizeof left, "%s", command->words);
        for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++)
            length += snprintf(left + length, sizeof left - (size_t)length, " %s",
                               command->arguments[i].name);
        printf("  %-42s %s\n", left, command->says);
        n++;
    }
    return n;
}

// The words that may be a command's: at most as many as one has, and no option.
static void join_words(int count, char *const *words, struct tg_text *joined)
{
    for (int i = 0; i < count && i < 2 && words[i][0] != '-'; i++)
        tg_text_append_format(joined, "%s%s", i > 0 ? " " : "", words[i]);
}

void command_print_unknown(int count, char *const *words)
{
    TG_TEXT_AUTO typed = {0};
    const struct command *meant = NULL;
    int nearest = INT_MAX;
    join_words(count, words, &typed);
    for (const struct command *command = commands; command->words; command++) {
        // Of a command of one word the second is an argument.
        size_t length = strchr(command->words, ' ') ? typed.length : strlen(words[0]);
        int distance = closest_distance(tg_text_string(&typed), length, command->words);
        if (distance < nearest) {
            nearest = distance;
            meant = command;
        }
    }
    fprintf(stderr, "tollgatectl: there is no command %s%s%s (see --help)\n",
            tg_text_string(&typed), meant ? "; there is " : "", meant ? meant->words : "");
}

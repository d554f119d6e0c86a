#include "deploy/ctl/command.h"

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
    static const char *const names[] = {
        [VALUE_TEXT] = "TEXT", [VALUE_NUMBER] = "NUMBER", [VALUE_WORDS] = "WORD,WORD",
        [VALUE_FILE] = "FILE", [VALUE_ORG] = "ORG",       [VALUE_YES] = "yes|no"};
    return names[kind];
}

static void print_arguments(const struct command *command)
{
    printf("%s", command->words);
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++)
        printf(" %s", command->arguments[i].name);
}

void command_print_help(const struct command *command)
{
    printf("Usage: tollgatectl ");
    print_arguments(command);
    printf("%s\n\n%s\n", command->options[0].name ? " [OPTION]..." : "", command->says);
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option *option = &command->options[i];
        char left[48];
        snprintf(left, sizeof left, "--%s %s", option->name,
                 option->kind == VALUE_FLAG ? "" : placeholder(option->kind));
        printf("%s  %-32s %s\n", i == 0 ? "\n" : "", left, option->says);
    }
    printf("\nNames or ids do for ORG, CHANNEL (its number's id, too) and KEY. It is %s %s of the "
           "admin API.\n",
           command->method, command->path);
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

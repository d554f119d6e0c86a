// What tollgatectl can do, as a table: each command is one call of the admin API.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// How what is typed becomes a JSON value, or a parameter of the query.
enum value_kind {
    VALUE_END,
    VALUE_TEXT,    // as it is
    VALUE_NUMBER,  // a whole one
    VALUE_WORDS,   // separated by commas: a list of texts
    VALUE_FILE,    // the text in a file, "-" is standard input: secrets are in no command line
    VALUE_ORG,     // an org's id, by its name, too
    VALUE_CHANNEL, // the id of a channel of the command's ORG, by its number, too
    VALUE_YES,     // yes or no
    VALUE_JSON     // an object in JSON
};

// Of a command line: "--reference TEXT", or what stands at its place ("NAME").
struct option {
    const char *name; // "reference"
    enum value_kind kind;
    const char *member; // of the body, or the query's parameter: "reference"
    const char *says;
};

// A place in a command line.
struct argument {
    const char *name;     // "ORG"; NULL: there are no more
    const char *member;   // of the body; NULL: it stands in the path, as {ORG}
    enum value_kind kind; // if it is a member
};

enum { ARGUMENTS_MAX = 4, OPTIONS_MAX = 20 };

struct command {
    const char *words; // "channel add"
    struct argument arguments[ARGUMENTS_MAX];
    struct option options[OPTIONS_MAX];
    const char *method;
    const char *path;    // {ORG}, {CHANNEL}, {KEY} are ids by then
    const char *needs;   // the options that must be there: "reason,reference"; NULL: none
    const char *clears;  // the options of which "none" takes away what is there; NULL: none
    const char *twins;   // where those of the same name are asked for, before one more is made
    const char *follows; // the path to ask until what it has begun has ended (follow.h); NULL: none
    const char *warning; // of what cannot be undone, a question; NULL: it can
    const char *columns; // what of each row is shown, or of the one thing first: "name,id"
    const char *says;
};

extern const struct command commands[]; // ends with an empty row

// Is it one of these names, which commas separate? NULL: there are none.
bool command_names(const char *names, const char *name);

// The command that the words begin with, and how many of them name it; NULL: there is none.
const struct command *command_find(int count, char *const *words, int *named);

// "tollgatectl channel add ORG NUMBER [--fee AMOUNT] ...", and what it all means.
void command_print_help(const struct command *command);

// Says on standard error that there is no such command, and which was perhaps meant.
void command_print_unknown(int count, char *const *words);

// All commands that begin with these words, a line each; 0 words: all of them. How many there are.
size_t command_print_list(int count, char *const *words);

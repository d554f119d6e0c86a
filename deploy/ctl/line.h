// A command line, read: what it calls, and with what.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "deploy/ctl/command.h"

#include <json-c/json.h>

struct line {
    const struct command *command;
    const char *arguments[ARGUMENTS_MAX]; // as they were typed
    struct json_object *body;             // members of the body; of a GET, the query's
    bool json;                            // print the answer as it came
    bool yes;                             // ask nothing
    bool help;
};

// Reads all that follows the command's words. False: *error says what is wrong with it. What is in
// files is read. line_finish frees it either way.
bool line_read(struct line *line, const struct command *command, int count, char *const *words,
               struct tg_error *error) TG_MUST_CHECK;
void line_finish(struct line *line);

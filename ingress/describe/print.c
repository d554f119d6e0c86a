#include "ingress/describe/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool print_asked(int argc, char **argv, enum printed *what)
{
    static const char *const options[] = {[PRINT_PUBLIC] = "--openapi",
                                          [PRINT_ADMIN] = "--openapi-admin",
                                          [PRINT_ERRORS] = "--errors"};
    for (size_t i = 0; argc == 2 && i < sizeof options / sizeof *options; i++) {
        *what = (enum printed)i;
        if (strcmp(argv[1], options[i]) == 0)
            return true;
    }
    return false;
}

static void print_json(struct json_object *document)
{
    puts(json_object_to_json_string_ext(document,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

int print_description(enum printed what, const struct router *public, const struct router *admin)
{
    TG_TEXT_AUTO faults = {0};
    TG_TEXT_AUTO errors = {0};
    struct json_object *documents[] = {
        [PRINT_PUBLIC] = describe(public, LISTENER_PUBLIC, &faults),
        [PRINT_ADMIN] = describe(admin, LISTENER_ADMIN, &faults),
    };
    describe_errors(&errors);
    if (what == PRINT_ERRORS)
        fputs(errors.data, stdout);
    else
        print_json(documents[what]);
    json_object_put(documents[PRINT_PUBLIC]);
    json_object_put(documents[PRINT_ADMIN]);
    fputs(tg_text_string(&faults), stderr);
    return fflush(stdout) == 0 && faults.length == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

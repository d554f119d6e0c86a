// tollgatectl: a thin client of the admin API.
#include "deploy/ctl/call.h"
#include "deploy/ctl/follow.h"
#include "deploy/ctl/line.h"
#include "deploy/ctl/names.h"
#include "deploy/ctl/show.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
    EXIT_UNCONFIRMED = 4,
    TOKEN_MAX = 512
};

static const char default_url[] = "http://127.0.0.1:9091";

static void print_help(void)
{
    printf("Usage: tollgatectl COMMAND [ARGUMENT]... [OPTION]...\n\n"
           "Runs a Tollgate by its admin API. `tollgatectl COMMAND --help` tells of one command,\n"
           "`tollgatectl channel` of all that begin so.\n\n");
    (void)command_print_list(0, NULL);
    printf(
        "\n  --json   print the answer as it came\n"
        "  --yes    ask nothing before what cannot be undone\n\n"
        "Environment:\n"
        "  TOLLGATE_ADMIN_URL            the admin listener of an ingress (%s)\n"
        "  TOLLGATE_OPERATOR_TOKEN_FILE  a file that holds an operator's token, and that others\n"
        "                                have no rights on, or\n"
        "  TOLLGATE_OPERATOR_TOKEN       the token, or TOLLGATE_ADMIN_TOKEN, the first one\n"
        "  TOLLGATE_ADMIN_CA             certificates to trust besides the system's\n"
        "  TOLLGATE_ADMIN_INSECURE       yes: the token may go to another machine without TLS\n\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 the gateway cannot be asked, or\n"
        "cannot answer, 4 not confirmed.\n",
        default_url);
}

static int fail(int status, const struct tg_error *error)
{
    TG_TEXT_AUTO says = {0};
    tg_text_append_format(&says, "%s%s%s%s", error->message, error->field[0] ? " [" : "",
                          error->field, error->field[0] ? "]" : "");
    show_plain(&says);
    fprintf(stderr, "tollgatectl: %s\n", tg_text_string(&says));
    return status;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): the only thread
    return value && *value ? value : NULL;
}

// (Of a pipe the shell has made nobody else knows.)
static bool is_others_too(FILE *file)
{
    struct stat found;
    return fstat(fileno(file), &found) != 0 ||
           (S_ISREG(found.st_mode) && (found.st_mode & S_IRWXO) != 0);
}

// Would the token travel where others can read it?
static bool check_way(const char *url, struct tg_error *error)
{
    const char *insecure = variable("TOLLGATE_ADMIN_INSECURE");
    return call_is_private(url) || (insecure && strcmp(insecure, "yes") == 0) ||
           tg_error_set(error, "usage", NULL,
                        "%s is another machine and speaks no TLS: your token could be read on the "
                        "way. TOLLGATE_ADMIN_INSECURE=yes says that the network is private",
                        url);
}

// The token that the environment names. False: there is none.
static bool read_token(char token[TOKEN_MAX], struct tg_error *error)
{
    const char *name = variable("TOLLGATE_OPERATOR_TOKEN_FILE");
    const char *given = variable("TOLLGATE_OPERATOR_TOKEN");
    if (!given)
        given = variable("TOLLGATE_ADMIN_TOKEN");
    if (!name) {
        snprintf(token, TOKEN_MAX, "%s", given ? given : "");
        return given || tg_error_set(error, "usage", NULL,
                                     "TOLLGATE_OPERATOR_TOKEN_FILE names no operator's token");
    }
    FILE *file = fopen(name, "r");
    bool open_to_others = file && is_others_too(file);
    if (!file || open_to_others || !fgets(token, TOKEN_MAX, file))
        token[0] = '\0';
    if (file)
        (void)fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    if (open_to_others)
        return tg_error_set(error, "usage", NULL,
                            "others have rights on %s: chmod o= takes them away", name);
    return token[0] || tg_error_set(error, "usage", NULL, "no token can be read from %s", name);
}

// Asks before what cannot be undone.
static bool is_confirmed(const struct line *line, struct tg_error *error)
{
    char answer[8];
    if (!line->command->warning || line->yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return tg_error_set(error, "unconfirmed", NULL, "%s --yes says that it is meant",
                            line->command->warning);
    fprintf(stderr, "%s Type yes: ", line->command->warning);
    return (fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0) ||
           tg_error_set(error, "unconfirmed", NULL, "nothing was changed");
}

static int exit_status(enum call_result result, const struct tg_error *error)
{
    if (result == CALL_DONE)
        return EXIT_DONE;
    return fail(result == CALL_REFUSED ? EXIT_REFUSED : EXIT_FAILED, error);
}

static void print_answer(const struct line *line, struct json_object *answer)
{
    if (line->json)
        puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN |
                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
    else
        show(answer, line->command->columns);
}

static bool takes_body(const struct command *command)
{
    bool has_members = command->options[0].name != NULL;
    for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name; i++)
        has_members |= command->arguments[i].member != NULL;
    return has_members &&
           (strcmp(command->method, "POST") == 0 || strcmp(command->method, "PATCH") == 0);
}

static int run(const struct desk *desk, struct line *line)
{
    TG_TEXT_AUTO path = {0};
    struct tg_error error;
    struct json_object *answer = NULL;
    if (!is_confirmed(line, &error))
        return fail(EXIT_UNCONFIRMED, &error);
    enum call_result result = names_body(desk, line, &error);
    if (result == CALL_DONE)
        result = names_path(desk, line, &path, &error);
    if (result == CALL_DONE) {
        const char *method = line->command->method;
        result = call(desk, method, tg_text_string(&path),
                      takes_body(line->command) ? line->body : NULL, &answer, &error);
    }
    bool done = result == CALL_DONE;
    if (done && line->command->follows)
        result = follow(desk, line->command->follows, &answer, &error);
    if (done && answer)
        print_answer(line, answer);
    json_object_put(answer);
    return exit_status(result, &error);
}

static int run_command(const struct command *command, int count, char *const *words)
{
    struct line line;
    struct tg_error error;
    char token[TOKEN_MAX];
    const char *url = variable("TOLLGATE_ADMIN_URL");
    const struct desk desk = {url ? url : default_url, token, variable("TOLLGATE_ADMIN_CA")};
    int status = EXIT_DONE;
    bool good = line_read(&line, command, count, words, &error);
    if (good && line.help)
        command_print_help(command);
    else if (good && check_way(desk.url, &error) && read_token(token, &error))
        status = run(&desk, &line);
    else
        status = fail(EXIT_USAGE, &error);
    explicit_bzero(token, sizeof token);
    line_finish(&line);
    return status;
}

int main(int argc, char **argv)
{
    int named;
    if (argc == 1 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
        return argc == 1 ? EXIT_USAGE : EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("tollgatectl " TOLLGATE_VERSION);
        return EXIT_DONE;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    const struct command *command = command_find(argc - 1, argv + 1, &named);
    if (command)
        return run_command(command, argc - 1 - named, argv + 1 + named);
    bool asks = strcmp(argv[argc - 1], "--help") == 0;
    if (command_print_list(argc - 1 - asks, argv + 1) > 0)
        return asks ? EXIT_DONE : EXIT_USAGE;
    fprintf(stderr, "tollgatectl: there is no command %s (see --help)\n", argv[1]);
    return EXIT_USAGE;
}

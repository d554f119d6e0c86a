// tollgatectl: a thin client of the admin API.
#include "deploy/ctl/call.h"
#include "deploy/ctl/follow.h"
#include "deploy/ctl/line.h"
#include "deploy/ctl/names.h"
#include "deploy/ctl/show.h"

#include <curl/curl.h>
#include <errno.h>
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
    TOKEN_MAX = 512,
    OPTION_SIZE = 96
};

static const char default_url[] = "http://127.0.0.1:9091";

static void print_help(void)
{
    printf("Usage: tollgatectl COMMAND [ARGUMENT]... [OPTION]...\n\n"
           "Runs a Tollgate by its admin API. `tollgatectl COMMAND --help` tells of one command,\n"
           "`tollgatectl channel` of all that begin so. Names with blanks stand in quotes.\n\n");
    (void)command_print_list(0, NULL);
    printf(
        "\n  --json   print the answer as it came\n"
        "  --yes    ask nothing before what cannot be undone\n"
        "  --help   what a command does and takes\n\n"
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

static bool read_token_file(const char *name, char token[TOKEN_MAX], struct tg_error *error)
{
    FILE *file = fopen(name, "r");
    if (!file)
        return tg_error_set(error, "usage", NULL, "TOLLGATE_OPERATOR_TOKEN_FILE: %.80s: %s", name,
                            strerrordesc_np(errno));
    bool open_to_others = is_others_too(file);
    if (open_to_others || !fgets(token, TOKEN_MAX, file))
        token[0] = '\0';
    (void)fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    if (open_to_others)
        return tg_error_set(error, "usage", NULL,
                            "others have rights on %s: chmod o= takes them away", name);
    return token[0] ||
           tg_error_set(error, "usage", NULL,
                        "TOLLGATE_OPERATOR_TOKEN_FILE: %.80s begins with no token", name);
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
                                     "who asks? TOLLGATE_OPERATOR_TOKEN_FILE must name a file with "
                                     "an operator's token (see --help)");
    }
    return read_token_file(name, token, error);
}

// Asks before what cannot be undone.
static bool is_confirmed(const char *warning, struct tg_error *error)
{
    char answer[8];
    if (!isatty(STDIN_FILENO))
        return tg_error_set(error, "unconfirmed", NULL, "%s --yes says that it is meant", warning);
    fprintf(stderr, "%s Type yes: ", warning);
    return (fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0) ||
           tg_error_set(error, "unconfirmed", NULL, "nothing was changed");
}

// The gateway's word for what is wrong becomes the line's.
static const char *option_of(const struct line *line, const char *field, char said[OPTION_SIZE])
{
    for (size_t i = 0; i < OPTIONS_MAX && line->command->options[i].name; i++) {
        const struct option *option = &line->command->options[i];
        if (strcmp(option->member, field) == 0) {
            snprintf(said, OPTION_SIZE, "--%s", option->name);
            return said;
        }
    }
    return field;
}

static int exit_status(const struct line *line, enum call_result result, struct tg_error *error)
{
    char said[OPTION_SIZE];
    if (result == CALL_DONE)
        return EXIT_DONE;
    snprintf(error->field, sizeof error->field, "%s", option_of(line, error->field, said));
    return fail(result == CALL_REFUSED ? EXIT_REFUSED : EXIT_FAILED, error);
}

// Asks before two things have one name, which would then do for neither. CALL_DONE: *good says
// whether it is meant.
static enum call_result ask_of_twin(const struct desk *desk, const struct line *line, bool *good,
                                    struct tg_error *error)
{
    char warning[160];
    TG_TEXT_AUTO id = {0};
    enum call_result result = names_twin(desk, line, &id, error);
    show_plain(&id);
    snprintf(warning, sizeof warning, "%s has that name: no command would know which is meant.",
             tg_text_string(&id));
    *good = result == CALL_DONE && (id.length == 0 || is_confirmed(warning, error));
    return result;
}

// False: nothing is to be done, and *status is the exit status.
static bool is_meant(const struct desk *desk, const struct line *line, int *status)
{
    struct tg_error error;
    bool good = true;
    enum call_result result = CALL_DONE;
    if (line->yes)
        return true;
    if (line->command->warning)
        good = is_confirmed(line->command->warning, &error);
    else if (line->command->twins)
        result = ask_of_twin(desk, line, &good, &error);
    if (result != CALL_DONE)
        *status = exit_status(line, result, &error);
    else if (!good)
        *status = fail(EXIT_UNCONFIRMED, &error);
    return good;
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
    int status = EXIT_DONE;
    if (!is_meant(desk, line, &status))
        return status;
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
    return exit_status(line, result, &error);
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

// Options may stand before the command: they go behind it. How many there were.
static int move_options(int count, char **words)
{
    int options = 0;
    while (options < count && words[options][0] == '-')
        options++;
    for (int moved = 0; moved < options; moved++) {
        char *first = words[0];
        memmove(words, words + 1, (size_t)(count - 1) * sizeof *words);
        words[count - 1] = first;
    }
    return options;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

// Of options alone: help, or the version.
static int run_options(const char *option)
{
    if (strcmp(option, "--version") == 0)
        puts("tollgatectl " TOLLGATE_VERSION);
    else if (asks_for_help(option))
        print_help();
    else
        fprintf(stderr, "tollgatectl: a command is missing (see --help)\n");
    return asks_for_help(option) || strcmp(option, "--version") == 0 ? EXIT_DONE : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int named;
    int count = argc - 1;
    char **words = argv + 1;
    static char help[] = "--help";
    if (count == 0) {
        print_help();
        return EXIT_USAGE;
    }
    if (strcmp(words[0], "help") == 0)
        words[0] = help;
    if (move_options(count, words) == count)
        return run_options(words[0]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    const struct command *command = command_find(count, words, &named);
    if (command)
        return run_command(command, count - named, words + named);
    bool asks = asks_for_help(words[count - 1]);
    if (command_print_list(count - asks, words) > 0)
        return asks ? EXIT_DONE : EXIT_USAGE;
    command_print_unknown(count, words);
    return EXIT_USAGE;
}

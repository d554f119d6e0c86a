// tollgate-crowd: many clients at once that are slow, greedy or strangers; and the few others who
// are served meanwhile. Of tests/bench/crowd, against a gateway on this machine.
#include "common/base/digits.h"
#include "tests/bench/peers/crowd/client.h"
#include "tests/bench/peers/crowd/crowd.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
    "Usage: tollgate-crowd KIND --port N [OPTION]...\n"
    "\n"
    "Connects to 127.0.0.1, until its time is over or SIGTERM, and prints what came of it.\n"
    "\n"
    "  heads      send a head's bytes one by one\n"
    "  bodies     the same for bodies, after half of them; a third have a key, a third have none,\n"
    "             a third say that they are Meta\n"
    "  readers    ask for --path four times and take no answer\n"
    "  waiters    send, and wait for Meta\n"
    "  keys, key  ask with keys that nobody has; with one, again and again\n"
    "  tokens     ask with JWTs whose signatures are wrong\n"
    "  operators  ask what operators may, with tokens that nobody has\n"
    "  others     small loads of other orgs, or with --operator of an operator\n"
    "\n"
    "  --seconds N     (10)\n"
    "  --count N       connections (1000)\n"
    "  --rate N        requests a second (10000)\n"
    "  --addresses N   of 127.0.1.0 and on, from which they come (0: from 127.0.0.1)\n"
    "  --key PREFIX    of API keys, before a number (load-key-)\n"
    "  --path PREFIX   of what readers ask for, likewise (/api/wallet?org=)\n"
    "  --operator FILE an operator's token\n";

static volatile sig_atomic_t told_to_stop;

static void on_signal(int signal)
{
    (void)signal;
    told_to_stop = 1;
}

bool crowd_goes_on(void)
{
    return !told_to_stop;
}

// NOLINTBEGIN(concurrency-mt-unsafe): there is one thread

static _Noreturn void refuse(const char *option, const char *what)
{
    fprintf(stderr, "tollgate-crowd: %s %s (see --help)\n", option, what);
    exit(EXIT_FAILURE);
}

static int64_t read_number(const char *option, const char *text, int64_t least)
{
    int64_t number;
    if (!tg_decimal_read(text, 1000000, &number) || number < least)
        refuse(option, "needs a number");
    return number;
}

static const char *read_token(const char *path)
{
    static char token[256];
    FILE *file = fopen(path, "re");
    if (!file || !fgets(token, sizeof token, file))
        refuse("--operator", "needs a file that can be read");
    fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    return token;
}

static int64_t read_options(int argc, char **argv, struct crowd_options *options)
{
    static const struct option names[] = {{"port", required_argument, NULL, 'p'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"count", required_argument, NULL, 'c'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"addresses", required_argument, NULL, 'a'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"path", required_argument, NULL, 'u'},
                                          {"operator", required_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int64_t port = 0;
    int64_t *const numbers[] = {['p'] = &port,
                                ['s'] = &options->seconds,
                                ['c'] = &options->count,
                                ['r'] = &options->rate,
                                ['a'] = &options->addresses};
    int which = 0;
    for (int option; (option = getopt_long(argc, argv, "", names, &which)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            exit(EXIT_SUCCESS);
        } else if (option == 'k') {
            options->key = optarg;
        } else if (option == 'u') {
            options->path = optarg;
        } else if (option == 'o') {
            options->admin_key = read_token(optarg);
        } else if (option == '?') {
            exit(EXIT_FAILURE);
        } else {
            *numbers[option] = read_number(names[which].name, optarg, option == 'a' ? 0 : 1);
        }
    }
    return port;
}

// NOLINTEND(concurrency-mt-unsafe)

int main(int argc, char **argv)
{
    struct crowd_options options = {.seconds = 10,
                                    .count = 1000,
                                    .rate = 10000,
                                    .key = "load-key-",
                                    .path = "/api/wallet?org="};
    int64_t port = read_options(argc, argv, &options);
    if (optind + 1 != argc || port < 1 || port > UINT16_MAX)
        refuse("KIND and --port", "are needed");
    options.kind = argv[optind];
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    const struct rlimit files = {65536, 65536};
    (void)setrlimit(RLIMIT_NOFILE, &files);
    clients_start((uint16_t)port);
    if (slow_is_one(options.kind))
        slow_run(&options);
    else if (flood_is_one(options.kind))
        flood_run(&options);
    else if (strcmp(options.kind, "others") == 0)
        others_run(&options);
    else
        refuse(options.kind, "is no kind of crowd");
    clients_stop();
    return EXIT_SUCCESS;
}

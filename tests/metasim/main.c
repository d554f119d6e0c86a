#include "tests/metasim/help.h"
#include "tests/metasim/sim.h"
#include "tests/metasim/sim_server.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options {
    const char *listen;
    const char *port_file; // NULL: none
    const char *error_rules;
    const char *webhook_url; // "": none
    const char *webhook_secret;
    int64_t latency_ms;
};

static bool parse_latency(const char *text, int64_t *latency_ms)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > SIM_LATENCY_MS_MAX) {
        fprintf(stderr, "tollgate-metasim: --latency-ms must be 0 to %d\n", SIM_LATENCY_MS_MAX);
        return false;
    }
    *latency_ms = value;
    return true;
}

// Returns -1 to go on, else the exit status.
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"listen", required_argument, NULL, 'l'},
        {"port-file", required_argument, NULL, 'p'},
        {"error-rules", required_argument, NULL, 'e'},
        {"latency-ms", required_argument, NULL, 'm'},
        {"webhook-url", required_argument, NULL, 'u'},
        {"webhook-secret", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int name = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (name) {
        case 'l':
            options->listen = optarg;
            break;
        case 'p':
            options->port_file = optarg;
            break;
        case 'e':
            options->error_rules = optarg;
            break;
        case 'm':
            if (!parse_latency(optarg, &options->latency_ms))
                return 2;
            break;
        case 'u':
            options->webhook_url = optarg;
            break;
        case 's':
            options->webhook_secret = optarg;
            break;
        case 'h':
            fputs(sim_help, stdout);
            return 0;
        default:
            return 2; // getopt has said why
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "tollgate-metasim: unexpected argument %s\n", argv[optind]);
    return 2;
}

// Every connection is a file; some systems allow only 1,024 unless asked.
static void allow_connections(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Renamed into place, so that who waits for the file never reads half of it.
static bool write_port(const char *path, uint16_t port)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    FILE *file = fopen(temporary, "we");
    if (!file)
        return false;
    bool written = fprintf(file, "%" PRIu16 "\n", port) > 0;
    return fclose(file) == 0 && written && rename(temporary, path) == 0;
}

static bool run(const struct options *options, struct sim *sim, const sigset_t *stop)
{
    assert(options->listen);
    struct tg_error error;
    uint16_t port = 0;
    struct sim_server *server = sim_server_create(sim, options->listen, &port, &error);
    if (!server) {
        fprintf(stderr, "tollgate-metasim: %s\n", error.message);
        return false;
    }
    bool ready = !options->port_file || write_port(options->port_file, port);
    if (ready) {
        const char *colon = strrchr(options->listen, ':');
        fprintf(stderr, "metasim listening on %.*s:%" PRIu16 "\n", (int)(colon - options->listen),
                options->listen, port);
        int signal = 0;
        sigwait(stop, &signal);
    } else {
        fprintf(stderr, "tollgate-metasim: %s: %s\n", options->port_file, strerrordesc_np(errno));
    }
    // While the server is still there, into which the end of a series may reach.
    webhooks_close(sim->webhooks);
    sim_server_destroy(server);
    return ready;
}

int main(int argc, char **argv)
{
    struct options options = {.listen = "127.0.0.1:0",
                              .error_rules = "sql/error_rules.csv",
                              .webhook_url = "",
                              .webhook_secret = ""};
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    // Blocked before any thread is started, so that only sigwait gets them.
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    allow_connections();

    struct sim sim;
    struct tg_error error;
    if (!sim_init(&sim, options.error_rules, options.latency_ms, &error)) {
        fprintf(stderr, "tollgate-metasim: %s\n", error.message);
        return EXIT_FAILURE;
    }
    bool good = webhooks_aim(sim.webhooks, options.webhook_url, options.webhook_secret, &error);
    if (good)
        good = run(&options, &sim, &stop);
    else
        fprintf(stderr, "tollgate-metasim: --webhook-url, --webhook-secret: %s\n", error.message);
    sim_finish(&sim);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

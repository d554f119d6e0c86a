#include "common/limits.h"
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

static const char help[] =
    "tollgate-metasim: behaves as Meta's Cloud API does towards Tollgate. For tests and demos.\n"
    "\n"
    "  --listen HOST:PORT    numeric address to listen on; port 0: any free one (127.0.0.1:0)\n"
    "  --port-file FILE      write the port to FILE once it listens\n"
    "  --error-rules FILE    Meta's error codes (sql/error_rules.csv)\n"
    "  --latency-ms N        wait so long before each answer of Meta's API (0)\n"
    "  --help\n"
    "\n"
    "POST /{version}/{phone_number_id}/messages with a bearer token that begins with EAA, as "
    "Meta's\n"
    "do. The recipient picks what happens:\n"
    "\n"
    "  15550 + six digits    refused with that error code (15550131026, 15550000190)\n"
    "  15553 + six digits    refused with 131000 so many times (15553000002: twice), then taken\n"
    "  15552000001           taken, and the answer never comes\n"
    "  15552000002           not taken, closed without an answer\n"
    "  15552000003           taken; a reused connection is closed without a byte, a fresh one "
    "answered\n"
    "  15552000004           taken, then the connection is reset\n"
    "  15552000005           taken, answered 200 with garbage\n"
    "  15552000006           taken, answered 200 without an id\n"
    "  15552000007           taken, answered 502 with HTML\n"
    "  15552000008           taken, answered after 5 s\n"
    "  any other             taken and answered\n"
    "\n"
    "Control calls, not counted as requests:\n"
    "\n"
    "  GET  /_sim/posts?recipient=DIGITS or ?message=ID (biz_opaque_callback_data), or both, or "
    "none\n"
    "       {\"count\", \"taken\", \"posts\": [{\"time_ms\", \"message\", \"recipient\", "
    "\"phone_number_id\",\n"
    "       \"taken\", \"http\", \"code\", \"wamid\"}]}, oldest first. http null: no answer. The "
    "list ends\n"
    "       after 1,000; the newest 1,000,000 posts are kept and counted.\n"
    "  GET  /_sim/stats\n"
    "       requests = taken + receipts + refused + unauthorized; connections that carried a "
    "request;\n"
    "       reused: requests on a connection that had carried one; concurrent_max: requests at "
    "once;\n"
    "       by_code: refusals by error code; forgotten: posts no longer kept.\n"
    "  POST /_sim/settings\n"
    "       {\"latency_ms\": 50} before each answer; {\"mps\": 80} messages a second of one "
    "number, else\n"
    "       130429; {\"pair_burst\": 45, \"pair_interval_ms\": 6000} messages of one number to "
    "one\n"
    "       recipient, else 131056; {\"down\": true} everything is answered 503. 0: no limit.\n"
    "       Answers all settings.\n"
    "  POST /_sim/reset\n"
    "       forgets posts, counts, refusals and rates, undoes the settings, closes the "
    "connections\n"
    "       whose answer never comes.\n";

struct options {
    const char *listen;
    const char *port_file; // NULL: none
    const char *error_rules;
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
        case 'h':
            fputs(help, stdout);
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
    sim_server_destroy(server);
    return ready;
}

int main(int argc, char **argv)
{
    struct options options = {.listen = "127.0.0.1:0", .error_rules = "sql/error_rules.csv"};
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
    bool good = run(&options, &sim, &stop);
    sim_finish(&sim);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

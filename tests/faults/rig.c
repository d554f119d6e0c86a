#include "tests/faults/rig.h"

#include "tests/faults/endpoints.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_S = 30, END_S = 40, STOPPED_S = 60, INGRESS_SETTINGS = 3, WORKER_SETTINGS = 7 };

static const char *const balance = "1000000.00";

static uint64_t read_seed(void)
{
    const char *text = getenv("TOLLGATE_FAULTS_SEED"); // NOLINT(concurrency-mt-unsafe)
    return text && *text ? strtoull(text, NULL, 10) : 1;
}

// PostgreSQL's own rights are tested elsewhere; here its superuser makes what the daemons need.
static struct database *start_postgres(struct rig *rig)
{
    rig->postgres = postgres_create();
    postgres_start(rig->postgres);
    struct database *server = database_of("127.0.0.1", rig->postgres->port, "postgres");
    (void)database_text(server, "CREATE ROLE tollgate_ingress LOGIN");
    (void)database_text(server, "CREATE ROLE tollgate_worker LOGIN");
    (void)database_text(server, "CREATE DATABASE tollgate");
    struct database *database = database_of("127.0.0.1", rig->postgres->port, "tollgate");
    struct command_result result = command_run(
        WORDS(TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url", database_url(database, "postgres")),
        NULL);
    cr_assert(result.status == 0, "%s%s", result.output, result.errors);
    return database;
}

// In a mount namespace of the test's own, so that nothing of it is left behind. All that Redis
// writes in a round has room there, also where a slow machine makes it long.
static const char *mount_small_disk(void)
{
    const char *path = text_of("%s/disk", testbed_directory());
    cr_assert(mkdir(path, 0755) == 0, "%s", strerrordesc_np(errno));
    bool mounted = unshare(CLONE_NEWNS) == 0 &&
                   mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                   mount("tmpfs", path, "tmpfs", 0, "size=64m") == 0;
    return mounted ? path : NULL;
}

static const char *address(struct proxy *proxy)
{
    return text_of("127.0.0.1:%d", proxy_port(proxy));
}

static const char *postgres_setting(const struct rig *rig, const char *role)
{
    return text_of("TOLLGATE_POSTGRES_URL=postgresql://%s@%s/%s?sslmode=disable&gssencmode=disable",
                   role, address(rig->to_postgres), rig->gateway->database->name);
}

static void set_settings(struct rig *rig)
{
    struct gateway_options *settings = rig->settings;
    const char *redis = text_of("TOLLGATE_REDIS_URL=redis://%s/0", address(rig->to_redis));
    settings->ingress_settings[0] = postgres_setting(rig, "tollgate_ingress");
    settings->ingress_settings[1] = redis;
    settings->worker_settings[0] = postgres_setting(rig, "tollgate_worker");
    settings->worker_settings[1] = redis;
    settings->worker_settings[2] = text_of("TOLLGATE_GRAPH_TIMEOUT_MS=%d", RIG_GRAPH_TIMEOUT_MS);
    settings->worker_settings[3] = text_of("TOLLGATE_CONFIRMATION_WINDOW_S=%d", RIG_CONFIRMATION_S);
    settings->worker_settings[4] = "TOLLGATE_SEND_CONCURRENCY=32";
    settings->worker_settings[5] = text_of("TOLLGATE_GRAPH_URL=http://%s", address(rig->to_meta));
    settings->worker_settings[6] = "TOLLGATE_LOOK_INTERVAL_S=60";
    rig->token_keys = file_with("token-keys", "k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    cr_assert_eq(chmod(rig->token_keys, 0600), 0);
}

// Each place keeps its port: Meta and the workload know it.
static void start_ingress_at(struct rig *rig, int i, const char *stop_point)
{
    const char **settings = rig->settings->ingress_settings;
    settings[2] = text_of("TOLLGATE_LISTEN=127.0.0.1:%d", rig->ingress_ports[i]);
    size_t n = INGRESS_SETTINGS;
    if (rig->endpoints)
        settings[n++] = sink_networks();
    if (stop_point)
        settings[n++] = text_of("TOLLGATE_STOP_POINT=%s", stop_point);
    settings[n] = NULL;
    // Meta and the workload know where it listens, and may have it end before it has said so.
    rig->ingresses[i].daemon =
        stop_point ? begin_ingress(rig->gateway) : start_ingress(rig->gateway);
}

static bool is_ready(struct rig_daemon *daemon)
{
    const struct http_request request = {.path = "/readyz"};
    struct http *http = http_open(daemon->daemon.admin_url);
    bool ready = http_try(http, &request).status == 200;
    http_close(http);
    return ready;
}

static void expect_ready(const struct rig *rig, struct rig_daemon *daemon)
{
    eventually_within(READY_S, is_ready(daemon));
    daemon->descriptors = rig_descriptors(rig, daemon);
    daemon->memory_kib = rig_memory_kib(daemon);
}

void rig_start_ingress(struct rig *rig, int i, const char *stop_point)
{
    start_ingress_at(rig, i, stop_point);
    if (!stop_point)
        expect_ready(rig, &rig->ingresses[i]);
}

static void run_rig_worker(struct rig *rig, int i, const char *graph_url, const char *stop_point)
{
    const char **settings = rig->settings->worker_settings;
    size_t n = WORKER_SETTINGS;
    if (!rig->former)
        settings[n++] = text_of("TOLLGATE_TOKEN_KEYS=%s", rig->token_keys);
    if (rig->endpoints) {
        settings[n++] = sink_networks();
        settings[n++] = endpoints_authority(rig->endpoints);
    }
    if (rig->accepts_unsigned)
        settings[n++] = "TOLLGATE_UNSIGNED_WEBHOOKS=accept";
    if (graph_url)
        settings[n++] = text_of("TOLLGATE_GRAPH_URL=%s", graph_url);
    if (stop_point)
        settings[n++] = text_of("TOLLGATE_STOP_POINT=%s", stop_point);
    settings[n] = NULL;
    rig->workers[i].daemon = start_worker_apart(rig->gateway);
    if (!stop_point)
        expect_ready(rig, &rig->workers[i]);
}

void rig_start_worker(struct rig *rig, int i, const char *stop_point)
{
    run_rig_worker(rig, i, NULL, stop_point);
}

void rig_start_worker_at(struct rig *rig, int i, const char *graph_url)
{
    run_rig_worker(rig, i, graph_url, NULL);
}

void rig_end(struct rig_daemon *daemon)
{
    process_signal(daemon->daemon.process, SIGTERM);
    int status = process_wait(daemon->daemon.process, END_S);
    cr_assert(status == 0, "%s ended with %d (%s)", daemon->daemon.process->name, status,
              daemon->daemon.process->log_path);
}

void rig_kill_ingress(struct rig *rig, int i)
{
    process_kill(rig->ingresses[i].daemon.process);
}

void rig_kill_worker(struct rig *rig, int i)
{
    process_kill(rig->workers[i].daemon.process);
}

void rig_expect_stopped(struct rig_daemon *daemon)
{
    enum { KILLED = 128 + SIGKILL };
    int status = process_wait(daemon->daemon.process, STOPPED_S);
    cr_assert(status == KILLED, "%s ended with %d", daemon->daemon.process->name, status);
}

// One of them replies to whatever its customers write, another does not wait long for deliveries,
// and has a default number.
static void make_orgs(struct rig *rig)
{
    struct database *database = rig->gateway->database;
    for (int i = 0; i < RIG_ORGS; i++)
        rig->orgs[i] = given_org(rig->gateway, .balance = balance);
    (void)database_text(database,
                        "INSERT INTO automation_rules (org_id, match_kind, reply) "
                        "VALUES ('%s', 'any', '\"%s\"')",
                        rig->orgs[RIG_REPLYING].id,
                        rig->former ? "Welcome" : "Welcome, {name|friend}");
    if (!rig->former)
        (void)database_text(database,
                            "UPDATE organizations SET undelivered_after = '5 s', "
                            "default_channel_id = '%s' WHERE id = '%s'",
                            rig->orgs[RIG_IMPATIENT].channel_id, rig->orgs[RIG_IMPATIENT].id);
}

static void start_servers(struct rig *rig, const struct rig_options *options)
{
    struct gateway *gateway = rig->gateway;
    gateway->database = options->own_postgres ? start_postgres(rig)
                        : options->template   ? database_create_from(options->template)
                                              : database_create();
    gateway->redis = redis_create();
    if (rig->redis_disk)
        gateway->redis->directory = rig->redis_disk;
    redis_start(gateway->redis);
    gateway->simulator = simulator_create();
    simulator_start(gateway->simulator);
    rig->to_postgres = proxy_create((int)strtol(gateway->database->port, NULL, 10));
    rig->to_redis = proxy_create(gateway->redis->port);
    rig->to_meta = proxy_create(gateway->simulator->port);
}

struct rig *rig_start(const struct rig_options *options)
{
    const char *redis_disk = options->small_redis_disk ? mount_small_disk() : NULL;
    if (options->small_redis_disk && !redis_disk)
        return NULL;
    struct rig *rig = calloc(1, sizeof *rig);
    cr_assert(rig);
    rig->redis_disk = redis_disk;
    rig->gateway = calloc(1, sizeof *rig->gateway);
    rig->settings = calloc(1, sizeof *rig->settings);
    cr_assert(rig->gateway && rig->settings);
    rig->seed = read_seed();
    rig->gateway->options = rig->settings;
    rig->settings->daemons = options->daemons;
    rig->former = options->daemons != NULL;
    start_servers(rig, options);
    if (!rig->former && !options->untold)
        endpoints_open(rig);
    set_settings(rig);
    make_orgs(rig);
    for (int i = 0; i < RIG_INGRESSES; i++) {
        rig->ingress_ports[i] = testbed_port();
        rig_start_ingress(rig, i, NULL);
    }
    if (rig->endpoints)
        endpoints_make(rig);
    simulator_aim(rig->gateway->simulator,
                  text_of("http://127.0.0.1:%d/webhook", rig->ingress_ports[0]),
                  GATEWAY_APP_SECRET);
    simulator_set(rig->gateway->simulator,
                  text_of("{\"status_gap_ms\": 50, \"latency_ms\": %d}", options->latency_ms));
    rig->worker_count = options->workers ? options->workers : 2;
    for (int i = 0; i < rig->worker_count; i++)
        rig_start_worker(rig, i, NULL);
    return rig;
}

void rig_reconnect(struct rig *rig)
{
    const struct database *old = rig->gateway->database;
    rig->gateway->database = database_of(old->host, old->port, old->name);
}

void rig_expect_ready(struct rig *rig)
{
    for (int i = 0; i < RIG_INGRESSES; i++)
        eventually_within(READY_S, is_ready(&rig->ingresses[i]));
    for (int i = 0; i < rig->worker_count; i++)
        eventually_within(READY_S, is_ready(&rig->workers[i]));
}

void rig_stop(struct rig *rig)
{
    for (int i = 0; i < RIG_INGRESSES; i++)
        rig_end(&rig->ingresses[i]);
    for (int i = 0; i < rig->worker_count; i++)
        rig_end(&rig->workers[i]);
    process_stop_cleanly(rig->gateway->simulator->process);
    if (rig->endpoints)
        endpoints_close(rig->endpoints);
    redis_kill(rig->gateway->redis);
    if (rig->postgres)
        postgres_stop(rig->postgres);
    else
        database_drop(rig->gateway->database);
}

enum { TO_ENDPOINTS_MAX = 4096 };

// The word of a line, from 0; *length of it.
static const char *word_of(const char *line, int n, int *length)
{
    line += strspn(line, " ");
    for (; n > 0; n--) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    *length = (int)strcspn(line, " \n");
    return line;
}

// The sockets of this machine that are connected to where endpoints are, as /proc names them.
static size_t list_sockets_to_endpoints(const struct rig *rig,
                                        const char *names[static TO_ENDPOINTS_MAX])
{
    enum { PEER = 2, INODE = 9 };
    FILE *file = rig->to_endpoints ? fopen("/proc/net/tcp", "re") : NULL;
    const char *port =
        rig->to_endpoints ? text_of(":%04X", (unsigned)proxy_port(rig->to_endpoints)) : "";
    char line[256];
    size_t n = 0;
    while (file && n < TO_ENDPOINTS_MAX && fgets(line, sizeof line, file)) {
        int length = 0;
        const char *peer = word_of(line, PEER, &length);
        const char *end = peer + length - strlen(port);
        if (end < peer || strncmp(end, port, strlen(port)) != 0)
            continue;
        const char *inode = word_of(line, INODE, &length);
        names[n++] = text_of("socket:[%.*s]", length, inode);
    }
    if (file)
        (void)fclose(file);
    return n;
}

static bool leads_to_one_of(const char *path, const char *const *names, size_t n)
{
    char target[64] = "";
    if (readlink(path, target, sizeof target - 1) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], target) == 0)
            return true;
    return false;
}

long rig_descriptors(const struct rig *rig, const struct rig_daemon *daemon)
{
    static const char *sockets[TO_ENDPOINTS_MAX];
    const char *path = text_of("/proc/%d/fd", (int)daemon->daemon.process->pid);
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    size_t to_endpoints = list_sockets_to_endpoints(rig, sockets);
    const struct dirent *entry;
    long n = 0;
    while ((entry = readdir(directory))) // NOLINT(concurrency-mt-unsafe): each has its own stream
        n += !leads_to_one_of(text_of("%s/%s", path, entry->d_name), sockets, to_endpoints);
    (void)closedir(directory);
    return n;
}

long rig_memory_kib(const struct rig_daemon *daemon)
{
    FILE *file = fopen(text_of("/proc/%d/status", (int)daemon->daemon.process->pid), "re");
    if (!file)
        return 0;
    long kib = 0;
    char line[256];
    while (kib == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", strlen("VmRSS:")) == 0)
            kib = strtol(line + strlen("VmRSS:"), NULL, 10);
    (void)fclose(file);
    return kib;
}

bool rig_has_address_sanitizer(const struct rig_daemon *daemon)
{
    FILE *file = fopen(text_of("/proc/%d/maps", (int)daemon->daemon.process->pid), "re");
    bool found = false;
    char line[512];
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, "/libasan.so") != NULL;
    if (file)
        (void)fclose(file);
    return found;
}

#include "tests/system/gateway.h"

#include "tests/system/traffic.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *const *environment_of(const struct gateway *gateway, const char *role,
                                         const char *const *settings)
{
    enum { COMMON = 10 };
    const char **environment = calloc(COMMON + GATEWAY_SETTINGS_MAX + 1, sizeof *environment);
    cr_assert(environment);
    environment[0] = text_of("TOLLGATE_POSTGRES_URL=%s", database_url(gateway->database, role));
    environment[1] = text_of("TOLLGATE_REDIS_URL=%s", redis_url_of(gateway->redis, role));
    environment[2] = "TOLLGATE_LISTEN=127.0.0.1:0";
    environment[3] = text_of("TOLLGATE_GRAPH_URL=%s", gateway->simulator->url);
    environment[4] =
        text_of("TOLLGATE_AUTH=%s", gateway->options->auth ? gateway->options->auth : "keys");
    environment[5] = "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET;
    environment[6] = "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN;
    // (Who tests it asks for it: nobody else expects calls of Meta's API.)
    environment[7] = "TOLLGATE_LOOK_INTERVAL_S=0";
    size_t count = 8;
    if (gateway->options->desk) {
        environment[count++] = "TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN;
        environment[count++] = text_of("TOLLGATE_OPERATOR_POSTGRES_URL=%s",
                                       database_url(gateway->database, "tollgate_operator"));
    }
    for (size_t i = 0; i < GATEWAY_SETTINGS_MAX && settings[i]; i++)
        environment[count++] = settings[i];
    return environment;
}

static const char *program_of(const struct gateway *gateway, const char *name)
{
    const char *other = gateway->options->daemons;
    return other ? text_of("%s/%s", other, name) : testbed_daemon(name);
}

// Where a daemon says that it listens.
static const char *logged_url(struct process *process, const char *event)
{
    const char *address = process_log_value(process, event, "address");
    const char *line = strstr(process_log(process), text_of(" address=%s", address));
    line = text_of("%.*s", (int)strcspn(line, "\n"), line);
    // (One of a version before says nothing of it.)
    return text_of("http%s://%s", strstr(line, " tls=1") ? "s" : "", address);
}

// As systemd passes a socket on: by number 3, to the process of that id.
static const char *with_listener(int listener)
{
    return text_of("exec 3<&%d && export LISTEN_FDS=1 LISTEN_PID=$$ && exec \"$0\"", listener);
}

struct daemon begin_ingress(struct gateway *gateway)
{
    static int started;
    const char *program = program_of(gateway, "tollgate-ingress");
    int listener = gateway->options->listener;
    const char *const *words =
        listener > 0 ? WORDS("bash", "-c", with_listener(listener), program) : WORDS(program);
    struct process *process = process_start(
        text_of("ingress-%d", ++started), words,
        environment_of(gateway, "tollgate_ingress", gateway->options->ingress_settings));
    return (struct daemon){.process = process};
}

struct daemon start_ingress(struct gateway *gateway)
{
    struct process *process = begin_ingress(gateway).process;
    struct daemon daemon = {process, logged_url(process, "server_listening"),
                            logged_url(process, "admin_listening")};
    traffic_of(daemon.url, daemon.admin_url);
    return daemon;
}

static struct daemon run_worker(struct gateway *gateway, const char *const *settings)
{
    static int started; // each with a log of its own
    struct process *process = process_start(text_of("worker-%d", ++started),
                                            WORDS(program_of(gateway, "tollgate-worker")),
                                            environment_of(gateway, "tollgate_worker", settings));
    return (struct daemon){process, "", logged_url(process, "admin_listening")};
}

struct daemon start_worker_apart(struct gateway *gateway)
{
    return run_worker(gateway, gateway->options->worker_settings);
}

struct daemon *start_worker(struct gateway *gateway)
{
    return start_worker_with_settings(gateway, gateway->options->worker_settings);
}

struct daemon *start_worker_with_settings(struct gateway *gateway, const char *const *settings)
{
    cr_assert(gateway->worker_count < GATEWAY_WORKERS_MAX);
    struct daemon *worker = &gateway->workers[gateway->worker_count++];
    *worker = run_worker(gateway, settings);
    return worker;
}

static const struct gateway_options *keep(const struct gateway_options *options)
{
    struct gateway_options *kept = malloc(sizeof *kept);
    cr_assert(kept);
    *kept = *options;
    return kept;
}

struct gateway *gateway_start(const struct gateway_options *options)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    cr_assert(gateway);
    gateway->options = keep(options);
    gateway->database = options->database ? options->database : database_create();
    gateway->redis = redis_create();
    gateway->redis->has_acl |= options->redis_acl;
    gateway->simulator = simulator_create();
    if (!options->without_redis)
        redis_start(gateway->redis);
    simulator_start(gateway->simulator);
    gateway->ingress = start_ingress(gateway);
    gateway->http = http_open(gateway->ingress.url);
    if (!options->without_worker)
        (void)start_worker(gateway);
    if (!options->database && !options->without_redis)
        eventually(*daemon_missing(&gateway->ingress) == '\0');
    return gateway;
}

// A log is one line per event, whatever the libraries have to say.
static void expect_log_lines(const struct process *process)
{
    for (const char *line = process_log(process); *line; line = strchr(line, '\n') + 1)
        cr_assert(strncmp(line, "time=", strlen("time=")) == 0 && strchr(line, '\n'), "%s: %s",
                  process->name, line);
}

static void stop_daemon(const struct daemon *daemon)
{
    process_stop_cleanly(daemon->process);
    expect_log_lines(daemon->process);
}

void stop_gateway(struct gateway *gateway)
{
    stop_daemon(&gateway->ingress);
    for (size_t i = 0; i < gateway->worker_count; i++)
        stop_daemon(&gateway->workers[i]);
    process_stop_cleanly(gateway->simulator->process);
    const char *violation = database_text(
        gateway->database, "SELECT string_agg(a::text, E'\\n') FROM audit_ledger() a");
    cr_assert_str_eq(violation, "", "audit_ledger: %s", violation);
    redis_kill(gateway->redis);
    if (!gateway->options->database)
        database_drop(gateway->database);
}

void kill_worker(struct gateway *gateway, struct daemon *worker)
{
    process_kill(worker->process);
    *worker = gateway->workers[--gateway->worker_count];
}

int daemon_count_events(const struct daemon *daemon, const char *event)
{
    int count = 0;
    const char *word = text_of(" event=%s", event);
    const char *at = process_log(daemon->process);
    for (; (at = strstr(at, word)); at++)
        count += at[strlen(word)] == ' ' || at[strlen(word)] == '\n';
    return count;
}

bool daemon_has_logged(const struct daemon *daemon, const char *event)
{
    return daemon_count_events(daemon, event) > 0;
}

const char *daemon_hang_up(const struct daemon *daemon, const char *event, const char *key)
{
    int before = daemon_count_events(daemon, event);
    process_signal(daemon->process, SIGHUP);
    eventually(daemon_count_events(daemon, event) > before);
    return process_log_value(daemon->process, event, key);
}

bool thread_waits_for_lock(struct gateway *gateway, const char *thread)
{
    // Within a transaction PostgreSQL would show the first look again and again.
    (void)database_text(gateway->database, "SELECT pg_stat_clear_snapshot()");
    return database_number(gateway->database,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                           "current_database() AND application_name = 'tollgate-worker %s' "
                           "AND wait_event_type = 'Lock'",
                           thread) > 0;
}

void end_statements_of(struct gateway *gateway, const char *thread)
{
    (void)database_text(gateway->database,
                        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
                        "datname = current_database() AND application_name = 'tollgate-worker %s'",
                        thread);
}

const char *daemon_missing(const struct daemon *daemon)
{
    struct answer answer = ask(http_open(daemon->admin_url), .path = "/readyz");
    cr_assert(answer.status == 200 || answer.status == 503, "%d", answer.status);
    cr_assert_str_eq(answer_text(&answer, "/ready"), answer.status == 200 ? "true" : "false");
    const char *missing = "";
    struct json_object *names = NULL;
    if (answer.status == 200 || json_pointer_get(answer.json, "/missing", &names) != 0)
        return "";
    for (size_t i = 0; i < json_object_array_length(names); i++)
        missing = text_of("%s%s%s", missing, i > 0 ? "," : "",
                          json_object_get_string(json_object_array_get_idx(names, i)));
    return missing;
}

const char *daemon_metric(const struct daemon *daemon, const char *name)
{
    struct answer answer = ask(http_open(daemon->admin_url), .path = "/metrics");
    cr_assert(answer.status == 200);
    const char *start = text_of("\n%s ", name);
    const char *found = strstr(answer.body, start);
    if (!found)
        return "";
    found += strlen(start);
    return text_of("%.*s", (int)strcspn(found, "\n"), found);
}

#include "tests/system/servers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOP_S = 20 };

struct redis *redis_create(void)
{
    struct redis *redis = calloc(1, sizeof *redis);
    cr_assert(redis);
    redis->port = testbed_port();
    redis->directory = testbed_directory();
    redis->has_acl = getenv("TOLLGATE_TEST_REDIS_ACL"); // NOLINT(concurrency-mt-unsafe)
    return redis;
}

const char *redis_url_of(const struct redis *redis, const char *user)
{
    return redis->has_acl
               ? text_of("redis://%s:" REDIS_PASSWORD "@127.0.0.1:%d/0", user, redis->port)
               : text_of("redis://127.0.0.1:%d/0", redis->port);
}

const char *redis_url(const struct redis *redis)
{
    return redis_url_of(redis, "admin");
}

// As docs/install.md has it made, but with one password.
static const char *acl_file(void)
{
    const char *acl = file_text(TOLLGATE_SOURCE_DIR "/deploy/redis.acl", NULL);
    cr_assert(acl);
    const char *filled = "";
    for (const char *rest = acl; *rest;) {
        size_t before = strcspn(rest, ">");
        filled = text_of("%s%.*s", filled, (int)before, rest);
        rest += before;
        if (*rest == '>') {
            filled = text_of("%s>" REDIS_PASSWORD, filled);
            rest += strcspn(rest, " ");
        }
    }
    return file_with("redis.acl", filled);
}

void redis_start(struct redis *redis)
{
    const char *port = text_of("%d", redis->port);
    redis->process = process_start("redis",
                                   WORDS("redis-server", "--bind", "127.0.0.1", "--port", port,
                                         "--dir", redis->directory, "--save", "", "--appendonly",
                                         "yes", "--appendfsync", "always", "--maxmemory-policy",
                                         "noeviction", redis->has_acl ? "--aclfile" : NULL,
                                         redis->has_acl ? acl_file() : NULL),
                                   NULL);
    eventually(strcmp(redis_command(redis, "PING"), "PONG\n") == 0);
    cr_assert(process_running(redis->process), "%s", process_log(redis->process));
}

void redis_kill(struct redis *redis)
{
    process_kill(redis->process);
}

const char *redis_run(const struct redis *redis, const char *const *words)
{
    enum { WORDS_MAX = 24 };
    const char *argv[WORDS_MAX] = {"redis-cli", "-h", "127.0.0.1", "-p",
                                   text_of("%d", redis->port)};
    size_t n = 5;
    for (size_t i = 0; redis->has_acl && i < 5; i++)
        argv[n++] = ((const char *const[]){"--user", "admin", "--pass", REDIS_PASSWORD,
                                           "--no-auth-warning"})[i];
    for (; *words; words++) {
        cr_assert(n < WORDS_MAX - 1);
        argv[n++] = *words;
    }
    return command_run(argv, NULL).output;
}

static const char *program(const char *name)
{
    return text_of("%s/%s", testbed_variable("TOLLGATE_TEST_POSTGRES_BIN"), name);
}

struct postgres *postgres_create(void)
{
    struct postgres *postgres = calloc(1, sizeof *postgres);
    cr_assert(postgres);
    postgres->data = text_of("%s/postgres", testbed_directory());
    cr_assert(mkdir(postgres->data, 0700) == 0, "%s", strerrordesc_np(errno));
    process_give_to_postgres(postgres->data);
    postgres->port = text_of("%d", testbed_port());
    struct command_result made = command_run_as_postgres(
        WORDS(program("initdb"), "--pgdata", postgres->data, "--username", "postgres", "--auth",
              "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        NULL);
    cr_assert(made.status == 0, "initdb: %s", made.errors);
    return postgres;
}

static void launch(struct postgres *postgres)
{
    postgres->process = process_start_as_postgres(
        "postgres",
        WORDS(program("postgres"), "-D", postgres->data, "-p", postgres->port, "-c",
              "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"),
        NULL);
}

// After SIGKILL its former processes may hold its memory for a moment, and it does not start then.
static bool is_up(struct postgres *postgres)
{
    if (!process_running(postgres->process))
        launch(postgres);
    return database_reachable(database_of("127.0.0.1", postgres->port, "postgres")) &&
           process_running(postgres->process);
}

void postgres_start(struct postgres *postgres)
{
    launch(postgres);
    eventually_within(2LL * PATIENCE_S, is_up(postgres));
}

void postgres_kill(struct postgres *postgres)
{
    process_kill(postgres->process);
}

void postgres_stop(struct postgres *postgres)
{
    if (!process_running(postgres->process))
        return;
    process_signal(postgres->process, SIGQUIT); // at once, as a crash
    (void)process_wait(postgres->process, STOP_S);
}

struct database *postgres_database(const struct postgres *postgres)
{
    return database_of("127.0.0.1", postgres->port, "tollgate");
}

void postgres_make_database(const struct postgres *postgres)
{
    struct database *server = database_of("127.0.0.1", postgres->port, "postgres");
    (void)database_text(server, "CREATE ROLE tollgate_ingress LOGIN");
    (void)database_text(server, "CREATE ROLE tollgate_worker LOGIN");
    (void)database_text(server, "CREATE DATABASE tollgate");
}

void postgres_migrate(const struct postgres *postgres)
{
    const char *url = database_url(postgres_database(postgres), "postgres");
    struct command_result result =
        command_run(WORDS(TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url", url), NULL);
    cr_assert(result.status == 0, "%s%s", result.output, result.errors);
}

// What a daemon tries and tells before it is needed: as whom it is connected, what cannot be
// reached, what does not fit; and what it takes up while it runs.
#include "tests/system/org.h"
#include "tests/system/proxy.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(start, .timeout = 120);

static const char *const daemons[] = {"tollgate-ingress", "tollgate-worker"};
static const char *const roles[] = {"tollgate_ingress", "tollgate_worker"};

static const char *const *environment_with(const char *postgres, const char *redis,
                                           const char *setting)
{
    const char **environment = calloc(8, sizeof *environment);
    cr_assert(environment);
    environment[0] = text_of("TOLLGATE_POSTGRES_URL=%s", postgres);
    environment[1] = text_of("TOLLGATE_REDIS_URL=%s", redis);
    environment[2] = "TOLLGATE_LISTEN=127.0.0.1:0";
    environment[3] = "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET;
    environment[4] = "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN;
    environment[5] = setting;
    return environment;
}

static struct redis *given_redis(void)
{
    struct redis *redis = redis_create();
    redis_start(redis);
    return redis;
}

static struct command_result check(const char *daemon, const char *postgres, const char *redis)
{
    return command_run(WORDS(testbed_daemon(daemon), "--check", "--connect"),
                       environment_with(postgres, redis, NULL));
}

static const char *nowhere = "redis://127.0.0.1:1";

// The last line is the one that says why.
static void expect_start_refused(const struct command_result *run, const char *why)
{
    cr_assert_eq(run->status, 2, "%d %s", run->status, run->errors);
    const char *line = strstr(run->errors, " event=start_refused ");
    cr_assert(line && strchr(line, '\n')[1] == '\0' && strstr(line, why), "%s", run->errors);
}

Test(start, as_an_owner_a_superuser_or_with_bypassrls_is_refused)
{
    struct database *database = database_create();
    const char *owner = text_of("owner_%d", (int)getpid());
    const char *bypasser = text_of("bypasser_%d", (int)getpid());
    (void)database_text(database,
                        "CREATE ROLE %s LOGIN; CREATE ROLE %s LOGIN BYPASSRLS; "
                        "ALTER SCHEMA tollgate OWNER TO %s; "
                        "GRANT USAGE ON SCHEMA tollgate TO %s",
                        owner, bypasser, owner, bypasser);
    for (size_t i = 0; i < 2; i++) {
        const char *mighty[][2] = {{"postgres", "is a superuser"},
                                   {owner, "owns the schema tollgate"},
                                   {bypasser, "BYPASSRLS"}};
        for (size_t j = 0; j < 3; j++) {
            const char *url = database_url(database, mighty[j][0]);
            struct command_result run = command_run(WORDS(testbed_daemon(daemons[i])),
                                                    environment_with(url, nowhere, NULL));
            expect_start_refused(&run, mighty[j][1]);
            run = check(daemons[i], url, nowhere);
            cr_assert_eq(run.status, 1);
            cr_assert(strstr(run.output, mighty[j][1]) &&
                          strstr(run.output, text_of("connect as %s", roles[i])),
                      "%s", run.output);
        }
    }
    struct process *allowed = process_start(
        "allowed", WORDS(testbed_daemon(daemons[1])),
        environment_with(database_url(database, "postgres"), nowhere, "TOLLGATE_ALLOW_OWNER=yes"));
    (void)process_log_value(allowed, "service_started", "pid");
    process_stop_cleanly(allowed);
    (void)database_text(database,
                        "ALTER SCHEMA tollgate OWNER TO postgres; "
                        "DROP OWNED BY %s; DROP ROLE %s; DROP OWNED BY %s; DROP ROLE %s",
                        owner, owner, bypasser, bypasser);
    database_drop(database);
}

Test(start, as_a_superuser_ends_once_postgresql_is_there_to_say_so)
{
    struct database *database = database_create();
    struct proxy *proxy = proxy_create((int)strtol(database->port, NULL, 10));
    proxy_set(proxy, PROXY_REFUSE);
    const char *url =
        text_of("postgresql://postgres@127.0.0.1:%d/%s", proxy_port(proxy), database->name);
    struct process *daemon = process_start("daemon", WORDS(testbed_daemon(daemons[0])),
                                           environment_with(url, nowhere, NULL));
    (void)process_log_value(daemon, "service_started", "pid");
    proxy_set(proxy, PROXY_PASS);
    cr_assert_eq(process_wait(daemon, PATIENCE_S), 0, "%s", process_log(daemon));
    cr_assert(strstr(process_log(daemon), " event=start_refused "), "%s", process_log(daemon));
    database_drop(database);
}

Test(start, tells_at_once_what_cannot_be_reached_and_why)
{
    struct database *database = database_create();
    static const char *const urls[] = {"postgresql://tollgate_worker@127.0.0.1:1/tollgate", NULL};
    for (size_t i = 0; i < 2; i++) {
        const char *url = i == 0 ? urls[0] : database_url(database, "nobody_at_all");
        for (size_t j = 0; j < 2; j++) {
            struct process *daemon =
                process_start(text_of("daemon-%zu-%zu", i, j), WORDS(testbed_daemon(daemons[j])),
                              environment_with(url, nowhere, NULL));
            (void)process_log_value(daemon, "redis_lost", "reason");
            const char *log = process_log(daemon);
            cr_assert(strstr(log, i == 0 ? "Connection refused" : "role \\\"nobody_at_all"), "%s",
                      log);
            process_stop_cleanly(daemon);
        }
    }
    database_drop(database);
}

Test(start, check_and_connect_says_that_all_is_good)
{
    struct database *database = database_create();
    struct redis *redis = given_redis();
    for (size_t i = 0; i < 2; i++) {
        struct command_result run =
            check(daemons[i], database_url(database, roles[i]), redis_url(redis));
        cr_assert_eq(run.status, 0, "%s%s", run.output, run.errors);
        cr_assert(strstr(run.output, text_of(" is good, for the role %s\n", roles[i])), "%s",
                  run.output);
        cr_assert(strstr(run.output, "\nRedis is good\n"), "%s", run.output);
    }
    expect_equal(redis_command(redis, "DBSIZE"), "0\n"); // it has written nothing
    redis_kill(redis);
    database_drop(database);
}

static void expect_check(const char *postgres, const char *redis, const char *line,
                         const char *other)
{
    struct command_result run = check(daemons[0], postgres, redis);
    cr_assert_eq(run.status, 1, "%s", run.output);
    cr_assert(strstr(run.output, line), "not there: %s: %s", line, run.output);
    cr_assert(!other || strstr(run.output, other), "not there: %s: %s", other, run.output);
}

Test(start, check_and_connect_says_what_is_wrong_and_what_to_do)
{
    struct database *database = database_create();
    struct redis *redis = given_redis();
    const char *good = database_url(database, "tollgate_ingress");
    expect_check("postgresql://tollgate_ingress@127.0.0.1:1/x", redis_url(redis),
                 "Connection refused; look whether it runs there", NULL);
    expect_check(database_url(database, "nobody_at_all"), redis_url(redis),
                 "\"nobody_at_all\" does not exist; deploy/migrate makes the roles", NULL);
    expect_check(good, nowhere, "Redis is not good: Connection refused; look whether", NULL);
    const char *crowded = text_of("crowded_%d", (int)getpid());
    (void)database_text(database, "CREATE ROLE %s LOGIN CONNECTION LIMIT 0", crowded);
    expect_check(database_url(database, crowded), nowhere,
                 "too many connections for role \"crowded",
                 "look at the CONNECTION LIMIT of the role");
    (void)database_text(database, "DROP ROLE %s", crowded);
    (void)redis_command(redis, "SET", "tollgate:partitions", "7");
    expect_check(good, redis_url(redis), "Redis is not good: the daemons here have 7 partitions, ",
                 "and this one 4; give all of them the same TOLLGATE_PARTITIONS\n");
    (void)redis_command(redis, "DEL", "tollgate:partitions");
    (void)redis_command(redis, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    (void)redis_command(redis, "CONFIG", "SET", "appendfsync", "everysec");
    expect_check(good, redis_url(redis), "; set maxmemory-policy to noeviction\n",
                 "; set appendfsync to always\n");
    (void)redis_command(redis, "CONFIG", "SET", "requirepass", "hunter2");
    expect_check(good, redis_url(redis), "look at user and password in TOLLGATE_REDIS_URL", NULL);
    (void)database_text(database, "DROP FUNCTION accept_sends");
    expect_check(good, nowhere, "accept_sends", "run deploy/migrate of this version");
    (void)database_text(database, "DROP SCHEMA tollgate CASCADE");
    expect_check(good, nowhere, "PostgreSQL is not good: ", "run deploy/migrate of this version");
    redis_kill(redis);
    database_drop(database);
}

// So that who operates it sees from the answers which of the two it is.
Test(start, clients_hear_whether_a_database_is_away_or_not_migrated)
{
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true);
    struct org org = given_org(gateway);
    const char *body = text_of("{\"org_id\": \"%s\", \"phone\": \"+919876543210\", "
                               "\"message\": \"Hi\"}",
                               org.id);
    (void)database_text(gateway->database, "ALTER SCHEMA tollgate RENAME TO elsewhere");
    const struct http_request requests[] = {
        {.path = "/api/send-message", .body = body},
        {.path = text_of("/api/wallet?org_id=%s", org.id)},
        {.path = "/api/wallet", .key = org.key},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct answer answer = http_ask(gateway->http, &requests[i]);
        expect_refused(&answer, 503, "database_not_ready", NULL);
    }
    (void)database_text(gateway->database, "ALTER SCHEMA elsewhere RENAME TO tollgate");
    stop_gateway(gateway);
}

// Redis under deploy/redis.acl: all that the daemons do works, and nothing else is allowed to them;
// and Redis behind TLS, by stunnel. (With TOLLGATE_TEST_REDIS_ACL=1 every test has such a Redis.)
#include "tests/system/certificate.h"
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <string.h>

TestSuite(redis_acl, .timeout = 180);

// What was refused to anybody stands in a log of Redis's own.
static void expect_nothing_refused(const struct gateway *gateway)
{
    expect_equal(redis_command(gateway->redis, "ACL", "LOG"), "\n");
}

static struct org given_org_under_acl(void)
{
    struct gateway *gateway = given_gateway(.redis_acl = true);
    return given_org(gateway, .number = "123456");
}

static void expect_that_all_works(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    eventually(*daemon_missing(&gateway->ingress) == '\0' &&
               *daemon_missing(&gateway->workers[0]) == '\0');
    struct answer answer = send_text_and_wait(org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    long before = database_number(gateway->database, "SELECT count(*) FROM messages "
                                                     "WHERE direction = 'inbound'");
    const char *body =
        text_message_body("123456", "919876543210", text_of("wamid.%ld", before), "hello");
    cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
    eventually(database_number(gateway->database, "SELECT count(*) FROM messages "
                                                  "WHERE direction = 'inbound'") > before);
    eventually(webhooks_left(gateway) == 0);
}

Test(redis_acl, sends_webhooks_and_what_becomes_of_a_wiped_redis_work)
{
    struct org org = given_org_under_acl();
    struct gateway *gateway = org.gateway;
    expect_that_all_works(&org);
    expect_equal(redis_command(gateway->redis, "FLUSHALL"), "OK\n"); // groups, too
    expect_that_all_works(&org);
    cr_assert_not(daemon_has_logged(&gateway->ingress, "redis_refused"));
    cr_assert_not(daemon_has_logged(&gateway->workers[0], "redis_refused"));
    cr_assert_not(daemon_has_logged(&gateway->ingress, "redis_settings_hidden"));
    // Figures ask for what nothing else does.
    cr_assert_str_not_empty(daemon_metric(&gateway->workers[0], "tollgate_ready"));
    process_stop_cleanly(gateway->workers[--gateway->worker_count].process); // it leaves its group
    expect_nothing_refused(gateway);
    stop_gateway(gateway);
}

Test(redis_acl, jobs_of_a_killed_worker_are_taken_over)
{
    enum { SENDS = 8 };
    struct gateway *gateway = given_gateway(.redis_acl = true, .without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[SENDS];
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        ids[i] = expect_accepted(&answer);
    }
    (void)database_text(gateway->database, "BEGIN; SELECT 1 FROM outbox FOR UPDATE");
    struct daemon *killed = start_worker(gateway);
    eventually(thread_waits_for_lock(gateway, "intake"));
    kill_worker(gateway, killed);
    end_statements_of(gateway, "intake");
    (void)database_text(gateway->database, "ROLLBACK");
    struct daemon *second = start_worker(gateway);
    for (int i = 0; i < SENDS; i++)
        expect_ends(gateway, ids[i], "sent");
    cr_assert(daemon_has_logged(second, "jobs_taken_over"));
    expect_nothing_refused(gateway);
    stop_gateway(gateway);
}

Test(redis_acl, check_and_connect_is_content_with_it)
{
    struct org org = given_org_under_acl();
    struct gateway *gateway = org.gateway;
    static const char *const daemons[] = {"ingress", "worker"};
    for (size_t i = 0; i < 2; i++) {
        const char *role = text_of("tollgate_%s", daemons[i]);
        struct command_result run = command_run(
            WORDS(testbed_daemon(text_of("tollgate-%s", daemons[i])), "--check", "--connect"),
            WORDS(text_of("TOLLGATE_POSTGRES_URL=%s", database_url(gateway->database, role)),
                  text_of("TOLLGATE_REDIS_URL=%s", redis_url_of(gateway->redis, role)),
                  "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET,
                  "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN));
        cr_expect_eq(run.status, 0, "%s%s", run.output, run.errors);
        cr_expect(strstr(run.output, "\nRedis is good\n"), "%s", run.output);
    }
    expect_nothing_refused(gateway);
    stop_gateway(gateway);
}

// One command as one of the daemons' users; what redis-cli prints.
static const char *said_to(const struct redis *redis, const char *user, const char *command)
{
    return command_run(WORDS("bash", "-c",
                             text_of("exec redis-cli -p %d %s %s", redis->port,
                                     *user ? text_of("--user %s --pass " REDIS_PASSWORD
                                                     " --no-auth-warning",
                                                     user)
                                           : "",
                                     command)),
                       NULL)
        .output;
}

Test(redis_acl, each_daemon_is_refused_what_is_not_its_own)
{
    static const struct {
        const char *user;
        const char *command;
        const char *said;
    } cases[] = {
        {"", "PING", "NOAUTH"},
        {"", "XLEN tollgate:{00}:sends", "NOAUTH"},
        {"tollgate_ingress", "PING", "PONG"},
        {"tollgate_ingress", "XLEN tollgate:{00}:sends", "0"},
        {"tollgate_ingress", "XRANGE tollgate:{00}:webhooks - +", "NOPERM"},
        {"tollgate_ingress", "XREAD STREAMS tollgate:{00}:webhooks 0", "NOPERM"},
        {"tollgate_ingress", "XDEL tollgate:{00}:webhooks 1-1", "NOPERM"},
        {"tollgate_ingress", "DEL tollgate:{00}:webhooks", "NOPERM"},
        {"tollgate_ingress", "DEL tollgate:partitions", "NOPERM"},
        {"tollgate_ingress", "SET tollgate:{00}:webhooks x", "NOPERM"},
        {"tollgate_ingress", "SET other x", "NOPERM"},
        {"tollgate_ingress", "XADD other '*' a b", "NOPERM"},
        {"tollgate_ingress", "XADD tollgate:{00}:others '*' a b", "NOPERM"},
        {"tollgate_ingress", "PUBLISH tollgate:results:x y", "NOPERM"},
        {"tollgate_ingress", "SUBSCRIBE other", "NOPERM"},
        {"tollgate_ingress", "PSUBSCRIBE '*'", "NOPERM"},
        {"tollgate_ingress", "EVAL 'return 1' 0", "NOPERM"},
        {"tollgate_worker", "PING", "PONG"},
        {"tollgate_worker", "XRANGE tollgate:{00}:webhooks - +", ""},
        {"tollgate_worker", "XRANGE other - +", "NOPERM"},
        {"tollgate_worker", "DEL tollgate:{00}:webhooks", "NOPERM"},
        {"tollgate_worker", "XTRIM tollgate:{00}:webhooks MAXLEN 0", "NOPERM"},
        {"tollgate_worker", "XGROUP DESTROY tollgate:{00}:sends workers", "NOPERM"},
        {"tollgate_worker", "SUBSCRIBE tollgate:results:x", "NOPERM"},
        {"tollgate_worker", "EVAL 'return redis.call(\"FLUSHALL\")' 0", "ERR"},
        {"tollgate_worker", "EVAL 'return redis.call(\"GET\", KEYS[1])' 1 other", "NOPERM"},
    };
    static const char *const nobody[] = {"FLUSHALL",
                                         "FLUSHDB",
                                         "KEYS '*'",
                                         "SCAN 0",
                                         "CONFIG SET maxmemory 1",
                                         "ACL LIST",
                                         "SHUTDOWN NOSAVE",
                                         "REPLICAOF 127.0.0.1 1",
                                         "SAVE",
                                         "MONITOR",
                                         "CLIENT LIST",
                                         "SWAPDB 0 1",
                                         "RENAME a b",
                                         "MIGRATE 127.0.0.1 1 a 0 1",
                                         "SCRIPT FLUSH",
                                         "FUNCTION FLUSH"};
    struct redis *redis = redis_create();
    redis->has_acl = true;
    redis_start(redis);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = said_to(redis, cases[i].user, cases[i].command);
        cr_expect(strncmp(said, cases[i].said, strlen(cases[i].said)) == 0, "%s: %s: %s",
                  cases[i].user, cases[i].command, said);
    }
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        cr_expect_eq(strncmp(said_to(redis, "tollgate_ingress", nobody[i]), "NOPERM", 6), 0, "%s",
                     nobody[i]);
        cr_expect_eq(strncmp(said_to(redis, "tollgate_worker", nobody[i]), "NOPERM", 6), 0, "%s",
                     nobody[i]);
    }
    redis_kill(redis);
}

static struct process *start_stunnel(int accept, int connect, const char *authority)
{
    const char *settings = text_of("foreground = yes\npid =\n[redis]\nclient = yes\n"
                                   "accept = 127.0.0.1:%d\nconnect = 127.0.0.1:%d\n"
                                   "verifyChain = yes\nCAfile = %s\ncheckIP = 127.0.0.1\n",
                                   accept, connect, authority);
    const char *file = file_with("stunnel.conf", settings);
    return process_start("stunnel", WORDS("stunnel4", file), NULL);
}

Test(redis_acl, by_stunnel_a_redis_with_tls_is_one_like_others)
{
    const struct certificate good = certificate_create("redis", "IP:127.0.0.1");
    const struct certificate other = certificate_create("other", "IP:127.0.0.1");
    int tunnel = testbed_port();
    int tls = testbed_port();
    const char *ingress = text_of(
        "TOLLGATE_REDIS_URL=redis://tollgate_ingress:" REDIS_PASSWORD "@127.0.0.1:%d/0", tunnel);
    const char *worker = text_of(
        "TOLLGATE_REDIS_URL=redis://tollgate_worker:" REDIS_PASSWORD "@127.0.0.1:%d/0", tunnel);
    struct gateway *gateway =
        given_gateway(.redis_acl = true, .database = database_create(),
                      .ingress_settings = {ingress}, .worker_settings = {worker});
    expect_equal(redis_command(gateway->redis, "CONFIG", "SET", "tls-cert-file", good.path,
                               "tls-key-file", good.key, "tls-ca-cert-file", good.authority,
                               "tls-auth-clients", "no", "tls-port", text_of("%d", tls)),
                 "OK\n");
    // Whose certificate is another's is not believed.
    struct process *stunnel = start_stunnel(tunnel, tls, other.authority);
    eventually(strstr(process_log(stunnel), "ertificate verify failed") ||
               strstr(process_log(stunnel), "verification failed"));
    expect_equal(daemon_missing(&gateway->ingress), "redis");
    process_kill(stunnel);
    stunnel = start_stunnel(tunnel, tls, good.authority);
    struct org org = given_org(gateway, .number = "123456");
    expect_that_all_works(&org);
    expect_nothing_refused(gateway);
    struct database *database = gateway->database;
    stop_gateway(gateway);
    process_kill(stunnel);
    database_drop(database);
}

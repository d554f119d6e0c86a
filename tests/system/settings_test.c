// A wrong setting stops a daemon at once with one line that names it.
#include "tests/system/servers.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(settings, .timeout = 60);

// Nobody is there: a daemon that took its settings would run on.
static const char *const good[] = {"TOLLGATE_POSTGRES_URL=postgresql://tollgate@127.0.0.1:1/x",
                                   "TOLLGATE_REDIS_URL=redis://127.0.0.1:1/0",
                                   "TOLLGATE_LISTEN=127.0.0.1:0", "TOLLGATE_APP_SECRETS=a-secret",
                                   "TOLLGATE_VERIFY_TOKEN=a-token"};

static const char *const daemons[] = {"tollgate-ingress", "tollgate-worker"};
enum { INGRESS = 1, WORKER = 2, BOTH = 3 };

static struct command_result run_daemon(const char *daemon, const char *option, const char *first,
                                        const char *second)
{
    const char *environment[] = {
        good[0], good[1], good[2], good[3], good[4], first, first ? second : NULL, NULL};
    return command_run(WORDS(testbed_daemon(daemon), option), environment);
}

static const char *name_of(const char *setting)
{
    return text_of("%.*s", (int)strcspn(setting, "="), setting);
}

static void expect_refusal(const struct command_result *result, const char *setting)
{
    cr_assert(result->status == 2, "%s: status %d", setting, result->status);
    cr_assert_str_eq(result->output, "", "%s: %s", setting, result->output);
    const char *newline = strchr(result->errors, '\n');
    cr_assert(newline && newline[1] == '\0', "%s: not one line: %s", setting, result->errors);
    cr_assert(strstr(result->errors, name_of(setting)), "%s: %s", setting, result->errors);
}

static const struct {
    const char *setting;
    int daemons;
} wrong[] = {
    {"TOLLGATE_POSTGRES_URL=", BOTH},
    {"TOLLGATE_POSTGRES_URL=127.0.0.1", BOTH},
    {"TOLLGATE_POSTGRES_URL=mysql://127.0.0.1/x", BOTH},
    {"TOLLGATE_ALLOW_OWNER=maybe", BOTH},
    {"TOLLGATE_SETTINGS_FILE=/there/is/no/such/file", BOTH},
    {"TOLLGATE_REDIS_URL=127.0.0.1:6379", BOTH},
    {"TOLLGATE_REDIS_URL=redis://127.0.0.1:port", BOTH},
    {"TOLLGATE_REDIS_URL=rediss://127.0.0.1:6379", BOTH},
    {"TOLLGATE_LISTEN=3000", INGRESS},
    {"TOLLGATE_LISTEN=localhost:3000", INGRESS},
    {"TOLLGATE_LISTEN=127.0.0.1:65536", INGRESS},
    {"TOLLGATE_ADMIN_LISTEN=127.0.0.1", BOTH},
    {"TOLLGATE_ADMIN_LISTEN=127.0.0.1:-1", BOTH},
    {"TOLLGATE_ADMIN_TOKEN=two words", INGRESS},
    {"TOLLGATE_OPERATOR_POSTGRES_URL=127.0.0.1", INGRESS},
    {"TOLLGATE_ADMIN_INSECURE=1", INGRESS},
    {"TOLLGATE_RATE_PER_KEY=-1", INGRESS},
    {"TOLLGATE_RATE_PER_ORG=many", INGRESS},
    {"TOLLGATE_RATE_PER_ADDRESS=1.5", INGRESS},
    {"TOLLGATE_RATE_OF_FAILURES=99999999", INGRESS},
    {"TOLLGATE_TLS_CERT=/there/is/no/such/file", INGRESS},
    {"TOLLGATE_TLS_KEY=/there/is/no/such/file", INGRESS},
    {"TOLLGATE_ADMIN_TLS_CERT=/there/is/no/such/file", BOTH},
    {"TOLLGATE_ADMIN_TLS_KEY=/there/is/no/such/file", BOTH},
    {"TOLLGATE_AUTH=none", INGRESS},
    {"TOLLGATE_AUTH=Trusted", INGRESS},
    {"TOLLGATE_AUTH_TRUSTED_ANYWHERE=1", INGRESS},
    {"TOLLGATE_CORS_ORIGINS=app.example.com", INGRESS},
    {"TOLLGATE_CORS_ORIGINS=*", INGRESS},
    {"TOLLGATE_CORS_ORIGINS=https://app.example.com/", INGRESS},
    {"TOLLGATE_CORS_ORIGINS=https://a.example.com, https://b.example.com", INGRESS},
    {"TOLLGATE_CORS_ORIGINS=https://a.example.com,", INGRESS},
    {"TOLLGATE_JWT_SECRET=two\nlines", INGRESS},
    {"TOLLGATE_JWKS_FILE=/etc/jwks.json\r", INGRESS},
    {"TOLLGATE_JWKS_URL=http://id.example.com/jwks.json", INGRESS},
    {"TOLLGATE_JWKS_CA_FILE=/there/is/no/such/file", INGRESS},
    {"TOLLGATE_JWT_ISSUER=https://id.example.com\r", INGRESS},
    {"TOLLGATE_JWT_AUDIENCE=a\tb", INGRESS},
    {"TOLLGATE_JWT_ORG_CLAIM=user_metadata.org_id", INGRESS},
    {"TOLLGATE_JWT_RIGHTS=send,rule", INGRESS},
    {"TOLLGATE_JWT_RIGHTS_CLAIM=user_metadata.rights", INGRESS},
    {"TOLLGATE_JWT_ANONYMOUS=1", INGRESS},
    {"TOLLGATE_TRUSTED_PROXIES=proxy.example.com", INGRESS},
    {"TOLLGATE_TRUSTED_PROXIES=10.0.0.0/33", INGRESS},
    {"TOLLGATE_RATE_PER_KEY=1000001", INGRESS},
    {"TOLLGATE_RATE_PER_ORG=-1", INGRESS},
    {"TOLLGATE_RATE_PER_ADDRESS=ten", INGRESS},
    {"TOLLGATE_RATE_OF_FAILURES=1.5", INGRESS},
    {"TOLLGATE_SEND_WAITS=31", INGRESS},
    {"TOLLGATE_SEND_WAITS=10s", INGRESS},
    {"TOLLGATE_CLOUD_WAITS=31", INGRESS},
    {"TOLLGATE_CLOUD_REPEATS=yes", INGRESS},
    {"TOLLGATE_DOCS=none", INGRESS},
    {"TOLLGATE_APP_SECRETS=", BOTH},
    {"TOLLGATE_APP_SECRETS=one,,two", BOTH},
    {"TOLLGATE_UNSIGNED_WEBHOOKS=yes", WORKER},
    {"TOLLGATE_VERIFY_TOKEN=", INGRESS},
    {"TOLLGATE_HTTP_THREADS=0", INGRESS},
    {"TOLLGATE_HTTP_THREADS=65", INGRESS},
    {"TOLLGATE_LANES=two", INGRESS},
    {"TOLLGATE_LANES=33", INGRESS},
    {"TOLLGATE_PARTITIONS=0", BOTH},
    {"TOLLGATE_PARTITIONS=4.5", BOTH},
    {"TOLLGATE_PARTITIONS=99999999999999999999", BOTH},
    {"TOLLGATE_GRAPH_URL=graph.facebook.com", BOTH},
    {"TOLLGATE_GRAPH_URL=https://graph.facebook.com/", BOTH},
    {"TOLLGATE_GRAPH_URL=ftp://graph.facebook.com", BOTH},
    {"TOLLGATE_GRAPH_VERSION=23.0", BOTH},
    {"TOLLGATE_GRAPH_TIMEOUT_MS=999", BOTH},
    {"TOLLGATE_GRAPH_TIMEOUT_MS=30s", BOTH},
    {"TOLLGATE_GRAPH_APP_SECRET=two words", BOTH},
    {"TOLLGATE_RELAY=yes", INGRESS},
    {"TOLLGATE_MEDIA_HOSTS=lookaside.fbsbx.com:443", BOTH},
    {"TOLLGATE_MEDIA_STORE=var/media", BOTH},
    {"TOLLGATE_MEDIA_STORE=s3://bucket", BOTH},
    {"TOLLGATE_MEDIA_STORE=https://s3.example.com", BOTH},
    {"TOLLGATE_MEDIA_STORE_REGION=eu central", BOTH},
    {"TOLLGATE_MEDIA_STORE_KEY_ID=two words", BOTH},
    {"TOLLGATE_MEDIA_STORE_SECRET=two words", BOTH},
    {"TOLLGATE_PUBLIC_URL=gateway.example", INGRESS},
    {"TOLLGATE_TOKEN_KEYS=/there/is/no/such/file", BOTH},
    {"TOLLGATE_TOKEN_KEYS=/dev/null", BOTH},
    {"TOLLGATE_WORKER_ROLES=send,receive", WORKER},
    {"TOLLGATE_WORKER_ROLES=send,", WORKER},
    {"TOLLGATE_CONFIRMATION_WINDOW_S=0", WORKER},
    {"TOLLGATE_REPLY_WITHIN_S=86401", WORKER},
    {"TOLLGATE_EVENTS_KEPT_DAYS=0", WORKER},
    {"TOLLGATE_LOOK_INTERVAL_S=604801", WORKER},
    {"TOLLGATE_NOTIFY_NETWORKS=10.0.0.1/8", BOTH},
    {"TOLLGATE_NOTIFY_NETWORKS=localhost", BOTH},
    {"TOLLGATE_NOTIFY_CA_FILE=/there/is/no/such/file", WORKER},
    {"TOLLGATE_SEND_CONCURRENCY=0", WORKER},
    {"TOLLGATE_SEND_CONCURRENCY=2049", WORKER},
    {"TOLLGATE_LOG_LEVEL=trace", BOTH},
    {"TOLLGATE_LOG_MESSAGES=warn", BOTH},
    {"TOLLGATE_LOG_FORMAT=xml", BOTH},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

static void expect_stops(size_t daemon)
{
    for (size_t i = 0; i < WRONG; i++) {
        if (!(wrong[i].daemons & (1 << daemon)))
            continue;
        struct command_result run = run_daemon(daemons[daemon], NULL, wrong[i].setting, NULL);
        expect_refusal(&run, wrong[i].setting);
    }
}

Test(settings, a_wrong_one_stops_ingress)
{
    expect_stops(0);
}

Test(settings, a_wrong_one_stops_the_worker)
{
    expect_stops(1);
}

Test(settings, every_setting_of_the_help_has_its_wrong_value_here)
{
    for (size_t daemon = 0; daemon < 2; daemon++) {
        const char *help = run_daemon(daemons[daemon], "--help", NULL, NULL).output;
        for (const char *line = strstr(help, "\n  TOLLGATE_"); line;
             line = strstr(line + 1, "\n  TOLLGATE_")) {
            const char *name = text_of("%.*s", (int)strcspn(line + 3, " "), line + 3);
            bool found = false;
            for (size_t i = 0; i < WRONG; i++)
                found |= (wrong[i].daemons & (1 << daemon)) &&
                         strcmp(name_of(wrong[i].setting), name) == 0;
            cr_assert(found, "%s of %s", name, daemons[daemon]);
        }
    }
}

Test(settings, a_missing_one_stops_both)
{
    for (size_t i = 0; i < 2; i++) {
        struct command_result run = command_run(WORDS(testbed_daemon(daemons[i])), NULL);
        expect_refusal(&run, "TOLLGATE_POSTGRES_URL");
    }
}

Test(settings, a_check_says_whether_tokens_lie_open)
{
    struct command_result run = run_daemon(daemons[1], "--check", NULL, NULL);
    cr_assert(strstr(run.output, "\nbut access tokens lie open in the database: "
                                 "TOLLGATE_TOKEN_KEYS is not set\n"),
              "%s", run.output);
    const char *path = file_with("token-keys", "k7 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    const char *setting = text_of("TOLLGATE_TOKEN_KEYS=%s", path);
    cr_assert_eq(chmod(path, 0644), 0);
    run = run_daemon(daemons[1], "--check", setting, NULL);
    expect_refusal(&run, setting);
    cr_assert(strstr(run.errors, ": has rights for others"), "%s", run.errors);
    cr_assert_eq(chmod(path, 0600), 0);
    run = run_daemon(daemons[1], "--check", setting, NULL);
    cr_assert(strstr(run.output, "\naccess tokens are sealed under the key k7\n"), "%s",
              run.output);
    cr_assert_null(strstr(run.output, "AQEB"));
}

Test(settings, a_worker_without_the_role_inbound_needs_no_app_secrets)
{
    struct command_result run = run_daemon(
        daemons[1], "--check", "TOLLGATE_APP_SECRETS=", "TOLLGATE_WORKER_ROLES=send,janitor");
    cr_assert(run.status == 0, "%s", run.errors);
    run = run_daemon(daemons[1], "--check",
                     "TOLLGATE_APP_SECRETS=", "TOLLGATE_WORKER_ROLES=janitor,inbound");
    expect_refusal(&run, "TOLLGATE_APP_SECRETS=");
}

Test(settings, a_secret_is_never_shown)
{
    static const char *const secrets[] = {
        "TOLLGATE_POSTGRES_URL=hunter2", "TOLLGATE_REDIS_URL=redis://:hunter2@:x",
        "TOLLGATE_GRAPH_APP_SECRET=hunter2,", "TOLLGATE_APP_SECRETS=hunter2,"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        struct command_result run = run_daemon(daemons[i > 0], NULL, secrets[i], NULL);
        expect_refusal(&run, secrets[i]);
        cr_assert_not(strstr(run.errors, "hunter2"), "%s", run.errors);
    }
}

Test(settings, check_says_whether_they_are_good)
{
    for (size_t i = 0; i < 2; i++) {
        struct command_result run = run_daemon(daemons[i], "--check", NULL, NULL);
        cr_assert(run.status == 0, "%s", run.errors);
        cr_assert(strstr(run.output, "settings are good\n") == run.output, "%s", run.output);
        run = run_daemon(daemons[i], "--check", "TOLLGATE_LOG_LEVEL=loud", NULL);
        expect_refusal(&run, "TOLLGATE_LOG_LEVEL=loud");
    }
}

// Each message in hand may need a connection.
Test(settings, check_says_what_the_limit_of_files_leaves_of_the_places)
{
    struct command_result run =
        command_run(WORDS("/bin/sh", "-c", "ulimit -n 360 && exec \"$0\" --check",
                          testbed_daemon("tollgate-worker")),
                    WORDS(good[0], good[3]));
    cr_assert(run.status == 0, "%s", run.errors);
    cr_assert(strstr(run.output, "has room for 104 only\n"), "%s", run.output);
}

Test(settings, help_and_version_need_none)
{
    for (size_t i = 0; i < 2; i++) {
        struct command_result help = command_run(WORDS(testbed_daemon(daemons[i]), "--help"), NULL);
        cr_assert_eq(help.status, 0);
        cr_assert(strstr(help.output, "TOLLGATE_POSTGRES_URL"), "%s", help.output);
        struct command_result version =
            command_run(WORDS(testbed_daemon(daemons[i]), "--version"), NULL);
        cr_assert_eq(version.status, 0);
        cr_assert_str_eq(version.output, text_of("%s " TOLLGATE_VERSION "\n", daemons[i]));
    }
}

Test(settings, an_unknown_option_is_refused)
{
    for (size_t i = 0; i < 2; i++) {
        struct command_result run = run_daemon(daemons[i], "--verbose", NULL, NULL);
        expect_refusal(&run, "--verbose");
    }
}

Test(settings, trusted_mode_stays_on_this_machine)
{
    static const char *const everywhere[] = {"TOLLGATE_LISTEN=0.0.0.0:0", "TOLLGATE_LISTEN=[::]:0"};
    for (size_t i = 0; i < 2; i++) {
        const char *environment[] = {
            good[0], good[1], "TOLLGATE_AUTH=trusted", everywhere[i], good[3], good[4], NULL, NULL};
        const char *const *argv = WORDS(testbed_daemon("tollgate-ingress"));
        struct command_result run = command_run(argv, environment);
        expect_refusal(&run, "TOLLGATE_AUTH=trusted");

        environment[6] = "TOLLGATE_AUTH_TRUSTED_ANYWHERE=yes";
        run = command_run(WORDS(testbed_daemon("tollgate-ingress"), "--check"), environment);
        cr_assert(run.status == 0, "%s", run.errors);
    }
}

static int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

// What cannot be known before it is tried still ends with a line that names the setting.
Test(settings, an_address_that_is_taken_stops_a_daemon)
{
    static const struct {
        const char *daemon;
        const char *setting;
    } cases[] = {{"tollgate-ingress", "TOLLGATE_LISTEN"},
                 {"tollgate-ingress", "TOLLGATE_ADMIN_LISTEN"},
                 {"tollgate-worker", "TOLLGATE_ADMIN_LISTEN"}};
    int port;
    int fd = listen_somewhere(&port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_result run = run_daemon(
            cases[i].daemon, NULL, text_of("%s=127.0.0.1:%d", cases[i].setting, port), NULL);
        cr_assert(run.status != 0 && run.status < 128, "%s: status %d: %s", cases[i].setting,
                  run.status, run.errors);
        cr_assert(strstr(run.errors, cases[i].setting), "%s: %s", cases[i].setting, run.errors);
    }
    close(fd);
}

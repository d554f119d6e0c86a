// docs/troubleshooting.md, on daemons that do not start or are not ready: entries that need no more
// than a setting, or a change of PostgreSQL's or Redis's, are played, and compared with the page.
#include "tests/system/trouble_page.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

TestSuite(trouble_start, .timeout = 240);

// An ingress with one setting that is otherwise than the gateway's.
static const char *const *environment_with(struct gateway *gateway, const char *setting)
{
    const char **environment = calloc(8, sizeof *environment);
    cr_assert(environment);
    environment[0] =
        text_of("TOLLGATE_POSTGRES_URL=%s", database_url(gateway->database, "tollgate_ingress"));
    environment[1] = text_of("TOLLGATE_REDIS_URL=%s", redis_url(gateway->redis));
    environment[2] = "TOLLGATE_LISTEN=127.0.0.1:0";
    environment[3] = "TOLLGATE_APP_SECRETS=" GATEWAY_APP_SECRET;
    environment[4] = "TOLLGATE_VERIFY_TOKEN=" GATEWAY_VERIFY_TOKEN;
    environment[5] = setting;
    return environment;
}

static const char *check(struct gateway *gateway, const char *setting)
{
    struct command_result run =
        command_run(WORDS(testbed_daemon("tollgate-ingress"), "--check", "--connect"),
                    environment_with(gateway, setting));
    return text_of("%s%s", run.output, run.errors);
}

static const char *play_taken_address(struct gateway *gateway)
{
    const char *address = gateway->ingress.url + strlen("http://");
    struct command_result run =
        command_run(WORDS(testbed_daemon("tollgate-ingress")),
                    environment_with(gateway, text_of("TOLLGATE_LISTEN=%s", address)));
    return replaced(run.errors, address, "127.0.0.1:3000");
}

static const char *play_few_files(struct gateway *gateway)
{
    struct process *daemon = process_start(
        "few-files",
        WORDS("/bin/sh", "-c", "ulimit -n 600 && exec \"$0\"", testbed_daemon("tollgate-ingress")),
        environment_with(gateway, NULL));
    (void)process_log_value(daemon, "service_started", "pid");
    process_stop_cleanly(daemon);
    return process_log(daemon);
}

static const char *play_nowhere(struct gateway *gateway)
{
    return check(gateway, "TOLLGATE_POSTGRES_URL=postgresql://tollgate_ingress@127.0.0.1:1/x");
}

static const char *play_no_database(struct gateway *gateway)
{
    return check(gateway,
                 text_of("TOLLGATE_POSTGRES_URL=postgresql://tollgate_ingress@%s:%s/nothere",
                         gateway->database->host, gateway->database->port));
}

static const char *play_wrong_setting(struct gateway *gateway)
{
    return check(gateway, "TOLLGATE_LANES=99");
}

static const char *play_misspelt_setting(struct gateway *gateway)
{
    return check(gateway, "TOLLGATE_LANE=1");
}

static const char *play_weak_secret(struct gateway *gateway)
{
    return check(gateway, "TOLLGATE_VERIFY_TOKEN=change-me-to-something");
}

static const char *play_partitions(struct gateway *gateway)
{
    return check(gateway, "TOLLGATE_PARTITIONS=8");
}

static const char *play_no_append(struct gateway *gateway)
{
    (void)redis_command(gateway->redis, "CONFIG", "SET", "appendonly", "no");
    const char *seen = check(gateway, NULL);
    (void)redis_command(gateway->redis, "CONFIG", "SET", "appendonly", "yes");
    return seen;
}

static const char *play_redis_password(struct gateway *gateway)
{
    (void)redis_command(gateway->redis, "CONFIG", "SET", "requirepass", "hunter2");
    const char *none = check(gateway, NULL);
    const char *wrong = check(gateway, text_of("TOLLGATE_REDIS_URL=redis://:x@%s",
                                               redis_url(gateway->redis) + strlen("redis://")));
    (void)redis_command(gateway->redis, "-a", "hunter2", "CONFIG", "SET", "requirepass", "");
    return text_of("%s%s", none, wrong);
}

static const char *play_migrate_as_worker(struct gateway *gateway)
{
    const char *script = TOLLGATE_SOURCE_DIR "/deploy/migrate";
    const char *url = database_url(gateway->database, "tollgate_worker");
    return text_of("deploy/migrate: %s", command_run(WORDS(script, "--url", url), NULL).errors);
}

static const char *play_restore_under_daemons(struct gateway *gateway)
{
    const char *script = TOLLGATE_SOURCE_DIR "/deploy/after-restore";
    const char *url = database_url(gateway->database, "postgres");
    return command_run(WORDS(script, "--url", url, "--anyway"), NULL).errors;
}

// What a SIGHUP does with the file, once with what counts at a restart only, once with what is
// wrong.
static const char *play_changed_file(struct gateway *gateway)
{
    const char *path = file_with("settings", "TOLLGATE_LOG_LEVEL=info\n");
    struct process *daemon =
        process_start("changed-file", WORDS(testbed_daemon("tollgate-ingress")),
                      environment_with(gateway, text_of("TOLLGATE_SETTINGS_FILE=%s", path)));
    (void)process_log_value(daemon, "service_started", "pid");
    (void)file_with("settings", "TOLLGATE_LOG_LEVEL=info\nTOLLGATE_LANES=3\n");
    process_signal(daemon, SIGHUP);
    (void)process_log_value(daemon, "settings_reread", "at_restart");
    (void)file_with("settings", "TOLLGATE_LANES=99\n");
    process_signal(daemon, SIGHUP);
    (void)process_log_value(daemon, "settings_refused", "reason");
    process_stop_cleanly(daemon);
    return process_log(daemon);
}

static const struct {
    const char *symptom;
    const char *(*play)(struct gateway *);
    int count; // of what the cell has; 0: all
} starts[] = {
    {"ends with 2:", play_wrong_setting, 0},
    {"a setting has no effect;", play_misspelt_setting, 0},
    {"`start_failed", play_taken_address, 0},
    {"`PostgreSQL is not good:", play_nowhere, 1},
    {"`... database", play_no_database, 0},
    {"`after-restore: daemons", play_restore_under_daemons, 0},
    {"`Redis is not good: NOAUTH", play_redis_password, 0},
    {"`Redis is not good: appendonly", play_no_append, 1},
    {"`Redis is not good: the daemons", play_partitions, 1},
    {"`weak_secret", play_weak_secret, 0},
    {"`file_limit_low", play_few_files, 0},
    {"`deploy/migrate`:", play_migrate_as_worker, 0},
};

Test(trouble_start, of_daemons_is_as_it_is_shown)
{
    struct gateway *gateway = given_gateway();
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        page_expect(page_cell(starts[i].symptom, SYMPTOM), starts[i].count,
                    starts[i].play(gateway));
    page_expect(page_cell("a setting was changed in the file", LOOK), 0,
                play_changed_file(gateway));
    struct answer answer = ask(gateway->http, .path = "/api/wallet");
    page_expect(page_cell("`401 unauthorized`, `An API key", SYMPTOM), 0, told(&answer));
    stop_gateway(gateway);
}

// What is said to be missing, what a client hears and what the log has.
static const char *seen_of(const struct org *org, const char *missing, const char *more)
{
    struct gateway *gateway = org->gateway;
    struct answer answer = send_text(org, "919876543210");
    eventually(strcmp(daemon_missing(&gateway->ingress), missing) == 0);
    return text_of("%s /readyz %s %s %s", more, missing, told(&answer),
                   process_log(gateway->ingress.process));
}

Test(trouble_start, of_the_database_is_as_it_is_shown)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)database_text(gateway->database, "UPDATE restores SET timeline = timeline + 1");
    const char *seen = seen_of(&org, "after_restore", "");
    page_expect(page_cell("`/readyz` has `after_restore`", SYMPTOM), 0, seen);
    page_expect(page_cell("`503 unavailable`, `The database", SYMPTOM), 0, seen);
    (void)database_text(gateway->database, "UPDATE restores SET timeline = timeline - 1");
    (void)database_text(gateway->database, "DROP FUNCTION accept_sends");
    page_expect(page_cell("`accept_sends", SYMPTOM), 0,
                seen_of(&org, "schema", check(gateway, NULL)));
    const char *url = database_url(gateway->database, "postgres");
    const char *const *migrate = WORDS(TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url", url);
    cr_assert_eq(command_run(migrate, NULL).status, 0);
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    stop_gateway(gateway);
}

// Somebody's transaction has the wallet, and what is to be looked at shows whose it is.
Test(trouble_start, of_a_wallet_that_is_held_is_as_it_is_shown)
{
    const char *symptom = "`503 unavailable`, `Somebody else";
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    (void)database_text(gateway->database, "BEGIN; SELECT 1 FROM wallets FOR UPDATE");
    struct answer answer = send_text(&org, "919876543210");
    page_expect(page_cell(symptom, SYMPTOM), 0,
                text_of("%s %s", told(&answer), process_log(gateway->ingress.process)));
    const char *look = page_follow(&org, page_cell(symptom, LOOK));
    cr_expect(strstr(look, "|idle in transaction|") && strstr(look, "FROM wallets FOR UPDATE"),
              "%s", look);
    (void)database_text(gateway->database, "ROLLBACK");
    answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

static struct answer post_one(struct gateway *gateway)
{
    static int n;
    return post_webhook(
        gateway, text_message_body("999", "919876543210", text_of("wamid.%d", n++), "Hi"), 0);
}

// Full, and then away: webhooks are not taken, messages are.
Test(trouble_start, of_redis_is_as_it_is_shown)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "1");
    struct answer answer = post_one(gateway);
    page_expect(page_cell("webhooks are answered", SYMPTOM), 0, told(&answer));
    expect_equal(daemon_missing(&gateway->ingress), "");
    page_expect(page_cell("the same, while `/readyz`", SYMPTOM), 0,
                text_of("/readyz %s", process_log(gateway->ingress.process)));
    (void)redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "0");
    eventually(post_one(gateway).status == 200);

    redis_kill(gateway->redis);
    answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(daemon_missing(&gateway->ingress), "redis") == 0);
    eventually(daemon_has_logged(&gateway->ingress, "jobs_not_published"));
    page_expect(page_cell("`queued` while `/readyz`", SYMPTOM), 0,
                text_of("%s /readyz redis %s", message_state(gateway, id),
                        process_log(gateway->ingress.process)));
    redis_start(gateway->redis);
    expect_ends(gateway, id, "sent");
    stop_gateway(gateway);
}

Test(trouble_start, of_a_bound_is_as_it_is_shown)
{
    const char *symptom = "`429 too_many_requests`";
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_PER_KEY=1"});
    struct org org = given_org(gateway);
    struct answer answer;
    do {
        answer = get(&org, "/api/wallet");
    } while (answer.status == 200);
    page_expect(page_cell(symptom, SYMPTOM), 0, told(&answer));
    cr_expect(*answer_header(&answer, "Retry-After"));
    const char *name = "tollgate_http_requests_total{status=\"429\"}";
    cr_expect(strstr(page_cell(symptom, LOOK), name));
    expect_equal(daemon_metric(&gateway->ingress, name), "1");
    stop_gateway(gateway);
}

// What deploy/migrate makes of a database of an earlier version (tests/upgrade/history.sh), and
// what that version's daemons say to it.
#include "tests/faults/checker.h"

#include <string.h>
#include <sys/stat.h>

TestSuite(upgrade, .timeout = 180);

enum { SENDS = 150 };

static const char *owner_url(const struct database *database)
{
    return database_url(database, "postgres");
}

static void must_migrate_by(const char *tree, const struct database *database)
{
    struct command_result result =
        command_run(WORDS(text_of("%s/deploy/migrate", tree), "--url", owner_url(database)), NULL);
    cr_assert(result.status == 0, "%s%s", result.output, result.errors);
}

static struct command_result migrate(const struct database *database)
{
    return command_run(WORDS(TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url", owner_url(database)),
                       NULL);
}

static void must_migrate(const struct database *database)
{
    must_migrate_by(TOLLGATE_SOURCE_DIR, database);
}

// All of it that pg_dump tells, in a file. Each dump has two lines with a key of its own.
static const char *dumped(const struct database *database)
{
    struct command_result dump = command_run(
        WORDS("pg_dump", "--schema-only", "--schema=tollgate", owner_url(database)), NULL);
    cr_assert(dump.status == 0, "%s", dump.errors);
    char *text = text_of("%s", dump.output);
    for (char *line = text; (line = strstr(line, "restrict "));)
        memset(line, '-', strcspn(line, "\n"));
    return file_with(database->name, text);
}

Test(upgrade, leaves_the_schema_that_a_fresh_database_has)
{
    struct database *fresh = database_create();
    struct database *upgraded = database_create_from("tollgate_before");
    must_migrate(upgraded);
    struct command_result difference =
        command_run(WORDS("diff", dumped(fresh), dumped(upgraded)), NULL);
    cr_assert(difference.status == 0, "%s", difference.output);
    database_drop(upgraded);
    database_drop(fresh);
}

static struct rig *given_former_rig(void)
{
    const char *daemons = testbed_variable("TOLLGATE_TEST_BEFORE_BIN_DIR");
    struct rig *rig = given_rig(.template = "tollgate_before", .daemons = daemons);
    given_workload(rig, .rate = 100);
    workload_run_on(rig->workload, SENDS);
    return rig;
}

static void expect_no_trouble(const struct daemon *daemon)
{
    cr_expect_str_eq(daemon_metric(daemon, "tollgate_postgres_errors_total{kind=\"refused\"}"), "");
    cr_expect_str_eq(daemon_metric(daemon, "tollgate_http_requests_total{status=\"503\"}"), "");
}

// The last org's number is paused by one of Meta's fault numbers, which refuses its sends.
static void expect_that_nothing_was_refused(struct rig *rig)
{
    size_t n;
    const struct sent *sent = workload_sent(rig->workload, &n);
    for (size_t i = 0; i < n; i++)
        cr_expect(sent[i].fate == SEND_ACCEPTED ||
                      workload_contact(rig->workload, sent[i].contact)->org == RIG_ORGS - 1,
                  "send %zu to %s: fate %d", i,
                  workload_contact(rig->workload, sent[i].contact)->names[0], (int)sent[i].fate);
    for (int i = 0; i < RIG_INGRESSES; i++)
        expect_no_trouble(&rig->ingresses[i].daemon);
    for (int i = 0; i < rig->worker_count; i++)
        expect_no_trouble(&rig->workers[i].daemon);
}

// What the workload does not ask, with a key that no ingress knows yet.
static void expect_that_all_is_answered(struct rig *rig)
{
    struct org late = given_org(rig->gateway, .balance = "1000000.00");
    static const struct {
        const char *method;
        const char *path;
        int status;
    } questions[] = {
        {"GET", "/api/wallet", 200},
        {"GET", "/api/wallet/transactions", 200},
        {"GET", "/api/messages/01939f6c-0000-7000-8000-000000000000", 404},
        {"DELETE", "/api/messages/01939f6c-0000-7000-8000-000000000000", 404},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct answer answer =
            ask(http_open(rig->ingresses[i % RIG_INGRESSES].daemon.url),
                .method = questions[i].method, .path = questions[i].path, .key = late.key);
        cr_expect_eq(answer.status, questions[i].status, "%s: %s", questions[i].path, answer.body);
    }
}

// A tree in which each function that a daemon calls has one parameter more. (They have their
// owner's rights, SECURITY DEFINER; what these call in turn is as it was.)
static const char *given_wider_functions(void)
{
    static const char script[] =
        "cp --recursive --parents deploy/migrate deploy/connection.sh sql \"$1\" && "
        "cd \"$1\"/sql && "
        "perl -0pi -e '"
        "s/(FUNCTION \\w+\\()(\\)|.*?\\))(\\s*RETURNS)/"
        "my ($made, $takes, $then) = ($1, $2, $3); chop $takes; "
        "$made . $takes . ($takes =~ m{\\S} ? \", \" : \"\") . \"p_further text DEFAULT NULL)\" . "
        "$then/se "
        "or die $ARGV if m{SECURITY DEFINER}' desk/*.sql ingress/*.sql worker/*.sql";
    const char *tree = text_of("%s/wider", testbed_directory());
    cr_assert(mkdir(tree, 0755) == 0);
    struct command_result result = command_run(
        WORDS("sh", "-c", text_of("cd %s && %s", TOLLGATE_SOURCE_DIR, script), "sh", tree), NULL);
    cr_assert(result.status == 0, "%s", result.errors);
    return tree;
}

Test(upgrade, under_load_refuses_and_loses_nothing)
{
    struct rig *rig = given_former_rig();
    must_migrate(rig->gateway->database);
    workload_run_on(rig->workload, SENDS);
    expect_that_all_is_answered(rig);
    must_migrate_by(given_wider_functions(), rig->gateway->database);
    workload_run_on(rig->workload, SENDS);
    must_migrate(rig->gateway->database);
    workload_run_on(rig->workload, SENDS);
    check_rig(rig, "upgrade.schema");
    expect_that_nothing_was_refused(rig);
    rig_stop(rig);
}

static void exchange_workers(struct rig *rig)
{
    for (int i = 0; i < rig->worker_count; i++) {
        rig_end(&rig->workers[i]);
        rig_start_worker(rig, i, NULL);
        workload_run_on(rig->workload, SENDS / 2);
    }
}

static void exchange_ingresses(struct rig *rig)
{
    for (int i = 0; i < RIG_INGRESSES; i++) {
        rig_end(&rig->ingresses[i]);
        rig_start_ingress(rig, i, NULL);
        workload_run_on(rig->workload, SENDS / 2);
    }
}

// Webhooks in Redis as the former ingresses have stored them.
static bool any_is_unsigned(const struct rig *rig)
{
    static const char script[] =
        "for i = 0, 3 do for _, entry in ipairs(redis.call('XRANGE', 'tollgate:{0' .. i .. "
        "'}:webhooks', '-', '+')) do if #entry[2] == 2 then return 1 end end end return 0";
    return *redis_command(rig->gateway->redis, "EVAL", script, "0") != '0';
}

// First the schema, then each daemon in its turn.
Test(upgrade, of_the_ingresses_and_then_of_the_workers_loses_nothing)
{
    struct rig *rig = given_former_rig();
    must_migrate(rig->gateway->database);
    rig->settings->daemons = NULL;
    exchange_ingresses(rig);
    eventually(!any_is_unsigned(rig));
    exchange_workers(rig);
    check_rig(rig, "upgrade.daemons");
    rig_stop(rig);
}

Test(upgrade, of_the_workers_first_loses_nothing_where_they_accept_what_is_not_signed)
{
    struct rig *rig = given_former_rig();
    must_migrate(rig->gateway->database);
    rig->settings->daemons = NULL;
    rig->accepts_unsigned = true;
    exchange_workers(rig);
    exchange_ingresses(rig);
    check_rig(rig, "upgrade.workers_first");
    rig_stop(rig);
}

static void must_run(const struct database *database, const char *option, const char *argument)
{
    struct command_result result = command_run(
        WORDS("psql", "--no-psqlrc", "--dbname", owner_url(database), option, argument), NULL);
    cr_assert(result.status == 0, "%s", result.errors);
}

// By the steps that deploy/move.sql tells.
Test(upgrade, of_an_early_layout_moves_orgs_numbers_rules_contacts_and_money)
{
    struct database *database = database_create_from("tollgate_early");
    (void)database_text(database, "SET search_path = public");
    const char *org =
        database_text(database, "INSERT INTO organizations (name) VALUES ('Acme') RETURNING id");
    (void)database_text(database,
                        "INSERT INTO channels (org_id, phone_number_id, access_token) "
                        "VALUES ('%s', '123456', 'token'); "
                        "INSERT INTO automation_rules (org_id, match_kind, pattern, reply) "
                        "VALUES ('%s', 'exact', 'hi', '\"Welcome\"'); "
                        "INSERT INTO contacts (org_id, phone) VALUES ('%s', '919876543210'); "
                        "INSERT INTO conversations (org_id, channel_id, contact_id, opted_out_at) "
                        "SELECT h.org_id, h.id, c.id, now() FROM channels h, contacts c; "
                        "UPDATE wallets SET balance = 99.80",
                        org, org, org);
    const char *key = database_text(database, "SELECT create_api_key('%s', 'main')", org);
    struct command_result refused = migrate(database);
    cr_assert(refused.status != 0 && strstr(refused.errors, "deploy/move.sql"), "%s",
              refused.errors);

    must_run(database, "--command", "ALTER SCHEMA public RENAME TO tollgate_early");
    must_run(database, "--command", "CREATE SCHEMA public");
    must_migrate(database);
    must_run(database, "--file", TOLLGATE_SOURCE_DIR "/deploy/move.sql");
    (void)database_text(database, "SET search_path = tollgate");
    cr_assert_str_eq(
        database_text(database, "SELECT document ->> 'balance' FROM get_wallet('%s')", org),
        "99.80");
    cr_assert_str_eq(database_text(database, "SELECT org_id FROM find_api_key(sha256('%s'))", key),
                     org);
    cr_assert_eq(database_number(
                     database, "SELECT count(*) FROM channels JOIN automation_rules USING (org_id) "
                               "JOIN conversations USING (org_id) JOIN contacts c USING (org_id) "
                               "WHERE opted_out_at IS NOT NULL AND c.phone = '919876543210'"),
                 1);
    (void)database_text(database,
                        "INSERT INTO contacts (org_id, phone) VALUES ('%s', '919876543211')", org);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM audit_ledger()"), 0);
    database_drop(database);
}

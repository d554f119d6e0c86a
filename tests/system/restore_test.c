// deploy/after-restore: a backup is made by pg_dump, what stood in its outbox leaves, everything is
// lost, and the backup is restored by pg_restore.
#include "tests/system/org.h"

#include <string.h>

TestSuite(restore, .timeout = 120);

static const char *owner_url(const struct database *database)
{
    return database_url(database, "postgres");
}

static void must_run(const char *const *words)
{
    struct command_result result = command_run(words, NULL);
    cr_assert(result.status == 0, "%s: %s%s", words[0], result.output, result.errors);
}

static const char *back_up(struct gateway *gateway)
{
    const char *file = text_of("%s/backup", testbed_directory());
    must_run(WORDS("pg_dump", "--format=custom", "--file", file, owner_url(gateway->database)));
    return file;
}

static void stop_daemons(struct gateway *gateway)
{
    process_stop_cleanly(gateway->ingress.process);
    while (gateway->worker_count > 0)
        process_stop_cleanly(gateway->workers[--gateway->worker_count].process);
}

static void start_ingress_again(struct gateway *gateway)
{
    gateway->ingress = start_ingress(gateway);
    gateway->http = http_open(gateway->ingress.url);
}

// The database of from here on: what the backup knows.
static void restore(struct gateway *gateway, const char *backup)
{
    gateway->database = database_create_from("template0");
    must_run(
        WORDS("pg_restore", "--exit-on-error", "--dbname", owner_url(gateway->database), backup));
    (void)database_text(gateway->database, "SET search_path = tollgate");
}

static struct command_result after_restore(struct gateway *gateway, const char *option)
{
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/after-restore";
    return command_run(WORDS(script, "--url", owner_url(gateway->database), option), NULL);
}

static bool all_have_left(struct gateway *gateway)
{
    return database_number(gateway->database,
                           "SELECT count(*) FROM outbox WHERE state <> 'scheduled'") == 0;
}

enum { SENDS = 5 };

Test(restore, posts_nothing_a_second_time)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (int i = 0; i < SENDS; i++) // the last ones are held behind the first
        cr_assert_eq(send_text(&org, i < 3 ? text_of("91987654321%d", i) : "919876543210").status,
                     202);
    const char *tomorrow = database_text(
        gateway->database,
        "SELECT to_char(now() AT TIME ZONE 'UTC' + '1 day', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    struct answer later =
        send_body(&org, text_of("{\"phone\": \"919876543219\", \"message\": \"Later\", "
                                "\"send_at\": \"%s\"}",
                                tomorrow));
    const char *waiting = expect_accepted_as(HERE, &later, "scheduled");

    const char *backup = back_up(gateway);
    (void)start_worker(gateway);
    eventually(all_have_left(gateway));
    eventually(simulator_posts(gateway->simulator) == SENDS);
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 5, 'paid in', 'r1')",
                        org.id);
    stop_daemons(gateway);
    struct database *lost = gateway->database;
    restore(gateway, backup);

    // Nobody works with it, and nothing is changed while anybody is there who might.
    start_ingress_again(gateway);
    struct daemon *worker = start_worker(gateway);
    eventually(strcmp(daemon_missing(worker), "after_restore") == 0);
    cr_assert_eq(send_text(&org, "919876543217").status, 503);
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM outbox"), "6");
    struct command_result refused = after_restore(gateway, NULL);
    cr_assert(refused.status == 1 && strstr(refused.errors, "daemons are connected"), "%d %s%s",
              refused.status, refused.output, refused.errors);
    stop_daemons(gateway);

    struct command_result done = after_restore(gateway, NULL);
    cr_assert_eq(done.status, 0, "%s", done.errors);
    cr_assert(strstr(done.output, text_of("%s\tOrg 1\t5\t1\t0\t", org.id)) &&
                  strstr(done.output, "\t98.80\n"),
              "%s", done.output);

    // It goes on: new sends leave, and so does what was for later; nothing else.
    start_ingress_again(gateway);
    (void)start_worker(gateway);
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    make_due(gateway, waiting);
    eventually(simulator_posts_of(gateway->simulator, waiting) == 1);
    cr_assert_eq(simulator_posts(gateway->simulator), SENDS + 2);
    cr_assert_eq(org_messages(&org, "unconfirmed"), SENDS);
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);

    // The recharge is lost, and booked once more by its reference.
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 5, 'paid in', 'r1')",
                        org.id);
    expect_equal(org_balance(&org), "103.60");

    process_stop_cleanly(gateway->ingress.process);
    process_stop_cleanly(gateway->workers[--gateway->worker_count].process);
    struct command_result again = after_restore(gateway, NULL);
    cr_assert(again.status == 0 && strstr(again.output, "no message was touched"), "%s%s",
              again.output, again.errors);
    gateway->ingress = start_ingress(gateway);
    stop_gateway(gateway);
    database_drop(lost);
}

// The backup has messages in every state: it was made in the middle of a load, of which nobody
// hears a status.
Test(restore, posts_nothing_twice_of_a_load_in_which_the_backup_was_made)
{
    enum { BEFORE = 25, MEANWHILE = 15, CONTACTS = 8 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 100}");
    (void)database_text(gateway->database, "UPDATE channels SET max_mps = 5");
    const char *file = text_of("%s/backup", testbed_directory());
    struct process *dump = NULL;
    for (int i = 0; i < BEFORE + MEANWHILE; i++) {
        if (i == BEFORE)
            dump = process_start(
                "pg_dump",
                WORDS("pg_dump", "--format=custom", "--file", file, owner_url(gateway->database)),
                NULL);
        const char *phone = text_of("9198765432%02d", i % CONTACTS);
        cr_assert_eq(send_text(&org, phone).status, 202);
    }
    cr_assert_eq(process_wait(dump, PATIENCE_S), 0);
    eventually_within(2LL * PATIENCE_S,
                      database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_eq(simulator_posts(gateway->simulator), BEFORE + MEANWHILE);
    stop_daemons(gateway);
    struct database *lost = gateway->database;
    restore(gateway, file);
    cr_assert_geq(database_number(gateway->database, "SELECT count(*) FROM outbox"), 5);
    cr_assert_eq(after_restore(gateway, NULL).status, 0);

    start_ingress_again(gateway);
    (void)start_worker(gateway);
    eventually(*daemon_missing(&gateway->workers[0]) == '\0');
    for (int i = 0; i < CONTACTS; i++)
        cr_assert_eq(send_text_and_wait(&org, text_of("9198765432%02d", i)).status, 200);
    cr_assert_eq(simulator_posts(gateway->simulator), BEFORE + MEANWHILE + CONTACTS);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM outbox"), 0);
    cr_assert_geq(org_messages(&org, "unconfirmed"), 5);
    stop_gateway(gateway);
    database_drop(lost);
}

// The server is stopped under the daemons, goes back to what it was, and comes again: the workers
// that are connected anew do not go on.
Test(restore, is_seen_by_workers_that_run_on)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    (void)database_text(gateway->database, "UPDATE restores SET timeline = timeline + 1");
    (void)database_text(gateway->database,
                        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    eventually(send_text(&org, "919876543211").status == 503);
    eventually(strcmp(daemon_missing(&gateway->workers[0]), "after_restore") == 0);
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_daemons(gateway);
    cr_assert_eq(after_restore(gateway, "--nothing-lost").status, 0);
    start_ingress_again(gateway);
    (void)start_worker(gateway);
    eventually(send_text_and_wait(&org, "919876543211").status == 200);
    stop_gateway(gateway);
}

Test(restore, says_what_it_cannot_do)
{
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/after-restore";
    cr_assert_eq(command_run(WORDS(script), NULL).status, 2);
    cr_assert_eq(command_run(WORDS(script, "--quickly"), NULL).status, 2);
    struct command_result away =
        command_run(WORDS(script, "--url", "postgresql://postgres@127.0.0.1:1/nowhere"), NULL);
    cr_assert(away.status == 2 && *away.errors && !*away.output, "%d %s", away.status, away.output);
}

// A server that recovers to a point in time, and is then on its own, begins a timeline.
Test(restore, to_a_point_in_time_is_seen)
{
    struct postgres *postgres = postgres_create();
    postgres_start(postgres);
    struct database *database = database_of("127.0.0.1", postgres->port, "postgres");
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/migrate";
    must_run(WORDS(script, "--url", owner_url(database)));
    expect_equal(database_text(database, "SELECT tollgate.is_restored()"), "f");
    postgres_stop(postgres);
    must_run(WORDS("sh", "-c",
                   text_of("touch %s/recovery.signal && echo \"restore_command = 'false'\" >> "
                           "%s/postgresql.auto.conf",
                           postgres->data, postgres->data)));
    process_give_to_postgres(text_of("%s/recovery.signal", postgres->data));

    postgres_start(postgres);
    database = database_of("127.0.0.1", postgres->port, "postgres");
    eventually(strcmp(database_text(database, "SELECT pg_is_in_recovery()"), "f") == 0);
    expect_equal(database_text(database, "SELECT tollgate.is_restored()"), "t");
    static const char after[] = TOLLGATE_SOURCE_DIR "/deploy/after-restore";
    must_run(WORDS(after, "--url", owner_url(database), "--any-timeline"));
    expect_equal(database_text(database, "SELECT tollgate.is_restored()"), "f");
    postgres_stop(postgres);
}

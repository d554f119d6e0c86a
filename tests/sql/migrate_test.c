// deploy/migrate: once, again, twice at the same moment, and what it refuses.

#include "tests/sql/givens.h"
#include "tests/sql/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(migrate, .init = database_create, .fini = database_drop);
TestSuite(migrate_anew, .init = database_create_empty, .fini = database_drop);

// All of the schema that can be asked for, to see that it stays as it is.
static const char *schema(void)
{
    return rows("SELECT name, sha256, applied_at::text FROM schema_migrations UNION ALL "
                "SELECT outcome, class, updated_at::text FROM error_rules UNION ALL "
                "SELECT oid::regprocedure::text, md5(prosrc), proacl::text FROM pg_proc "
                "WHERE pronamespace = 'tollgate'::regnamespace UNION ALL "
                "SELECT oid::regclass::text, relrowsecurity::text, relacl::text FROM pg_class "
                "WHERE relnamespace = 'tollgate'::regnamespace UNION ALL "
                "SELECT tgname, tgrelid::regclass::text, tgenabled::text FROM pg_trigger "
                "WHERE NOT tgisinternal ORDER BY 1, 2");
}

Test(migrate, a_second_time_changes_nothing)
{
    const char *before = schema();
    migrate(TOLLGATE_SOURCE_DIR);
    cr_assert_str_eq(schema(), before);
}

Test(migrate, what_is_in_the_database_survives)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    migrate(TOLLGATE_SOURCE_DIR);
    cr_assert_str_eq(state_of(message), "queued");
    cr_assert_str_eq(balance_of(acme), "99.80");
    assert_healthy();
}

Test(migrate, rights_that_were_given_by_hand_are_taken_away)
{
    run("GRANT INSERT ON wallets TO tollgate_ingress");
    run("GRANT EXECUTE ON FUNCTION audit_ledger() TO tollgate_worker");
    migrate(TOLLGATE_SOURCE_DIR);
    assert_rows(rows("SELECT has_table_privilege('tollgate_ingress', 'wallets', 'INSERT'), "
                     "has_function_privilege('tollgate_worker', 'audit_ledger()', 'EXECUTE')"),
                "f, f");
}

Test(migrate, a_database_of_a_newer_version_is_refused)
{
    run("INSERT INTO schema_migrations (version, name, sha256) VALUES (999, '999_future.sql', "
        "'x')");
    const char *said = refused_migration(TOLLGATE_SOURCE_DIR);
    cr_assert(strstr(said, "999_future.sql"), "%s", said);
}

static void append_line(const char *root, const char *file, const char *line)
{
    FILE *changed = fopen(text("%s/sql/%s", root, file), "ae");
    cr_assert(changed);
    cr_assert_gt(fprintf(changed, "%s\n", line), 0);
    cr_assert_eq(fclose(changed), 0);
}

// A copy of what deploy/migrate needs, in which `file` has one more line.
static const char *given_copy_with(const char *file, const char *line)
{
    char root[] = "/tmp/tollgate-migrate-XXXXXX";
    cr_assert(mkdtemp(root));
    must_succeed((const char *const[]){"mkdir", text("%s/deploy", root), NULL});
    must_succeed((const char *const[]){"cp", text("%s/deploy/migrate", TOLLGATE_SOURCE_DIR),
                                       text("%s/deploy/connection.sh", TOLLGATE_SOURCE_DIR),
                                       text("%s/deploy", root), NULL});
    must_succeed((const char *const[]){"cp", "--recursive", text("%s/sql", TOLLGATE_SOURCE_DIR),
                                       text("%s/sql", root), NULL});
    append_line(root, file, line);
    return text("%s", root);
}

static void remove_copy(const char *root)
{
    must_succeed((const char *const[]){"rm", "--recursive", root, NULL});
}

Test(migrate, a_file_that_was_changed_after_it_had_been_applied_is_refused)
{
    const char *before = schema();
    const char *root =
        given_copy_with("tables/001_organizations.sql", "CREATE TABLE late (a integer);");
    const char *said = refused_migration(root);
    remove_copy(root);
    cr_assert(strstr(said, "tables/001_organizations.sql was changed"), "%s", said);
    cr_assert_str_eq(schema(), before);
}

// As two changes bring them that knew nothing of each other.
Test(migrate, two_files_of_one_number_are_refused)
{
    const char *before = schema();
    const char *root = given_copy_with("tables/001_others.sql", "CREATE TABLE others (a integer);");
    const char *said = refused_migration(root);
    remove_copy(root);
    cr_assert(strstr(said, "more than one file of number 001"), "%s", said);
    cr_assert_str_eq(schema(), before);
}

Test(migrate, a_new_file_is_applied_once)
{
    const char *root =
        given_copy_with("tables/900_counted.sql",
                        "CREATE TABLE counted AS SELECT 1; INSERT INTO counted VALUES (2);");
    migrate(root);
    migrate(root);
    remove_copy(root);
    cr_assert_str_eq(number_of("counted"), "2");
    cr_assert_str_eq(value("SELECT name FROM schema_migrations WHERE version = 900"),
                     "900_counted.sql");
}

Test(migrate, a_file_that_fails_leaves_nothing_behind)
{
    const char *before = schema();
    const char *root =
        given_copy_with("tables/900_broken.sql", "CREATE TABLE half (a integer); nonsense;");
    const char *said = refused_migration(root);
    remove_copy(root);
    cr_assert(strstr(said, "900_broken.sql"), "%s", said);
    cr_assert_str_eq(schema(), before);
}

Test(migrate, a_function_that_fails_leaves_the_old_version_in_place)
{
    const char *before = schema();
    const char *root = given_copy_with("operator/wallet.sql", "DROP TABLE error_rules; nonsense;");
    append_line(root, "tables/900_new.sql", "CREATE TABLE new (a integer);");
    (void)refused_migration(root);
    remove_copy(root);
    cr_assert_str_eq(schema(), before);
}

static const char *extra(void)
{
    return rows(
        "SELECT p.oid::regprocedure, has_function_privilege('tollgate_worker', p.oid, 'EXECUTE') "
        "FROM pg_proc p WHERE p.proname = 'extra'");
}

// So a call that names its arguments means the one that is there, whichever it was written for.
Test(migrate, a_parameter_that_is_added_leaves_no_former_function_behind)
{
    const char *root =
        given_copy_with("worker/extra.sql", "CREATE OR REPLACE FUNCTION extra(p_one integer) "
                                            "RETURNS integer LANGUAGE sql RETURN 1;");
    migrate(root);
    remove_copy(root);
    assert_rows(extra(), "extra(integer), t");
    root =
        given_copy_with("worker/extra.sql",
                        "CREATE OR REPLACE FUNCTION extra(p_one integer, p_two text DEFAULT NULL) "
                        "RETURNS integer LANGUAGE sql RETURN 2;");
    migrate(root);
    remove_copy(root);
    assert_rows(extra(), "extra(integer,text), t");
    cr_assert_str_eq(value("SELECT extra(p_one => 1)"), "2");
}

Test(migrate, a_function_that_no_file_makes_any_more_goes_and_a_users_own_stays)
{
    const char *root =
        given_copy_with("core/extra.sql", "CREATE OR REPLACE FUNCTION extra() RETURNS integer "
                                          "LANGUAGE sql RETURN 1;");
    migrate(root);
    remove_copy(root);
    assert_rows(extra(), "extra(), f");
    run("CREATE FUNCTION report() RETURNS integer LANGUAGE sql RETURN 1");
    migrate(TOLLGATE_SOURCE_DIR);
    assert_no_rows(extra());
    cr_assert_str_eq(value("SELECT report()"), "1");
}

Test(migrate, a_new_error_rule_is_loaded)
{
    const char *root = given_copy_with(
        "error_rules.csv", "777777,,400,New,New,payload,no,never,none,meta-error-codes,no,");
    migrate(root);
    remove_copy(root);
    cr_assert_str_eq(number_of("error_rules WHERE outcome = '777777' AND class = 'payload'"), "1");
    migrate(TOLLGATE_SOURCE_DIR);
    cr_assert_str_eq(number_of("error_rules WHERE outcome = '777777'"), "0");
}

Test(migrate_anew, an_empty_database_becomes_a_ready_one)
{
    migrate(TOLLGATE_SOURCE_DIR);
    cr_assert_str_neq(value("SELECT schema_version()"), "0");
    const char *acme = given_org_with_channel("100.00");
    (void)given_settled_message(acme, "sent");
    assert_healthy();
}

Test(migrate_anew, an_early_layout_in_public_is_refused_and_told_how_to_move)
{
    run("CREATE TABLE public.schema_migrations (version integer, name text, sha256 text)");
    run("CREATE TABLE public.wallets (org_id uuid, balance numeric, booked numeric)");
    const char *said = refused_migration(TOLLGATE_SOURCE_DIR);
    cr_assert(strstr(said, "deploy/move.sql"), "%s", said);
    cr_assert_str_eq(value("SELECT to_regnamespace('tollgate')"), "null");
}

// It would be up, and refuse each message with a letter that it lacks.
Test(migrate_anew, a_database_that_cannot_hold_every_letter_is_refused)
{
    const char *latin = text("%s_latin1", value("SELECT current_database()"));
    run("SET client_min_messages = warning");
    run("DROP DATABASE IF EXISTS %s", latin);
    run("CREATE DATABASE %s TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'", latin);
    bool good;
    const char *said = program_finish(program_start((const char *const[]){
                                          TOLLGATE_SOURCE_DIR "/deploy/migrate", "--url",
                                          text("%s dbname=%s", database_conninfo(), latin), NULL}),
                                      &good);
    run("DROP DATABASE %s", latin);
    cr_assert(!good && strstr(said, "the encoding of the database is LATIN1"), "%s", said);
}

Test(migrate_anew, two_at_the_same_moment_are_both_content)
{
    struct program first = start_migration(TOLLGATE_SOURCE_DIR);
    struct program second = start_migration(TOLLGATE_SOURCE_DIR);
    bool first_good;
    bool second_good;
    const char *first_said = program_finish(first, &first_good);
    const char *second_said = program_finish(second, &second_good);
    cr_assert(first_good, "%s", first_said);
    cr_assert(second_good, "%s", second_said);
    // One of them applied each table file, the other found it there.
    cr_assert_neq(!strstr(first_said, "applying tables/001"),
                  !strstr(second_said, "applying tables/001"), "%s%s", first_said, second_said);
    cr_assert_str_neq(value("SELECT schema_version()"), "0");
}

// As on a managed database, whose owner is no superuser.
Test(migrate_anew, a_plain_owner_can_migrate_and_everything_works)
{
    run("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tollgate_test_owner') "
        "THEN "
        "CREATE ROLE tollgate_test_owner; END IF; END $$");
    run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I OWNER TO tollgate_test_owner', "
        "current_database()); END $$");
    must_succeed((const char *const[]){
        text("%s/deploy/migrate", TOLLGATE_SOURCE_DIR), "--url",
        text("%s options='-c role=tollgate_test_owner'", database_conninfo()), NULL});
    run("SET ROLE tollgate_test_owner");
    const char *acme = given_org_with_channel("100.00");
    run("UPDATE wallets SET balance = 50.00 WHERE org_id = '%s'", acme);
    run("SET SESSION AUTHORIZATION tollgate_ingress");
    const char *message = given_message(.org = acme);
    const char *claim_id = new_id();
    run("SET SESSION AUTHORIZATION tollgate_worker");
    cr_assert_str_not_empty(claim_under(claim_id, acme, message));
    const struct outcome_spec refused = {
        .org = acme, .message = message, .claim_id = claim_id, .outcome = "190"};
    assert_rows(rows("%s", settle_sends_sql(&refused, 1)),
                "settled, failed, refunded, known code, auth");
    run("RESET SESSION AUTHORIZATION");
    run("SET ROLE tollgate_test_owner");
    assert_rows(ledger_of(acme), "recharge, 100.00, 100.00", "adjustment, -50.00, 50.00",
                "service_fee, -0.20, 49.80", "refund, 0.20, 50.00");
    assert_healthy();
}

// What PUBLIC may do in the database, and whether the daemons may come in.
static const char *rights_of_all(void)
{
    return rows("SELECT coalesce(string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type) "
                "FILTER (WHERE a.grantee = 0), 'nothing'), "
                "has_database_privilege('tollgate_ingress', d.oid, 'CONNECT'), "
                "has_database_privilege('tollgate_worker', d.oid, 'CONNECT') FROM pg_database d, "
                "aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a "
                "WHERE d.datname = current_database() GROUP BY d.oid");
}

Test(migrate_anew, everybody_may_do_nothing_in_a_database_of_its_own)
{
    assert_rows(rights_of_all(), "CONNECT TEMPORARY, t, t");
    migrate(TOLLGATE_SOURCE_DIR);
    assert_rows(rights_of_all(), "nothing, t, t");
    migrate(TOLLGATE_SOURCE_DIR);
    assert_rows(rights_of_all(), "nothing, t, t");
    database_connect_as("tollgate_worker");
    assert_refused(INSUFFICIENT_PRIVILEGE, "CREATE TEMP TABLE mine (id integer)");
}

Test(migrate_anew, everybodys_rights_stay_where_the_database_is_anothers_too)
{
    run("CREATE TABLE public.orders (id integer)");
    migrate(TOLLGATE_SOURCE_DIR);
    assert_rows(rights_of_all(), "CONNECT TEMPORARY, t, t");
}

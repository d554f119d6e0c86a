// A database that is another application's too: the Express backend's, with tables and procedures
// of the same names in public; and one laid out like Supabase's, with its extensions elsewhere and
// no superuser at hand.

#include "tests/sql/givens.h"
#include "tests/sql/program.h"

#include <string.h>

TestSuite(neighbour, .init = database_create_empty, .fini = database_drop);

#define EXPRESS "tollgate_test_express"
#define OWNER "tollgate_test_plain"

static const char *const express_org = "00000000-0000-4000-8000-000000000001";

// All tests of a server share its roles.
static void given_role(const char *role)
{
    run("DO $$ BEGIN CREATE ROLE %s LOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        role);
    run("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %%I TO %s', current_database()); END "
        "$$",
        role);
}

// The Express backend's tables and procedures in public, which are `role`'s.
static void given_express(const char *role)
{
    given_role(role);
    run("GRANT CREATE ON SCHEMA public TO %s", role);
    must_succeed((const char *const[]){
        "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--set", "orgs=3", "--dbname",
        text("%s user=%s", database_conninfo(), role), "--file",
        text("%s/tests/bench/peers/express/schema.sql", TOLLGATE_SOURCE_DIR), "--file",
        text("%s/tests/bench/peers/express/seed.sql", TOLLGATE_SOURCE_DIR), NULL});
}

// What it said.
static const char *migrate_as(const char *role, const char *option)
{
    return must_succeed(
        (const char *const[]){text("%s/deploy/migrate", TOLLGATE_SOURCE_DIR), "--url",
                              text("%s user=%s", database_conninfo(), role), option, NULL});
}

// The lines of README, a send and its end, each as who does it there; `owner` has said `first`.
static void expect_that_everything_works(const char *owner, const char *first)
{
    database_connect_as(owner);
    run("%s", first);
    const char *acme = given_org_with_channel(NULL);
    run("UPDATE wallets SET balance = 100.00 WHERE org_id = '%s'", acme);
    run("SELECT add_wallet_credits('%s', 50.00, 'invoice 42')", acme);
    const char *key = value("SELECT create_api_key('%s', 'frontend')", acme);
    cr_assert_eq(strlen(key), strlen("tg_") + 43, "%s", key);
    // As common/pg does, wherever nobody may say it of the role.
    database_connect_as("tollgate_ingress");
    run("SET search_path = tollgate, pg_temp");
    assert_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", key), acme);
    const char *message = new_id();
    (void)given_message(.org = acme, .id = message);
    const char *claim_id = new_id();
    database_connect_as("tollgate_worker");
    run("SET search_path = tollgate, pg_temp");
    cr_assert_str_not_empty(claim_under(claim_id, acme, message));
    const struct outcome_spec refused = {
        .org = acme, .message = message, .claim_id = claim_id, .outcome = "190"};
    assert_rows(rows("%s", settle_sends_sql(&refused, 1)),
                "settled, failed, refunded, known code, auth");
    database_connect_as(owner);
    run("%s", first);
    assert_rows(ledger_of(acme), "adjustment, 100.00, 100.00", "recharge, 50.00, 150.00",
                "service_fee, -0.20, 149.80", "refund, 0.20, 150.00");
    assert_healthy();
}

// Express's own lines go on meaning its own tables.
static void expect_that_express_works(const char *role)
{
    database_connect_as(role);
    cr_assert_str_eq(value("SHOW search_path"), "\"$user\", public");
    run("UPDATE wallets SET balance = 5 WHERE org_id = '%s'", express_org);
    cr_assert_str_eq(value("SELECT deduct_service_fee('%s', 0.20, 'message')", express_org), "t");
    cr_assert_str_eq(
        value("SELECT add_wallet_credits('%s', 1.00, 'recharge', 'paid')", express_org), "5.80");
    run("INSERT INTO messages (org_id, direction, type, status) VALUES ('%s', 'outbound', 'text', "
        "'sent')",
        express_org);
    assert_rows(
        rows("SELECT (SELECT count(*) FROM organizations), (SELECT count(*) FROM public.messages), "
             "(SELECT balance FROM public.wallets WHERE org_id = '%s'), "
             "(SELECT count(*) FROM public.wallet_transactions)",
             express_org),
        "3, 1, 5.80, 2");
}

Test(neighbour, express_and_tollgate_work_in_one_database)
{
    given_express(EXPRESS);
    given_role(OWNER);
    (void)migrate_as(OWNER, NULL);
    expect_that_everything_works(OWNER, "SELECT");
    cr_assert_str_eq(value("SHOW search_path"), "tollgate, public");
    expect_that_express_works(EXPRESS);
    assert_refused(INSUFFICIENT_PRIVILEGE, "SELECT balance FROM tollgate.wallets");
    expect_that_everything_works(OWNER, "SELECT");
}

// Nor may it be read.
Test(neighbour, another_applications_table_of_migrations_is_none_of_ours)
{
    given_express(EXPRESS);
    given_role(OWNER);
    database_connect_as(EXPRESS);
    run("CREATE TABLE public.schema_migrations (version text PRIMARY KEY)");
    (void)migrate_as(OWNER, NULL);
    assert_no_rows(rows("SELECT * FROM schema_migrations"));
}

Test(neighbour, an_owner_that_is_express_too_keeps_its_search_path)
{
    given_express(EXPRESS);
    for (int i = 0; i < 2; i++) {
        const char *said = migrate_as(EXPRESS, NULL);
        cr_assert(strstr(said, "role \"" EXPRESS "\" is also used elsewhere"), "%s", said);
    }
    expect_that_express_works(EXPRESS);
    expect_that_everything_works(EXPRESS, "SET search_path = tollgate");
    cr_assert_str_eq(value("SELECT tollgate.add_wallet_credits(org_id, 1.00, 'qualified') "
                           "FROM tollgate.wallets"),
                     "151.0000");
}

Test(neighbour, an_owner_that_is_to_be_express_too_keeps_its_search_path)
{
    given_role(EXPRESS);
    (void)migrate_as(EXPRESS, "--shared");
    given_express(EXPRESS);
    expect_that_express_works(EXPRESS);
}

Test(neighbour, an_owner_that_turns_out_to_be_shared_gets_its_search_path_back_for_good)
{
    given_role(EXPRESS);
    (void)migrate_as(EXPRESS, NULL);
    (void)migrate_as(EXPRESS, "--shared");
    (void)migrate_as(EXPRESS, NULL);
    given_express(EXPRESS);
    expect_that_express_works(EXPRESS);
}

Test(neighbour, who_does_not_own_the_schema_is_refused)
{
    given_role(OWNER);
    (void)migrate_as(OWNER, NULL);
    given_role(EXPRESS);
    bool good;
    const char *said = program_finish(program_start((const char *const[]){
                                          text("%s/deploy/migrate", TOLLGATE_SOURCE_DIR), "--url",
                                          text("%s user=%s", database_conninfo(), EXPRESS), NULL}),
                                      &good);
    cr_assert(!good);
    cr_assert(strstr(said, "the schema tollgate is not owned by " EXPRESS), "%s", said);
}

Test(neighbour, an_owner_that_has_a_search_path_keeps_it)
{
    given_role(OWNER);
    run("DO $$ BEGIN EXECUTE format('ALTER ROLE " OWNER
        " IN DATABASE %%I SET search_path = elsewhere', "
        "current_database()); END $$");
    (void)migrate_as(OWNER, NULL);
    database_connect_as(OWNER);
    cr_assert_str_eq(value("SHOW search_path"), "elsewhere");
}

// As Supabase has it: extensions in a schema of their own, a search_path that names it, and an
// owner that is no superuser; here it may not even make roles, and finds those that it needs.
Test(neighbour, a_database_like_supabases_is_migrated_and_used)
{
    run("CREATE SCHEMA extensions; CREATE EXTENSION pgcrypto SCHEMA extensions; "
        "REVOKE ALL ON SCHEMA public FROM PUBLIC");
    run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET search_path = \"$user\", public, "
        "extensions', "
        "current_database()); END $$");
    given_role(OWNER);
    (void)migrate_as(OWNER, NULL);
    expect_that_everything_works(OWNER, "SELECT");
    (void)migrate_as(OWNER, NULL);
    expect_that_everything_works(OWNER, "SELECT");
    assert_rows(
        rows("SELECT DISTINCT a.grantee::regrole::text FROM pg_namespace n, aclexplode(n.nspacl) a "
             "WHERE n.nspname = 'tollgate' ORDER BY 1"),
        "tollgate_ingress", "tollgate_operator", "tollgate_tenant", OWNER, "tollgate_worker");
    assert_rows(rows("SELECT extname FROM pg_extension ORDER BY 1"), "pgcrypto", "plpgsql");
}

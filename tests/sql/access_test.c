// Who may do what: the roles of the daemons, and row-level security behind them.

#include "tests/sql/givens.h"
#include "tests/sql/program.h"

#include <glob.h>
#include <string.h>

TestSuite(access, .init = database_create, .fini = database_drop);

// From here on the test's connection is the daemon's, until become_owner.
static void become(const char *role)
{
    run("SET SESSION AUTHORIZATION %s", role);
}

static void become_owner(void)
{
    run("RESET SESSION AUTHORIZATION");
}

// The folder of a function's file is the right to call it.
Test(access, no_daemon_executes_a_function_outside_of_its_rooms)
{
    assert_no_rows(rows("SELECT r.rolname, p.oid::regprocedure FROM pg_roles r, pg_proc p "
                        "WHERE r.rolname ~ '^tollgate_(ingress|worker|operator)$' "
                        "AND p.pronamespace = 'tollgate'::regnamespace "
                        "AND has_function_privilege(r.oid, p.oid, 'EXECUTE') <> "
                        "(obj_description(p.oid, 'pg_proc') IS NOT DISTINCT FROM 'Room: daemons' "
                        "OR obj_description(p.oid, 'pg_proc') IS NOT DISTINCT FROM "
                        "'Room: ' || replace(substr(r.rolname, 10), 'operator', 'admin') "
                        "OR (obj_description(p.oid, 'pg_proc') IS NOT DISTINCT FROM 'Room: desk' "
                        "AND r.rolname <> 'tollgate_worker') "
                        "OR (obj_description(p.oid, 'pg_proc') IS NOT DISTINCT FROM 'Room: relay' "
                        "AND r.rolname = 'tollgate_ingress'))"));
}

// The names of the files in a folder of sql, as rows of an answer.
static const char *files_in(const char *room)
{
    glob_t found;
    const char *pattern = text("%s/sql/%s/*.sql", TOLLGATE_SOURCE_DIR, room);
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0); // NOLINT(concurrency-mt-unsafe)
    const char *names = "";
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/') + 1;
        names = text("%s%.*s\n", names, (int)(strlen(name) - strlen(".sql")), name);
    }
    globfree(&found);
    return names;
}

static const char *functions_in(const char *room)
{
    return rows(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'tollgate'::regnamespace "
        "AND obj_description(p.oid, 'pg_proc') = 'Room: %s' ORDER BY p.proname COLLATE \"C\"",
        room);
}

Test(access, each_function_that_a_daemon_calls_is_found_by_its_name)
{
    const char *const rooms[] = {"admin", "daemons", "desk", "ingress", "relay", "worker"};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        cr_expect_str_eq(functions_in(rooms[i]), files_in(rooms[i]), "sql/%s: %sand %s", rooms[i],
                         functions_in(rooms[i]), files_in(rooms[i]));
}

Test(access, what_runs_as_the_owner_looks_for_nothing_outside_of_the_schema)
{
    assert_no_rows(
        rows("SELECT p.oid::regprocedure FROM pg_proc p "
             "WHERE p.pronamespace = 'tollgate'::regnamespace AND p.prosecdef "
             "AND 'search_path=tollgate, pg_temp' <> ALL (coalesce(p.proconfig, '{}'))"));
}

Test(access, every_table_and_column_says_what_it_is)
{
    assert_no_rows(rows("SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v') "
                        "AND c.relnamespace = 'tollgate'::regnamespace "
                        "AND obj_description(c.oid, 'pg_class') IS NULL"));
    assert_no_rows(
        rows("SELECT c.relname, a.attname FROM pg_class c "
             "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
             "WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'tollgate'::regnamespace "
             "AND a.attname NOT IN ('org_id', 'id', 'created_at', 'channel_id', 'contact_id') "
             "AND col_description(c.oid, a.attnum) IS NULL"));
}

Test(access, daemons_are_no_owners)
{
    assert_rows(rows("SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, "
                     "(SELECT count(*) FROM pg_class WHERE relowner = r.oid) FROM pg_roles r "
                     "WHERE rolname ~ '^tollgate_(ingress|worker|operator)$' ORDER BY 1"),
                "tollgate_ingress, f, f, f, f, 0", "tollgate_operator, f, f, f, f, 0",
                "tollgate_worker, f, f, f, f, 0");
}

Test(access, daemons_write_no_table)
{
    assert_no_rows(
        rows("SELECT r.rolname, c.relname, privilege FROM pg_roles r, pg_class c, "
             "unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER,REFERENCES}'::text[]) privilege "
             "WHERE r.rolname ~ '^tollgate_(ingress|worker|operator)$' AND c.relkind = 'r' "
             "AND c.relnamespace = 'tollgate'::regnamespace "
             "AND has_table_privilege(r.oid, c.oid, privilege)"));
}

Test(access, the_worker_and_operators_read_no_table)
{
    assert_no_rows(rows("SELECT relname FROM pg_class c, "
                        "unnest('{tollgate_worker,tollgate_operator}'::text[]) r "
                        "WHERE relkind IN ('r', 'v') AND relnamespace = 'tollgate'::regnamespace "
                        "AND has_any_column_privilege(r, c.oid, 'SELECT')"));
}

Test(access, operators_are_refused_what_is_not_their_own)
{
    const char *acme = given_org_with_channel("100.00");
    become("tollgate_operator");
    const char *const refused[] = {
        "SELECT * FROM operators",
        "SELECT * FROM organizations",
        "UPDATE audit_log SET actor = 'nobody'",
        "INSERT INTO audit_log (actor, action, object) VALUES ('anna', 'update', 'channels')",
        text("SELECT add_wallet_credits('%s', 1000000, 'gift')", acme),
        text("SELECT book_alone('%s', 'recharge', 1000000, 'gift')", acme),
        "SELECT act_as('operator:anna')",
        "SELECT * FROM claim_sends(gen_random_uuid(), '{}', '{}')",
        "CREATE TABLE mine (id integer)",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_str_eq(refusal("%s", refused[i]), INSUFFICIENT_PRIVILEGE, "%s", refused[i]);
}

Test(access, ingress_is_refused_what_is_not_its_own)
{
    const char *acme = given_org_with_channel("100.00");
    become("tollgate_ingress");
    run("SELECT set_config('tollgate.org_id', '%s', false)", acme);
    const char *const refused[] = {
        "SELECT access_token FROM channels",
        "SELECT * FROM channels",
        "SELECT key_hash FROM api_keys",
        "SELECT * FROM error_rules",
        "INSERT INTO wallets (org_id) VALUES (gen_random_uuid())",
        "UPDATE wallets SET balance = 1000000",
        "INSERT INTO wallet_transactions SELECT * FROM wallet_transactions",
        "DELETE FROM outbox",
        "SELECT * FROM settle_sends('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        "SELECT * FROM claim_sends(gen_random_uuid(), '{}', '{}')",
        text("SELECT add_wallet_credits('%s', 1000000, 'gift')", acme),
        text("SELECT book_alone('%s', 'recharge', 1000000, 'gift')", acme),
        text("SELECT book('{%s}', '{recharge}', '{1000000}', NULL, '{gift}')", acme),
        text("SELECT create_api_key('%s', 'mine')", acme),
        "SELECT * FROM audit_ledger()",
        "CREATE TABLE mine (id integer)",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_str_eq(refusal("%s", refused[i]), INSUFFICIENT_PRIVILEGE, "%s", refused[i]);
}

// Where migrating is told so; and it may again, once it is not told any more.
Test(access, ingress_sees_no_token_where_nothing_is_relayed)
{
    const char *acme = given_org_with_channel("100.00");
    const char *look = text("SELECT access_token FROM find_relayed('%s', NULL, NULL)", acme);
    const char *program = TOLLGATE_SOURCE_DIR "/deploy/migrate";
    (void)must_succeed((const char *const[]){"env", "TOLLGATE_RELAY=off", program, "--url",
                                             database_conninfo(), NULL});
    become("tollgate_ingress");
    assert_refused(INSUFFICIENT_PRIVILEGE, "%s", look);
    become_owner();
    (void)migrate(TOLLGATE_SOURCE_DIR);
    become("tollgate_ingress");
    cr_assert_str_eq(value("%s", look), "token");
}

Test(access, the_worker_is_refused_what_is_not_its_own)
{
    const char *acme = given_org_with_channel("100.00");
    become("tollgate_worker");
    const char *const refused[] = {
        "SELECT * FROM messages",
        "SELECT balance FROM wallets",
        "UPDATE wallets SET balance = 1000000",
        "DELETE FROM outbox",
        text("SELECT add_wallet_credits('%s', 1000000, 'gift')", acme),
        text("SELECT deduct_service_fee('%s', 1, 'theft')", acme),
        text("SELECT * FROM accept_sends(%s, '{}', '{}')",
             "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'"),
        "SELECT * FROM find_api_key(sha256('x'))",
        text("SELECT * FROM get_wallet('%s')", acme),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_str_eq(refusal("%s", refused[i]), INSUFFICIENT_PRIVILEGE, "%s", refused[i]);
}

Test(access, everybody_else_executes_nothing)
{
    assert_no_rows(
        rows("SELECT p.oid::regprocedure FROM pg_proc p "
             "WHERE p.pronamespace = 'tollgate'::regnamespace AND (p.proacl IS NULL OR EXISTS "
             "(SELECT FROM aclexplode(p.proacl) WHERE grantee = 0)) AND NOT EXISTS "
             "(SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e' "
             "AND d.classid = 'pg_proc'::regclass)"));
}

// With the password of a daemon: what fills the disk, and what the owner makes without a thought.
Test(access, what_everybody_may_do_elsewhere_nobody_may_here)
{
    run("CREATE FUNCTION made_later() RETURNS text LANGUAGE sql RETURN 'EAA'");
    const char *const roles[] = {"tollgate_ingress", "tollgate_worker"};
    const char *const refused[] = {
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT tollgate.made_later()",
        "CREATE TABLE public.mine (id integer)",
        "SELECT pid FROM tollgate.janitor_seat",
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        become(roles[i]);
        for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
            cr_expect_str_eq(refusal("%s", refused[k]), INSUFFICIENT_PRIVILEGE, "%s: %s", roles[i],
                             refused[k]);
        become_owner();
    }
}

// What PostgreSQL would write into its log with a refusal.
Test(access, a_refused_channel_shows_nobody_its_token)
{
    const char *acme = given_org();
    given_channel(.org = acme, .access_token = "EAA-secret");
    run("CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$ "
        "DECLARE v_message text; v_detail text; BEGIN EXECUTE statement; RETURN 'nothing'; "
        "EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, "
        "v_detail = PG_EXCEPTION_DETAIL; RETURN concat_ws('; ', v_message, nullif(v_detail, '')); "
        "END $$");
    static const struct {
        const char *statement;
        const char *said;
    } cases[] = {
        {"UPDATE channels SET max_mps = 0",
         "new row for relation \"channels\" violates check constraint \"channels_max_mps_check\""},
        {"UPDATE channels SET status = 'gone'",
         "new row for relation \"channels\" violates check constraint \"channels_status_check\""},
        {"UPDATE channels SET service_fee_per_msg = 0.00005",
         "new row for relation \"channels\" violates check constraint "
         "\"channels_service_fee_per_msg_check\""},
        {"UPDATE channels SET service_fee_per_msg = NULL",
         "null value in column \"service_fee_per_msg\" of relation \"channels\" violates not-null "
         "constraint"},
        {"UPDATE channels SET phone_number_id = '+1'",
         "new row for relation \"channels\" violates check constraint "
         "\"channels_phone_number_id_check\""},
        {"UPDATE channels SET max_mps = 1000", "nothing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(value("SELECT said($$%s$$)", cases[i].statement), cases[i].said, "%s",
                         cases[i].statement);
    const char *inserted = value("SELECT said($$INSERT INTO channels (org_id, phone_number_id, "
                                 "access_token, max_mps) VALUES ('%s', '77', 'EAA-secret', 0)$$)",
                                 acme);
    cr_expect_not(strstr(inserted, "EAA-secret"), "%s", inserted);
}

Test(access, every_table_of_an_org_has_row_level_security)
{
    assert_rows(rows("SELECT relname FROM pg_class c WHERE relkind = 'r' AND NOT relrowsecurity "
                     "AND relnamespace = 'tollgate'::regnamespace ORDER BY 1"),
                "body_walks", "clock", "erasure_key", "error_rules", "event_writes", "fan_out_lock",
                "fan_outs", "former_error_rules", "janitor_seat", "media_store", "operators",
                "restores", "schema_migrations", "token_sealing", "usage_days", "usage_walk");
}

static const char *const tables[] = {"organizations", "wallets",  "wallet_transactions",
                                     "contacts",      "messages", "outbox"};
enum { TABLES = sizeof tables / sizeof *tables };

// Each table's number of rows that ingress sees, and how many of these are `org`'s.
static void expect_seen(const char *org, const char *number)
{
    for (size_t i = 0; i < TABLES; i++) {
        const char *column = i == 0 ? "id" : "org_id";
        cr_expect_str_eq(number_of(tables[i]), number, "%s", tables[i]);
        if (org)
            cr_expect_str_eq(number_of(text("%s WHERE %s = '%s'", tables[i], column, org)), number,
                             "%s", tables[i]);
    }
    cr_expect_str_eq(value("SELECT count(phone_number_id) FROM channels"), number);
}

// An org that has one row in each table.
static const char *given_org_with_a_message(void)
{
    const char *org = given_org();
    given_channel(.org = org);
    run("UPDATE wallets SET balance = 0 WHERE org_id = '%s'", org);
    run("UPDATE channels SET service_fee_per_msg = 0 WHERE org_id = '%s'", org);
    (void)given_message(.org = org);
    run("UPDATE wallets SET balance = 5 WHERE org_id = '%s'", org);
    return org;
}

Test(access, ingress_sees_nothing_until_it_names_an_org)
{
    (void)given_org_with_a_message();
    become("tollgate_ingress");
    expect_seen(NULL, "0");
    run("SET tollgate.org_id = ''");
    expect_seen(NULL, "0");
}

Test(access, ingress_sees_the_rows_of_the_org_it_names)
{
    const char *acme = given_org_with_a_message();
    (void)given_org_with_a_message();
    become("tollgate_ingress");
    run("SET tollgate.org_id = '%s'", acme);
    expect_seen(acme, "1");
}

Test(access, a_read_names_its_org_for_itself_alone)
{
    const char *acme = given_org_with_a_message();
    become("tollgate_ingress");
    cr_assert_str_not_empty(rows("SELECT * FROM get_wallet('%s')", acme));
    expect_seen(NULL, "0");
}

Test(access, ingress_does_its_work)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    const char *id = new_id();
    become("tollgate_ingress");
    cr_assert_str_neq(value("SELECT schema_version()"), "0");
    assert_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", key), acme);
    assert_rows(accept_sends({.org = acme, .id = id}, {.org = beta}),
                "accepted, queued, 99.80, 0.20", "accepted, queued, 99.80, 0.20");
    cr_assert_str_eq(value("SELECT document ->> 'status' FROM get_message('%s', '%s')", acme, id),
                     "queued");
    assert_no_rows(rows("SELECT * FROM get_message('%s', '%s')", beta, id));
    cr_assert_str_eq(value("SELECT status FROM get_result('%s', '%s')", acme, id), "queued");
    cr_assert_str_eq(value("SELECT status FROM get_cloud_result('%s', '%s')", acme, id), "queued");
    assert_no_rows(rows("SELECT * FROM get_cloud_result('%s', '%s')", beta, id));
    cr_assert_str_eq(value("SELECT document ->> 'balance' FROM get_wallet('%s')", acme), "99.80");
    cr_assert_str_eq(value("SELECT json_array_length(document -> 'transactions') "
                           "FROM list_wallet_transactions('%s', 1000000, 10)",
                           acme),
                     "2");
    cr_assert_str_eq(value("SELECT document ->> 'notices' FROM "
                           "list_account_notices('%s', 1000000, 10)",
                           acme),
                     "[]");
    become_owner();
    assert_healthy();
}

Test(access, the_worker_does_its_work)
{
    const char *acme = given_org_with_channel("100.00");
    const char *sent = given_message(.org = acme);
    const char *failed = given_message(.org = acme);
    (void)given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = now(), look_at = now() WHERE state = 'scheduled'");
    const char *first = new_id();
    const char *second = new_id();
    become("tollgate_worker");
    cr_assert_str_neq(value("SELECT schema_version()"), "0");
    cr_assert_str_eq(value("SELECT take_janitor_lock()"), "t");
    cr_assert_str_eq(value("SELECT count(*) FROM release_due_sends(10)"), "1");
    cr_assert_str_eq(value("SELECT count(*) FROM find_lost_sends('{0}', 10)"), "3");
    cr_assert_str_not_empty(claim_under(first, acme, sent));
    cr_assert_str_eq(value("SELECT release_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], "
                           "ARRAY['%s']::uuid[])",
                           acme, sent, first),
                     "1");
    cr_assert_str_not_empty(claim_under(second, acme, sent));
    cr_assert_str_not_empty(claim_under(second, acme, failed));
    const struct outcome_spec batch[] = {
        {.org = acme, .message = sent, .claim_id = second},
        {.org = acme, .message = failed, .claim_id = second, .outcome = "190"},
    };
    assert_rows(rows("%s", settle_sends_sql(batch, 2)),
                "settled, sent, not refunded, known code, null",
                "settled, failed, refunded, known code, auth");
    become_owner();
    cr_assert_str_eq(balance_of(acme), "99.60");
    assert_healthy();
}

// The walls between roles: every table and every function is tried as every role, and what comes of
// it is held against tests/sql/walls.txt; and of which org's rows a tenant sees any.

#include "tests/sql/givens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(walls, .init = database_create, .fini = database_drop);

// What was tried is undone. The answer is the SQLSTATE, with the message of what has no right.
static const char tried[] =
    "CREATE FUNCTION pg_temp.tried(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$ "
    "DECLARE v_message text; "
    "BEGIN "
    "    EXECUTE format('SET LOCAL ROLE %I', role); "
    "    EXECUTE statement; "
    "    RAISE EXCEPTION USING ERRCODE = 'TG000'; "
    "EXCEPTION WHEN OTHERS THEN "
    "    GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT; "
    "    RETURN SQLSTATE || ' ' || v_message; "
    "END $$";

// A trigger that refuses it (restrict_violation) counts as a wall, too.
static const char may[] =
    "CREATE FUNCTION pg_temp.may(role text, statement text) RETURNS boolean LANGUAGE sql AS $$ "
    "SELECT pg_temp.tried(role, statement) !~ '^(42501 permission denied|23001)' $$";

// Who is tried, by the names of walls.txt.
static const char who[] =
    "CREATE VIEW pg_temp.who AS SELECT * FROM (VALUES (1, 'owner', current_user::text), "
    "(2, 'ingress', 'tollgate_ingress'), (3, 'worker', 'tollgate_worker'), "
    "(4, 'operator', 'tollgate_operator'), (5, 'tenant', 'tollgate_tenant'), "
    "(6, 'stranger', '%s')) AS w (place, name, role) WHERE to_regrole(role) IS NOT NULL";

// Every column of every relation that may be read as that role.
static const char readable[] =
    "CREATE TEMP TABLE readable AS SELECT c.oid, c.relname, a.attname, w.place, w.name, "
    "pg_temp.may(w.role, format('SELECT %I FROM tollgate.%I LIMIT 0', a.attname, c.relname)) AS "
    "may "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped CROSS JOIN pg_temp.who w "
    "WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')";

// S: whole rows, s: some columns, I, U, D, T.
static const char tables[] =
    "SELECT format('table %s: %s', c.relname, string_agg(w.name || '=' || o.letters, ' ' "
    "ORDER BY w.place) FILTER (WHERE o.letters <> '')) FROM pg_class c CROSS JOIN pg_temp.who w "
    "CROSS JOIN LATERAL (SELECT concat("
    "(SELECT CASE WHEN bool_and(r.may) THEN 'S' WHEN bool_or(r.may) THEN 's' END "
    "   FROM readable r WHERE r.oid = c.oid AND r.place = w.place), "
    "CASE WHEN pg_temp.may(w.role, format('INSERT INTO tollgate.%I DEFAULT VALUES', c.relname)) "
    "THEN 'I' END, "
    "CASE WHEN (SELECT bool_or(pg_temp.may(w.role, "
    "       format('UPDATE tollgate.%I SET %I = DEFAULT WHERE false', c.relname, a.attname))) "
    "   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) "
    "THEN 'U' END, "
    "CASE WHEN pg_temp.may(w.role, format('DELETE FROM tollgate.%I WHERE false', c.relname)) "
    "THEN 'D' END, "
    "CASE WHEN c.relkind <> 'v' AND pg_temp.may(w.role, "
    "format('TRUNCATE tollgate.%I CASCADE', c.relname)) THEN 'T' END) AS letters) o "
    "WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind IN ('r', 'p', 'v') "
    "GROUP BY c.relname ORDER BY c.relname COLLATE \"C\"";

static const char sequences[] =
    "SELECT format('sequence %s: %s', c.relname, string_agg(w.name, ' ' ORDER BY w.place)) "
    "FROM pg_class c CROSS JOIN pg_temp.who w "
    "WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind = 'S' "
    "AND (pg_temp.may(w.role, format('SELECT nextval(''tollgate.%I'')', c.relname)) "
    "OR pg_temp.may(w.role, format('SELECT last_value FROM tollgate.%I', c.relname))) "
    "GROUP BY c.relname ORDER BY c.relname COLLATE \"C\"";

// Of the tables that some role may read in part.
static const char columns[] =
    "SELECT format('column %s.%s: %s', r.relname, r.attname, string_agg(r.name, ' ' ORDER BY "
    "r.place)) FROM readable r JOIN (SELECT relname, place FROM readable GROUP BY 1, 2 "
    "HAVING bool_or(may) AND NOT bool_and(may)) p USING (relname, place) WHERE r.may "
    "GROUP BY r.relname, r.attname ORDER BY r.relname COLLATE \"C\", r.attname COLLATE \"C\"";

// EXPLAIN begins to execute, which is where the right is looked for, and ends there. The arguments
// come from a subquery, since a call with constants alone may be planned away.
static const char functions[] =
    "SELECT format('function %s: %s', f.proname, coalesce(string_agg(w.name, ' ' ORDER BY w.place) "
    "FILTER (WHERE f.may), 'nobody')) FROM pg_temp.who w CROSS JOIN LATERAL ("
    "SELECT p.proname, bool_or(pg_temp.tried(w.role, format('EXPLAIN %s tollgate.%I(%s) "
    "FROM (SELECT 1 AS n%s OFFSET 0) AS v', 'SELECT', p.proname, "
    "coalesce(a.names, ''), a.nulls)) !~ '^42501 permission denied for (function|aggregate)') "
    "AS may FROM pg_proc p CROSS JOIN LATERAL ("
    "SELECT string_agg('v.a' || n, ', ' ORDER BY n) AS names, "
    "string_agg(format(', NULL::%s AS a%s', CASE WHEN t::regtype::text ~ '^any' THEN "
    "CASE WHEN t::regtype::text ~ 'array' THEN 'integer[]' ELSE 'integer' END "
    "ELSE t::regtype::text END, n), '' ORDER BY n) AS nulls "
    "FROM unnest(p.proargtypes) WITH ORDINALITY AS t (t, n)) a "
    "WHERE p.pronamespace = 'tollgate'::regnamespace GROUP BY p.proname) f "
    "GROUP BY f.proname ORDER BY f.proname COLLATE \"C\"";

// A role that nobody has granted anything.
static const char *given_stranger(void)
{
    return value("SELECT 'tollgate_stranger_' || pg_backend_pid()");
}

static const char *walls_that_stand(void)
{
    const char *stranger = given_stranger();
    run("BEGIN; CREATE ROLE %s", stranger);
    run("%s", tried);
    run("%s", may);
    run(who, stranger);
    run("%s", readable);
    const char *stand = text("%s%s%s%s", rows("%s", tables), rows("%s", columns),
                             rows("%s", sequences), rows("%s", functions));
    run("ROLLBACK");
    return stand;
}

static const char *walls_that_are_meant(void)
{
    static char meant[128 * 1024];
    FILE *file = fopen(TOLLGATE_SOURCE_DIR "/tests/sql/walls.txt", "re");
    cr_assert(file);
    size_t length = 0;
    while (fgets(meant + length, (int)(sizeof meant - length), file)) {
        if (meant[length] != '#' && meant[length] != '\n')
            length += strlen(meant + length);
    }
    cr_assert_eq(fclose(file), 0);
    meant[length] = '\0';
    return meant;
}

// The lines of `some` that `others` does not have.
static const char *lines_not_in(const char *some, const char *others)
{
    const char *missing = "";
    const char *lines_of_others = text("\n%s", others);
    for (const char *line = some; *line; line = strchr(line, '\n') + 1) {
        const char *whole = text("\n%.*s\n", (int)strcspn(line, "\n"), line);
        if (!strstr(lines_of_others, whole))
            missing = text("%s%s", missing, whole + 1);
    }
    return missing;
}

Test(walls, every_role_may_do_what_stands_in_the_table_and_nothing_else)
{
    const char *stand = walls_that_stand();
    const char *meant = walls_that_are_meant();
    const char *unmeant = lines_not_in(stand, meant);
    const char *missing = lines_not_in(meant, stand);
    cr_assert(*unmeant == '\0' && *missing == '\0',
              "It is so, and tests/sql/walls.txt does not have it (a table, a column or a function "
              "that is new needs a line there, in its place):\n%s\n"
              "It has these, and it is not so:\n%s",
              unmeant, missing);
}

// The test of the test: what it must find, whoever has the right.
Test(walls, a_right_too_many_a_table_and_a_function_without_a_line_are_found)
{
    run("GRANT SELECT (access_token) ON channels TO tollgate_tenant");
    run("GRANT UPDATE (status) ON messages TO tollgate_ingress");
    run("GRANT EXECUTE ON FUNCTION add_wallet_credits TO tollgate_worker");
    run("GRANT USAGE ON SCHEMA tollgate TO PUBLIC; GRANT TRUNCATE ON pace TO PUBLIC");
    run("CREATE TABLE made_later (a integer); CREATE FUNCTION made_later() RETURNS void "
        "LANGUAGE sql AS ''");
    const char *unmeant = lines_not_in(walls_that_stand(), walls_that_are_meant());
    const char *const found[] = {
        "column channels.access_token: tenant\n",
        "table messages: owner=SIUD ingress=SU",
        "function add_wallet_credits: owner worker\n",
        "table pace: owner=SIUDT ingress=T worker=T",
        "stranger=T\n",
        "table made_later: owner=SIUDT\n",
        "function made_later: owner\n",
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        cr_expect(strstr(unmeant, found[i]), "%s is not found:\n%s", found[i], unmeant);
}

// Whatever becomes of the table: what is called like a secret nobody reads but the owner.
Test(walls, what_is_called_like_a_secret_is_the_owner_s)
{
    assert_no_rows(rows("SELECT r.rolname, c.relname, a.attname FROM pg_class c "
                        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
                        "CROSS JOIN pg_roles r WHERE c.relnamespace = 'tollgate'::regnamespace "
                        "AND r.rolname ~ '^tollgate_(ingress|worker|operator|tenant)$' "
                        "AND a.attname ~ '(token|hash|secret|pin|sealed|(^|_)key)(_|$)' "
                        "AND c.relkind IN ('r', 'v') "
                        "AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')"));
}

Test(walls, no_view_shows_what_its_owner_sees)
{
    assert_no_rows(rows("SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') "
                        "AND relnamespace = 'tollgate'::regnamespace "
                        "AND 'security_invoker=true' <> ALL (coalesce(reloptions, '{}'))"));
}

Test(walls, of_every_table_of_orgs_two_roles_have_a_policy_each_to_read_by)
{
    assert_rows(rows("SELECT DISTINCT string_agg(format('%%s to %%s for %%s', policyname, "
                     "roles::text, cmd), '; ' ORDER BY policyname) FROM pg_class c "
                     "LEFT JOIN pg_policies p ON p.tablename = c.relname AND p.schemaname = "
                     "'tollgate' WHERE c.relnamespace = 'tollgate'::regnamespace "
                     "AND c.relrowsecurity GROUP BY c.oid"),
                "ingress_reads to {tollgate_ingress} for SELECT; "
                "tenant_reads to {tollgate_tenant} for SELECT");
}

static const char *const read_by_tenants[] = {
    "organizations",       "channels", "wallets",  "wallet_locks",
    "wallet_transactions", "contacts", "messages", "outbox",
};
enum { READ_BY_TENANTS = sizeof read_by_tenants / sizeof *read_by_tenants };

static void expect_rows_of_each(const char *number, const char *when)
{
    for (size_t i = 0; i < READ_BY_TENANTS; i++)
        cr_expect_str_eq(number_of(read_by_tenants[i]), number, "%s: %s", when, read_by_tenants[i]);
}

// An org that has one row in each of these.
static const char *given_org_with_a_message(void)
{
    const char *org = given_org();
    given_channel(.org = org, .fee = "0", .access_token = "EAA-secret");
    (void)given_message(.org = org);
    run("UPDATE wallets SET balance = 5 WHERE org_id = '%s'", org);
    return org;
}

// As what the tenant's people get by a good JWT, such as Supabase's authenticated. In a transaction
// of the test's, so that the role goes with it.
static void become_person(void)
{
    const char *person = value("SELECT 'tollgate_person_' || pg_backend_pid()");
    run("BEGIN; CREATE ROLE %s; GRANT tollgate_tenant TO %s; SET LOCAL ROLE %s", person, person,
        person);
    run("SET LOCAL search_path = tollgate");
}

static void given_claims(const char *claims)
{
    run("SELECT set_config('request.jwt.claims', '%s', true)", claims);
}

Test(walls, a_tenant_sees_the_rows_of_the_org_that_its_claims_name)
{
    const char *acme = given_org_with_a_message();
    const char *beta = given_org_with_a_message();
    become_person();
    given_claims(
        text("{\"role\": \"authenticated\", \"app_metadata\": {\"org_id\": \"%s\"}}", acme));
    expect_rows_of_each("1", "acme's");
    cr_expect_str_eq(value("SELECT id FROM organizations"), acme);
    cr_expect_str_eq(value("SELECT balance FROM wallets"), "5.0000");
    given_claims(text("{\"app_metadata\": {\"org_id\": \"%s\"}}", beta));
    cr_expect_str_eq(value("SELECT org_id FROM messages"), beta);
}

Test(walls, a_tenant_whose_claims_name_no_org_sees_nothing)
{
    const char *acme = given_org_with_a_message();
    const char *const claims[] = {
        "",
        "{}",
        "null",
        "[]",
        "{\"role\": \"anon\"}",
        "{\"app_metadata\": null}",
        "{\"app_metadata\": {}}",
        "{\"app_metadata\": {\"org_id\": null}}",
        "{\"app_metadata\": {\"org_id\": \"\"}}",
        text("{\"app_metadata\": \"%s\"}", acme),
        text("{\"org_id\": \"%s\"}", acme),
        text("{\"user_metadata\": {\"org_id\": \"%s\"}}", acme),
        text("{\"app_metadata\": {\"org_id\": \"%s\"}}", new_id()),
    };
    become_person();
    expect_rows_of_each("0", "no claims at all");
    // What names the org for ingress names it for nobody else.
    run("SELECT set_config('tollgate.org_id', '%s', true)", acme);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        given_claims(claims[i]);
        expect_rows_of_each("0", claims[i]);
    }
}

// By an error, which shows nothing either.
Test(walls, claims_that_cannot_be_read_let_nobody_in)
{
    (void)given_org_with_a_message();
    const char *const claims[] = {"{", "{\"app_metadata\": {\"org_id\": \"acme\"}}"};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        become_person();
        given_claims(claims[i]);
        cr_expect(*refusal("SELECT count(*) FROM messages"), "%s", claims[i]);
        run("ROLLBACK");
    }
}

// And the other way round: no claims make ingress see an org that it has not named.
Test(walls, claims_name_no_org_for_ingress)
{
    const char *acme = given_org_with_a_message();
    run("BEGIN; SET LOCAL ROLE tollgate_ingress");
    given_claims(text("{\"app_metadata\": {\"org_id\": \"%s\"}}", acme));
    cr_expect_str_eq(number_of("messages"), "0");
    run("SELECT set_config('tollgate.org_id', '%s', true)", acme);
    cr_expect_str_eq(number_of("messages"), "1");
    run("ROLLBACK");
}

Test(walls, a_tenant_is_refused_what_is_secret_and_every_change)
{
    const char *acme = given_org_with_a_message();
    const char *const refused[] = {
        "SELECT * FROM channels",
        "SELECT access_token FROM channels",
        "SELECT count(*) FROM channels WHERE access_token LIKE 'EAA%'",
        "SELECT key_hash FROM api_keys",
        "SELECT name FROM api_keys",
        "SELECT key FROM erasure_key",
        "SELECT body_hash FROM idempotency_keys",
        "UPDATE organizations SET name = 'mine'",
        "UPDATE wallets SET balance = 1000000",
        "DELETE FROM contacts",
        text("SELECT add_wallet_credits('%s', 1000000, 'gift')", acme),
        text("SELECT * FROM get_wallet('%s')", acme),
        "CREATE TABLE tollgate.mine (id integer)",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        become_person();
        given_claims(text("{\"app_metadata\": {\"org_id\": \"%s\"}}", acme));
        cr_expect_str_eq(refusal("%s", refused[i]), INSUFFICIENT_PRIVILEGE, "%s", refused[i]);
        run("ROLLBACK");
    }
}

Test(walls, nobody_logs_in_as_a_tenant)
{
    assert_rows(rows("SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, "
                     "rolreplication FROM pg_roles WHERE rolname = 'tollgate_tenant'"),
                "f, f, f, f, f, f");
}

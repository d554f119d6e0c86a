// Whether the calls of the daemons fit the schema, as they ask themselves at the start.
#include "common/store/schema.h"

#include "common/store/calls.h"
#include "tests/sql/database.h"

#include <string.h>

static struct tg_pg *pg;

static void connect_to_it(void)
{
    database_create();
    pg = tg_pg_create(database_conninfo(), "tests");
}

static void disconnect_from_it(void)
{
    tg_pg_destroy(pg);
    database_drop();
}

TestSuite(schema_check, .init = connect_to_it, .fini = disconnect_from_it);

// "call what", or "" if everything fits.
static const char *misfit_of(enum tg_calls_of daemon)
{
    struct tg_misfit misfit;
    cr_assert_eq(tg_store_check_schema(pg, daemon, &misfit), TG_PG_OK);
    return misfit.call[0] ? text("%s %s", misfit.call, misfit.what) : "";
}

static void expect_misfits(const char *of_ingress, const char *of_worker)
{
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_INGRESS), of_ingress);
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_WORKER), of_worker);
}

// Makes a function anew after its definition was changed.
static void redefine(const char *function, const char *from, const char *to)
{
    const char *definition =
        value("SELECT replace(pg_get_functiondef(oid), $$%s$$, $$%s$$) FROM pg_proc "
              "WHERE proname = '%s' AND pg_get_functiondef(oid) LIKE $$%%%s%%$$",
              from, to, function, from);
    run("SET check_function_bodies = off");
    run("DROP FUNCTION %s", function);
    run("%s", definition);
}

Test(schema_check, the_calls_of_both_daemons_fit)
{
    expect_misfits("", "");
}

Test(schema_check, a_function_that_is_missing_is_named_to_who_calls_it)
{
    run("ALTER FUNCTION find_callers RENAME TO find_key");
    expect_misfits("find_callers p_key_hashes", "");
    run("ALTER FUNCTION find_key RENAME TO find_callers");
    run("ALTER FUNCTION next_due RENAME TO next_one");
    expect_misfits("", "next_due next_due");
}

Test(schema_check, a_parameter_of_another_name_is_named)
{
    redefine("find_callers", "p_key_hashes", "p_hashes");
    expect_misfits("find_callers p_key_hashes", "");
}

Test(schema_check, a_parameter_of_another_type_is_named)
{
    redefine("unconfirm_sends", "p_age_ms bigint", "p_age_ms integer");
    expect_misfits("", "unconfirm_sends p_age_ms");
}

Test(schema_check, a_parameter_that_became_an_array_is_named)
{
    redefine("get_wallet", "p_org_id uuid", "p_org_id uuid[]");
    expect_misfits("get_wallet p_org_id", "");
}

Test(schema_check, a_column_of_another_name_is_named)
{
    redefine("cancel_send", "refunded boolean", "was_refunded boolean");
    expect_misfits("cancel_send refunded", "");
}

Test(schema_check, a_column_of_another_type_is_named)
{
    redefine("take_rules_to_check", "pattern text", "pattern varchar");
    expect_misfits("", "take_rules_to_check pattern");
}

Test(schema_check, a_result_of_another_type_is_named)
{
    redefine("next_due", "RETURNS bigint", "RETURNS numeric");
    expect_misfits("", "next_due next_due");
}

Test(schema_check, a_parameter_that_is_wanted_and_not_given_is_named)
{
    redefine("find_callers", "p_key_hashes bytea[]", "p_key_hashes bytea[], p_purpose text");
    expect_misfits("find_callers p_purpose", "");
}

Test(schema_check, parameters_with_defaults_and_columns_may_come)
{
    redefine("find_callers", "p_key_hashes bytea[]",
             "p_key_hashes bytea[], p_purpose text DEFAULT NULL");
    redefine("take_rules_to_check", "is_former boolean)", "is_former boolean, more text)");
    expect_misfits("", "");
}

Test(schema_check, a_function_that_is_there_twice_is_named)
{
    run("CREATE FUNCTION find_callers(p_key_hashes bytea[], p_purpose text DEFAULT NULL) RETURNS "
        "TABLE (org_id uuid) LANGUAGE sql AS 'SELECT NULL::uuid'");
    expect_misfits("find_callers overloaded", "");
}

Test(schema_check, a_function_of_another_schema_is_none)
{
    run("CREATE SCHEMA other");
    run("ALTER FUNCTION find_callers SET SCHEMA other");
    expect_misfits("find_callers p_key_hashes", "");
}

Test(schema_check, a_schema_that_is_older_than_the_daemon_is_named)
{
    run("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM "
        "schema_migrations)");
    expect_misfits("schema_version version", "schema_version version");
}

Test(schema_check, a_schema_that_is_newer_fits)
{
    run("INSERT INTO schema_migrations (version, name, sha256) VALUES (999, 'x', 'x')");
    expect_misfits("", "");
}

// As the roles under which the daemons run.

static void become(const char *role)
{
    tg_pg_destroy(pg);
    pg = tg_pg_create(text("%s user=%s", database_conninfo(), role), "tests");
}

Test(schema_check, each_daemon_may_make_its_calls)
{
    become("tollgate_ingress");
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_INGRESS), "");
    cr_expect_str_neq(misfit_of(TG_CALLS_OF_WORKER), "");
    become("tollgate_worker");
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_WORKER), "");
    cr_expect_str_neq(misfit_of(TG_CALLS_OF_INGRESS), "");
    cr_expect_str_neq(misfit_of(TG_CALLS_OF_OPERATOR), "");
    become("tollgate_operator");
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_OPERATOR), "");
    cr_expect_str_neq(misfit_of(TG_CALLS_OF_INGRESS), "");
}

Test(schema_check, a_function_that_may_not_be_called_is_named)
{
    run("REVOKE EXECUTE ON FUNCTION find_callers FROM tollgate_ingress");
    become("tollgate_ingress");
    cr_expect_str_eq(misfit_of(TG_CALLS_OF_INGRESS), "find_callers p_key_hashes");
}

// The functions that a call is made of, as SQL.
static const char *names_of(const struct tg_call *const *const *lists)
{
    const char *names = "''";
    for (; *lists; lists++) {
        for (const struct tg_call *const *call = *lists; *call; call++)
            names = text("%s, '%s'", names, (*call)->name);
    }
    return names;
}

// A call that is in no list would not be looked at, and a function that no call is made of not
// needed, unless both daemons may call it, the version before does, or others that are called do.
static void expect_called(const char *rooms, const char *names)
{
    assert_no_rows(
        rows("SELECT p.proname FROM pg_proc p WHERE p.pronamespace = "
             "'tollgate'::regnamespace AND obj_description(p.oid, 'pg_proc') IS "
             "DISTINCT FROM 'Room: daemons' AND p.proname <> 'find_api_key' AND "
             "(obj_description(p.oid, 'pg_proc') = "
             "ANY ('{%s}')) <> (p.proname IN (%s)) AND NOT EXISTS (SELECT FROM pg_proc o "
             "WHERE o.pronamespace = p.pronamespace AND o.oid <> p.oid AND "
             "p.proname NOT IN (%s) AND coalesce(pg_get_function_sqlbody(o.oid), "
             "o.prosrc) ~ ('\\m' || p.proname || '\\('))",
             rooms, names, names));
}

Test(schema_check, every_function_that_a_daemon_may_call_is_looked_at)
{
    expect_called("Room: ingress,Room: desk", names_of(tg_calls_of_ingress));
    expect_called("Room: relay", names_of(tg_calls_of_relay));
    expect_called("Room: worker", names_of(tg_calls_of_worker));
    expect_called("Room: admin,Room: desk", names_of(tg_calls_of_operator));
}

// The room admin: what operators ask for and change, and what they are refused.

#include "tests/sql/givens.h"

TestSuite(desk, .init = database_create, .fini = database_drop);

Test(desk, an_operator_is_found_by_its_token_until_it_is_revoked)
{
    const char *token = value("SELECT admin_create_operator('operator:admin', "
                              "'{\"name\": \"anna\", \"role\": \"viewer\"}') ->> 'token'");
    const char *found = text("SELECT name, role FROM admin_find_operator(sha256('%s'))", token);
    assert_rows(rows("%s", found), "anna, viewer");
    assert_no_rows(rows("SELECT * FROM admin_find_operator(sha256('tgo_other'))"));
    cr_assert_str_eq(number_of("operators WHERE last_used_at IS NOT NULL"), "1");
    assert_rows(rows("SELECT admin_revoke_operator('operator:admin', 'Anna') ->> 'name'"), "anna");
    assert_no_rows(rows("%s", found));
    assert_told("not_found", "", "SELECT admin_revoke_operator('operator:admin', 'anna')");
    assert_rows(rows("SELECT actor, action, after ->> 'token_hash' FROM audit_log "
                     "WHERE object = 'operators' ORDER BY n"),
                "operator:admin, insert, ***", "operator:admin, update, null");
}

Test(desk, an_operator_has_a_name_of_its_own_and_one_of_three_roles)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {{"{\"name\": \"Anna\", \"role\": \"owner\"}", "already_exists", "name"},
               {"{\"name\": \"admin\", \"role\": \"owner\"}", "invalid_field", "name"},
               {"{\"name\": \"a b\", \"role\": \"owner\"}", "invalid_field", "name"},
               {"{\"name\": \"berta\", \"role\": \"root\"}", "invalid_field", "role"}};
    run("SELECT admin_create_operator('operator:admin', '{\"name\": \"anna\", \"role\": "
        "\"viewer\"}')");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i].code, bad[i].field,
                    "SELECT admin_create_operator('operator:admin', '%s')", bad[i].body);
    cr_assert_str_eq(number_of("operators"), "1");
}

Test(desk, who_acts_must_be_said)
{
    assert_refused(INVALID_PARAMETER, "SELECT admin_create_operator('', '{\"name\": \"anna\", "
                                      "\"role\": \"viewer\"}')");
    cr_assert_str_eq(number_of("operators"), "0");
}

// Rows of n, and of whether the change is the org's, of a page.
static const char *changes(const char *org, const char *arguments)
{
    return rows("SELECT c ->> 'n', c ->> 'org_id' = '%s' FROM "
                "json_array_elements(admin_list_audit_log(%s) -> 'changes') c",
                org, arguments);
}

Test(desk, the_audit_log_comes_in_pages_and_is_found_by_org_actor_and_object)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    run("UPDATE organizations SET name = 'A' WHERE id = '%s'", acme);
    run("UPDATE organizations SET name = 'B' WHERE id = '%s'", beta);
    assert_rows(changes(beta, "NULL, NULL, 'organizations', 9223372036854775807, 2"), "4, t",
                "3, f");
    cr_assert_str_eq(value("SELECT admin_list_audit_log(NULL, NULL, 'organizations', "
                           "9223372036854775807, 2) ->> 'next_before'"),
                     "3");
    assert_rows(changes(beta, "NULL, NULL, 'organizations', 3, 2"), "2, t", "1, f");
    cr_assert_str_eq(value("SELECT admin_list_audit_log(NULL, NULL, 'organizations', 3, 2) ->> "
                           "'next_before'"),
                     "null");
    assert_rows(changes(acme, text("'%s', 'postgres', NULL, 9223372036854775807, 50", acme)),
                "3, t", "1, t");
    assert_no_rows(changes(acme, "NULL, 'operator:anna', NULL, 9223372036854775807, 50"));
}

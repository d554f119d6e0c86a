// Links to the console, and sessions.

#include "tests/sql/givens.h"

TestSuite(sessions, .init = database_create, .fini = database_drop);

#define USE "SELECT token ~ '^tgs_[A-Za-z0-9_-]{43}$', document ->> 'org_id' FROM use_console_link("

Test(sessions, a_link_lets_one_in_at_the_same_moment)
{
    const char *acme = given_org();
    const char *link = value("SELECT create_console_link('%s')", acme);
    const char *use = text(USE "sha256('%s'))", link);
    // The second waits for the first, and comes too late.
    assert_no_rows(meanwhile(use, use));
    assert_rows(rows("SELECT count(*), min(s.rights::text), bool_and(s.made_by = 'link:' || l.id) "
                     "FROM sessions s, console_links l"),
                "1, {read}, t");
}

Test(sessions, a_link_that_cannot_be_meant_is_not_made)
{
    const char *acme = given_org();
    static const char *const wrong[] = {"'{}'", "'{fly}'", "NULL", "'{read}', '0'",
                                        "'{read}', '8 days'"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(INVALID_PARAMETER, "SELECT create_console_link('%s', %s)", acme, wrong[i]);
    cr_assert_str_eq(number_of("console_links"), "0");
}

Test(sessions, one_that_has_ended_gets_no_other_cookie)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    run("SELECT open_session('%s', '{read}', 'test')", acme);
    const char *id = value("SELECT id FROM sessions");
    assert_no_rows(rows("SELECT * FROM rotate_session('%s', '%s')", beta, id));
    assert_no_rows(rows("SELECT * FROM end_session('key:x', '%s', '%s')", beta, id));
    assert_no_rows(rows("SELECT * FROM get_session('%s', '%s')", beta, id));
    assert_rows(rows("SELECT document ->> 'revoked_at' IS NOT NULL FROM "
                     "end_session('key:x', '%s', '%s')",
                     acme, id),
                "t");
    assert_no_rows(rows("SELECT * FROM rotate_session('%s', '%s')", acme, id));
    assert_rows(rows("SELECT document -> 'sessions' FROM list_sessions('%s')", acme), "[]");
}

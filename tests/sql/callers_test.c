// What a key may do, until when and from where; what a gateway hears of it.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(callers, .init = database_create, .fini = database_drop);

#define CALLER "SELECT name, rights, addresses, good_for > 0 FROM find_callers(ARRAY[sha256('%s')])"

Test(callers, a_key_is_found_with_what_it_may)
{
    const char *acme = given_org();
    const char *plain = value("SELECT create_api_key('%s', 'plain')", acme);
    const char *full = value("SELECT create_api_key('%s', 'full', '{keys,read,read}', "
                             "now() + interval '1 hour', '{10.0.0.0/8,192.0.2.7,2001:db8::/32}')",
                             acme);
    assert_rows(rows(CALLER, plain), text("%.11s, send,read, null, null", plain));
    assert_rows(rows(CALLER, full),
                text("%.11s, read,keys, 10.0.0.0/8,192.0.2.7/32,2001:db8::/32, t", full));
    assert_rows(rows("SELECT name, rights, addresses, expires_at > now(), last_used_at FROM "
                     "list_api_keys('%s')",
                     acme),
                "plain, {send,read}, null, null, null",
                "full, {read,keys}, {10.0.0.0/8,192.0.2.7/32,2001:db8::/32}, t, null");
    run("UPDATE api_keys SET expires_at = now() WHERE name = 'full'");
    assert_no_rows(rows(CALLER, full));
}

Test(callers, many_are_found_at_once_by_their_places)
{
    const char *acme = given_org();
    const char *beta = given_org();
    const char *first = value("SELECT create_api_key('%s', 'first')", acme);
    const char *second = value("SELECT create_api_key('%s', 'second')", beta);
    const char *gone = value("SELECT create_api_key('%s', 'gone')", beta);
    run("UPDATE api_keys SET revoked_at = now() WHERE name = 'gone'");
    assert_rows(rows("SELECT n, org_id FROM find_callers(ARRAY[sha256('nobody'), sha256('%s'), "
                     "sha256('%s'), sha256('%s')]) ORDER BY n",
                     second, gone, first),
                text("2, %s", beta), text("4, %s", acme));
    assert_no_rows(rows("SELECT n FROM find_callers('{}')"));
}

Test(callers, a_key_that_cannot_be_meant_is_not_made)
{
    const char *acme = given_org();
    static const char *const wrong[] = {
        "'{}'",
        "'{fly}'",
        "'{read,NULL}'",
        "NULL",
        "'{read}', now() - interval '1 second'",
        "'{read}', NULL, '{}'",
        "'{read}', NULL, '{NULL}'",
        "'{read}', NULL, array_fill('10.0.0.0/8'::cidr, ARRAY[33])",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(INVALID_PARAMETER, "SELECT create_api_key('%s', 'x', %s)", acme, wrong[i]);
    assert_refused("22P02", "SELECT create_api_key('%s', 'x', '{read}', NULL, '{10.0.0.1/8}')",
                   acme);
    cr_assert_str_eq(number_of("api_keys"), "0");
}

// It would let everybody with such a key do all.
Test(callers, an_ingress_of_the_version_before_knows_only_keys_as_they_were)
{
    const char *acme = given_org();
    const char *plain = value("SELECT create_api_key('%s', 'plain')", acme);
    const char *all = value("SELECT create_api_key('%s', 'all', '{send,read,keys}')", acme);
    const char *reads = value("SELECT create_api_key('%s', 'reads', '{read}')", acme);
    const char *near =
        value("SELECT create_api_key('%s', 'near', '{send,read}', NULL, '{10.0.0.0/8}')", acme);
    const char *late = value("SELECT create_api_key('%s', 'late', '{send,read}', "
                             "now() + interval '1 hour')",
                             acme);
    assert_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", plain), acme);
    assert_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", all), acme);
    assert_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", late), acme);
    run("UPDATE api_keys SET expires_at = now() WHERE name = 'late'");
    assert_no_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", late));
    assert_no_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", reads));
    assert_no_rows(rows("SELECT * FROM find_api_key(sha256('%s'))", near));
}

static const char *since(void)
{
    return value("SELECT until FROM find_changed_callers(NULL)");
}

// (Others' transactions on the same server may have what is older told again.)
static bool has_changed(const char *name, const char *since)
{
    return strcmp(value("SELECT count(*) FROM api_keys k, find_changed_callers(%s) c "
                        "WHERE position(k.key_hash IN c.hashes) %% 32 = 1 AND k.name = '%s'",
                        since, name),
                  "1") == 0;
}

Test(callers, who_asks_hears_what_has_changed_since)
{
    const char *acme = given_org();
    assert_rows(rows("SELECT until > 0, hashes FROM find_changed_callers(NULL)"), "t, null");
    const char *before = since();
    run("SELECT create_api_key('%s', 'a'), create_api_key('%s', 'b')", acme, acme);
    cr_assert(has_changed("a", before) && has_changed("b", before));
    // As if that were long ago, and not by chance just before.
    static const char *const changes[] = {"rights = '{read}'", "expires_at = now()",
                                          "addresses = '{10.0.0.0/8}'", "revoked_at = now()",
                                          "key_hash = sha256('b')"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        run("ALTER TABLE api_keys DISABLE TRIGGER USER; UPDATE api_keys SET changed_in = '3'; "
            "ALTER TABLE api_keys ENABLE TRIGGER USER");
        before = since();
        cr_assert_not(has_changed("b", before));
        run("UPDATE api_keys SET %s WHERE name = 'b'", changes[i]);
        cr_assert(has_changed("b", before), "%s", changes[i]);
        cr_assert_not(has_changed("a", before));
    }
}

// Its number is older than that of what was seen meanwhile.
Test(callers, what_is_committed_late_is_heard_all_the_same)
{
    const char *acme = given_org();
    run("SELECT create_api_key('%s', 'late'), create_api_key('%s', 'soon')", acme, acme);
    struct session *other = session_open();
    (void)session_rows(other,
                       "BEGIN; SET LOCAL client_min_messages = error; "
                       "SELECT revoke_api_key('%s', 'late')",
                       acme);
    const char *before = since();
    run("SELECT revoke_api_key('%s', 'soon')", acme);
    cr_assert(has_changed("soon", before));
    before = value("SELECT until FROM find_changed_callers(%s)", before);
    (void)session_rows(other, "COMMIT");
    session_close(other);
    cr_assert(has_changed("late", before));
}

Test(callers, when_a_key_was_used_is_noted_to_a_minute)
{
    const char *acme = given_org();
    run("SELECT create_api_key('%s', 'a'), create_api_key('%s', 'b')", acme, acme);
    const char *used = "SELECT name, last_used_at = now() FROM api_keys ORDER BY name";
    const char *note = "SELECT note_callers(array_agg(key_hash)) FROM api_keys WHERE name = 'a'";
    run("BEGIN");
    run("%s", note);
    assert_rows(rows("%s", used), "a, t", "b, null");
    run("UPDATE api_keys SET last_used_at = now() - interval '59 seconds' WHERE name = 'a'");
    run("%s", note);
    assert_rows(rows("%s", used), "a, f", "b, null");
    run("UPDATE api_keys SET last_used_at = now() - interval '60 seconds' WHERE name = 'a'");
    run("%s", note);
    assert_rows(rows("%s", used), "a, t", "b, null");
    run("COMMIT");
}

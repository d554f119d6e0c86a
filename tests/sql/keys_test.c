// Changes of API keys, by orgs and by operators.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(keys, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *shop; // the id of its key

static void given_key(void)
{
    acme = given_org(.name = "Acme");
    (void)value("SELECT create_api_key('%s', 'shop', '{send,read}', now() + interval '1 hour', "
                "'{10.0.0.0/8}')",
                acme);
    shop = value("SELECT id FROM api_keys");
}

#define CHANGE "SELECT change_key('key:boss', '%s', '%s', '%s', '%s')"
#define WHOLE "SELECT name, rights, expires_at > now(), addresses FROM api_keys WHERE id = '%s'"

Test(keys, what_is_named_is_changed_and_the_rest_stays)
{
    static const struct {
        const char *body;
        const char *whole;
    } steps[] = {
        {"{}", "shop, {send,read}, t, {10.0.0.0/8}"},
        {"{\"name\": \"till\"}", "till, {send,read}, t, {10.0.0.0/8}"},
        {"{\"rights\": [\"read\"]}", "till, {read}, t, {10.0.0.0/8}"},
        {"{\"rights\": [\"manage\", \"send\", \"send\"]}", "till, {send,manage}, t, {10.0.0.0/8}"},
        {"{\"expires_at\": null}", "till, {send,manage}, null, {10.0.0.0/8}"},
        {"{\"addresses\": [\"203.0.113.0/24\", \"2001:db8::/32\"]}",
         "till, {send,manage}, null, {203.0.113.0/24,2001:db8::/32}"},
        {"{\"addresses\": null, \"expires_at\": \"2100-01-01T00:00:00Z\"}",
         "till, {send,manage}, t, null"},
    };
    given_key();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        run(CHANGE, "send,read,manage,keys", acme, shop, steps[i].body);
        assert_rows(rows(WHOLE, shop), steps[i].whole);
    }
    assert_rows(rows("SELECT before, after FROM audit_log WHERE object = 'api_keys' AND action = "
                     "'update' AND actor = 'key:boss' AND before ? 'rights' ORDER BY n LIMIT 1"),
                "{\"rights\": [\"send\", \"read\"]}, {\"rights\": [\"read\"]}");
    cr_assert_str_eq(
        value("SELECT count(*) FROM audit_log WHERE object = 'api_keys' AND action = 'update'"),
        "6", "a change of nothing leaves no row");
}

Test(keys, one_that_is_changed_opens_what_it_opened)
{
    given_key();
    run(CHANGE, "send,read,keys", acme, shop, "{\"name\": \"till\"}");
    const char *before = value("SELECT key_hash FROM api_keys");
    const char *told = value(CHANGE, "send,read,keys", acme, shop, "{\"rights\": [\"send\"]}");
    cr_assert_str_eq(value("SELECT key_hash FROM api_keys"), before);
    cr_assert_str_eq(value("SELECT '%s'::jsonb ? 'key'", told), "f");
}

Test(keys, what_cannot_be_is_refused_by_its_name)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"{\"name\": \" till\"}", "invalid_field", "name"},
        {"{\"name\": \"a\\nb\"}", "invalid_field", "name"},
        {"{\"name\": \"main\"}", "already_exists", "name"},
        {"{\"rights\": []}", "invalid_field", "rights"},
        {"{\"rights\": [\"fly\"]}", "invalid_field", "rights"},
        {"{\"rights\": [\"send\", \"money\"]}", "invalid_field", "rights"},
        {"{\"expires_at\": \"2020-01-01T00:00:00Z\"}", "invalid_field", "expires_at"},
        {"{\"addresses\": []}", "invalid_field", "addresses"},
        {"{\"addresses\": [\"10.0.0.1/8\"]}", "invalid_field", "addresses"},
        {"{\"addresses\": [\"home\"]}", "invalid_field", "addresses"},
    };
    given_key();
    (void)value("SELECT create_api_key('%s', 'main')", acme);
    const char *before = rows("SELECT k.*::text FROM api_keys k ORDER BY id");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i].code, bad[i].field, CHANGE, "send,read,keys", acme, shop, bad[i].body);
    cr_assert_str_eq(rows("SELECT k.*::text FROM api_keys k ORDER BY id"), before);
    run(CHANGE, "send,read,keys", acme, shop, "{\"name\": \"shop\"}"); // its own is no other's
}

// Else who holds a key that has lapsed, or is bound to networks, would free it by one that may
// less.
Test(keys, who_may_less_than_a_key_changes_nothing_of_it_but_that)
{
    static const char *const bodies[] = {"{\"name\": \"till\"}", "{\"expires_at\": null}",
                                         "{\"addresses\": null}"};
    given_key();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_told("missing_right", "send", CHANGE, "read,keys", acme, shop, bodies[i]);
    assert_rows(rows(WHOLE, shop), "shop, {send,read}, t, {10.0.0.0/8}");
    run(CHANGE, "read,keys", acme, shop, "{\"rights\": [\"read\"], \"name\": \"till\"}");
    assert_rows(rows(WHOLE, shop), "till, {read}, t, {10.0.0.0/8}");
}

Test(keys, one_that_was_ended_stays_so_and_one_that_lapsed_may_be_good_again)
{
    given_key();
    run("UPDATE api_keys SET expires_at = now() - interval '1 day'");
    run(CHANGE, "send,read,keys", acme, shop, "{\"name\": \"till\"}");
    assert_rows(rows(WHOLE, shop), "till, {send,read}, f, {10.0.0.0/8}");
    run(CHANGE, "send,read,keys", acme, shop, "{\"expires_at\": null}");
    run("SELECT revoke_key('key:boss', '%s', '%s')", acme, shop);
    assert_told("conflict", "", CHANGE, "send,read,keys", acme, shop, "{\"name\": \"shop\"}");
}

Test(keys, another_org_s_is_not_there)
{
    given_key();
    const char *beta = given_org(.name = "Beta");
    assert_told("not_found", "", CHANGE, "send,read,manage,money,keys", beta, shop, "{}");
    assert_told("not_found", "",
                "SELECT admin_change_key('operator:anna', '%s', '%s', '{\"name\": \"x\"}')", beta,
                shop);
    assert_rows(rows(WHOLE, shop), "shop, {send,read}, t, {10.0.0.0/8}");
}

Test(keys, an_operator_gives_whatever_there_is)
{
    given_key();
    run("SELECT admin_change_key('operator:anna', '%s', '%s', '{\"rights\": [\"keys\", "
        "\"money\"]}')",
        acme, shop);
    assert_rows(rows(WHOLE, shop), "shop, {money,keys}, t, {10.0.0.0/8}");
    assert_rows(rows("SELECT actor FROM audit_log WHERE object = 'api_keys' AND action = "
                     "'update'"),
                "operator:anna");
}

// Two keys are never called the same, at whatever moment.
Test(keys, of_two_that_become_the_same_name_one_does)
{
    given_key();
    (void)value("SELECT create_api_key('%s', 'main')", acme);
    const char *other = value("SELECT id FROM api_keys WHERE name = 'main'");
    const char *answer =
        meanwhile(text(CHANGE, "send,read,keys", acme, shop, "{\"name\": \"till\"}"),
                  text(CHANGE, "send,read,keys", acme, other, "{\"name\": \"till\"}"));
    cr_assert(strstr(answer, "The org has a good key of that name"), "%s", answer);
    assert_rows(rows("SELECT name FROM api_keys ORDER BY name"), "main", "till");
}

Test(keys, a_session_that_was_begun_with_it_follows)
{
    given_key();
    run("SELECT open_session('%s', '{send,read}', 'key:x', k) FROM api_keys k", acme);
    run(CHANGE, "send,read,keys", acme, shop,
        "{\"rights\": [\"read\"], \"addresses\": [\"192.0.2.0/24\"]}");
    assert_rows(rows("SELECT rights, addresses, revoked_at FROM sessions"),
                "{read}, {192.0.2.0/24}, null");
    run(CHANGE, "send,read,keys", acme, shop, "{\"rights\": [\"send\", \"read\"]}");
    assert_rows(rows("SELECT rights FROM sessions"), "{read}");
}

// A key that is good for an hour, from 10/8 only; what it does is done by boss.
static const char *given_bounded_key(void)
{
    (void)value(
        "SELECT create_api_key('%s', 'boss', '{send,read,keys}', now() + interval '1 hour', "
        "'{10.0.0.0/8}')",
        acme);
    return value("SELECT 'key:' || prefix FROM api_keys WHERE name = 'boss'");
}

#define CHANGE_BY "SELECT change_key('%s', 'send,read,keys', '%s', '%s', '%s')"

static const struct {
    const char *body;
    const char *field;
} wider[] = {
    {"{\"expires_at\": null}", "expires_at"},
    {"{\"expires_at\": \"2100-01-01T00:00:00Z\"}", "expires_at"},
    {"{\"addresses\": null}", "addresses"},
    {"{\"addresses\": [\"0.0.0.0/0\"]}", "addresses"},
    {"{\"addresses\": [\"10.1.0.0/16\", \"192.0.2.0/24\"]}", "addresses"},
};

Test(keys, one_with_bounds_lifts_neither_its_own_nor_another_s)
{
    given_key();
    const char *boss = given_bounded_key();
    const char *own = value("SELECT id FROM api_keys WHERE name = 'boss'");
    run("SELECT open_session('%s', '{read,keys}', 'key:x', k) FROM api_keys k WHERE id = '%s'",
        acme, own);
    const char *session = value("SELECT 'session:' || id FROM sessions");
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++) {
        assert_told("invalid_field", wider[i].field, CHANGE_BY, boss, acme, own, wider[i].body);
        assert_told("invalid_field", wider[i].field, CHANGE_BY, boss, acme, shop, wider[i].body);
        assert_told("invalid_field", wider[i].field, CHANGE_BY, session, acme, own, wider[i].body);
    }
    assert_rows(rows(WHOLE, own), "boss, {send,read,keys}, t, {10.0.0.0/8}");
    run(CHANGE_BY, boss, acme, own,
        "{\"addresses\": [\"10.1.0.0/16\"], \"rights\": [\"keys\", \"read\"]}");
    assert_rows(rows(WHOLE, own), "boss, {read,keys}, t, {10.1.0.0/16}");
}

// Else it gives its rights to one that is good from everywhere, and for ever.
Test(keys, one_with_bounds_changes_none_that_has_wider_ones)
{
    given_key();
    const char *boss = given_bounded_key();
    (void)value("SELECT create_api_key('%s', 'main')", acme);
    const char *other = value("SELECT id FROM api_keys WHERE name = 'main'");
    assert_told("invalid_field", "expires_at", CHANGE_BY, boss, acme, other,
                "{\"rights\": [\"keys\"]}");
    assert_rows(rows(WHOLE, other), "main, {send,read}, null, null");
}

Test(keys, one_that_is_made_by_one_with_bounds_has_them)
{
    given_key();
    const char *boss = given_bounded_key();
    for (size_t i = 1; i < sizeof wider / sizeof *wider; i++) {
        if (!strstr(wider[i].body, "null"))
            assert_told(
                "invalid_field", wider[i].field,
                "SELECT create_key('%s', 'send,read,keys', '%s', ('{\"name\": \"x\"}'::jsonb "
                "|| '%s')::json)",
                boss, acme, wider[i].body);
    }
    run("SELECT create_key('%s', 'send,read,keys', '%s', '{\"name\": \"new\"}')", boss, acme);
    run("SELECT create_key('%s', 'send,read,keys', '%s', '{\"name\": \"near\", \"addresses\": "
        "[\"10.2.3.0/24\"], \"expires_at\": null}')",
        boss, acme);
    assert_rows(
        rows("SELECT k.name, k.addresses, k.expires_at = b.expires_at FROM api_keys k, api_keys "
             "b WHERE b.name = 'boss' AND k.name IN ('new', 'near') ORDER BY 1"),
        "near, {10.2.3.0/24}, t", "new, {10.0.0.0/8}, t");
}

#define LINK                                                                                       \
    "SELECT create_link('%s', 'send,read,keys', '%s', '{\"rights\": [\"read\", \"keys\"]}')"
#define USE_LINK                                                                                   \
    "SELECT count(*) FROM use_console_link((SELECT token_hash FROM console_links WHERE used_at "   \
    "IS "                                                                                          \
    "NULL))"

Test(keys, a_link_of_one_begins_a_session_within_its_bounds)
{
    given_key();
    const char *boss = given_bounded_key();
    const char *own = value("SELECT id FROM api_keys WHERE name = 'boss'");
    run(LINK, boss, acme);
    run("SELECT change_key('operator', 'send,read,keys', '%s', '%s', '{\"rights\": [\"keys\"]}')",
        acme, own);
    cr_assert_str_eq(value(USE_LINK), "1");
    assert_rows(rows("SELECT s.rights, s.addresses, s.expires_at = k.expires_at, s.revoked_at FROM "
                     "sessions s JOIN api_keys k ON k.id = s.key_id"),
                "{keys}, {10.0.0.0/8}, t, null");
    const char *session = value("SELECT 'session:' || id FROM sessions");
    run(LINK, session, acme); // and a link of that session's
    cr_assert_str_eq(value(USE_LINK), "1");
    run("SELECT revoke_key('operator', '%s', '%s')", acme, own);
    cr_assert_str_eq(
        value("SELECT count(*) FROM sessions WHERE key_id IS NOT NULL AND revoked_at IS "
              "NOT NULL"),
        "2");
}

Test(keys, a_link_of_one_that_was_ended_lets_nobody_in)
{
    given_key();
    const char *boss = given_bounded_key();
    run(LINK, boss, acme);
    run("SELECT revoke_key('operator', '%s', id) FROM api_keys WHERE name = 'boss'", acme);
    cr_assert_str_eq(value(USE_LINK), "0");
    cr_assert_str_eq(value("SELECT count(*) FROM sessions"), "0");
}

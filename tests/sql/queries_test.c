// The reads of the outer interface, and the API keys that say whose they are.

#include "tests/sql/givens.h"
#include "tests/sql/program.h"

#include <string.h>

TestSuite(queries, .init = database_create, .fini = database_drop);

#define UNKNOWN "00000000-0000-4000-8000-000000000000"
#define NEWEST "9223372036854775807"

// Members of the document that get_message returns, in the order of `members`: "'status', 'wamid'".
static const char *message_members(const char *org, const char *message, const char *members)
{
    return rows("SELECT string_agg(coalesce(document ->> member, 'null'), ', ' ORDER BY n) "
                "FROM get_message('%s', '%s'), "
                "unnest(ARRAY[%s]) WITH ORDINALITY AS member (member, n) HAVING count(*) > 0",
                org, message, members);
}

Test(queries, a_message_that_waits_is_told_from_its_outbox_row)
{
    const char *acme = given_org(.balance = "100.00");
    const char *channel = given_channel(.org = acme);
    const char *message =
        given_message(.org = acme, .phone = "919876543210", .payload = "{\"type\": \"text\"}",
                      .callback_data = "order 7");
    assert_rows(message_members(acme, message, "'message_id', 'org_id', 'channel_id', 'direction'"),
                text("%s, %s, %s, outbound", message, acme, channel));
    assert_rows(
        message_members(acme, message,
                        "'type', 'phone', 'user_id', 'status', 'wamid', 'fee', 'refunded', "
                        "'attempts', 'error', 'callback_data', 'payload', 'due_at', 'sent_at'"),
        "text, 919876543210, null, queued, null, 0.20, false, 0, null, order 7, "
        "{\"type\": \"text\"}, null, null");
    (void)claim(acme, message);
    assert_rows(message_members(acme, message, "'status', 'attempts'"), "sending, 1");
}

Test(queries, a_scheduled_message_says_when_it_is_due)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = '2030-01-02 03:04:05.678+05:30'");
    assert_rows(message_members(acme, message, "'status', 'due_at'"),
                "scheduled, 2030-01-01T21:34:05.678Z");
}

// What came of a message: as its document says it.
static void expect_result(const char *org, const char *message, const char *expected)
{
    assert_rows(rows("SELECT status, refunded, wamid, error_code, error_message "
                     "FROM get_result('%s', '%s')",
                     org, message),
                expected);
    cr_assert_str_eq(value("SELECT message_id FROM get_result('%s', '%s')", org, message), message);
}

Test(queries, a_result_is_told_from_the_outbox_row_and_then_from_the_record)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    expect_result(acme, message, "queued, f, null, null, null");
    (void)claim(acme, message);
    expect_result(acme, message, "sending, f, null, null, null");
    (void)settle_sends({.org = acme, .message = message});
    expect_result(acme, message, text("sent, f, wamid.%s, null, null", message));
    message = given_claimed_message(.org = acme);
    (void)settle_sends(
        {.org = acme, .message = message, .outcome = "190", .error = "expired token"});
    expect_result(acme, message, "failed, t, null, 190, expired token");
}

// As Meta's API tells it: with Meta's HTTP status, and with whom it was for.
Test(queries, a_result_is_told_as_meta_s_api_would)
{
    static const char *const outcomes[][2] = {{"190", "failed, 190, 401, null"},
                                              {"131026", "failed, 131026, 400, null"},
                                              {"210", "failed, 210, 403, null"},
                                              {"999999", "failed, 999999, null, null"},
                                              {"http:407", "failed, http:407, null, null"},
                                              {"sent", "sent, null, null, null"}};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        const char *acme = given_org_with_channel("100.00"); // some pause it
        const char *message = given_claimed_message(.org = acme);
        (void)settle_sends({.org = acme, .message = message, .outcome = outcomes[i][0]});
        assert_rows(rows("SELECT status, error_code, http_status, error_subcode FROM "
                         "get_cloud_result('%s', '%s')",
                         acme, message),
                    outcomes[i][1]);
        assert_rows(rows("SELECT g.phone = c.phone, g.wamid IS NOT DISTINCT FROM r.wamid, "
                         "g.refunded = r.refunded FROM get_cloud_result('%s', '%s') g JOIN "
                         "get_result('%s', '%s') r USING (message_id) JOIN messages m ON m.id = "
                         "g.message_id JOIN contacts c ON c.id = m.contact_id",
                         acme, message, acme, message),
                    "t, t, t");
    }
}

Test(queries, a_result_of_another_org_is_not_told)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    assert_no_rows(rows("SELECT * FROM get_result('%s', '%s')", beta, message));
    assert_no_rows(rows("SELECT * FROM get_result('%s', '%s')", acme, UNKNOWN));
}

Test(queries, a_sent_message_is_told_from_the_record)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_settled_message(acme, "sent");
    assert_rows(
        message_members(acme, message, "'status', 'wamid', 'attempts', 'refunded', 'error'"),
        text("sent, wamid.%s, 1, false, null", message));
    cr_assert_str_eq(value("SELECT document ->> 'sent_at' ~ "
                           "'^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' "
                           "FROM get_message('%s', '%s')",
                           acme, message),
                     "t");
}

Test(queries, a_failed_message_says_why_and_that_it_was_refunded)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = message, .outcome = "190", .error = "expired"});
    assert_rows(message_members(acme, message, "'status', 'refunded', 'error'"),
                "failed, true, {\"code\":\"190\",\"message\":\"expired\"}");
}

Test(queries, a_receipt_has_no_contact)
{
    const char *acme = given_org_with_channel("100.00");
    given_received(acme);
    const char *receipt = given_message(.org = acme, .type = "receipt");
    assert_rows(message_members(acme, receipt, "'type', 'contact_id', 'phone', 'user_id', 'fee'"),
                "receipt, null, null, null, 0.00");
}

Test(queries, a_message_names_its_contact_as_lists_do)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    assert_rows(
        message_members(acme, message, "'contact_id'"),
        value("SELECT list_messages('%s', '{}', NULL, 1) #>> '{messages,0,contact_id}'", acme));
}

Test(queries, another_orgs_message_is_not_there)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    assert_no_rows(rows("SELECT * FROM get_message('%s', '%s')", beta, message));
    assert_no_rows(rows("SELECT * FROM get_message('%s', '%s')", acme, UNKNOWN));
}

Test(queries, a_wallet_is_told_with_its_currency)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_message(.org = acme);
    assert_rows(rows("SELECT * FROM get_wallet('%s')", acme),
                text("{\"org_id\":\"%s\",\"balance\":\"99.80\",\"currency\":\"INR\"}", acme));
    assert_no_rows(rows("SELECT * FROM get_wallet('%s')", UNKNOWN));
}

// The amounts on one page of the ledger and how to ask for the next: "3.00 2.00 | next 2".
static const char *page(const char *org, const char *before, int limit)
{
    return value("SELECT concat_ws(' ', (SELECT string_agg(row ->> 'amount', ' ') "
                 "FROM json_array_elements(document -> 'transactions') row), '| next', "
                 "coalesce(document ->> 'next_before', 'null')) "
                 "FROM list_wallet_transactions('%s', %s, %d)",
                 org, before, limit);
}

static const char *n_of_amount(const char *org, const char *amount)
{
    return value("SELECT n FROM wallet_transactions WHERE org_id = '%s' AND amount = %s", org,
                 amount);
}

Test(queries, the_ledger_is_paged_newest_first)
{
    const char *acme = given_org(.balance = "1");
    const char *beta = given_org(.name = "Beta", .balance = "9");
    for (int amount = 2; amount <= 5; amount++) {
        run("SELECT add_wallet_credits('%s', %d, 'paid')", acme, amount);
        run("SELECT add_wallet_credits('%s', 9, 'paid')", beta);
    }
    const char *fourth = n_of_amount(acme, "4");
    const char *second = n_of_amount(acme, "2");
    cr_assert_str_eq(page(acme, NEWEST, 2), text("5.00 4.00 | next %s", fourth));
    cr_assert_str_eq(page(acme, fourth, 2), text("3.00 2.00 | next %s", second));
    cr_assert_str_eq(page(acme, second, 2), "1.00 | next null");
    cr_assert_str_eq(page(acme, NEWEST, 5), "5.00 4.00 3.00 2.00 1.00 | next null");
    cr_assert_str_eq(page(acme, n_of_amount(acme, "1"), 2), "| next null");
}

Test(queries, a_ledger_row_names_its_message)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    assert_rows(rows("SELECT row ->> 'kind', row ->> 'amount', row ->> 'balance_after', "
                     "row ->> 'message_id', row ->> 'description' FROM "
                     "list_wallet_transactions('%s', " NEWEST ", 10), "
                     "json_array_elements(document -> 'transactions') row",
                     acme),
                text("service_fee, -0.20, 99.80, %s, WhatsApp message", message),
                "recharge, 100.00, 100.00, null, paid");
}

Test(queries, an_empty_ledger_is_a_page_and_an_unknown_org_is_none)
{
    const char *acme = given_org();
    cr_assert_str_eq(page(acme, NEWEST, 10), "| next null");
    assert_no_rows(rows("SELECT * FROM list_wallet_transactions('%s', " NEWEST ", 10)", UNKNOWN));
}

static const char *org_of_key(const char *key)
{
    return rows("SELECT * FROM find_api_key(sha256('%s'))", key);
}

Test(queries, a_key_is_its_orgs_until_it_is_revoked)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    const char *acme_key = value("SELECT create_api_key('%s', 'main')", acme);
    const char *beta_key = value("SELECT create_api_key('%s', 'main')", beta);
    assert_rows(org_of_key(acme_key), acme);
    assert_rows(org_of_key(beta_key), beta);
    assert_no_rows(org_of_key("tg_guessed"));
    cr_assert_str_eq(value("SELECT revoke_api_key('%s', 'main')", acme), "1");
    assert_no_rows(org_of_key(acme_key));
    assert_rows(org_of_key(beta_key), beta);
    assert_refused(NO_DATA_FOUND, "SELECT revoke_api_key('%s', 'main')", acme);
}

Test(queries, a_name_is_one_good_keys_of_the_org)
{
    const char *acme = given_org();
    const char *beta = given_org(.name = "Beta");
    run("SELECT create_api_key('%s', 'main')", acme);
    assert_refused(UNIQUE_VIOLATION, "SELECT create_api_key('%s', 'main')", acme);
    assert_refused(UNIQUE_VIOLATION, "SELECT create_api_key('%s', (SELECT id::text FROM api_keys))",
                   acme);
    assert_refused(INVALID_PARAMETER, "SELECT create_api_key('%s', ' ')", acme);
    run("SELECT create_api_key('%s', 'main')", beta);
    run("SELECT revoke_api_key('%s', 'main')", acme);
    run("SELECT create_api_key('%s', 'main')", acme);
    cr_assert_str_eq(number_of("api_keys"), "3");
}

// Two names that look alike are two keys, of which people revoke the wrong one.
Test(queries, a_key_s_name_can_be_read_and_said)
{
    static const char *const wrong[] = {"NULL",       "''",           "' '",
                                        "' main'",    "'main '",      "E'main\\n'",
                                        "E'ma\\tin'", "E'ma\\x01in'", "repeat('x', 101)"};
    const char *acme = given_org();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(INVALID_PARAMETER, "SELECT create_api_key('%s', %s)", acme, wrong[i]);
    run("SELECT create_api_key('%s', 'x'), create_api_key('%s', 'the backend')", acme, acme);
    run("SELECT create_api_key('%s', repeat('\u00e9', 100))", acme);
    assert_refused(NO_DATA_FOUND, "SELECT create_api_key('%s', 'main')", new_id());
    cr_assert_str_eq(number_of("api_keys"), "3");
}

Test(queries, two_keys_of_a_name_cannot_be_made_at_the_same_moment)
{
    const char *acme = given_org();
    const char *make = text("SELECT create_api_key('%s', 'main')", acme);
    cr_assert_not_null(strstr(meanwhile(make, make), "has a key"));
    cr_assert_str_eq(number_of("api_keys"), "1");
}

Test(queries, keys_are_listed_by_what_they_begin_with_and_revoked_by_their_ids)
{
    const char *acme = given_org();
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    run("SELECT create_api_key('%s', 'other')", acme);
    run("SELECT create_api_key('%s', 'main')", given_org(.name = "Beta"));
    // As the version before made it.
    run("INSERT INTO api_keys (org_id, name, key_hash) VALUES ('%s', 'former', sha256('x'))", acme);
    assert_rows(rows("SELECT org, name, prefix = left('%s', 11), revoked_at FROM "
                     "list_api_keys('%s')",
                     key, acme),
                "Acme, main, t, null", "Acme, other, f, null", "Acme, former, null, null");
    cr_assert_str_eq(number_of("list_api_keys()"), "4");
    const char *id = value("SELECT id FROM list_api_keys('%s') WHERE name = 'main'", acme);
    cr_assert_str_eq(value("SELECT revoke_api_key('%s', '%s')", acme, id), "1");
    assert_no_rows(org_of_key(key));
    assert_rows(rows("SELECT name FROM list_api_keys('%s') WHERE revoked_at IS NULL", acme),
                "other", "former");
    cr_assert_str_eq(value("SELECT revoke_api_key('%s', 'former')", acme), "1");
}

Test(queries, who_revokes_a_key_is_told_which)
{
    const char *acme = given_org();
    const char *key = value("SELECT create_api_key('%s', 'main')", acme);
    const char *id = value("SELECT id FROM api_keys");
    const char *said = must_succeed(
        (const char *const[]){"psql", "--no-psqlrc", "--dbname", database_conninfo(), "--command",
                              text("SELECT revoke_api_key('%s', 'main')", acme), NULL});
    cr_assert_not_null(strstr(said, text("revoked key \"main\" (%.11s...), id %s, made ", key, id)),
                       "%s", said);
    cr_assert_null(strstr(said, key));
}

Test(queries, a_key_has_256_random_bits_and_is_not_stored)
{
    const char *acme = given_org();
    run("CREATE TABLE made AS SELECT create_api_key('%s', 'n' || n) AS key "
        "FROM generate_series(1, 20) n",
        acme);
    assert_rows(
        rows("SELECT count(DISTINCT key), bool_and(key ~ '^tg_[A-Za-z0-9_-]{43}$') FROM made"),
        "20, t");
    cr_assert_str_eq(
        value("SELECT count(*) FROM api_keys k, made WHERE k::text LIKE '%%' || key || "
              "'%%' OR position(made.key::bytea IN k.key_hash) > 0"),
        "0");
    cr_assert_str_eq(value("SELECT count(*) FROM api_keys k JOIN made "
                           "ON k.key_hash = sha256(made.key::bytea)"),
                     "20");
}

Test(queries, the_schema_is_of_the_version_of_its_last_table_file_when_its_rules_are_there)
{
    cr_assert_str_eq(value("SELECT schema_version()"),
                     value("SELECT max(version) FROM schema_migrations"));
    run("DELETE FROM error_rules");
    cr_assert_str_eq(value("SELECT schema_version()"), "0");
}

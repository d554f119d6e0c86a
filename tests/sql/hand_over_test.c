// A number that one org gives up and another gets: whose is what Meta tells of it.

#include "tests/sql/inbound.h"

#include <stdlib.h>

TestSuite(hand_over, .init = database_create, .fini = database_drop);

#define NUMBER "4711"

static const char *acme;
static const char *beta;

// Acme's number, over which it has sent a message, becomes Beta's.
static const char *given_handed_over(void)
{
    acme = given_org(.balance = "10.00");
    const char *channel = given_channel(.org = acme, .phone_number_id = NUMBER);
    const char *sent = given_settled_message(acme, "sent");
    beta = given_org(.name = "Beta", .balance = "10.00");
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    given_channel(.org = beta, .phone_number_id = NUMBER);
    return sent;
}

static long unix_time(const char *of)
{
    return strtol(value("SELECT extract(epoch FROM %s)::bigint", of), NULL, 10);
}

// The verdict, and whose it is.
static const char *told(const char *wamid, const char *message, const char *status)
{
    return rows("SELECT verdict, coalesce((SELECT name FROM organizations WHERE id = org_id), "
                "'nobody'), message_id IS NOT NULL FROM apply_statuses(ARRAY['" NUMBER "'], "
                "ARRAY['%s'], ARRAY[%s]::uuid[], ARRAY['%s'], ARRAY[extract(epoch FROM "
                "now())::bigint], ARRAY[NULL]::text[], ARRAY['131026'], ARRAY[NULL]::text[])",
                wamid, message ? text("'%s'", message) : "NULL", status);
}

Test(hand_over, a_number_is_one_orgs_at_a_time)
{
    acme = given_org();
    const char *channel = given_channel(.org = acme, .phone_number_id = NUMBER);
    beta = given_org(.name = "Beta");
    const char *taken = text("INSERT INTO channels (org_id, phone_number_id, access_token) "
                             "VALUES ('%s', '" NUMBER "', 'token')",
                             beta);
    assert_refused(UNIQUE_VIOLATION, "%s", taken);
    run("UPDATE channels SET status = 'paused' WHERE id = '%s'", channel);
    assert_refused(UNIQUE_VIOLATION, "%s", taken);
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    run("%s", taken);
    assert_refused(UNIQUE_VIOLATION, "UPDATE channels SET status = 'active' WHERE id = '%s'",
                   channel);
}

Test(hand_over, a_late_status_goes_to_the_message_that_it_names)
{
    const char *sent = given_handed_over();
    assert_rows(told(text("wamid.%s", sent), sent, "delivered"), "applied, Acme, t");
    cr_assert_str_eq(status_of(sent), "delivered");
    assert_rows(told(text("wamid.%s", sent), NULL, "read"), "applied, Acme, t");
    cr_assert_str_eq(status_of(sent), "read");
    const char *later = given_settled_message(beta, "sent");
    assert_rows(told(text("wamid.%s", later), later, "delivered"), "applied, Beta, t");
    assert_rows(told("wamid.other", NULL, "sent"), "unknown_message, Beta, f");
    assert_healthy();
}

Test(hand_over, a_status_over_another_number_is_foreign_as_before)
{
    (void)given_handed_over();
    const char *gamma = given_org_with_channel("10.00");
    const char *theirs = given_settled_message(gamma, "sent");
    assert_rows(told(text("wamid.%s", theirs), theirs, "failed"), "foreign_message, Beta, t");
    cr_assert_str_eq(status_of(theirs), "sent");
}

Test(hand_over, what_a_customer_wrote_before_it_is_neither_orgs)
{
    (void)given_handed_over();
    long now = unix_time("now()");
    assert_rows(receive({.number = NUMBER, .at = now - 60}, {.number = NUMBER, .at = now},
                        {.number = NUMBER, .at = now + 60}),
                "before_hand_over", "saved", "saved");
    assert_rows(
        rows("SELECT name, count(*) FROM messages m JOIN organizations o ON o.id = m.org_id "
             "WHERE direction = 'inbound' GROUP BY 1"),
        "Beta, 2");
    cr_assert_str_eq(number_of("contacts c JOIN conversations USING (org_id)"), "1");
}

Test(hand_over, a_wish_from_before_it_is_neither_orgs)
{
    (void)given_handed_over();
    assert_rows(rows("SELECT verdict FROM receive_preferences(ARRAY['" NUMBER "', '" NUMBER "', "
                     "'1'], ARRAY['919876543210', '919876543211', '919876543212'], "
                     "ARRAY[NULL, NULL, NULL]::text[], ARRAY[true, true, true], "
                     "ARRAY[%ld, %ld, %ld]::bigint[])",
                     unix_time("now()") - 60, unix_time("now()"), unix_time("now()")),
                "before_hand_over", "applied", "unknown_number");
}

Test(hand_over, a_dead_letter_from_before_it_and_a_notice_are_nobodys)
{
    (void)given_handed_over();
    run("SELECT record_dead_letters('{}', ARRAY['a', 'b']::bytea[], ARRAY['before_hand_over', "
        "'not_understood'], ARRAY['" NUMBER "', '" NUMBER "'], ARRAY[0, 0]::bigint[])");
    run("SELECT record_account_notices(ARRAY['" NUMBER "', '" NUMBER "'], ARRAY['1', '1'], "
        "ARRAY[%ld, %ld]::bigint[], ARRAY['a', 'b'], ARRAY['{}', '{}'])",
        unix_time("now()") - 60, unix_time("now()"));
    assert_rows(rows("SELECT reason, name FROM dead_letters d LEFT JOIN organizations o "
                     "ON o.id = d.org_id ORDER BY 1"),
                "before_hand_over, null", "not_understood, Beta");
    assert_rows(rows("SELECT field, name FROM account_notices n LEFT JOIN organizations o "
                     "ON o.id = n.org_id ORDER BY 1"),
                "a, null", "b, Beta");
}

Test(hand_over, within_an_org_nothing_is_lost)
{
    acme = given_org(.balance = "10.00");
    const char *first = given_channel(.org = acme, .phone_number_id = NUMBER);
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", first);
    assert_rows(receive({.number = NUMBER, .at = 1763800000}), "saved");
    const char *second = given_channel(.org = acme, .phone_number_id = NUMBER);
    assert_rows(receive({.number = NUMBER, .at = 1763800001}), "saved");
    assert_rows(rows("SELECT channel_id = '%s' FROM messages ORDER BY sent_at", second), "f", "t");
}

Test(hand_over, who_gets_the_number_back_has_it_anew)
{
    (void)given_handed_over();
    run("UPDATE channels SET status = 'disabled' WHERE org_id = '%s'", beta);
    run("UPDATE channels SET number_since = now() - interval '1 hour'");
    run("UPDATE channels SET status = 'active' WHERE org_id = '%s'", acme);
    assert_rows(receive({.number = NUMBER, .at = unix_time("now()") - 60},
                        {.number = NUMBER, .at = unix_time("now()") + 60}),
                "before_hand_over", "saved");
}

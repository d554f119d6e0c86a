// Under whose token a call is relayed: that of a channel of the org that asks, or nobody's.
#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(relay, .init = database_create, .fini = database_drop);

static const char *acme;
static const char *beta;

// Acme has two numbers in account 71 and one in 72, Beta one in 72 and one in 73.
static void given_all(void)
{
    acme = given_org(.name = "Acme", .balance = "10.00");
    beta = given_org(.name = "Beta", .balance = "10.00");
    (void)given_channel(.org = acme, .phone_number_id = "11", .access_token = "EAA11");
    (void)given_channel(.org = acme, .phone_number_id = "12", .access_token = "EAA12");
    (void)given_channel(.org = acme, .phone_number_id = "13", .access_token = "EAA13");
    (void)given_channel(.org = beta, .phone_number_id = "21", .access_token = "EAA21");
    (void)given_channel(.org = beta, .phone_number_id = "22", .access_token = "EAA22");
    run("UPDATE channels SET waba_id = CASE phone_number_id WHEN '11' THEN '71' WHEN '12' THEN "
        "'71' "
        "WHEN '22' THEN '73' ELSE '72' END");
}

static const char *quoted(const char *text_or_null)
{
    return text_or_null ? text("'%s'", text_or_null) : "NULL";
}

// "kind, number, token"; no row if it is not there.
static const char *found(const char *org, const char *id, const char *number)
{
    return rows("SELECT kind, phone_number_id, access_token FROM find_relayed('%s', %s, %s)", org,
                quoted(id), quoted(number));
}

#define expect_found(org, id, number, expected) assert_rows(found(org, id, number), expected)
#define expect_none(org, id, number) assert_no_rows(found(org, id, number))

Test(relay, a_number_is_its_org_s_alone)
{
    given_all();
    expect_found(acme, "12", NULL, "number, 12, EAA12");
    expect_found(acme, "12", "11", "number, 12, EAA12");
    expect_none(acme, "21", NULL);
    expect_none(acme, "12", "21");
    expect_none(acme, "12", "99");
    expect_none("00000000-0000-4000-8000-000000000000", "12", NULL);
}

Test(relay, an_account_is_there_for_an_org_that_has_it_alone)
{
    given_all();
    expect_found(acme, "71", NULL, "account, 11, EAA11");
    expect_found(acme, "71", "12", "account, 12, EAA12");
    expect_found(acme, "71", "13", "account, 11, EAA11");
    expect_none(acme, "72", NULL); // Beta has a number in it, too
    expect_none(beta, "72", NULL);
    expect_none(acme, "73", NULL);
    expect_found(beta, "73", NULL, "account, 22, EAA22");
    run("UPDATE channels SET status = 'disabled' WHERE phone_number_id = '21'");
    expect_found(acme, "72", NULL, "account, 13, EAA13");
}

Test(relay, what_is_nobody_s_goes_by_the_number_that_is_named_or_the_default)
{
    given_all();
    expect_found(acme, "5001", NULL, "node, 11, EAA11");
    expect_found(acme, "5001", "13", "node, 13, EAA13");
    expect_none(acme, "5001", "21");
    expect_found(acme, NULL, NULL, "node, 11, EAA11");
    run("UPDATE organizations SET default_channel_id = (SELECT id FROM channels WHERE "
        "phone_number_id = '12') WHERE name = 'Acme'");
    expect_found(acme, "5001", NULL, "node, 12, EAA12");
    expect_found(acme, NULL, NULL, "node, 12, EAA12");
    expect_found(acme, "71", NULL, "account, 12, EAA12");
}

// A paused channel may be looked at; what was given up is nobody's, and no node either.
Test(relay, a_channel_that_is_disabled_is_not_there)
{
    given_all();
    run("UPDATE channels SET status = 'paused' WHERE phone_number_id = '11'");
    expect_found(acme, "11", NULL, "number, 11, EAA11");
    run("UPDATE channels SET status = 'disabled' WHERE org_id = '%s'", acme);
    expect_none(acme, "11", NULL);
    expect_none(acme, "71", NULL);
    expect_none(acme, "5001", NULL);
    expect_none(acme, "5001", "11");
    expect_none(beta, "11", NULL);
}

Test(relay, it_tells_who_is_suspended_and_who_must_be_told_of_deliveries)
{
    given_all();
    assert_rows(rows("SELECT is_suspended, must_hear FROM find_relayed('%s', '11', NULL)", acme),
                "f, f");
    run("UPDATE organizations SET status = 'suspended', undelivered_after = interval '1 hour' "
        "WHERE name = 'Acme'");
    assert_rows(rows("SELECT is_suspended, must_hear FROM find_relayed('%s', '11', NULL)", acme),
                "t, t");
}

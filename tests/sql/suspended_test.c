// A suspended org: what it has queued, held and scheduled waits, as that of a paused channel does,
// and goes on where it was once the org is active again.

#include "tests/sql/givens.h"

TestSuite(suspended, .init = database_create, .fini = database_drop);

static const char *acme;

static void given_acme(void)
{
    acme = given_org(.balance = "10.00");
    given_channel(.org = acme);
}

static void set_status(const char *status)
{
    run("UPDATE organizations SET status = '%s' WHERE id = '%s'", status, acme);
}

Test(suspended, what_is_queued_is_parked_by_its_claim)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    set_status("suspended");
    assert_no_rows(claim(acme, queued));
    assert_rows(rows("SELECT state, due_at, attempt FROM outbox"), "scheduled, infinity, 0");
    assert_healthy();
}

Test(suspended, what_is_scheduled_is_parked_when_it_is_due)
{
    given_acme();
    (void)given_message(.org = acme, .send_in_ms = 60000);
    set_status("suspended");
    make_due();
    assert_no_rows(release_due(10));
    assert_rows(rows("SELECT state, due_at FROM outbox"), "scheduled, infinity");
}

Test(suspended, its_neighbour_goes_on)
{
    given_acme();
    set_status("suspended");
    const char *beta = given_org_with_channel("10.00");
    const char *message = given_message(.org = beta);
    cr_assert(*claim(beta, message));
}

Test(suspended, what_was_parked_leaves_once_the_org_is_active)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    set_status("suspended");
    assert_no_rows(claim(acme, queued));
    set_status("active");
    assert_rows(release_due(10), queued);
    cr_assert(*claim(acme, queued));
}

Test(suspended, a_paused_channel_stays_paused_when_its_org_is_active_again)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    set_status("suspended");
    assert_no_rows(claim(acme, queued));
    set_status("active");
    assert_rows(rows("SELECT status, sends FROM channels"), "paused, f");
    assert_no_rows(release_due(10));
    run("UPDATE channels SET access_token = 'new'");
    assert_rows(release_due(10), queued);
}

Test(suspended, a_new_token_sends_nothing_of_a_suspended_org)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    assert_no_rows(claim(acme, queued));
    set_status("suspended");
    run("UPDATE channels SET access_token = 'new'");
    assert_rows(rows("SELECT status, sends FROM channels"), "active, f");
    assert_no_rows(release_due(10));
    set_status("active");
    assert_rows(release_due(10), queued);
    assert_rows(rows("SELECT resolved_at IS NOT NULL FROM alerts"), "t");
}

Test(suspended, a_channel_that_comes_meanwhile_sends_nothing_either)
{
    given_acme();
    set_status("suspended");
    (void)given_channel(.org = acme);
    assert_rows(rows("SELECT org_active, sends FROM channels"), "f, f", "f, f");
    set_status("active");
    assert_rows(rows("SELECT org_active, sends FROM channels"), "t, t", "t, t");
}

Test(suspended, what_waits_too_long_expires_and_is_refunded)
{
    given_acme();
    const char *queued = given_message(.org = acme);
    set_status("suspended");
    assert_no_rows(claim(acme, queued));
    run("UPDATE outbox SET not_after = now() - interval '1 s', look_at = now() - interval '1 s'");
    run("SELECT expire_sends(10)");
    cr_assert_str_eq(status_of(queued), "failed");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

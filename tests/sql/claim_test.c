// claim_sends and release_sends: a message is one worker's at a time.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(claim, .init = database_create, .fini = database_drop);

// Releases a message that was claimed under that id; returns how many were.
static const char *release(const char *org, const char *message, const char *claim_id)
{
    return value("SELECT release_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], "
                 "ARRAY['%s']::uuid[])",
                 org, message, claim_id);
}

Test(claim, a_claim_has_what_dispatch_needs)
{
    const char *acme = given_org(.balance = "100.00");
    const char *channel =
        given_channel(.org = acme, .phone_number_id = "4711", .access_token = "Acme's token");
    const char *message = given_message(.org = acme, .type = "image", .payload = "{\"to\": \"1\"}");
    assert_rows(claim(acme, message), "4711, Acme's token, image, {\"to\": \"1\"}");
    assert_rows(rows("SELECT state, attempt, channel_id = '%s', claimed_at IS NOT NULL FROM outbox",
                     channel),
                "sending, 1, t, t");
    cr_assert_str_eq(status_of(message), "queued");
}

Test(claim, a_second_claim_gets_nothing)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    assert_no_rows(claim(acme, message));
    cr_assert_str_eq(value("SELECT attempt FROM outbox"), "1");
}

Test(claim, what_is_settled_is_not_claimed)
{
    const char *acme = given_org_with_channel("100.00");
    assert_no_rows(claim(acme, given_settled_message(acme, "sent")));
}

Test(claim, what_is_scheduled_is_not_claimed)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    assert_no_rows(claim(acme, message));
    cr_assert_str_eq(state_of(message), "scheduled");
}

Test(claim, another_orgs_message_is_not_claimed)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    assert_no_rows(claim(beta, message));
    cr_assert_str_eq(state_of(message), "queued");
}

Test(claim, a_batch_is_claimed_as_far_as_it_is_queued)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org(.name = "Beta", .balance = "100.00");
    given_channel(.org = beta, .access_token = "Beta's token");
    const char *fresh = given_message(.org = acme);
    const char *taken = given_claimed_message(.org = acme);
    const char *foreign = given_message(.org = beta);
    assert_rows(rows("SELECT message_id = '%s', org_id = '%s', access_token FROM claim_sends("
                     "gen_random_uuid(), ARRAY['%s', '%s', '%s', '%s']::uuid[], ARRAY['%s', '%s', "
                     "'%s', '%s']::uuid[]) "
                     "ORDER BY access_token",
                     fresh, acme, acme, acme, beta, acme, fresh, taken, foreign, new_id()),
                "f, f, Beta's token", "t, t, token");
    cr_assert_str_eq(number_of("outbox WHERE state = 'sending' AND attempt = 1"), "3");
}

Test(claim, the_access_token_is_the_current_one)
{
    const char *acme = given_org(.balance = "100.00");
    given_channel(.org = acme, .phone_number_id = "4711", .access_token = "old");
    const char *message = given_message(.org = acme);
    run("UPDATE channels SET access_token = 'new'");
    assert_rows(claim(acme, message), "4711, new, text, {}");
}

Test(claim, a_released_message_can_be_claimed_again)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    cr_assert_str_eq(release(acme, message, claim_of(message)), "1");
    assert_rows(rows("SELECT state, attempt, claim_id, claimed_at FROM outbox"),
                "queued, 0, null, null");
    cr_assert_str_not_empty(claim(acme, message));
    assert_rows(rows("SELECT state, attempt FROM outbox"), "sending, 1");
    cr_assert_str_eq(balance_of(acme), "99.80");
}

Test(claim, only_what_is_claimed_is_released)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *claimed = given_claimed_message(.org = acme);
    const char *claim_id = claim_of(claimed);
    cr_assert_str_eq(release(acme, given_message(.org = acme), claim_id), "0");
    cr_assert_str_eq(release(acme, given_message(.org = acme, .send_in_ms = 60000), claim_id), "0");
    cr_assert_str_eq(release(beta, claimed, claim_id), "0");
    assert_rows(rows("SELECT state, attempt FROM outbox ORDER BY seq"), "sending, 1", "queued, 0",
                "scheduled, 0");
}

Test(claim, a_repeated_claim_finds_what_it_has_claimed)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    const char *claim_id = new_id();
    const char *first = claim_under(claim_id, acme, message);
    cr_assert_str_not_empty(first);
    cr_assert_str_eq(claim_under(claim_id, acme, message), first);
    assert_rows(rows("SELECT state, attempt, claim_id FROM outbox"),
                text("sending, 1, %s", claim_id));
}

Test(claim, nobody_releases_what_another_has_claimed_since)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    const char *old = claim_of(message);
    (void)release(acme, message, old);
    (void)claim(acme, message);
    cr_assert_str_eq(release(acme, message, old), "0");
    cr_assert_str_eq(state_of(message), "sending");
}

Test(claim, an_empty_batch_claims_and_releases_nothing)
{
    assert_no_rows(rows("SELECT * FROM claim_sends(gen_random_uuid(), '{}', '{}')"));
    cr_assert_str_eq(value("SELECT release_sends('{}', '{}', '{}')"), "0");
}

enum { WORKERS = 4, MESSAGES = 60 };
static const char *claim_all;
static int claimed[WORKERS];
static const char *unexpected[WORKERS];

static void claim_everything(struct session *session, int worker)
{
    const char *mine = session_rows(session, "%s", claim_all);
    unexpected[worker] = strncmp(mine, "error", 5) == 0 ? mine : NULL;
    for (const char *row = strchr(mine, '\n'); row; row = strchr(row + 1, '\n'))
        claimed[worker]++;
}

Test(claim, workers_at_the_same_moment_share_without_overlap)
{
    const char *acme = given_org_with_channel("100.00");
    for (int i = 0; i < MESSAGES; i++)
        (void)given_message(.org = acme);
    claim_all =
        text("SELECT message_id FROM claim_sends(gen_random_uuid(), ARRAY['%s']::uuid[], '%s')",
             acme, value("SELECT array_agg(message_id) FROM outbox"));
    at_once(WORKERS, claim_everything);
    int all = 0;
    for (int i = 0; i < WORKERS; i++) {
        cr_assert_null(unexpected[i], "%s", unexpected[i]);
        all += claimed[i];
    }
    cr_assert_eq(all, MESSAGES, "%d", all);
    cr_assert_str_eq(number_of("outbox WHERE state = 'sending' AND attempt = 1"),
                     text("%d", MESSAGES));
}

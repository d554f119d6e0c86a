// accept_sends called again with the same ids, and from several connections at the same moment.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(accept_again, .init = database_create, .fini = database_drop);

Test(accept_again, the_same_ids_are_accepted_and_charged_once)
{
    const char *acme = given_org_with_channel("1.00");
    const char *first = new_id();
    const char *second = new_id();
    assert_rows(accept_sends({.org = acme, .id = first}, {.org = acme, .id = second}),
                "accepted, queued, 0.80, 0.20", "accepted, queued, 0.60, 0.20");
    assert_rows(accept_sends({.org = acme, .id = first}, {.org = acme, .id = second}),
                "accepted, queued, 0.60, 0.20", "accepted, queued, 0.60, 0.20");
    assert_rows(ledger_of(acme), "recharge, 1.00, 1.00", "service_fee, -0.20, 0.80",
                "service_fee, -0.20, 0.60");
    cr_assert_str_eq(number_of("messages"), "2");
    cr_assert_str_eq(number_of("outbox"), "2");
    assert_healthy();
}

Test(accept_again, a_known_send_and_a_new_one_share_a_batch)
{
    const char *acme = given_org_with_channel("0.40");
    const char *known = given_message(.org = acme);
    assert_rows(accept_sends({.org = acme}, {.org = acme, .id = known}, {.org = acme}),
                "accepted, queued, 0.00, 0.20", "accepted, queued, 0.00, 0.20",
                "insufficient_balance, null, 0.00, 0.20");
    cr_assert_str_eq(number_of("messages"), "2");
    assert_healthy();
}

Test(accept_again, a_scheduled_send_is_still_scheduled)
{
    const char *acme = given_org_with_channel("1.00");
    const char *later = given_message(.org = acme, .send_in_ms = 60000);
    assert_rows(accept_sends({.org = acme, .id = later, .send_in_ms = 60000}),
                "accepted, scheduled, 0.80, 0.20");
    cr_assert_str_eq(number_of("outbox"), "1");
}

Test(accept_again, a_settled_send_is_accepted_and_stays_settled)
{
    const char *acme = given_org_with_channel("1.00");
    const char *sent = given_settled_message(acme, "sent");
    const char *refunded = given_settled_message(acme, "190");
    assert_rows(accept_sends({.org = acme, .id = sent}, {.org = acme, .id = refunded}),
                "accepted, queued, 0.80, 0.20", "accepted, queued, 0.80, 0.20");
    cr_assert_str_eq(status_of(sent), "sent");
    cr_assert_str_eq(status_of(refunded), "failed");
    cr_assert_str_eq(number_of("outbox"), "0");
    assert_healthy();
}

Test(accept_again, what_happened_to_the_org_since_does_not_matter)
{
    const char *acme = given_org_with_channel("0.20");
    const char *known = given_message(.org = acme);
    run("UPDATE organizations SET status = 'suspended'");
    run("UPDATE channels SET status = 'disabled'");
    assert_rows(accept_sends({.org = acme, .id = known}), "accepted, queued, 0.00, null");
    assert_healthy();
}

Test(accept_again, what_was_refused_may_be_accepted_later)
{
    const char *acme = given_org_with_channel("0.10");
    const char *id = new_id();
    assert_rows(accept_sends({.org = acme, .id = id}), "insufficient_balance, null, 0.10, 0.20");
    run("SELECT add_wallet_credits('%s', 1, 'paid')", acme);
    assert_rows(accept_sends({.org = acme, .id = id}), "accepted, queued, 0.90, 0.20");
    assert_healthy();
}

enum { LANES = 4, BATCHES = 25, ITEMS = 12, ORGS = 3 };
static const char *orgs[ORGS];
static const char *ids[LANES][BATCHES][ITEMS];
static int accepted[LANES], insufficient[LANES];
static const char *unexpected[LANES];

// Every batch holds all orgs, in an order that differs from lane to lane, and contacts that all
// lanes make anew.
static void accept_batch_after_batch(struct session *session, int lane)
{
    for (int batch = 0; batch < BATCHES; batch++) {
        struct send_spec sends[ITEMS];
        for (int i = 0; i < ITEMS; i++)
            sends[i] =
                (struct send_spec){.org = orgs[(i + lane) % ORGS],
                                   .id = ids[lane][batch][i],
                                   .phone = text("1555%07d", batch * 100 + (i * 7 + lane) % 5)};
        const char *verdicts = session_rows_again(session, accept_sends_sql(sends, ITEMS));
        for (const char *row = verdicts; *row; row += strcspn(row, "\n") + 1) {
            if (strncmp(row, "accepted, ", 10) == 0)
                accepted[lane]++;
            else if (strncmp(row, "insufficient_balance, ", 22) == 0)
                insufficient[lane]++;
            else
                unexpected[lane] = verdicts;
            if (!strchr(row, '\n'))
                return; // an error
        }
    }
}

static void given_ids_for_all_lanes(void)
{
    for (int lane = 0; lane < LANES; lane++)
        for (int batch = 0; batch < BATCHES; batch++)
            for (int i = 0; i < ITEMS; i++)
                ids[lane][batch][i] = text("%08x-%04x-4000-8000-%012x", lane, batch, i);
}

Test(accept_again, lanes_that_share_orgs_take_exactly_what_the_wallets_carry)
{
    orgs[0] = given_org_with_channel("20.00"); // 100 sends
    orgs[1] = given_org_with_channel("1000.00");
    orgs[2] = given_org_with_channel("0.10");
    given_ids_for_all_lanes();
    at_once(LANES, accept_batch_after_batch);

    int all_accepted = 0;
    int all_insufficient = 0;
    for (int lane = 0; lane < LANES; lane++) {
        cr_assert_null(unexpected[lane], "%s", unexpected[lane]);
        all_accepted += accepted[lane];
        all_insufficient += insufficient[lane];
    }
    cr_assert_eq(all_accepted, 100 + 400, "%d", all_accepted);
    cr_assert_eq(all_insufficient, LANES * BATCHES * ITEMS - 500, "%d", all_insufficient);
    cr_assert_str_eq(balance_of(orgs[0]), "0.00");
    cr_assert_str_eq(balance_of(orgs[1]), "920.00");
    cr_assert_str_eq(balance_of(orgs[2]), "0.10");
    assert_rows(rows("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM outbox), "
                     "(SELECT count(*) FROM wallet_transactions WHERE kind = 'service_fee')"),
                "500, 500, 500");
    assert_healthy();
}

static void accept_the_same_batch(struct session *session, int lane)
{
    struct send_spec sends[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        sends[i] = (struct send_spec){.org = orgs[i % ORGS], .id = ids[0][0][i]};
    const char *verdicts = session_rows_again(session, accept_sends_sql(sends, ITEMS));
    for (const char *row = strstr(verdicts, "accepted, "); row; row = strstr(row + 1, "accepted, "))
        accepted[lane]++;
    unexpected[lane] = strncmp(verdicts, "error", 5) == 0 ? verdicts : NULL;
}

Test(accept_again, the_same_batch_at_the_same_moment_is_charged_once)
{
    for (int i = 0; i < ORGS; i++)
        orgs[i] = given_org_with_channel("10.00");
    given_ids_for_all_lanes();
    at_once(LANES, accept_the_same_batch);
    for (int lane = 0; lane < LANES; lane++) {
        cr_assert_null(unexpected[lane], "%s", unexpected[lane]);
        cr_assert_eq(accepted[lane], ITEMS);
    }
    cr_assert_str_eq(number_of("messages"), text("%d", ITEMS));
    cr_assert_str_eq(balance_of(orgs[0]), "9.20");
    assert_healthy();
}

// The phases of settle_sends, each alone (sql/core/settle.sql).

#include "tests/sql/givens.h"

TestSuite(settle_phases, .init = database_create, .fini = database_drop);

// One item, judged.
#define one(...) judged({__VA_ARGS__})

static const char *settled(const char *phase, const char *items)
{
    return rows("SELECT (s.item).outcome, s.status, s.attempt, s.channel_id IS NULL "
                "FROM unnest(%s(%s)) s",
                phase, items);
}

Test(settle_phases, judging_asks_the_outcomes_rules)
{
    const char *acme = given_org_with_channel("100.00");
    const char *ids[6];
    for (int i = 0; i < 6; i++)
        ids[i] = given_message(.org = acme);
    assert_rows(
        rows("SELECT i.outcome, i.status, i.is_refunded, i.is_retried, i.action, i.error_class, "
             "i.unknown_code FROM unnest(%s) i ORDER BY i.n",
             judged({.org = acme, .message = ids[0]},
                    {.org = acme, .message = ids[1], .outcome = "131026"},
                    {.org = acme, .message = ids[2], .outcome = "190"},
                    {.org = acme, .message = ids[3], .outcome = "network:after_write"},
                    {.org = acme, .message = ids[4], .outcome = "4711"},
                    {.org = acme, .message = ids[5], .outcome = "4711", .transient = "true"})),
        "sent, sent, null, null, null, null, null", "131026, failed, f, f, none, recipient, f",
        "190, failed, t, f, pause_channel, auth, f",
        "network:after_write, unconfirmed, f, f, none, network, f",
        "4711, failed, f, f, none, unknown, t", "4711, failed, t, f, none, unknown, t");
}

Test(settle_phases, judging_puts_items_in_the_lock_order_and_tells_repeats)
{
    const char *acme = given_org();
    const char *low = "00000000-0000-7000-8000-000000000001";
    const char *high = "00000000-0000-7000-8000-000000000002";
    assert_rows(rows("SELECT i.message_id, i.n, i.outcome, i.is_repeat FROM unnest(%s) i",
                     judged({.org = acme, .message = high}, {.org = acme, .message = low},
                            {.org = acme, .message = high, .outcome = "190"})),
                text("%s, 2, sent, f", low), text("%s, 1, sent, f", high),
                text("%s, 3, 190, t", high));
}

Test(settle_phases, another_attempt_waits_for_its_time)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    const char *items = one(.org = acme, .message = message, .outcome = "network:refused");
    assert_rows(settled("put_off", items), "network:refused, scheduled, 1, f");
    assert_rows(rows("SELECT state, due_at > now(), look_at = due_at, claim_id, claimed_at, paced "
                     "FROM outbox"),
                "scheduled, t, t, null, null, f");
}

Test(settle_phases, another_attempt_is_never_sooner_than_meta_says)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    run("SELECT put_off(%s)",
        one(.org = acme, .message = message, .outcome = "network:refused", .retry_after_s = "600"));
    cr_assert_str_eq(value("SELECT due_at > now() + interval '599 s' FROM outbox"), "t");
}

Test(settle_phases, nothing_is_put_off_without_a_reason_an_attempt_and_time)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    const char *again = one(.org = acme, .message = message, .outcome = "network:refused");
    assert_no_rows(settled("put_off", one(.org = acme, .message = message, .outcome = "131026")));
    assert_no_rows(settled("put_off", one(.org = acme, .message = message,
                                          .outcome = "network:refused", .claim_id = new_id())));
    assert_no_rows(settled(
        "put_off", judged({.org = acme, .message = message},
                          {.org = acme, .message = message, .outcome = "network:refused"})));
    run("UPDATE outbox SET attempt = 6");
    assert_no_rows(settled("put_off", again));
    run("UPDATE outbox SET attempt = 1, not_after = now()");
    assert_no_rows(settled("put_off", again));
    cr_assert_str_eq(state_of(message), "sending");
}

Test(settle_phases, what_is_claimed_is_taken_out_once)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    const char *claim_id = claim_of(message);
    const char *queued = given_message(.org = acme);
    assert_no_rows(settled("take_out", one(.org = beta, .message = message)));
    assert_no_rows(settled("take_out", one(.org = acme, .message = message, .claim_id = new_id())));
    const char *items = judged(
        {.org = acme, .message = message, .claim_id = claim_id}, {.org = acme, .message = queued},
        {.org = acme, .message = message, .claim_id = claim_id, .outcome = "190"});
    assert_rows(settled("take_out", items), "sent, sent, 1, f");
    assert_no_rows(settled("take_out", items));
    assert_rows(rows("SELECT message_id FROM outbox"), queued);
    cr_assert_str_eq(status_of(message), "queued");
}

// A message that its worker seemed to have abandoned.
static const char *given_abandoned(const char *org)
{
    const char *message = given_claimed_message(.org = org);
    run("UPDATE outbox SET queued_at = now() - interval '1 hour', "
        "claimed_at = now() - interval '1 hour'");
    run("SELECT * FROM unconfirm_sends(1000, 10)");
    return message;
}

Test(settle_phases, the_attempt_of_what_seemed_abandoned_is_corrected)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_abandoned(acme);
    assert_no_rows(settled("correct_abandoned",
                           one(.org = acme, .message = message, .outcome = "network:after_write")));
    assert_rows(settled("correct_abandoned",
                        one(.org = acme, .message = message, .outcome = "131026", .error = "no")),
                "131026, failed, 1, t");
    assert_rows(rows("SELECT attempt, outcome, error_message FROM attempts"), "1, 131026, no");
    assert_rows(settled("correct_abandoned", one(.org = acme, .message = message)),
                "sent, sent, 1, t");
    assert_no_rows(rows("SELECT * FROM attempts"));
    cr_assert_str_eq(status_of(message), "unconfirmed"); // that is record_outcomes' to change
}

Test(settle_phases, only_what_is_unconfirmed_is_corrected)
{
    const char *acme = given_org_with_channel("100.00");
    const char *failed = given_settled_message(acme, "131026");
    const char *claimed = given_claimed_message(.org = acme);
    assert_no_rows(settled("correct_abandoned", judged({.org = acme, .message = failed},
                                                       {.org = acme, .message = claimed})));
    assert_rows(rows("SELECT outcome FROM attempts"), "131026");
}

Test(settle_phases, outcomes_are_recorded_with_the_attempts_that_failed)
{
    const char *acme = given_org_with_channel("100.00");
    const char *sent = given_claimed_message(.org = acme);
    const char *failed = given_claimed_message(.org = acme);
    run("SELECT record_outcomes(t), keep_attempts(t) FROM take_out(%s) t",
        judged({.org = acme, .message = sent, .wamid = "wamid.1"},
               {.org = acme, .message = failed, .outcome = "190", .error = "expired"}));
    assert_rows(rows("SELECT status, attempts, wamid, refunded, error_code, error_message, "
                     "sent_at IS NULL, failed_at IS NULL FROM messages ORDER BY status DESC"),
                "sent, 1, wamid.1, f, null, null, f, t", "failed, 1, null, t, 190, expired, t, f");
    assert_rows(rows("SELECT message_id, attempt, outcome, error_message FROM attempts"),
                text("%s, 1, 190, expired", failed));
}

Test(settle_phases, what_is_tried_again_has_an_attempt_and_no_end)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_claimed_message(.org = acme);
    run("SELECT record_outcomes(p), keep_attempts(p) FROM put_off(%s) p",
        one(.org = acme, .message = message, .outcome = "network:refused"));
    assert_rows(rows("SELECT m.status, m.error_code, a.attempt, a.outcome, a.claimed_at IS NULL "
                     "FROM messages m JOIN attempts a ON a.message_id = m.id"),
                "queued, null, 1, network:refused, f");
}

Test(settle_phases, when_meta_took_it_is_noted_of_its_own_wamid_alone)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_message(.org = acme);
    run("UPDATE messages SET status = 'delivered', wamid = 'wamid.1', delivered_at = now()");
    run("SELECT note_sent_at(%s)", one(.org = acme, .message = message, .wamid = "wamid.2"));
    cr_assert_str_eq(value("SELECT sent_at FROM messages"), "null");
    run("SELECT note_sent_at(%s)", one(.org = acme, .message = message, .wamid = "wamid.1"));
    assert_rows(rows("SELECT sent_at IS NULL, status FROM messages"), "f, delivered");
}

Test(settle_phases, what_is_told_is_in_the_order_of_the_batch)
{
    const char *acme = given_org_with_channel("100.00");
    const char *queued = given_message(.org = acme);
    const char *failed = given_settled_message(acme, "131026");
    const char *sent = given_claimed_message(.org = acme);
    const char *items =
        judged({.org = acme, .message = sent}, {.org = acme, .message = new_id(), .outcome = "190"},
               {.org = acme, .message = failed}, {.org = acme, .message = queued});
    const char *next = new_id();
    assert_rows(rows("SELECT settled, status, refunded, error_class, released_id FROM "
                     "tell_settled(%s, take_out(%s), ARRAY['%s']::uuid[], NULL)",
                     items, items, next),
                text("t, sent, f, null, %s", next), "f, failed, f, auth, null",
                "f, failed, f, null, null", "f, queued, f, null, null");
}

// What act_on_failures makes of one failure of a message: returns the channels that it has paused.
static const char *act_on(const char *message, const char *channel, const char *action)
{
    return value("SELECT act_on_failures(ARRAY(SELECT ROW(m.org_id, m.id, %s, '%s', '1', 'no', "
                 "clock_timestamp(), NULL)::failure FROM messages m WHERE m.id = '%s'))",
                 channel, action, message);
}

Test(settle_phases, failures_have_what_follows_from_their_rules)
{
    const char *acme = given_org_with_channel("100.00");
    const char *channel = value("SELECT id FROM channels");
    const char *message = given_message(.org = acme);
    const char *const everything =
        "SELECT (SELECT status FROM channels), (SELECT share FROM pace), "
        "(SELECT count(*) FROM conversations WHERE opted_out_at < "
        "'infinity')";
    cr_assert_str_eq(act_on(message, "m.channel_id", "none"), "null");
    cr_assert_str_eq(act_on(message, "NULL", "pause_channel"), "null");
    cr_assert_str_eq(act_on(message, "NULL", "slow_channel"), "null");
    assert_rows(rows("%s", everything), "active, 1, 0");
    cr_assert_str_eq(act_on(message, "m.channel_id", "slow_channel"), "null");
    assert_rows(rows("%s", everything), "active, 0.5, 0");
    cr_assert_str_eq(act_on(message, "NULL", "opt_out_bulk"), "null");
    assert_rows(rows("%s", everything), "active, 0.5, 1");
    cr_assert_str_eq(act_on(message, "m.channel_id", "pause_channel"), text("{%s}", channel));
    assert_rows(rows("%s", everything), "paused, 0.5, 1");
}

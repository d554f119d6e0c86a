// Pauses: a channel whose token is dead stops once, its messages wait, and a new token sets it
// going again.

#include "tests/sql/inbound.h"

TestSuite(pause, .init = database_create, .fini = database_drop);

static const char *acme;

static void given_acme(const char *max_mps)
{
    acme = given_org(.balance = "10.00");
    given_channel(.org = acme, .max_mps = max_mps);
}

// The channel was paused by a message that met a dead token.
static void given_paused_channel(void)
{
    given_acme("10000");
    (void)given_settled_message(acme, "190");
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
}

static const char *alerts(void)
{
    return rows("SELECT kind, outcome, resolved_at IS NOT NULL FROM alerts ORDER BY id");
}

static void set_token(const char *token)
{
    run("UPDATE channels SET access_token = '%s'", token);
}

Test(pause, a_dead_token_pauses_its_channel_once_with_one_alert)
{
    given_acme("10000");
    const char *one = given_claimed_message(.org = acme);
    const char *two = given_claimed_message(.org = acme);
    const char *three = given_claimed_message(.org = acme);
    assert_rows(
        rows("SELECT status, refunded, paused FROM settle_sends(ARRAY['%s', '%s']::uuid[], "
             "ARRAY['%s', '%s']::uuid[], ARRAY['%s', '%s']::uuid[], '{190,190}', '{NULL,NULL}', "
             "'{dead,dead}', '{f,f}', '{0,0}')",
             acme, acme, one, two, claim_of(one), claim_of(two)),
        "failed, t, t", "failed, t, t");
    assert_rows(
        rows("SELECT status, refunded, paused FROM settle_sends(ARRAY['%s']::uuid[], "
             "ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], '{190}', '{NULL}', '{dead}', '{f}', '{0}')",
             acme, three, claim_of(three)),
        "failed, t, f");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "paused, 190");
    assert_rows(rows("SELECT kind, outcome, message, resolved_at FROM alerts"),
                "channel_paused, 190, dead, null");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(pause, other_channels_go_on)
{
    given_paused_channel();
    const char *other = given_channel(.org = acme);
    const char *beta = given_org_with_channel("10.00");
    assert_rows(accept_sends({.org = acme, .channel = other}, {.org = beta}),
                "accepted, queued, 9.80, 0.20", "accepted, queued, 9.80, 0.20");
}

Test(pause, new_sends_are_told_without_a_fee)
{
    given_paused_channel();
    assert_rows(accept_sends({.org = acme}), "channel_paused, null, 10.00, 0.20");
    cr_assert_str_eq(balance_of(acme), "10.00");
}

Test(pause, what_is_queued_is_parked_by_its_claim)
{
    given_acme("10000");
    const char *queued = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    assert_no_rows(claim(acme, queued));
    assert_rows(rows("SELECT state, due_at, attempt, claim_id, look_at = not_after FROM outbox"),
                "scheduled, infinity, 0, null, t");
    assert_no_rows(release_due(10));
    assert_healthy();
}

Test(pause, what_is_scheduled_is_parked_when_it_is_due)
{
    given_acme("10000");
    (void)given_message(.org = acme, .send_in_ms = 60000);
    const char *again = given_claimed_message(.org = acme);
    (void)settle_sends({.org = acme, .message = again, .outcome = "131000", .retry_after_s = "60"});
    (void)given_settled_message(acme, "190");
    assert_no_rows(release_due(10));
    cr_assert_str_eq(number_of("outbox WHERE due_at < 'infinity'"), "2");
    make_due();
    assert_no_rows(release_due(10));
    assert_rows(rows("SELECT attempt, state, due_at FROM outbox ORDER BY 1"),
                "0, scheduled, infinity", "1, scheduled, infinity");
    assert_healthy();
}

Test(pause, a_new_token_sets_it_going_again)
{
    given_acme("10000");
    const char *first = given_message(.org = acme, .phone = "919876543210");
    const char *second = given_message(.org = acme, .phone = "919876543210");
    (void)given_settled_message(acme, "190");
    (void)claim(acme, first);
    set_token("new");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "active, null");
    assert_rows(alerts(), "channel_paused, 190, t");
    assert_rows(release_due(10), first);
    cr_assert_str_eq(state_of(second), "held");
    assert_rows(claim(acme, first),
                text("%s, new, text, {}", value("SELECT phone_number_id FROM channels")));
    cr_assert_str_eq(released_by(acme, first, "sent"), second);
    assert_healthy();
}

Test(pause, the_same_token_written_again_is_not_a_new_one)
{
    given_paused_channel();
    set_token("token");
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
    assert_rows(alerts(), "channel_paused, 190, f");
}

Test(pause, who_paused_by_hand_resumes_by_hand)
{
    given_acme("10000");
    const char *message = given_message(.org = acme);
    run("UPDATE channels SET status = 'paused'");
    (void)claim(acme, message);
    set_token("new");
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
    run("UPDATE channels SET status = 'active'");
    assert_rows(release_due(10), message);
    cr_assert_str_eq(number_of("alerts"), "0");
}

Test(pause, resuming_by_hand_resolves_the_alert)
{
    given_paused_channel();
    run("UPDATE channels SET status = 'active'");
    assert_rows(alerts(), "channel_paused, 190, t");
    (void)given_settled_message(acme, "190");
    assert_rows(alerts(), "channel_paused, 190, t", "channel_paused, 190, f");
}

Test(pause, a_failure_under_the_old_token_pauses_nothing)
{
    given_acme("10000");
    const char *old = given_claimed_message(.org = acme);
    set_token("new");
    assert_rows(settle_sends({.org = acme, .message = old, .outcome = "190"}),
                "settled, failed, refunded, known code, auth");
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    cr_assert_str_eq(number_of("alerts"), "0");
    (void)given_settled_message(acme, "190");
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
}

Test(pause, a_failure_from_before_it_was_set_going_by_hand_pauses_nothing)
{
    given_acme("10000");
    const char *late = given_claimed_message(.org = acme);
    (void)given_settled_message(acme, "131042");
    run("UPDATE channels SET status = 'active'");
    (void)settle_sends({.org = acme, .message = late, .outcome = "131042"});
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    (void)given_settled_message(acme, "131042");
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
}

Test(pause, a_failure_is_of_the_token_that_its_message_was_sent_with)
{
    given_acme("10000");
    const char *message = given_settled_message(acme, "sent");
    set_token("new");
    run("UPDATE channels SET token_changed_at = now() - interval '1 hour'");
    run("UPDATE messages SET sent_at = now() - interval '2 hours'");
    (void)hear(acme, message, "failed", "190");
    cr_assert_str_eq(value("SELECT status FROM messages"), "failed");
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
}

// Messages that were sent two hours ago; the number was set going again an hour ago.
static const char *given_sent_before(void)
{
    const char *message = given_settled_message(acme, "sent");
    run("UPDATE messages SET created_at = now() - interval '2 hours', "
        "sent_at = now() - interval '2 hours' WHERE id = '%s'",
        message);
    run("UPDATE channels SET token_changed_at = now() - interval '1 hour'");
    return message;
}

Test(pause, an_empty_account_at_meta_is_so_when_the_message_fails)
{
    given_acme("10000");
    const char *first = given_sent_before();
    const char *second = given_sent_before();
    assert_rows(hear(acme, first, "failed", "131042"), "applied, t, f, null");
    assert_rows(hear(acme, second, "failed", "131042"), "applied, t, f, null");
    assert_rows(hear(acme, second, "failed", "131042"), "applied, f, f, null");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "paused, 131042");
    assert_rows(rows("SELECT kind, outcome, advice ~ 'balance.* at Meta', advice ~ 'Your wallet "
                     "here has nothing to do with it' FROM alerts"),
                "channel_paused, 131042, t, t");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_rows(accept_sends({.org = acme}), "channel_paused, null, 10.00, 0.20");
    assert_healthy();
}

Test(pause, a_failure_that_is_told_late_is_from_before_it_was_set_going)
{
    given_acme("10000");
    const char *message = given_sent_before();
    run("SELECT * FROM apply_statuses(ARRAY(SELECT phone_number_id FROM channels), '{wamid.%s}', "
        "'{%s}', '{failed}', ARRAY[extract(epoch FROM now() - interval '90 minutes')::bigint], "
        "'{NULL}', '{131042}', '{NULL}')",
        message, message);
    cr_assert_str_eq(value("SELECT status FROM messages"), "failed");
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    cr_assert_str_eq(number_of("alerts"), "0");
    assert_healthy();
}

Test(pause, who_is_told_of_a_late_failure_is_told_that_it_paused_the_number)
{
    given_acme("10000");
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = given_sent_before();
    assert_rows(
        rows("SELECT paused FROM apply_statuses(ARRAY(SELECT c.phone_number_id FROM channels c, "
             "generate_series(1, 3)), '{wamid.%s,wamid.%s,wamid.%s}', '{%s,%s,%s}', "
             "'{delivered,failed,failed}', array_fill(extract(epoch FROM now())::bigint, "
             "ARRAY[3]), '{NULL,NULL,NULL}', '{NULL,131026,131042}', '{NULL,NULL,NULL}')",
             ids[0], ids[1], ids[2], ids[0], ids[1], ids[2]),
        "f", "f", "t");
}

// The fault is the template's, not the number's.
Test(pause, a_held_template_that_fails_hours_later_pauses_nothing)
{
    given_acme("10000");
    const char *message = given_sent_before();
    assert_rows(hear(acme, message, "failed", "132015"), "applied, f, f, null");
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    cr_assert_str_eq(number_of("alerts"), "0");
    assert_healthy();
}

Test(pause, what_was_parked_leaves_in_its_order_and_at_its_pace)
{
    given_acme("1");
    const char *ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = given_message(.org = acme);
        run("UPDATE outbox SET state = 'queued', due_at = NULL, look_at = NULL");
    }
    run("UPDATE channels SET status = 'paused'");
    for (int i = 3; i >= 0; i--)
        (void)claim(acme, ids[i]);
    run("UPDATE pace SET high_free_at = now() - interval '1 hour'");
    run("UPDATE channels SET status = 'active'");
    assert_rows(rows("SELECT message_id FROM outbox ORDER BY due_at, seq"), ids[0], ids[1], ids[2],
                ids[3]);
    cr_assert_str_eq(
        value("SELECT count(*) FROM outbox o JOIN outbox second ON second.message_id = '%s' "
              "WHERE o.seq > second.seq AND o.due_at > second.due_at + interval '0.5 s'",
              ids[1]),
        "2");
    cr_assert_str_eq(
        value("SELECT extract(epoch FROM max(due_at) - min(due_at)) > 1.5 FROM outbox"), "t");
}

Test(pause, what_is_parked_expires_and_is_refunded)
{
    given_acme("10000");
    const char *message = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    (void)claim(acme, message);
    run("UPDATE outbox SET not_after = now(), look_at = now()");
    cr_assert_str_eq(value("SELECT next_due()"), "0");
    assert_rows(rows("SELECT message_id, refunded FROM expire_sends(10)"), text("%s, t", message));
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(pause, a_disabled_channel_parks_too)
{
    given_acme("10000");
    const char *message = given_message(.org = acme);
    run("UPDATE channels SET status = 'disabled'");
    assert_no_rows(claim(acme, message));
    run("UPDATE channels SET status = 'active'");
    assert_rows(release_due(10), message);
}

static const char *claim_sql(const char *message)
{
    return text("SELECT message_id FROM claim_sends(gen_random_uuid(), ARRAY['%s']::uuid[], "
                "ARRAY['%s']::uuid[])",
                acme, message);
}

#define RESUME "UPDATE channels SET access_token = 'new' RETURNING status"

Test(pause, whoever_resumes_while_a_message_is_parked_finds_it)
{
    given_acme("10000");
    const char *message = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    assert_rows(meanwhile(claim_sql(message), RESUME), "active");
    assert_rows(release_due(10), message);
}

Test(pause, whoever_parks_while_the_channel_is_resumed_parks_nothing)
{
    given_acme("10000");
    const char *message = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    assert_no_rows(meanwhile(RESUME, claim_sql(message)));
    cr_assert_str_eq(value("SELECT due_at < clock_timestamp() + interval '1 s' FROM outbox"), "t");
    make_due();
    assert_rows(release_due(10), message);
}

// An operator whose transaction has changed the channels of an org, and is still open.
static struct session *given_operator(const char *org)
{
    struct session *session = session_open();
    (void)session_rows(session, "BEGIN; UPDATE channels SET waba_id = '1' WHERE org_id = '%s'",
                       org);
    run("SET lock_timeout = '200ms'");
    return session;
}

static void end_operator(struct session *session)
{
    (void)session_rows(session, "ROLLBACK");
    session_close(session);
    run("RESET lock_timeout");
}

Test(pause, who_changes_a_paused_channel_holds_up_no_other)
{
    given_acme("10000");
    (void)given_message(.org = acme, .send_in_ms = 60000);
    (void)given_settled_message(acme, "190");
    const char *other = given_message(.org = given_org_with_channel("10.00"), .send_in_ms = 60000);
    make_due();
    struct session *session = given_operator(acme);
    assert_rows(release_due(10), other);
    assert_rows(rows("SELECT state, due_at > now(), isfinite(due_at), look_at = due_at FROM outbox "
                     "WHERE org_id = '%s'",
                     acme),
                "scheduled, t, t, t");
    end_operator(session);
    make_due();
    assert_no_rows(release_due(10));
    cr_assert_str_eq(number_of("outbox WHERE due_at = 'infinity'"), "1");
}

Test(pause, who_changes_a_channel_holds_up_no_failure)
{
    given_acme("10000");
    const char *first = given_claimed_message(.org = acme);
    const char *second = given_claimed_message(.org = acme);
    struct session *session = given_operator(acme);
    (void)settle_sends({.org = acme, .message = first, .outcome = "190"});
    end_operator(session);
    cr_assert_str_eq(value("SELECT status FROM channels"), "active");
    (void)settle_sends({.org = acme, .message = second, .outcome = "190"});
    cr_assert_str_eq(value("SELECT status FROM channels"), "paused");
}

Test(pause, a_due_message_that_is_parked_while_the_channel_is_resumed_leaves)
{
    given_acme("10000");
    const char *message = given_message(.org = acme, .send_in_ms = 60000);
    (void)given_settled_message(acme, "190");
    make_due();
    assert_rows(meanwhile("SELECT * FROM release_due_sends(10)", RESUME), "active");
    assert_rows(release_due(10), message);
}

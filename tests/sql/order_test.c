// I9: messages to one contact over one channel leave one after the other, in the order in which
// they were accepted.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(order, .init = database_create, .fini = database_drop, .timeout = 120);

#define PHONE "919876543210"
static const char *acme;

// A message to the contact of these tests, from an org that has money.
static const char *given_next(void)
{
    acme = acme ? acme : given_org_with_channel("100.00");
    return given_message(.org = acme, .phone = PHONE);
}

static const char *given_sending(void)
{
    const char *message = given_next();
    cr_assert_str_not_empty(claim(acme, message));
    return message;
}

Test(order, who_comes_behind_a_queued_message_is_held)
{
    const char *first = given_next();
    const char *second = given_next();
    cr_assert_str_eq(state_of(first), "queued");
    cr_assert_str_eq(state_of(second), "held");
    assert_no_rows(claim(acme, second));
    assert_healthy();
}

Test(order, who_comes_behind_one_that_is_sending_is_held)
{
    (void)given_sending();
    cr_assert_str_eq(state_of(given_next()), "held");
}

Test(order, who_comes_behind_one_that_waits_for_its_slot_is_held)
{
    acme = given_org(.balance = "10.00");
    given_channel(.org = acme, .max_mps = "1");
    run("UPDATE pace SET bulk_free_at = now() + interval '1 minute'");
    const char *slow = given_message(.org = acme, .priority = "bulk", .phone = PHONE);
    cr_assert_str_eq(state_of(slow), "scheduled");
    cr_assert_str_eq(state_of(given_message(.org = acme, .priority = "bulk", .phone = PHONE)),
                     "held");
}

Test(order, who_comes_behind_held_ones_is_held)
{
    (void)given_next();
    (void)given_next();
    cr_assert_str_eq(state_of(given_next()), "held");
}

Test(order, other_contacts_and_other_channels_do_not_wait)
{
    acme = given_org(.balance = "10.00");
    const char *one = given_channel(.org = acme);
    const char *two = given_channel(.org = acme);
    assert_rows(accept_sends({.org = acme, .channel = one, .phone = PHONE},
                             {.org = acme, .channel = one, .phone = "919876543211"},
                             {.org = acme, .channel = two, .phone = PHONE},
                             {.org = acme, .channel = one, .phone = PHONE}),
                "accepted, queued, 9.80, 0.20", "accepted, queued, 9.60, 0.20",
                "accepted, queued, 9.40, 0.20", "accepted, held, 9.20, 0.20");
}

Test(order, a_batch_with_several_to_one_contact_forms_a_line_in_its_order)
{
    acme = given_org_with_channel("10.00");
    const char *ids[] = {new_id(), new_id(), new_id()};
    assert_rows(accept_sends({.org = acme, .id = ids[0], .phone = PHONE},
                             {.org = acme, .id = ids[1], .phone = PHONE},
                             {.org = acme, .id = ids[2], .phone = PHONE}),
                "accepted, queued, 9.80, 0.20", "accepted, held, 9.60, 0.20",
                "accepted, held, 9.40, 0.20");
    for (int i = 0; i < 3; i++) {
        cr_assert_str_not_empty(claim(acme, ids[i]));
        cr_assert_str_eq(released_by(acme, ids[i], "sent"), i < 2 ? ids[i + 1] : "null");
    }
    assert_healthy();
}

Test(order, every_end_of_the_first_calls_up_the_second)
{
    static const char *const ends[] = {"sent", "131026", "190", "network:after_write"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        acme = given_org_with_channel("10.00");
        const char *first = given_sending();
        const char *second = given_next();
        const char *third = given_next();
        cr_expect_str_eq(released_by(acme, first, ends[i]), second, "%s", ends[i]);
        cr_expect_str_eq(state_of(second), "queued", "%s", ends[i]);
        cr_expect_str_eq(state_of(third), "held", "%s", ends[i]);
    }
    assert_healthy();
}

Test(order, a_retry_keeps_its_place)
{
    const char *first = given_sending();
    const char *second = given_next();
    cr_assert_str_eq(released_by(acme, first, "131000"), "null");
    cr_assert_str_eq(state_of(first), "scheduled");
    cr_assert_str_eq(state_of(second), "held");
    make_due();
    assert_rows(release_due(10), first);
    (void)claim(acme, first);
    cr_assert_str_eq(released_by(acme, first, "sent"), second);
}

Test(order, a_status_of_the_first_calls_up_the_second)
{
    static const char *const statuses[] = {"sent", "delivered", "read", "failed"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        acme = given_org_with_channel("10.00");
        const char *first = given_sending();
        const char *second = given_next();
        bool failed = strcmp(statuses[i], "failed") == 0;
        assert_rows(hear(acme, first, statuses[i], failed ? "131026" : NULL),
                    text("applied, f, f, %s", second));
        cr_expect_str_eq(state_of(second), "queued");
    }
    assert_healthy();
}

Test(order, cancelling_the_first_calls_up_the_second_through_the_janitor)
{
    acme = given_org_with_channel("10.00");
    const char *first = given_sending();
    const char *second = given_next();
    (void)settle_sends({.org = acme, .message = first, .outcome = "131000"});
    cr_assert_str_eq(value("SELECT verdict FROM cancel_send('%s', '%s')", acme, first),
                     "cancelled");
    cr_assert_str_eq(state_of(second), "scheduled");
    assert_rows(release_due(10), second);
    assert_healthy();
}

Test(order, cancelling_one_in_the_middle_leaves_the_line_whole)
{
    const char *first = given_sending();
    const char *second = given_next();
    const char *third = given_next();
    cr_assert_str_eq(value("SELECT verdict FROM cancel_send('%s', '%s')", acme, second),
                     "cancelled");
    cr_assert_str_eq(state_of(third), "held");
    cr_assert_str_eq(released_by(acme, first, "sent"), third);
    assert_healthy();
}

Test(order, expiry_of_the_first_calls_up_the_second)
{
    const char *first = given_sending();
    const char *second = given_next();
    (void)settle_sends({.org = acme, .message = first, .outcome = "131000"});
    run("UPDATE outbox SET not_after = now(), look_at = now() WHERE message_id = '%s'", first);
    assert_rows(rows("SELECT message_id, refunded, released_id FROM expire_sends(10)"),
                text("%s, t, %s", first, second));
    cr_assert_str_eq(state_of(second), "queued");
    assert_healthy();
}

Test(order, one_that_is_called_up_before_it_is_due_is_scheduled)
{
    const char *first = given_sending();
    const char *second = given_next();
    run("UPDATE outbox SET due_at = now() + interval '1 minute' WHERE message_id = '%s'", second);
    cr_assert_str_eq(released_by(acme, first, "sent"), "null");
    assert_rows(rows("SELECT state, look_at = due_at FROM outbox"), "scheduled, t");
    assert_no_rows(release_due(10));
    make_due();
    assert_rows(release_due(10), second);
}

Test(order, one_that_has_expired_meanwhile_is_not_called_up_to_leave)
{
    const char *first = given_sending();
    const char *second = given_next();
    const char *third = given_next();
    run("UPDATE outbox SET not_after = now(), look_at = now() WHERE message_id = '%s'", second);
    cr_assert_str_eq(released_by(acme, first, "sent"), "null");
    assert_rows(rows("SELECT message_id, released_id FROM expire_sends(10)"),
                text("%s, %s", second, third));
    assert_healthy();
}

Test(order, send_at_joins_the_line_only_when_it_is_due)
{
    acme = given_org_with_channel("10.00");
    const char *later = given_message(.org = acme, .phone = PHONE, .send_in_ms = 60000);
    const char *first = given_next();
    cr_assert_str_eq(state_of(later), "scheduled");
    cr_assert_str_eq(state_of(first), "queued");
    make_due();
    assert_no_rows(release_due(10));
    cr_assert_str_eq(state_of(later), "held");
    const char *last = given_next();
    (void)claim(acme, first);
    cr_assert_str_eq(released_by(acme, first, "sent"), later);
    (void)claim(acme, later);
    cr_assert_str_eq(released_by(acme, later, "sent"), last);
    assert_healthy();
}

Test(order, several_send_ats_join_in_the_order_in_which_they_are_due)
{
    acme = given_org_with_channel("10.00");
    const char *second = given_message(.org = acme, .phone = PHONE, .send_in_ms = 120000);
    const char *first = given_message(.org = acme, .phone = PHONE, .send_in_ms = 60000);
    run("UPDATE outbox SET due_at = due_at - interval '1 hour', look_at = due_at - interval '1 "
        "hour'");
    assert_rows(release_due(10), first);
    cr_assert_str_eq(state_of(second), "held");
}

Test(order, receipts_stand_in_no_line)
{
    acme = given_org_with_channel("10.00");
    given_received(acme);
    assert_rows(accept_sends({.org = acme, .type = "receipt"}, {.org = acme, .type = "receipt"}),
                "accepted, queued, 10.00, 0.00", "accepted, queued, 10.00, 0.00");
}

enum { THREADS = 4, ROUNDS = 30, CONTACTS = 3 };
static const char *unexpected[THREADS + 1]; // the last: of who settles what is left

static bool is_error(const char *answer, int thread)
{
    if (strncmp(answer, "error", 5) != 0)
        return false;
    unexpected[thread] = answer;
    return true;
}

// Claims whatever is queued and settles it; what is settled stands in the table `settled` in the
// order in which it was.
static void claim_and_settle(struct session *session, int thread, int round)
{
    const char *claim_id = text("%08x-0000-4000-8000-%012x", thread, round);
    const char *answer = session_rows_again(
        session,
        text("SELECT count(*) FROM (SELECT array_agg(org_id) AS a, array_agg(message_id) AS b "
             "FROM outbox WHERE state = 'queued') q, claim_sends('%s', q.a, q.b)",
             claim_id));
    if (is_error(answer, thread))
        return;
    answer = session_rows_again(
        session,
        text("WITH mine AS MATERIALIZED (SELECT org_id, message_id, claim_id, contact_id, seq FROM "
             "outbox "
             "WHERE claim_id = '%s' AND state = 'sending'), noted AS (INSERT INTO settled "
             "(contact_id, "
             "seq) SELECT contact_id, seq FROM mine) SELECT count(*) FROM (SELECT "
             "array_agg(org_id) AS "
             "a, array_agg(message_id) AS b, array_agg(claim_id) AS c, array_agg('sent'::text) AS "
             "d, "
             "array_agg('w.' || message_id) AS e, array_agg(NULL::text) AS f, array_agg(false) AS "
             "g, "
             "array_agg(0::bigint) AS h FROM mine) batch, settle_sends(a, b, c, d, e, f, g, h)",
             claim_id));
    (void)is_error(answer, thread);
}

static void accept_or_settle(struct session *session, int thread)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (thread % 2) {
            claim_and_settle(session, thread, round);
            continue;
        }
        struct send_spec sends[CONTACTS];
        for (int i = 0; i < CONTACTS; i++) {
            int contact = thread ? i : CONTACTS - 1 - i;
            sends[i] = (struct send_spec){.org = acme, .phone = text("91987654321%d", contact)};
        }
        if (is_error(session_rows_again(session, accept_sends_sql(sends, CONTACTS)), thread))
            return;
    }
}

Test(order, holds_while_many_accept_and_settle_at_the_same_moment)
{
    acme = given_org_with_channel("100.00");
    run("CREATE TABLE settled (n bigint GENERATED ALWAYS AS IDENTITY, contact_id bigint, seq "
        "bigint)");
    at_once(THREADS, accept_or_settle);
    for (int i = 0; i < THREADS; i++)
        cr_assert_null(unexpected[i], "%s", unexpected[i]);
    assert_healthy();
    struct session *own = session_open();
    for (int left = 200; left && strcmp(number_of("outbox"), "0") != 0; left--)
        claim_and_settle(own, THREADS, left);
    session_close(own);
    cr_assert_null(unexpected[THREADS], "%s", unexpected[THREADS]);
    cr_assert_str_eq(number_of("outbox"), "0");
    cr_assert_str_eq(number_of("settled"), text("%d", 2 * ROUNDS * CONTACTS));
    assert_no_rows(
        rows("SELECT * FROM (SELECT seq, lag(seq) OVER (PARTITION BY contact_id ORDER BY n) "
             "AS before FROM settled) s WHERE seq <= before"));
    assert_healthy();
}

// What settles the first while somebody else, whose transaction is still open, changes the line.
static const char *settled_meanwhile(const char *first, const char *change)
{
    return meanwhile(
        change,
        text("SELECT released_id FROM settle_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], "
             "ARRAY['%s']::uuid[], ARRAY['sent'], ARRAY['w'], ARRAY[NULL]::text[], ARRAY[false], "
             "ARRAY[0]::bigint[])",
             acme, first, claim_of(first)));
}

Test(order, the_middle_is_cancelled_while_the_first_is_settled)
{
    const char *first = given_sending();
    const char *middle = given_next();
    const char *last = given_next();
    assert_rows(
        settled_meanwhile(first, text("SELECT verdict FROM cancel_send('%s', '%s')", acme, middle)),
        last);
    cr_assert_str_eq(state_of(last), "queued");
    assert_healthy();
}

Test(order, the_first_is_settled_while_the_middle_is_cancelled)
{
    const char *first = given_sending();
    const char *middle = given_next();
    const char *last = given_next();
    const struct outcome_spec sent = {.org = acme, .message = first, .claim_id = claim_of(first)};
    assert_rows(meanwhile(settle_sends_sql(&sent, 1),
                          text("SELECT verdict FROM cancel_send('%s', '%s')", acme, middle)),
                "too_late");
    cr_assert_str_eq(state_of(middle), "queued");
    cr_assert_str_eq(state_of(last), "held");
    assert_healthy();
}

Test(order, who_is_accepted_while_the_last_of_the_line_is_settled_is_called_up)
{
    const char *first = given_sending();
    const char *second = new_id();
    const struct send_spec send = {.org = acme, .id = second, .phone = PHONE};
    assert_rows(settled_meanwhile(first, accept_sends_sql(&send, 1)), second);
    cr_assert_str_eq(state_of(second), "queued");
    assert_healthy();
}

Test(order, who_is_accepted_behind_one_that_is_just_settled_does_not_wait)
{
    const char *first = given_sending();
    const struct send_spec send = {.org = acme, .phone = PHONE};
    const struct outcome_spec sent = {.org = acme, .message = first, .claim_id = claim_of(first)};
    assert_rows(meanwhile(settle_sends_sql(&sent, 1), accept_sends_sql(&send, 1)),
                "accepted, queued, 99.60, 0.20");
    assert_healthy();
}

#define RELEASE "SELECT message_id FROM release_due_sends(10)"

Test(order, a_send_at_that_comes_while_another_is_accepted_joins_behind_it)
{
    acme = given_org_with_channel("10.00");
    const char *later = given_message(.org = acme, .phone = PHONE, .send_in_ms = 60000);
    const char *now = new_id();
    const struct send_spec send = {.org = acme, .id = now, .phone = PHONE};
    make_due();
    assert_no_rows(meanwhile(accept_sends_sql(&send, 1), RELEASE));
    cr_assert_str_eq(state_of(now), "queued");
    cr_assert_str_eq(state_of(later), "held");
}

Test(order, who_is_accepted_while_a_send_at_comes_joins_behind_it)
{
    acme = given_org_with_channel("10.00");
    const char *later = given_message(.org = acme, .phone = PHONE, .send_in_ms = 60000);
    const struct send_spec send = {.org = acme, .phone = PHONE};
    make_due();
    assert_rows(meanwhile(RELEASE, accept_sends_sql(&send, 1)), "accepted, held, 9.60, 0.20");
    cr_assert_str_eq(state_of(later), "queued");
}

Test(order, who_is_called_up_on_a_slowed_channel_leaves_by_the_janitor)
{
    const char *first = given_sending();
    const char *second = given_next();
    run("UPDATE pace SET share = 0.5, slowed_at = now()");
    cr_assert_str_eq(released_by(acme, first, "sent"), "null");
    assert_rows(rows("SELECT state, due_at <= clock_timestamp(), look_at = due_at FROM outbox"),
                "scheduled, t, t");
    assert_rows(release_due(10), second);
    assert_healthy();
}

// The phases of accept_sends, each alone (sql/core/accept.sql).

#include "tests/sql/inbound.h"

TestSuite(accept_phases, .init = database_create, .fini = database_drop);

// A table `items` with the batch as it was judged, for phases that must see the same one.
#define given_judged(...) run("CREATE TABLE items AS SELECT %s AS items", judged_sends(__VA_ARGS__))

static const char *channel_for(const char *org, const char *named)
{
    return rows("SELECT id FROM find_channel('%s', %s)", org, named ? text("'%s'", named) : "NULL");
}

Test(accept_phases, the_first_channel_is_taken_or_the_one_that_is_named)
{
    const char *acme = given_org();
    const char *beta = given_org_with_channel("1.00");
    assert_no_rows(channel_for(acme, NULL));
    const char *first = given_channel(.org = acme);
    assert_rows(channel_for(acme, NULL), first);
    const char *paused = given_channel(.org = acme, .status = "paused");
    const char *second = given_channel(.org = acme);
    const char *disabled = given_channel(.org = acme, .status = "disabled");
    assert_rows(channel_for(acme, NULL), first);
    assert_rows(channel_for(acme, second), second);
    assert_rows(channel_for(acme, paused), paused);
    assert_no_rows(channel_for(acme, disabled));
    assert_no_rows(channel_for(beta, first));
}

Test(accept_phases, an_opt_out_is_found_by_either_form_of_a_phone_and_by_user_id)
{
    const char *acme = given_org_with_channel("1.00");
    const char *channel = value("SELECT id FROM channels");
    const char *other = given_channel(.org = acme, .phone_number_id = "4711");
    (void)given_inbound(.org = acme, .phone = "5511987654321", .user_id = "US.1", .text = "STOP",
                        .number =
                            value("SELECT phone_number_id FROM channels WHERE id = '%s'", channel));
    const char *const whom[][3] = {
        {"'5511987654321'", "NULL", "1"}, {"'551187654321'", "NULL", "1"}, {"NULL", "'US.1'", "1"},
        {"'5511987654322'", "NULL", "0"}, {"NULL", "'US.2'", "0"},
    };
    for (size_t i = 0; i < sizeof whom / sizeof *whom; i++) {
        cr_expect_str_eq(value("SELECT count(*) FROM find_opt_out('%s', '%s', %s, %s)", acme,
                               channel, whom[i][0], whom[i][1]),
                         whom[i][2], "%s %s", whom[i][0], whom[i][1]);
        cr_expect_str_eq(value("SELECT count(*) FROM find_opt_out('%s', '%s', %s, %s)", acme, other,
                               whom[i][0], whom[i][1]),
                         "0");
    }
}

Test(accept_phases, each_is_judged_after_those_before_it)
{
    const char *acme = given_org_with_channel("0.50");
    const char *beta = given_org_with_channel("0.20");
    given_received(acme);
    assert_rows(rows("SELECT i.verdict, i.fee, i.balance_after FROM unnest(%s) i",
                     judged_sends({.org = acme}, {.org = beta}, {.org = acme, .type = "receipt"},
                                  {.org = acme}, {.org = acme}, {.org = beta}, {.org = new_id()})),
                "accepted, 0.20, 0.3000", "accepted, 0.20, 0.0000", "accepted, 0, 0.3000",
                "accepted, 0.20, 0.1000", "insufficient_balance, 0.20, 0.1000",
                "insufficient_balance, 0.20, 0.0000", "no_org, null, null");
}

Test(accept_phases, what_is_known_already_is_looked_up)
{
    const char *acme = given_org_with_channel("10.00");
    const char *last = given_message(.org = acme, .phone = "919876543210", .key = "k");
    assert_rows(rows("SELECT i.verdict, i.answer_id = '%s', i.contact_id IS NULL, "
                     "i.line_end = '%s' FROM unnest(%s) i",
                     last, last,
                     judged_sends({.org = acme, .id = last}, {.org = acme, .key = "k"},
                                  {.org = acme, .key = "k", .body = "other"},
                                  {.org = acme, .phone = "919876543210"},
                                  {.org = acme, .phone = "919876543211"},
                                  {.org = acme, .key = "new"}, {.org = acme, .key = "new"})),
                "known, t, t, null", "duplicate, t, t, null", "idempotency_conflict, f, t, null",
                "accepted, f, f, t", "accepted, f, t, null", "accepted, f, t, null",
                "follows, f, t, null");
}

Test(accept_phases, a_send_expires_a_day_after_it_could_leave_unless_it_says_when)
{
    const char *acme = given_org_with_channel("10.00");
    assert_rows(
        rows("SELECT i.send_at > now(), round(extract(epoch FROM i.expires_at - "
             "now()) / 3600) FROM unnest(%s) i",
             judged_sends({.org = acme}, {.org = acme, .send_in_ms = -3600000},
                          {.org = acme, .send_in_ms = 7200000},
                          {.org = acme, .send_in_ms = 7200000, .not_after_in_ms = 10800000})),
        "null, 24", "null, 24", "t, 26", "t, 3");
}

Test(accept_phases, what_became_of_a_keys_first_becomes_of_the_others)
{
    const char *acme = given_org_with_channel("0.20");
    const char *first = new_id();
    given_judged({.org = acme, .id = first, .key = "a"}, {.org = acme, .key = "a"},
                 {.org = acme, .key = "a", .body = "other"}, {.org = acme, .key = "b"},
                 {.org = acme, .key = "b"}, {.org = acme});
    assert_rows(
        rows("SELECT i.verdict, i.answer_id = '%s' FROM items, unnest(follow_keys(items)) i",
             first),
        "accepted, t", "duplicate, t", "idempotency_conflict, t", "insufficient_balance, f",
        "insufficient_balance, f", "insufficient_balance, f");
}

Test(accept_phases, contacts_are_made_once_for_what_is_accepted)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("0.01");
    const char *known = value("INSERT INTO contacts (org_id, phone) VALUES ('%s', '919876543210') "
                              "RETURNING id",
                              acme);
    given_received(acme);
    given_judged({.org = acme, .phone = "919876543210"}, {.org = acme, .phone = "919876543211"},
                 {.org = acme, .phone = "919876543211"}, {.org = acme, .user_id = "US.1"},
                 {.org = acme, .type = "receipt"}, {.org = beta, .phone = "919876543211"});
    const char *made = value("SELECT make_contacts(items) FROM items");
    assert_rows(rows("SELECT phone, user_id FROM contacts ORDER BY id"), "919876543210, null",
                "918888888888, null", "919876543211, null", "null, US.1");
    assert_rows(rows("SELECT c.phone, c.user_id FROM unnest('%s'::bigint[]) WITH ORDINALITY AS m "
                     "(id, n) LEFT JOIN contacts c ON c.id = m.id ORDER BY n",
                     made),
                "919876543210, null", "919876543211, null", "919876543211, null", "null, US.1",
                "null, null", "null, null");
    cr_assert_str_eq(value("SELECT ('%s'::bigint[])[1]", made), known);
    cr_assert_str_eq(value("SELECT make_contacts(items) FROM items"), made);
}

static const char *seats(void)
{
    return rows("SELECT s.state, s.has_place, s.recipient IS NULL, s.due_at > now() + interval '1 "
                "minute' FROM items, unnest(seat_sends(items, now())) s");
}

Test(accept_phases, the_first_to_a_contact_leaves_and_the_others_are_held)
{
    const char *acme = given_org_with_channel("1.00");
    given_received(acme);
    given_judged({.org = acme, .phone = "919876543210"}, {.org = acme, .phone = "919876543210"},
                 {.org = acme, .phone = "919876543211"}, {.org = acme, .type = "receipt"},
                 {.org = acme, .type = "receipt"});
    assert_rows(seats(), "queued, t, f, f", "held, t, f, f", "queued, t, f, f", "queued, t, t, f",
                "queued, t, t, f");
}

Test(accept_phases, who_joins_a_line_is_held)
{
    const char *acme = given_org_with_channel("1.00");
    (void)given_message(.org = acme, .phone = "919876543210");
    given_judged({.org = acme, .phone = "919876543210"}, {.org = acme, .phone = "919876543211"});
    assert_rows(seats(), "held, t, f, f", "queued, t, f, f");
}

Test(accept_phases, what_is_for_later_takes_no_slot_and_no_place)
{
    const char *acme = given_org(.balance = "1.00");
    (void)given_channel(.org = acme, .max_mps = "1");
    given_received(acme);
    given_judged({.org = acme, .send_in_ms = 3600000},
                 {.org = acme, .type = "receipt", .send_in_ms = 3600000}, {.org = acme});
    assert_rows(seats(), "scheduled, f, f, t", "scheduled, f, t, t", "queued, t, f, f");
}

Test(accept_phases, what_its_number_cannot_take_now_waits_for_its_slot)
{
    const char *acme = given_org(.balance = "1.00");
    (void)given_channel(.org = acme, .max_mps = "1");
    given_judged({.org = acme}, {.org = acme}, {.org = acme});
    assert_rows(rows("SELECT s.state, round(extract(epoch FROM s.due_at - now())) FROM items, "
                     "unnest(seat_sends(items, now())) s"),
                "queued, 0", "scheduled, 1", "scheduled, 2");
}

Test(accept_phases, what_is_refused_gets_no_seat)
{
    const char *acme = given_org_with_channel("0.20");
    given_judged({.org = acme}, {.org = acme});
    assert_rows(seats(), "queued, t, f, f", "null, null, t, null");
    cr_assert_str_eq(number_of("contacts"), "1");
}

// A table `seated` beside `items`.
static void given_seats(void)
{
    run("CREATE TABLE seated AS SELECT items, seat_sends(items, now()) AS seats FROM items");
}

Test(accept_phases, what_is_accepted_is_written_with_its_own_payload)
{
    const char *acme = given_org_with_channel("0.40");
    const char *beta = given_org_with_channel("0.01");
    given_judged({.org = beta}, {.org = acme, .phone = "919876543210"},
                 {.org = acme, .phone = "919876543210", .priority = "bulk"});
    given_seats();
    run("SELECT write_sends(items, seats, ARRAY['{\"n\":1}', '{\"n\":2}', '{\"n\":3}'], "
        "ARRAY['a', NULL, 'c']) FROM seated");
    assert_rows(rows("SELECT m.payload, m.callback_data, m.status, m.fee, o.state, o.priority, "
                     "o.look_at = o.not_after, o.due_at IS NULL FROM messages m JOIN outbox o ON "
                     "o.message_id = m.id ORDER BY o.seq"),
                "{\"n\":2}, null, queued, 0.2000, queued, high, null, t",
                "{\"n\":3}, c, queued, 0.2000, held, bulk, t, f");
}

Test(accept_phases, a_key_is_kept_with_what_was_accepted_alone)
{
    const char *acme = given_org_with_channel("0.20");
    given_judged({.org = acme, .key = "a"}, {.org = acme, .key = "b"});
    given_seats();
    run("SELECT write_sends(items, seats, '{\"{}\",\"{}\"}', NULL), keep_keys(items, seats) "
        "FROM seated");
    assert_rows(rows("SELECT key, status, balance, body_hash = sha256('{}') FROM idempotency_keys"),
                "a, queued, 0.0000, t");
}

Test(accept_phases, what_was_accepted_before_is_told_as_it_was_then)
{
    const char *acme = given_org_with_channel("0.40");
    const char *first = given_message(.org = acme, .key = "a");
    const char *plain = given_claimed_message(.org = acme);
    given_judged({.org = acme, .id = first, .key = "a"}, {.org = acme, .key = "a"},
                 {.org = acme, .id = plain}, {.org = acme});
    assert_rows(rows("SELECT t.verdict, t.message_id = '%s', t.status, t.balance, t.fee "
                     "FROM items, tell_sends(items, NULL) t",
                     first),
                "accepted, t, queued, 0.20, 0.20", "duplicate, t, queued, 0.20, 0.20",
                "accepted, f, queued, 0.00, 0.20", "insufficient_balance, f, null, 0.00, 0.20");
}

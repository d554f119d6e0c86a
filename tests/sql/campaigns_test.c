// Campaigns: what starting one reserves, how its recipients become messages piece by piece, and
// what is given back.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(campaigns, .init = database_create, .fini = database_drop);

struct campaign_spec {
    const char *org;
    const char *channel; // the org's default one
    const char *more;    // further members of its body: ", \"max_mps\": 1"
    const char *phones;  // "919870000001,919870000002"
};

// A campaign that is ready to be started; returns its id.
#define given_campaign(...) given_campaign_of((struct campaign_spec){__VA_ARGS__})
static const char *given_campaign_of(struct campaign_spec spec)
{
    const char *id = new_id();
    run("SELECT create_campaign('test', '%s', '%s', '{\"type\": \"text\", \"parts\": "
        "[\"\\\"type\\\":\\\"text\\\",\\\"text\\\":"
        "{\\\"body\\\":\\\"Hi \", \"\\\"}}\"], \"placeholders\": [\"name\"]%s}', NULL, NULL)",
        spec.org, id, spec.more ? spec.more : "");
    run("SELECT add_recipients('%s', '%s', array_agg(n), array_agg(p), array_agg(NULL::text), "
        "array_agg('[\"A\"]'::text)) "
        "FROM string_to_table('%s', ',') WITH ORDINALITY AS t (p, n)",
        spec.org, id, spec.phones);
    run("SELECT finish_campaign('test', '%s', '%s')", spec.org, id);
    return id;
}

static const char *start(const char *org, const char *id)
{
    return value("SELECT coalesce(d ->> 'refused', d ->> 'state') FROM start_campaign('test', "
                 "'%s', '%s', '{}') d",
                 org, id);
}

// Passes a piece of up to so many; returns how many messages are queued by it.
static const char *pass(const char *org, const char *id, int n)
{
    return value(
        "SELECT count(*) FROM pass_campaign('%s', '%s', ARRAY(SELECT gen_random_uuid() FROM "
        "generate_series(1, %d)))",
        org, id, n);
}

static const char *verb(const char *verb, const char *org, const char *id)
{
    return value("SELECT %s_campaign('test', '%s', '%s') ->> 'state'", verb, org, id);
}

static const char *of(const char *id, const char *column)
{
    return value("SELECT %s FROM campaigns WHERE id = '%s'", column, id);
}

static const char *due(void)
{
    return value("SELECT count(*) FROM list_due_campaigns(10)");
}

Test(campaigns, reserve_all_at_once_and_pass_it_on_to_each_message)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002,919870000003");
    assert_rows(ledger_of(org), "recharge, 1.00, 1.00");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(balance_of(org), "0.40");
    assert_healthy();
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 2), "2");
    assert_healthy();
    assert_rows(ledger_of(org), "recharge, 1.00, 1.00", "reservation, -0.60, 0.40",
                "release, 0.40, 0.80", "service_fee, -0.20, 0.60", "service_fee, -0.20, 0.40");
    run("UPDATE pace SET bulk_free_at = now()");
    cr_assert_str_eq(pass(org, id, 256), "1");
    cr_assert_str_eq(of(id, "state"), "done");
    cr_assert_str_eq(pass(org, id, 256), "0");
    cr_assert_str_eq(balance_of(org), "0.40");
    assert_rows(rows("SELECT n, until, passed, accepted FROM campaign_pieces"), "1, 2, 2, 2",
                "2, 3, 3, 3");
    cr_assert_str_eq(number_of("campaign_recipients"), "0");
    assert_rows(rows("SELECT DISTINCT priority, state FROM outbox"), "bulk, queued");
    assert_healthy();
}

Test(campaigns, say_what_keeps_them_from_starting)
{
    static const struct {
        const char *change;
        const char *why;
    } cases[] = {
        {"UPDATE organizations SET status = 'suspended'", "org_suspended"},
        {"UPDATE channels SET status = 'paused'", "channel_paused"},
        {"UPDATE channels SET status = 'disabled'", "channel_not_found"},
        {"UPDATE campaigns SET not_after = now()", "expired"},
        {"UPDATE channels SET service_fee_per_msg = 0.6", "insufficient_balance"},
    };
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run("BEGIN");
        run("%s", cases[i].change);
        cr_expect_str_eq(start(org, id), cases[i].why);
        run("ROLLBACK");
    }
    cr_assert_str_eq(start(org, id), "running");
    assert_healthy();
}

Test(campaigns, cost_what_was_reserved_whatever_the_channel_takes_later)
{
    const char *org = given_org_with_channel("0.40");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, id), "running");
    run("UPDATE channels SET service_fee_per_msg = 5");
    cr_assert_str_eq(pass(org, id, 256), "2");
    cr_assert_str_eq(balance_of(org), "0.00");
    assert_rows(rows("SELECT fee FROM messages"), "0.2000", "0.2000");
    assert_healthy();
}

Test(campaigns, that_cost_nothing_book_nothing)
{
    const char *org = given_org(.balance = "1.00");
    given_channel(.org = org, .fee = "0");
    const char *id = given_campaign(.org = org, .phones = "919870000001");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 256), "1");
    assert_rows(ledger_of(org), "recharge, 1.00, 1.00");
    assert_healthy();
}

Test(campaigns, refuse_whom_a_send_would_be_refused_when_their_turn_comes)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002,919870000003");
    const char *message = given_message(.org = org, .phone = "919870000002");
    run("SELECT set_preferences(ARRAY[m.org_id], ARRAY[m.channel_id], ARRAY[m.contact_id], "
        "'{true}', ARRAY[now()]) "
        "FROM messages m WHERE m.id = '%s'",
        message);
    run("SELECT erase_contact('%s', '+919870000003')", org);
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 256), "1");
    assert_rows(rows("SELECT n, refused_for, phone, fills FROM campaign_recipients ORDER BY n"),
                "2, contact_opted_out, 919870000002, null", "3, erased, null, null");
    cr_assert_str_eq(balance_of(org), "0.60");
    assert_rows(rows("SELECT p ->> 'refused', p ->> 'queued', p -> 'errors' FROM "
                     "get_campaign('%s', '%s') c, "
                     "to_json(c -> 'progress') p",
                     org, id),
                "2, 1, [{\"code\": \"contact_opted_out\", \"recipients\": 1}, {\"code\": "
                "\"erased\", \"recipients\": 1}]");
    assert_healthy();
}

Test(campaigns, take_nobody_twice_nor_who_wants_none)
{
    const char *org = given_org_with_channel("1.00");
    const char *message = given_message(.org = org, .phone = "919870000009");
    run("SELECT set_preferences(ARRAY[m.org_id], ARRAY[m.channel_id], ARRAY[m.contact_id], "
        "'{true}', ARRAY[now()]) "
        "FROM messages m WHERE m.id = '%s'",
        message);
    const char *id = new_id();
    run("SELECT create_campaign('test', '%s', '%s', '{\"type\": \"text\", \"parts\": [\"x\"], "
        "\"placeholders\": []}', "
        "NULL, NULL)",
        org, id);
    // A number of Brazil, with and without its ninth digit.
    assert_rows(rows("SELECT * FROM add_recipients('%s', '%s', '{1,2,3,4,5}', "
                     "'{5511987654321,919870000009,551187654321,"
                     "NULL,NULL}', '{NULL,NULL,NULL,IN.1,IN.1}', '{[],[],[],[],[]}')",
                     org, id),
                "added, null", "contact_opted_out, null", "duplicate_recipient, 1", "added, null",
                "duplicate_recipient, 4");
    assert_rows(
        rows("SELECT * FROM add_recipients('%s', '%s', '{6}', '{551187654321}', '{NULL}', '{[]}')",
             org, id),
        "duplicate_recipient, 1");
    cr_assert_str_eq(
        value("SELECT document ->> 'recipients' FROM finish_campaign('test', '%s', '%s')", org, id),
        "2");
    assert_told("conflict", "",
                "SELECT add_recipients('%s', '%s', '{7}', '{919870000007}', '{NULL}', '{[]}')", org,
                id);
}

Test(campaigns, wait_for_their_channel)
{
    static const char *const stops[][2] = {
        {"UPDATE channels SET status = 'paused'", "UPDATE channels SET status = 'active'"},
        {"UPDATE organizations SET status = 'suspended'",
         "UPDATE organizations SET status = 'active'"},
        {"UPDATE pace SET written_at = now(), bulk_free_at = now() + interval '1 minute'",
         "UPDATE pace SET bulk_free_at = now()"},
    };
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, id), "running");
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        run("%s", stops[i][0]);
        cr_expect_str_eq(due(), "0", "%s", stops[i][0]);
        if (i < 2)
            cr_expect_str_eq(pass(org, id, 256), "0");
        run("%s", stops[i][1]);
        cr_expect_str_eq(due(), "1", "%s", stops[i][1]);
    }
    cr_assert_str_eq(number_of("campaign_pieces"), "0");
    run("UPDATE channels SET status = 'disabled'");
    cr_assert_str_eq(due(), "1");
    cr_assert_str_eq(pass(org, id, 256), "0");
    cr_assert_str_eq(of(id, "ended_for"), "channel_not_found");
    cr_assert_str_eq(balance_of(org), "1.00");
    assert_healthy();
}

Test(campaigns, have_as_much_in_a_second_as_their_pace_says)
{
    static const struct {
        const char *mps;
        const char *more;
        const char *passed;
    } cases[] = {
        {"4", "", "3"}, {"1", "", "1"}, {"100", ", \"max_mps\": 2", "2"}, {"10000", "", "6"}};
    const char *phones =
        "919870000001,919870000002,919870000003,919870000004,919870000005,919870000006";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *org = given_org(.balance = "100.00");
        given_channel(.org = org, .max_mps = cases[i].mps);
        const char *id = given_campaign(.org = org, .phones = phones, .more = cases[i].more);
        cr_assert_str_eq(start(org, id), "running");
        (void)pass(org, id, 256);
        cr_expect_str_eq(
            value("SELECT max(passed) FROM campaign_pieces WHERE campaign_id = '%s'", id),
            cases[i].passed);
        cr_expect_str_eq(value("SELECT bool_and(next_at < made_at + interval "
                               "'1.5 seconds') FROM "
                               "campaign_pieces WHERE campaign_id = '%s'",
                               id),
                         "t");
    }
    assert_healthy();
}

Test(campaigns, that_are_paused_stand_in_nobodys_way_and_come_back)
{
    const char *org = given_org_with_channel("10.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002,919870000003");
    const char *first = given_message(.org = org, .phone = "919870000001");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 2), "1"); // the other is held
    const char *behind = given_message(.org = org, .phone = "919870000002");
    cr_assert_str_eq(state_of(behind), "held");
    cr_assert_str_eq(verb("pause", org, id), "paused");
    cr_assert_str_eq(due(), "0");
    assert_rows(rows("SELECT o.state, o.seq, o.due_at, o.not_after > now() + interval '100 days' "
                     "FROM outbox o "
                     "JOIN campaign_messages USING (message_id)"),
                "scheduled, null, infinity, t", "scheduled, null, infinity, t");
    cr_assert_str_eq(state_of(behind), "scheduled");
    make_due();
    run("UPDATE outbox SET due_at = 'infinity', look_at = not_after WHERE message_id IN (SELECT "
        "message_id FROM "
        "campaign_messages)");
    (void)release_due(10);
    cr_assert_str_eq(state_of(behind), "queued");
    assert_healthy();
    // Nor does the channel's coming back set them going.
    run("UPDATE channels SET status = 'paused'");
    run("UPDATE channels SET status = 'active'");
    cr_assert_str_eq(value("SELECT count(*) FROM outbox WHERE due_at = 'infinity'"), "2");

    cr_assert_str_eq(verb("resume", org, id), "running");
    (void)release_due(10);
    assert_rows(rows("SELECT o.state, count(*) FROM outbox o JOIN campaign_messages USING "
                     "(message_id) GROUP BY 1"),
                "held, 2");
    assert_rows(rows("SELECT DISTINCT not_after < now() + interval '25 hours' FROM outbox"), "t");
    cr_assert_str_eq(state_of(first), "queued");
    assert_healthy();
}

Test(campaigns, that_are_cancelled_give_back_what_has_not_left)
{
    const char *org = given_org_with_channel("2.00");
    const char *id =
        given_campaign(.org = org, .phones = "919870000001,919870000002,919870000003,919870000004");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 2), "2");
    const char *sent = value("SELECT message_id FROM campaign_messages ORDER BY n LIMIT 1");
    (void)claim(org, sent);
    cr_assert_str_eq(verb("cancel", org, id), "cancelled");
    cr_assert_str_eq(balance_of(org), "1.80");
    assert_rows(rows("SELECT error_code, refunded FROM messages WHERE status = 'failed'"),
                "cancelled, t");
    cr_assert_str_eq(state_of(sent), "sending");
    cr_assert_str_eq(verb("cancel", org, id), "cancelled");
    assert_told("conflict", "", "SELECT start_campaign('test', '%s', '%s', '{}')", org, id);
    assert_told("conflict", "", "SELECT resume_campaign('test', '%s', '%s')", org, id);
    assert_healthy();
    // Who had no turn is forgotten.
    while (strcmp(value("SELECT clear_campaigns(86400, 1)"), "0") != 0)
        ;
    cr_assert_str_eq(number_of("campaign_recipients"), "0");
    cr_assert_str_eq(value("SELECT (p ->> 'dropped') || (p ->> 'failed') || (p ->> 'sending') FROM "
                           "get_campaign('%s', '%s') c, "
                           "to_json(c -> 'progress') p",
                           org, id),
                     "211");
}

Test(campaigns, start_at_their_time_or_raise_an_alert)
{
    const char *org = given_org_with_channel("0.30");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002",
                                    .more = ", \"send_at\": \"2020-01-01T00:00:00Z\"");
    cr_assert_str_eq(of(id, "state"), "scheduled");
    cr_assert_str_eq(due(), "1");
    cr_assert_str_eq(pass(org, id, 256), "0");
    assert_rows(rows("SELECT state, not_started_for FROM campaigns"),
                "draft, insufficient_balance");
    assert_rows(
        rows("SELECT kind, outcome, campaign_id = '%s', resolved_at, advice FROM alerts", id),
        "campaign_not_started, insufficient_balance, t, null, The wallet has 0.30 of 0.40: "
        "recharge 0.10, and start "
        "the campaign");
    cr_assert_str_eq(due(), "0");
    run("SELECT add_wallet_credits('%s', 1, 'paid')", org);
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(value("SELECT resolved_at IS NOT NULL FROM alerts"), "t");
    assert_healthy();
}

Test(campaigns, end_at_their_time)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 1), "1");
    run("UPDATE campaigns SET not_after = now(), state = 'paused'");
    cr_assert_str_eq(due(), "1");
    (void)pass(org, id, 256);
    cr_assert_str_eq(of(id, "state"), "expired");
    cr_assert_str_eq(balance_of(org), "0.80");
    assert_healthy();
}

Test(campaigns, of_a_restored_database_end)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    const char *draft = given_campaign(.org = org, .phones = "919870000003");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 1), "1");
    run("SELECT after_restore(p_anyway => true)");
    cr_assert_str_eq(of(id, "ended_for"), "restored");
    cr_assert_str_eq(of(draft, "ended_for"), "restored");
    cr_assert_str_eq(balance_of(org), "0.80");
    assert_rows(rows("SELECT status FROM messages"), "unconfirmed");
    assert_healthy();
}

Test(campaigns, that_were_never_filled_go)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = new_id();
    run("SELECT create_campaign('test', '%s', '%s', '{\"type\": \"text\", \"parts\": [\"x\"], "
        "\"placeholders\": []}', 'key', "
        "'\\x%064d')",
        org, id, 1);
    run("SELECT add_recipients('%s', '%s', '{1}', '{919870000001}', '{NULL}', '{[]}')", org, id);
    cr_assert_str_eq(
        value("SELECT json_array_length(list_campaigns('%s', '{}', NULL, 10) -> 'campaigns')", org),
        "0");
    cr_assert_str_eq(value("SELECT clear_campaigns(86400, 10)"), "0");
    // Whoever comes with its key again begins anew.
    run("SELECT create_campaign('test', '%s', '%s', '{\"type\": \"text\", \"parts\": [\"x\"], "
        "\"placeholders\": []}', 'key', "
        "'\\x%064d')",
        org, new_id(), 2);
    assert_told("conflict", "",
                "SELECT add_recipients('%s', '%s', '{2}', '{919870000002}', '{NULL}', '{[]}')", org,
                id);
    run("UPDATE campaigns SET clear_at = now()");
    cr_assert_str_neq(value("SELECT clear_campaigns(86400, 10)"), "0");
    cr_assert_str_eq(number_of("campaigns"), "0");
}

Test(campaigns, keep_whom_they_refused_for_some_time)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    run("SELECT erase_contact('%s', '+919870000002')", org);
    cr_assert_str_eq(start(org, id), "running");
    (void)pass(org, id, 256);
    while (strcmp(value("SELECT clear_campaigns(86400, 10)"), "0") != 0)
        ;
    cr_assert_str_eq(
        value("SELECT list_refused_recipients('%s', '%s', 100, 10) -> 'recipients' -> 0 ->> 'code'",
              org, id),
        "erased");
    run("UPDATE campaigns SET clear_at = now(), ended_at = now() - interval '2 days'");
    while (strcmp(value("SELECT clear_campaigns(86400, 10)"), "0") != 0)
        ;
    cr_assert_str_eq(number_of("campaign_recipients"), "0");
    cr_assert_str_eq(of(id, "clear_at"), "null");
}

Test(campaigns, are_no_others)
{
    const char *org = given_org_with_channel("1.00");
    const char *other = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001");
    static const char *const verbs[] = {"pause", "resume", "cancel"};
    assert_told("not_found", "id", "SELECT get_campaign('%s', '%s')", other, id);
    assert_told("not_found", "id", "SELECT start_campaign('x', '%s', '%s', '{}')", other, id);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        assert_told("not_found", "id", "SELECT %s_campaign('x', '%s', '%s')", verbs[i], other, id);
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(other, id, 10), "0");
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO campaign_recipients (org_id, campaign_id, n, refused_for) VALUES "
                   "('%s', '%s', 9, 'x')",
                   other, id);
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO campaign_pieces VALUES ('%s', '%s', 1, 1, 1, 1, now())", other, id);
}

Test(campaigns, whose_books_are_wrong_are_told)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, id), "running");
    run("UPDATE campaigns SET recipients = 3");
    assert_rows(rows("SELECT invariant, detail FROM audit_ledger()"),
                text("I1, campaign %s (running): 0.4000 is reserved, should be 0.6000", id));
    run("UPDATE campaigns SET recipients = 2");
    cr_assert_str_eq(pass(org, id, 1), "1");
    run("UPDATE campaigns SET fee = 0.3");
    cr_assert_str_eq(value("SELECT count(*) FROM audit_ledger() WHERE invariant = 'I2'"), "1");
    run("UPDATE campaigns SET fee = 0.2");
    run("ALTER TABLE campaign_bookings DISABLE TRIGGER USER");
    run("DELETE FROM campaign_bookings");
    cr_assert_str_neq(value("SELECT count(*) FROM audit_ledger()"), "0");
}

Test(campaigns, that_people_change_are_told)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(verb("cancel", org, id), "cancelled");
    assert_rows(rows("SELECT actor, action, after ->> 'state' FROM audit_log WHERE object = "
                     "'campaigns' AND org_id = '%s' ORDER BY n",
                     org),
                "test, insert, filling", "test, update, draft", "test, update, running",
                "test, update, cancelled");
}

Test(campaigns, tell_who_asks_as_sends_do)
{
    const char *org = given_org_with_channel("1.00");
    run("SELECT set_event_wishes('%s', '{*}')", org);
    run("UPDATE event_wishes SET wallet_low_at = 0.90");
    const char *dear =
        given_campaign(.org = org, .phones = "919870000001,919870000002,919870000003,"
                                             "919870000004,919870000005,919870000006");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, dear), "insufficient_balance");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 256), "2");
    assert_rows(rows("SELECT type, count(*), count(message_id) FROM events WHERE org_id = '%s' "
                     "GROUP BY 1 ORDER BY 1",
                     org),
                "message.accepted, 2, 2", "wallet.empty, 1, 0", "wallet.low, 1, 0");
    assert_healthy();
}

Test(campaigns, that_are_done_are_paused_and_cancelled_as_long_as_something_waits)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001,919870000002");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 256), "2");
    cr_assert_str_eq(of(id, "state"), "done");
    cr_assert_str_eq(verb("pause", org, id), "paused");
    assert_rows(rows("SELECT DISTINCT seq, due_at FROM outbox"), "null, infinity");
    assert_healthy();
    cr_assert_str_eq(verb("resume", org, id), "running");
    cr_assert_str_eq(due(), "1");
    cr_assert_str_eq(pass(org, id, 256), "0");
    cr_assert_str_eq(of(id, "state"), "done");
    assert_healthy();
    cr_assert_str_eq(verb("cancel", org, id), "cancelled");
    cr_assert_str_eq(balance_of(org), "1.00");
    cr_assert_str_eq(number_of("outbox"), "0");
    assert_healthy();

    id = given_campaign(.org = org, .phones = "919870000001");
    cr_assert_str_eq(start(org, id), "running");
    cr_assert_str_eq(pass(org, id, 256), "1");
    (void)claim(org, value("SELECT message_id FROM outbox"));
    assert_told("conflict", "", "SELECT pause_campaign('test', '%s', '%s')", org, id);
    assert_told("too_late", "", "SELECT cancel_campaign('test', '%s', '%s')", org, id);
}

Test(campaigns, do_not_start_with_a_template_that_their_org_would_have_refused)
{
    const char *org = given_org_with_channel("1.00");
    const char *id = given_campaign(.org = org, .phones = "919870000001");
    run("UPDATE channels SET waba_id = '1004'");
    run("INSERT INTO templates (org_id, waba_id, id, name, language, status, status_as_of, "
        "category_as_of, quality_as_of, "
        "content_as_of, parameter_format, seen_at) SELECT '%s', '1004', 1, 'news', 'en', 'PAUSED', "
        "now(), now(), now(), "
        "now(), 'POSITIONAL', now()",
        org);
    run("UPDATE campaigns SET type = 'template', parts = "
        "ARRAY['\"type\":\"template\",\"template\":{\"name\":\"news\","
        "\"language\":{\"code\":\"en\"},\"components\":[{\"type\":\"body\",\"parameters\":[{"
        "\"type\":\"text\","
        "\"text\":\"', '\"}]}]}}']");
    run("UPDATE organizations SET template_check = 'refuse'");
    cr_assert_str_eq(start(org, id), "template_paused");
    run("UPDATE organizations SET template_check = 'warn'");
    cr_assert_str_eq(start(org, id), "running");
    assert_healthy();
}

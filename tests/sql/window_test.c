// Meta's 24-hour window: what is done with messages that we know to come too late for it
// (organizations.outside_window; is_outside in sql/core/accept.sql).

#include "tests/sql/inbound.h"

#include <stdlib.h>

#define ASHA "919876543210"
#define RAVI "919876543211"
#define DAY 86400L

TestSuite(window, .init = database_create, .fini = database_drop);

static long ago(long s)
{
    return strtol(value("SELECT extract(epoch FROM now())::bigint"), NULL, 10) - s;
}

// What only old orgs know of: their numbers have been here for longer than the window.
static void given_old_channels(void)
{
    run("UPDATE channels SET created_at = created_at - interval '30 days'");
}

// An org that wants that, with a number that has been here for long, and to which Asha has written
// so many seconds ago.
static const char *given_org_that(const char *does, long written_ago_s)
{
    const char *org = given_org_with_channel("10.00");
    run("UPDATE organizations SET outside_window = '%s' WHERE id = '%s'", does, org);
    given_old_channels();
    (void)given_inbound(.org = org, .phone = ASHA, .at = ago(written_ago_s));
    return org;
}

#define verdict_of(...) verdict_of_send((struct send_spec){__VA_ARGS__})
static const char *verdict_of_send(struct send_spec spec)
{
    return value("SELECT verdict FROM (%s) s", accept_sends_sql(&spec, 1));
}

// Of accept_sends: verdict and warning.
#define warnings_of(...)                                                                           \
    warnings_of_sends((struct send_spec[]){__VA_ARGS__},                                           \
                      sizeof(struct send_spec[]){__VA_ARGS__} / sizeof(struct send_spec))
static const char *warnings_of_sends(const struct send_spec *sends, size_t n)
{
    return rows("%s", accept_sends_told_sql("verdict.verdict, verdict.is_outside", sends, n));
}

Test(window, an_org_that_has_not_asked_hears_nothing_of_it)
{
    const char *acme = given_org_that("off", 2 * DAY);
    assert_rows(warnings_of({.org = acme, .phone = ASHA}, {.org = acme}), "accepted, null",
                "accepted, null");
    assert_rows(rows("SELECT DISTINCT outside_window FROM messages WHERE direction = 'outbound'"),
                "null");
}

Test(window, what_comes_too_late_is_refused_and_costs_nothing)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    assert_rows(accept_sends({.org = acme, .phone = ASHA}, {.org = acme, .phone = RAVI},
                             {.org = acme, .phone = ASHA, .type = "template"}),
                "outside_window, null, 10.00, 0.20", "outside_window, null, 10.00, 0.20",
                "accepted, queued, 9.80, 0.20");
    assert_rows(rows("SELECT type FROM messages WHERE direction = 'outbound'"), "template");
    cr_assert_str_eq(value("SELECT count(*) FROM contacts WHERE phone = '" RAVI "'"), "0");
    cr_assert_str_eq(balance_of(acme), "9.80");
    assert_healthy();
}

Test(window, who_wants_a_warning_is_warned)
{
    const char *acme = given_org_that("warn", 2 * DAY);
    const char *late = new_id();
    assert_rows(warnings_of({.org = acme, .id = late, .phone = ASHA},
                            {.org = acme, .phone = ASHA, .type = "template"}),
                "accepted, t", "accepted, f");
    assert_rows(rows("SELECT type, outside_window FROM messages WHERE direction = 'outbound' "
                     "ORDER BY type"),
                "template, null", "text, t");
    cr_assert_str_eq(
        value("SELECT document ->> 'warning' FROM get_message('%s', '%s')", acme, late),
        "outside_window");
    cr_assert_str_eq(balance_of(acme), "9.60");
}

Test(window, a_message_opens_it_for_24_hours_to_the_moment)
{
    const char *acme = given_org_that("refuse", 10 * DAY);
    run("UPDATE conversations SET last_inbound_at = '2026-11-01 12:00:00+00'");
    run("UPDATE messages SET sent_at = '2026-11-01 12:00:00+00'");
    static const struct {
        const char *now;
        const char *is_outside;
    } cases[] = {
        {"2026-11-02 11:59:59.999+00", "f"}, {"2026-11-02 12:00:00+00", "f"},
        {"2026-11-02 12:00:00.001+00", "t"}, {"2026-11-02 12:01:00+00", "t"},
        {"2026-11-01 12:00:00+00", "f"},     {"2026-10-31 12:00:00+00", "f"},
        {"2027-11-02 12:00:00+00", "t"},
    };
    run("UPDATE channels SET created_at = '2026-01-01'");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(
            value("SELECT is_outside('%s', v.channel_id, v.contact_id, 'text', '{}', '%s') FROM "
                  "conversations v",
                  acme, cases[i].now),
            cases[i].is_outside, "%s", cases[i].now);
}

// keep_conversations keeps a later time only if it is later by a minute.
Test(window, a_message_of_the_same_minute_counts)
{
    const char *acme = given_org_that("refuse", DAY + 20);
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "outside_window");
    run("SELECT receive_messages(p_ids => ARRAY[first_id_of(now() - interval '23 hours')], "
        "p_phone_number_ids => ARRAY['%s'], p_wamids => '{wamid.later}', p_phones => '{" ASHA "}', "
        "p_user_ids => '{NULL}', p_names => '{NULL}', p_new_phones => '{NULL}', p_types => "
        "'{text}', p_texts => '{hello}', p_media_ids => '{NULL}', p_mime_types => '{NULL}', "
        "p_reply_tos => '{NULL}', p_referrals => '{NULL}', p_payloads => ARRAY['{}'], p_times "
        "=> ARRAY[%ld])",
        number_of_org(acme), ago(DAY - 30));
    cr_assert_str_eq(value("SELECT now() - last_inbound_at > interval '24 hours' FROM "
                           "conversations"),
                     "t", "the conversation has the first one's time");
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "accepted");
}

// A send that waits for its org's wallet is judged by what is there when its turn has come.
Test(window, a_message_that_comes_while_the_send_waits_counts)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    const struct inbound_spec written[] = {{.org = acme, .phone = ASHA, .at = ago(1)}};
    const struct send_spec send[] = {{.org = acme, .phone = ASHA}};
    const char *comes =
        text("SELECT lock_wallets(ARRAY['%s']::uuid[]); %s", acme, receive_sql(written, 1));
    assert_rows(meanwhile(comes, accept_sends_sql(send, 1)), "accepted, queued, 9.80, 0.20");
}

Test(window, each_number_has_its_own)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    const char *other = given_channel(.org = acme, .phone_number_id = "4711");
    given_old_channels();
    (void)given_inbound(.org = acme, .number = "4711", .phone = ASHA, .at = ago(60));
    assert_rows(accept_sends({.org = acme, .phone = ASHA},
                             {.org = acme, .phone = ASHA, .channel = other},
                             {.org = acme, .phone = ASHA, .number = "4711"}),
                "outside_window, null, 10.00, 0.20", "accepted, queued, 9.80, 0.20",
                "accepted, held, 9.60, 0.20");
}

Test(window, each_org_has_its_own)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    const char *beta = given_org_that("refuse", 60);
    const char *gamma = given_org_that("warn", 2 * DAY);
    const char *delta = given_org_that("off", 2 * DAY);
    assert_rows(warnings_of({.org = acme, .phone = ASHA}, {.org = beta, .phone = ASHA},
                            {.org = gamma, .phone = ASHA}, {.org = delta, .phone = ASHA},
                            {.org = beta, .phone = RAVI}, {.org = acme, .phone = ASHA}),
                "outside_window, t", "accepted, f", "accepted, t", "accepted, null",
                "outside_window, t", "outside_window, t");
    assert_healthy();
}

Test(window, what_meta_takes_at_any_time_is_taken)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    run("UPDATE messages SET wamid = 'wamid.received'");
    static const struct {
        const char *type;
        const char *payload;
        const char *verdict;
    } cases[] = {
        {"template", "{}", "accepted"},
        {"text", "{\"category\": \"utility\"}", "accepted"},
        {"text", "{\"category\": null}", "outside_window"},
        {"text", "{\"text\": {\"category\": \"utility\"}}", "outside_window"},
        {"image", "{}", "outside_window"},
        {"interactive", "{}", "outside_window"},
        {"reaction", "{}", "outside_window"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(verdict_of(.org = acme, .phone = ASHA, .type = cases[i].type,
                                    .payload = cases[i].payload),
                         cases[i].verdict, "%s %s", cases[i].type, cases[i].payload);
    cr_expect_str_eq(verdict_of(.org = acme, .type = "receipt"), "accepted");
}

Test(window, what_leaves_later_is_not_judged_now)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    assert_rows(accept_sends({.org = acme, .phone = ASHA, .send_in_ms = 60000},
                             {.org = acme, .phone = RAVI, .send_in_ms = -60000}),
                "accepted, scheduled, 9.80, 0.20", "outside_window, null, 9.80, 0.20");
}

Test(window, only_what_is_written_to_the_number_opens_it)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    (void)given_inbound(.org = acme, .phone = ASHA, .type = "edit", .changes = "wamid.x",
                        .at = ago(60));
    (void)given_inbound(.org = acme, .phone = ASHA, .group = "g1", .at = ago(60));
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "outside_window");
    (void)given_inbound(.org = acme, .phone = ASHA, .type = "reaction", .is_unsaid = true,
                        .at = ago(60));
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "accepted");
}

Test(window, whoever_turned_out_to_be_the_same_has_one)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    (void)given_inbound(.org = acme, .phone = "", .user_id = "IN.1", .at = ago(60));
    assert_rows(accept_sends({.org = acme, .user_id = "IN.1"}, {.org = acme, .phone = ASHA}),
                "accepted, queued, 9.80, 0.20", "outside_window, null, 9.80, 0.20");
    (void)given_inbound(.org = acme, .phone = ASHA, .user_id = "IN.1", .at = ago(3 * DAY));
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "accepted");
}

Test(window, a_number_that_came_of_late_may_not_have_heard_all)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    run("UPDATE channels SET created_at = now() - interval '23 hours 59 minutes'");
    assert_rows(warnings_of({.org = acme, .phone = ASHA}, {.org = acme, .phone = RAVI}),
                "accepted, f", "accepted, f");
    run("UPDATE channels SET created_at = now() - interval '24 hours'");
    assert_rows(warnings_of({.org = acme, .phone = ASHA}, {.org = acme, .phone = RAVI}),
                "outside_window, t", "outside_window, t");
}

Test(window, a_number_to_which_nobody_ever_wrote_may_be_deaf)
{
    const char *acme = given_org_with_channel("10.00");
    run("UPDATE organizations SET outside_window = 'refuse'");
    given_old_channels();
    cr_assert_str_eq(verdict_of(.org = acme, .phone = RAVI), "accepted");
    (void)given_inbound(.org = acme, .phone = ASHA, .at = ago(5 * DAY));
    cr_assert_str_eq(verdict_of(.org = acme, .phone = RAVI), "outside_window");
}

Test(window, a_database_that_was_restored_may_lack_what_came)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    run("INSERT INTO restores (at, system_identifier, table_oid, timeline, until, unconfirmed) "
        "SELECT now() - interval '23 hours', system_identifier, table_oid, timeline, now(), 0 "
        "FROM restores");
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "accepted");
    run("UPDATE restores SET at = now() - interval '25 hours'");
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA), "outside_window");
}

Test(window, who_wants_no_bulk_is_told_to_want_none)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    (void)given_inbound(.org = acme, .phone = ASHA, .text = "STOP", .at = ago(2 * DAY - 600));
    assert_rows(accept_sends({.org = acme, .phone = ASHA, .priority = "bulk"},
                             {.org = acme, .phone = ASHA, .priority = "high"}),
                "contact_opted_out, null, 10.00, 0.20", "outside_window, null, 10.00, 0.20");
}

Test(window, who_was_opted_out_by_the_org_has_not_written)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    run("INSERT INTO contacts (org_id, phone) VALUES ('%s', '" RAVI "')", acme);
    run("INSERT INTO conversations (org_id, channel_id, contact_id, opted_out_at) SELECT c.org_id, "
        "c.id, k.id, now() FROM channels c JOIN contacts k USING (org_id) WHERE k.phone = '" RAVI
        "'");
    cr_assert_str_eq(verdict_of(.org = acme, .phone = RAVI), "outside_window");
}

Test(window, a_repeat_hears_what_the_first_one_heard)
{
    const char *acme = given_org_that("warn", 2 * DAY);
    assert_rows(warnings_of({.org = acme, .phone = ASHA, .key = "late"}), "accepted, t");
    (void)given_inbound(.org = acme, .phone = ASHA, .at = ago(60));
    assert_rows(warnings_of({.org = acme, .phone = ASHA, .key = "late"},
                            {.org = acme, .phone = ASHA, .key = "in time"}),
                "duplicate, t", "accepted, f");
    run("UPDATE organizations SET outside_window = 'refuse'");
    run("UPDATE conversations SET last_inbound_at = now() - interval '3 days'");
    assert_rows(warnings_of({.org = acme, .phone = ASHA, .key = "in time"},
                            {.org = acme, .phone = ASHA, .key = "late"}),
                "duplicate, null", "duplicate, t");
}

Test(window, what_was_refused_leaves_its_key_free)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA, .key = "k"), "outside_window");
    (void)given_inbound(.org = acme, .phone = ASHA, .at = ago(60));
    cr_assert_str_eq(verdict_of(.org = acme, .phone = ASHA, .key = "k"), "accepted");
}

// An answer to COMMIT that got lost: what was accepted then is found, whatever the hour is now.
Test(window, what_was_accepted_in_time_stays_so)
{
    const char *acme = given_org_that("refuse", 60);
    const char *id = given_message(.org = acme, .phone = ASHA);
    run("UPDATE conversations SET last_inbound_at = now() - interval '3 days'");
    cr_assert_str_eq(verdict_of(.org = acme, .id = id, .phone = ASHA), "accepted");
    cr_assert_str_eq(balance_of(acme), "9.80");
}

Test(window, what_is_refused_does_not_use_up_the_balance_of_those_behind_it)
{
    const char *acme = given_org_that("refuse", 2 * DAY);
    (void)value("SELECT adjust_wallet('%s', -9.80, 'test', 'test')", acme);
    assert_rows(accept_sends({.org = acme, .phone = ASHA},
                             {.org = acme, .phone = ASHA, .type = "template"},
                             {.org = acme, .phone = ASHA}),
                "outside_window, null, 0.20, 0.20", "accepted, queued, 0.00, 0.20",
                "outside_window, null, 0.00, 0.20");
}

Test(window, it_has_three_words)
{
    (void)given_org();
    cr_assert_str_eq(value("SELECT outside_window FROM organizations"), "off");
    assert_refused(CHECK_VIOLATION, "UPDATE organizations SET outside_window = 'on'");
}

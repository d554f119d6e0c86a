// What customers write: kept once, in the org that owns the number, with contact and conversation.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(inbound, .init = database_create, .fini = database_drop);

Test(inbound, a_message_makes_contact_and_conversation)
{
    const char *org = given_org_with_channel("1.00");
    assert_rows(receive({.org = org, .name = "Asha", .text = "hello", .at = 1763800000}), "saved");
    assert_rows(
        rows("SELECT m.direction, m.status, m.type, m.text, m.payload, c.phone, c.name, "
             "extract(epoch FROM m.sent_at)::bigint, "
             "extract(epoch FROM v.last_inbound_at)::bigint, v.first_message_id = m.id "
             "FROM messages m JOIN contacts c ON c.id = m.contact_id "
             "JOIN conversations v ON v.contact_id = c.id AND v.channel_id = m.channel_id "
             "WHERE m.org_id = '%s'",
             org),
        "inbound, received, text, hello, {}, 919876543210, Asha, 1763800000, 1763800000, t");
    assert_healthy();
}

Test(inbound, a_message_is_kept_once)
{
    const char *org = given_org_with_channel("1.00");
    assert_rows(receive({.org = org, .wamid = "w"}, {.org = org, .wamid = "w"}), "saved",
                "duplicate");
    assert_rows(receive({.org = org, .wamid = "w", .name = "Later"}), "duplicate");
    cr_assert_str_eq(number_of("messages"), "1");
    assert_rows(rows("SELECT name FROM contacts"), "null");
}

Test(inbound, the_same_wamid_of_two_numbers_is_two_messages)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    assert_rows(receive({.org = acme, .wamid = "w"}, {.org = beta, .wamid = "w"}), "saved",
                "saved");
    assert_rows(rows("SELECT count(*) FROM messages GROUP BY org_id"), "1", "1");
    assert_rows(rows("SELECT count(*) FROM contacts GROUP BY org_id"), "1", "1");
}

Test(inbound, a_number_that_nobody_owns_is_named)
{
    const char *org = given_org_with_channel("1.00");
    assert_rows(receive({.number = "999"}, {.org = org}), "unknown_number", "saved");
    cr_assert_str_eq(number_of("messages"), "1");
}

Test(inbound, the_newest_profile_name_counts)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .name = "Asha"});
    (void)receive({.org = org});
    assert_rows(rows("SELECT name FROM contacts"), "Asha");
    (void)receive({.org = org, .name = "Asha R."}, {.org = org, .name = "Asha Rao"});
    assert_rows(rows("SELECT name FROM contacts"), "Asha Rao");
}

Test(inbound, who_hides_the_phone_is_known_by_the_user_id)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .phone = "", .user_id = "IN.1"});
    assert_rows(rows("SELECT phone, user_id FROM contacts"), "null, IN.1");
    (void)receive({.org = org, .phone = "919876543210", .user_id = "IN.1"});
    assert_rows(rows("SELECT phone, user_id FROM contacts"), "919876543210, IN.1");
    (void)receive({.org = org, .phone = "", .user_id = "IN.1"});
    cr_assert_str_eq(number_of("contacts"), "1");
}

Test(inbound, both_forms_of_a_number_are_one_contact)
{
    static const char *const forms[][2] = {{"5511987654321", "551187654321"},
                                           {"5215512345678", "525512345678"}};
    const char *org = given_org_with_channel("10.00");
    for (size_t i = 0; i < 2; i++) {
        (void)given_message(.org = org, .phone = forms[i][0]);
        (void)receive({.org = org, .phone = forms[i][1]});
        assert_rows(rows("SELECT phone FROM contacts WHERE phone LIKE '%.2s%%'", forms[i][0]),
                    forms[i][0]);
    }
}

Test(inbound, a_contact_who_changes_the_number_stays_the_contact)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .name = "Asha"});
    assert_rows(
        receive({.org = org, .wamid = "change", .type = "system", .new_phone = "919876500001"},
                {.org = org, .phone = "919876500001"}),
        "saved", "saved");
    assert_rows(rows("SELECT phone, name, count(m.id) FROM contacts c "
                     "JOIN messages m ON m.contact_id = c.id GROUP BY 1, 2"),
                "919876500001, Asha, 3");
    // Somebody else has got the old number; the old message comes once more.
    (void)receive({.org = org, .phone = "919876543210", .name = "Bilal"});
    assert_rows(
        receive({.org = org, .wamid = "change", .type = "system", .new_phone = "919876500001"}),
        "duplicate");
    assert_rows(rows("SELECT phone, name FROM contacts ORDER BY 1"), "919876500001, Asha",
                "919876543210, Bilal");
}

// WhatsApp has a number once: who had it before has it no more.
Test(inbound, a_number_that_is_taken_becomes_the_one_contact_s)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .name = "Asha"},
                  {.org = org, .phone = "919876500001", .name = "Bilal"});
    (void)receive({.org = org, .type = "system", .new_phone = "919876500001"});
    assert_rows(rows("SELECT phone, name FROM contacts WHERE merged_into IS NULL"),
                "919876500001, Asha");
    assert_rows(rows("SELECT phone FROM contacts WHERE merged_into IS NOT NULL"), "null");
}

// Somebody sends to the phone at the very moment in which we learn that it is a contact's.
Test(inbound, a_phone_that_is_just_sent_to_becomes_the_one_contact_s)
{
    const char *acme = given_org_with_channel("10.00");
    (void)given_inbound(.org = acme, .phone = "", .user_id = "IN.1");
    const struct send_spec send = {.org = acme, .phone = "919876543210"};
    const struct inbound_spec message = {.org = acme, .user_id = "IN.1"};
    assert_rows(meanwhile(accept_sends_sql(&send, 1), receive_sql(&message, 1)), "saved");
    assert_rows(rows("SELECT phone, user_id FROM contacts WHERE merged_into IS NULL"),
                "919876543210, IN.1");
    assert_rows(rows("SELECT count(*) FROM outbox o JOIN contacts c ON c.id = o.contact_id "
                     "WHERE c.merged_into IS NULL"),
                "1");
    cr_assert_str_eq(number_of("messages WHERE direction = 'inbound'"), "2");
    assert_healthy();
}

Test(inbound, a_new_number_that_is_just_sent_to_becomes_the_one_contact_s)
{
    const char *acme = given_org_with_channel("10.00");
    (void)given_inbound(.org = acme, .phone = "919876543210");
    const struct send_spec send = {.org = acme, .phone = "919876543211"};
    const struct inbound_spec message = {
        .org = acme, .phone = "919876543210", .new_phone = "919876543211", .type = "system"};
    assert_rows(meanwhile(accept_sends_sql(&send, 1), receive_sql(&message, 1)), "saved");
    assert_rows(rows("SELECT phone FROM contacts WHERE merged_into IS NULL"), "919876543211");
    assert_healthy();
}

Test(inbound, older_messages_do_not_set_the_window_back)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .at = 1763800100});
    (void)receive({.org = org, .at = 1763800000});
    assert_rows(rows("SELECT extract(epoch FROM last_inbound_at)::bigint FROM conversations"),
                "1763800100");
}

static const char *opted_out(void)
{
    return value("SELECT opted_out_at IS NOT NULL FROM conversations");
}

Test(inbound, words_opt_out_and_in_again)
{
    const char *org = given_org_with_channel("1.00");
    static const struct {
        const char *text;
        const char *opted_out;
    } cases[] = {{"please stop", "f"}, {" stop\n", "t"}, {"hello", "t"},  {"Start", "f"},
                 {"UNSUBSCRIBE", "t"}, {"START", "f"},   {"stop it", "f"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)receive({.org = org, .text = cases[i].text, .at = 1763800000 + (long)i});
        cr_assert_str_eq(opted_out(), cases[i].opted_out, "%s", cases[i].text);
    }
    run("UPDATE organizations SET opt_out_words = '{Ende}', opt_in_words = '{}'");
    (void)receive({.org = org, .text = "STOP", .at = 1763800100});
    cr_assert_str_eq(opted_out(), "f");
    (void)receive({.org = org, .text = "ENDE", .at = 1763800101});
    cr_assert_str_eq(opted_out(), "t");
}

Test(inbound, the_newest_wish_counts_in_whatever_order_they_come)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .text = "START", .at = 1763800200},
                  {.org = org, .text = "STOP", .at = 1763800100});
    cr_assert_str_eq(opted_out(), "f");
    (void)receive({.org = org, .text = "STOP", .at = 1763800150});
    cr_assert_str_eq(opted_out(), "f");
    run("SELECT * FROM receive_preferences('{%s}', '{919876543210}', '{NULL}', '{t}', "
        "'{1763800300}')",
        number_of_org(org));
    cr_assert_str_eq(opted_out(), "t");
}

Test(inbound, opting_out_is_for_one_number_and_for_bulk)
{
    const char *org = given_org(.balance = "10.00");
    const char *first = given_channel(.org = org);
    const char *second = given_channel(.org = org);
    assert_rows(rows("SELECT verdict FROM receive_preferences(ARRAY[(SELECT phone_number_id FROM "
                     "channels WHERE id = '%s'), '999'], '{919876543210,919876543210}', "
                     "'{NULL,NULL}', '{t,t}', '{1,1}')",
                     first),
                "applied", "unknown_number");
    assert_rows(
        accept_sends({.org = org, .channel = first, .priority = "bulk", .phone = "919876543210"},
                     {.org = org, .channel = first, .priority = "high", .phone = "919876543210"},
                     {.org = org, .channel = second, .priority = "bulk", .phone = "919876543210"},
                     {.org = org, .channel = first, .priority = "bulk", .phone = "919800000009"}),
        "contact_opted_out, null, 10.00, 0.20", "accepted, queued, 9.80, 0.20",
        "accepted, queued, 9.60, 0.20", "accepted, queued, 9.40, 0.20");
    assert_healthy();
}

Test(inbound, account_notices_find_their_org)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    run("UPDATE channels SET waba_id = '1001' WHERE org_id = '%s'", acme);
    run("UPDATE channels SET waba_id = '1002'  WHERE org_id = '%s'", beta);
    given_channel(.org = beta, .phone_number_id = "4711");
    run("UPDATE channels SET waba_id = '1001' WHERE phone_number_id = '4711'");
    for (int twice = 0; twice < 2; twice++)
        run("SELECT record_account_notices('{NULL,4711,NULL,NULL}', '{1002,1001,1001,9}', "
            "'{1,1,1,1}', '{a,b,c,d}', '{\"{}\",\"{}\",\"{}\",\"{}\"}')");
    assert_rows(rows("SELECT field, CASE org_id WHEN '%s' THEN 'acme' WHEN '%s' THEN 'beta' END "
                     "FROM account_notices ORDER BY 1",
                     acme, beta),
                "a, beta", "b, beta", "c, null", "d, null");
    run("SELECT record_account_notices('{NULL}', '{1002}', '{2}', '{a}', '{\"{}\"}')");
    cr_assert_str_eq(number_of("account_notices"), "5");
}

static void receive_at_once(struct session *session, int thread)
{
    struct inbound_spec messages[20];
    for (int i = 0; i < 20; i++) {
        int n = thread % 2 ? i : 19 - i;
        messages[i] = (struct inbound_spec){.number = "4711",
                                            .wamid = text("w%d", n),
                                            .phone = text("9198765432%02d", n),
                                            .name = text("thread %d", thread)};
    }
    const char *answer = session_rows(session, "%s", receive_sql(messages, 20));
    cr_assert_null(strstr(answer, "error"), "%s", answer);
}

Test(inbound, the_same_messages_at_the_same_moment_are_kept_once)
{
    const char *org = given_org(.balance = "1.00");
    given_channel(.org = org, .phone_number_id = "4711");
    at_once(8, receive_at_once);
    assert_rows(rows("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM contacts), "
                     "(SELECT count(*) FROM conversations v JOIN messages m "
                     "ON m.id = v.first_message_id)"),
                "20, 20, 20");
}

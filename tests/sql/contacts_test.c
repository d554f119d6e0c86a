// Who a contact is: one person stays one contact, by whatever phone and user id it is named, and
// whatever is learnt about these in whatever order.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(contacts, .init = database_create, .fini = database_drop);

#define ASHA "919876543210"
#define LATER "919876500001"

static const char *acme;

static void given_acme(void)
{
    acme = given_org_with_channel("100.00");
}

// The contacts that stand for themselves, as rows of phone and user_id.
static const char *people(void)
{
    return rows("SELECT phone, user_id FROM contacts WHERE merged_into IS NULL ORDER BY phone, "
                "user_id, org_id");
}

static const char *bulk_to(const char *phone, const char *user_id)
{
    return value(
        "SELECT split_part('%s', ',', 1)",
        accept_sends({.org = acme, .phone = phone, .user_id = user_id, .priority = "bulk"}));
}

// Of all messages: how many contacts they have, once those that lead to others are followed.
static const char *recipients(void)
{
    return value("SELECT count(DISTINCT coalesce(c.merged_into, c.id)) FROM messages m "
                 "JOIN contacts c ON c.org_id = m.org_id AND c.id = m.contact_id");
}

// --- forms of a number

Test(contacts, forms_of_a_number)
{
    static const struct {
        const char *one;
        const char *other; // null: it has one form
    } cases[] = {
        {"5511987654321", "551187654321"},
        {"5531991234567", "553191234567"},
        {"5521961234567", "552161234567"},
        {"5215512345678", "525512345678"},
        {"5491123456789", "541123456789"},
        {"5493511234567", "543511234567"},
        {"551147712345", NULL},
        {"5511947712345", NULL}, // a landline, a mobile
        {"552125551234", NULL},
        {"5521925551234", NULL},
        {"551187654", NULL},
        {"54911234567890", NULL},
        {"5411", NULL},
        {"548001234567", NULL},
        {"521551234567", NULL},
        {"919876543210", NULL},
        {"15550001111", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *other = cases[i].other ? cases[i].other : "none";
        cr_expect_str_eq(value("SELECT coalesce(phone_alternative('%s'), 'none')", cases[i].one),
                         other);
        if (cases[i].other)
            cr_expect_str_eq(value("SELECT phone_alternative('%s')", other), cases[i].one);
    }
}

Test(contacts, whoever_is_first_both_forms_are_one_contact)
{
    static const char *const forms[][2] = {{"5511987654321", "551187654321"},
                                           {"5215512345678", "525512345678"},
                                           {"5491123456789", "541123456789"}};
    given_acme();
    for (size_t i = 0; i < 12; i++) {
        const char *first = text("%s", forms[i / 4][i % 2]);
        const char *second = forms[i / 4][1 - i % 2];
        const char *org = given_org_with_channel("10.00");
        if (i % 4 < 2) {
            (void)receive({.org = org, .phone = first});
            (void)given_message(.org = org, .phone = second);
        } else {
            (void)given_message(.org = org, .phone = first);
            (void)receive({.org = org, .phone = second});
        }
        (void)given_message(.org = org, .phone = first);
        cr_expect_str_eq(value("SELECT count(*) FROM contacts WHERE org_id = '%s'", org), "1",
                         "%s, %s", first, second);
        cr_expect_str_eq(
            value("SELECT count(DISTINCT contact_id) FROM messages WHERE org_id = '%s'", org), "1");
    }
}

Test(contacts, both_forms_in_one_batch_are_one_contact_and_one_line)
{
    given_acme();
    assert_rows(accept_sends({.org = acme, .phone = "541123456789"},
                             {.org = acme, .phone = "5491123456789"}),
                "accepted, queued, 99.80, 0.20", "accepted, held, 99.60, 0.20");
    (void)receive({.org = acme, .phone = "551187654321"}, {.org = acme, .phone = "5511987654321"});
    cr_assert_str_eq(number_of("contacts"), "2");
    assert_healthy();
}

Test(contacts, a_landline_is_not_the_mobile_with_a_nine_in_front)
{
    given_acme();
    (void)receive({.org = acme, .phone = "551147712345", .text = "STOP"});
    (void)receive({.org = acme, .phone = "5511947712345"});
    assert_rows(people(), "551147712345, null", "5511947712345, null");
    cr_assert_str_eq(bulk_to("5511947712345", NULL), "accepted");
    cr_assert_str_eq(bulk_to("551147712345", NULL), "contact_opted_out");
}

// As a version that knew no better has left them.
Test(contacts, two_forms_that_are_two_contacts_become_one)
{
    given_acme();
    run("INSERT INTO contacts (org_id, phone) VALUES ('%s', '541123456789'), ('%s', "
        "'5491123456789')",
        acme, acme);
    const char *first = given_message(.org = acme, .phone = "5491123456789");
    const char *second = given_message(.org = acme, .phone = "541123456789");
    cr_assert_str_eq(state_of(second), "queued");
    (void)receive({.org = acme, .phone = "5491123456789", .text = "STOP"});
    assert_rows(people(), "5491123456789, null");
    cr_assert_str_eq(state_of(first), "queued");
    cr_assert_str_eq(state_of(second), "held");
    cr_assert_str_eq(bulk_to("541123456789", NULL), "contact_opted_out");
    cr_assert_str_eq(bulk_to("5491123456789", NULL), "contact_opted_out");
    assert_healthy();
}

// --- who turns out to be one

Test(contacts, phone_and_user_id_that_are_one_person_s_become_one_contact)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .name = "Asha", .at = 1763800100},
                  {.org = acme, .phone = "", .user_id = "IN.1", .at = 1763800200});
    const char *first = value("SELECT id FROM messages ORDER BY id LIMIT 1");
    assert_rows(people(), ASHA ", null", "null, IN.1");
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1", .at = 1763800150});
    assert_rows(people(), ASHA ", IN.1");
    assert_rows(
        rows("SELECT extract(epoch FROM v.last_inbound_at)::int, v.first_message_id = '%s', "
             "c.name FROM conversations v JOIN contacts c ON c.id = v.contact_id",
             value("SELECT least('%s'::uuid, (SELECT id FROM messages m WHERE m.contact_id = "
                   "(SELECT max(id) FROM contacts)))",
                   first)),
        "1763800200, t, Asha");
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1"}, {.org = acme, .phone = ASHA});
    cr_assert_str_eq(recipients(), "1");
    cr_assert_str_eq(number_of("messages"), "5");
    cr_assert_str_eq(number_of("conversations"), "1");
    assert_healthy();
}

Test(contacts, whoever_of_them_opted_out_has_opted_out)
{
    for (int either = 0; either < 2; either++) {
        given_acme();
        (void)receive(
            {.org = acme, .phone = ASHA, .text = either ? "STOP" : "hello"},
            {.org = acme, .phone = "", .user_id = "IN.1", .text = either ? "hi" : "STOP"});
        (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1", .text = "it is me"});
        cr_expect_str_eq(bulk_to(ASHA, NULL), "contact_opted_out", "%d", either);
        cr_expect_str_eq(bulk_to(NULL, "IN.1"), "contact_opted_out", "%d", either);
        (void)receive(
            {.org = acme, .phone = "", .user_id = "IN.1", .text = "START", .at = 1763800300});
        cr_expect_str_eq(bulk_to(ASHA, NULL), "accepted", "%d", either);
        cr_expect_str_eq(bulk_to(NULL, "IN.1"), "accepted", "%d", either);
    }
    assert_healthy();
}

Test(contacts, all_of_it_in_one_batch_is_one_contact)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"},
                  {.org = acme, .phone = ASHA}, {.org = acme, .phone = ASHA, .user_id = "IN.1"},
                  {.org = acme, .phone = ASHA});
    assert_rows(people(), ASHA ", IN.1");
    cr_assert_str_eq(number_of("conversations"), "1");
    cr_assert_str_eq(recipients(), "1");
    cr_assert_str_eq(bulk_to(ASHA, NULL), "contact_opted_out");
}

Test(contacts, preferences_unite_as_messages_do)
{
    given_acme();
    (void)given_message(.org = acme, .phone = ASHA);
    (void)given_message(.org = acme, .user_id = "IN.1");
    run("SELECT * FROM receive_preferences('{%s}', '{" ASHA "}', '{IN.1}', '{t}', '{1763800000}')",
        number_of_org(acme));
    assert_rows(people(), ASHA ", IN.1");
    cr_assert_str_eq(bulk_to(NULL, "IN.1"), "contact_opted_out");
}

// An org with numbers of two portfolios of Meta's: each has a user id of its own for everybody.
Test(contacts, a_second_user_id_leads_to_the_same_contact)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.2"});
    (void)receive({.org = acme, .phone = "", .user_id = "IN.2", .text = "STOP"});
    assert_rows(people(), ASHA ", IN.1");
    cr_assert_str_eq(bulk_to(NULL, "IN.1"), "contact_opted_out");
    cr_assert_str_eq(recipients(), "1");
}

Test(contacts, a_number_that_has_changed_hands_joins_nobody)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"},
                  {.org = acme, .phone = LATER, .user_id = "IN.2"});
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.2"});
    assert_rows(people(), LATER ", IN.2", ASHA ", IN.1");
}

Test(contacts, of_other_orgs_are_never_joined)
{
    given_acme();
    const char *beta = given_org_with_channel("1.00");
    (void)receive({.org = acme, .phone = ASHA}, {.org = beta, .phone = "", .user_id = "IN.1"});
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    assert_rows(people(), ASHA ", IN.1", "null, IN.1");
    assert_healthy();
}

// --- lines

Test(contacts, what_waits_for_both_stands_in_one_line)
{
    given_acme();
    const char *ids[6];
    for (int i = 0; i < 6; i++)
        ids[i] = i % 2 ? given_message(.org = acme, .user_id = "IN.1")
                       : given_message(.org = acme, .phone = ASHA);
    (void)claim(acme, ids[1]);
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    assert_healthy();
    cr_assert_str_eq(state_of(ids[0]), "queued");
    cr_assert_str_eq(state_of(ids[1]), "sending");
    for (int i = 2; i < 6; i++)
        cr_assert_str_eq(state_of(ids[i]), "held");
    cr_assert_str_eq(released_by(acme, ids[1], "sent"), "null");
    for (int i = 0; i < 6; i += i ? 1 : 2) {
        cr_assert_str_not_empty(claim(acme, ids[i]), "%d", i);
        cr_assert_str_eq(released_by(acme, ids[i], "sent"), i < 5 ? ids[i ? i + 1 : 2] : "null");
    }
    cr_assert_str_eq(number_of("outbox"), "0");
    assert_healthy();
}

Test(contacts, a_message_that_was_queued_and_is_held_now_is_not_claimed)
{
    given_acme();
    const char *first = given_message(.org = acme, .phone = ASHA);
    const char *second = given_message(.org = acme, .user_id = "IN.1");
    cr_assert_str_eq(state_of(second), "queued");
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    cr_assert_str_eq(state_of(second), "held");
    assert_no_rows(claim(acme, second));
    (void)claim(acme, first);
    cr_assert_str_eq(released_by(acme, first, "sent"), second);
    cr_assert_str_eq(state_of(second), "queued");
}

Test(contacts, what_waits_for_a_paused_channel_waits_in_one_line_too)
{
    given_acme();
    const char *first = given_message(.org = acme, .phone = ASHA);
    const char *second = given_message(.org = acme, .user_id = "IN.1");
    run("UPDATE channels SET status = 'paused'");
    (void)claim(acme, first);
    (void)claim(acme, second);
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    run("UPDATE channels SET status = 'active'");
    make_due();
    assert_rows(release_due(10), first);
    (void)claim(acme, first);
    cr_assert_str_eq(released_by(acme, first, "sent"), second);
    assert_healthy();
}

Test(contacts, what_is_to_be_sent_later_joins_the_one_line)
{
    given_acme();
    const char *later = given_message(.org = acme, .user_id = "IN.1", .send_in_ms = 60000);
    (void)receive({.org = acme, .phone = ASHA}, {.org = acme, .phone = ASHA, .user_id = "IN.1"});
    const char *first = given_message(.org = acme, .phone = ASHA);
    run("UPDATE outbox SET due_at = now(), look_at = now() WHERE message_id = '%s'", later);
    assert_no_rows(release_due(10));
    cr_assert_str_eq(state_of(later), "held");
    (void)claim(acme, first);
    cr_assert_str_eq(released_by(acme, first, "sent"), later);
}

Test(contacts, the_outbox_changes_its_contact_for_nothing_else)
{
    given_acme();
    (void)given_message(.org = acme, .phone = ASHA);
    (void)given_message(.org = acme, .phone = LATER);
    assert_refused(RESTRICT_VIOLATION,
                   "UPDATE outbox SET contact_id = (SELECT max(contact_id) FROM outbox)");
}

// --- numbers and user ids that change

Test(contacts, a_new_user_id_leads_on)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"});
    (void)receive(
        {.org = acme, .phone = "", .user_id = "IN.1", .type = "system", .new_user_id = "IN.2"},
        {.org = acme, .phone = "", .user_id = "IN.2"});
    assert_rows(people(), "null, IN.2");
    cr_assert_str_eq(recipients(), "1");
    cr_assert_str_eq(number_of("conversations"), "1");
    cr_assert_str_eq(bulk_to(NULL, "IN.2"), "contact_opted_out");
    cr_assert_str_eq(bulk_to(NULL, "IN.1"), "contact_opted_out");
    // One of before that comes late.
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1"});
    assert_rows(people(), "null, IN.2");
}

Test(contacts, a_new_user_id_of_one_with_a_phone_leads_on)
{
    given_acme();
    (void)receive(
        {.org = acme, .phone = ASHA, .user_id = "IN.1", .text = "STOP"},
        {.org = acme, .phone = ASHA, .user_id = "IN.1", .type = "system", .new_user_id = "IN.2"});
    assert_rows(people(), ASHA ", IN.2");
    cr_assert_str_eq(bulk_to(NULL, "IN.2"), "contact_opted_out");
}

// Without a sender: all that is known of the former one is its user id, or nothing.
Test(contacts, a_new_user_id_that_was_seen_before_becomes_the_one_contact_s)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"});
    (void)receive({.org = acme, .phone = LATER, .user_id = "IN.2"});
    (void)receive(
        {.org = acme, .phone = "", .user_id = "IN.1", .type = "system", .new_user_id = "IN.2"});
    assert_rows(people(), LATER ", IN.2");
    cr_assert_str_eq(bulk_to(LATER, NULL), "contact_opted_out");
    (void)receive({.org = acme, .phone = "", .type = "system", .new_user_id = "IN.3"});
    assert_rows(people(), LATER ", IN.2", "null, IN.3");
}

Test(contacts, a_new_number_with_a_new_user_id_leads_on)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1", .text = "STOP", .name = "Asha"},
                  {.org = acme,
                   .phone = ASHA,
                   .user_id = "IN.1",
                   .type = "system",
                   .new_phone = LATER,
                   .new_user_id = "IN.2"},
                  {.org = acme, .phone = "", .user_id = "IN.2"});
    assert_rows(people(), LATER ", IN.2");
    cr_assert_str_eq(bulk_to(LATER, NULL), "contact_opted_out");
    cr_assert_str_eq(bulk_to(NULL, "IN.2"), "contact_opted_out");
    // A message of before, and then the number's next owner.
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    assert_rows(people(), LATER ", IN.2");
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.9", .name = "Bilal"});
    assert_rows(people(), LATER ", IN.2", ASHA ", IN.9");
    cr_assert_str_eq(bulk_to(ASHA, NULL), "accepted");
}

Test(contacts, who_wrote_under_the_new_number_first_is_led_on_too)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .text = "STOP"});
    (void)receive({.org = acme, .phone = LATER, .text = "it is me"});
    (void)receive({.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER});
    assert_rows(people(), LATER ", null");
    cr_assert_str_eq(bulk_to(LATER, NULL), "contact_opted_out");
    cr_assert_str_eq(recipients(), "1");
    cr_assert_str_eq(bulk_to(ASHA, NULL), "accepted"); // somebody's, whom we do not know
}

Test(contacts, a_number_that_has_changed_hands_makes_nobody_one)
{
    given_acme();
    (void)receive({.org = acme, .phone = LATER, .user_id = "IN.7", .text = "STOP"});
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"}, {.org = acme,
                                                                    .phone = ASHA,
                                                                    .user_id = "IN.1",
                                                                    .type = "system",
                                                                    .new_phone = LATER,
                                                                    .new_user_id = "IN.2"});
    assert_rows(people(), LATER ", IN.2", "null, IN.7");
    cr_assert_str_eq(bulk_to(NULL, "IN.7"), "contact_opted_out");
    cr_assert_str_eq(bulk_to(LATER, NULL), "accepted");
    cr_assert_str_eq(bulk_to(NULL, "IN.1"), "accepted");
}

Test(contacts, a_change_that_changes_nothing_is_none)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"}, {.org = acme,
                                                                    .phone = ASHA,
                                                                    .user_id = "IN.1",
                                                                    .type = "system",
                                                                    .new_phone = ASHA,
                                                                    .new_user_id = "IN.1"});
    assert_rows(people(), ASHA ", IN.1");
    cr_assert_str_eq(number_of("contact_changes"), "0");
}

// Each step is two look-ups, and there are 32 at the most.
Test(contacts, a_long_line_of_changes_is_followed_so_far)
{
    given_acme();
    run("INSERT INTO contact_changes (org_id, at, user_id, new_user_id) SELECT '%s', "
        "to_timestamp(1763800000 + n), 'IN.' || n, 'IN.' || n + 1 FROM generate_series(2, 90) n",
        acme);
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1"}, {.org = acme,
                                                                  .phone = "",
                                                                  .user_id = "IN.1",
                                                                  .type = "system",
                                                                  .new_user_id = "IN.2",
                                                                  .at = 1763800001});
    assert_rows(people(), "null, IN.34");
}

Test(contacts, who_is_known_by_the_other_form_is_led_on)
{
    given_acme();
    (void)given_message(.org = acme, .phone = "541123456789");
    (void)receive(
        {.org = acme, .phone = "5491123456789", .type = "system", .new_phone = "5491198765432"});
    assert_rows(people(), "5491198765432, null");
}

#define LATEST "919876500002"

Test(contacts, changes_of_number_lead_on_in_whatever_order_they_come)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .text = "STOP", .name = "Asha", .at = 1763800000});
    (void)receive(
        {.org = acme, .phone = LATER, .type = "system", .new_phone = LATEST, .at = 1763800200});
    (void)receive({.org = acme, .phone = LATEST, .at = 1763800300});
    (void)receive(
        {.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER, .at = 1763800100});
    assert_rows(people(), LATEST ", null");
    cr_assert_str_eq(bulk_to(LATEST, NULL), "contact_opted_out");
    cr_assert_str_eq(recipients(), "1");
    cr_assert_str_eq(number_of("conversations"), "1");
    // The number in between is somebody else's, if anybody's.
    (void)receive({.org = acme, .phone = LATER, .name = "Bilal", .at = 1763800400});
    assert_rows(people(), LATER ", null", LATEST ", null");
    assert_healthy();
}

Test(contacts, changes_of_user_id_lead_on_in_whatever_order_they_come)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"});
    (void)receive({.org = acme,
                   .phone = "",
                   .user_id = "IN.3",
                   .type = "system",
                   .new_phone = LATEST,
                   .new_user_id = "IN.4",
                   .at = 1763800300},
                  {.org = acme,
                   .phone = "",
                   .user_id = "IN.2",
                   .type = "system",
                   .new_user_id = "IN.3",
                   .at = 1763800200},
                  {.org = acme,
                   .phone = "",
                   .user_id = "IN.1",
                   .type = "system",
                   .new_user_id = "IN.2",
                   .at = 1763800100});
    assert_rows(people(), LATEST ", IN.4");
    cr_assert_str_eq(bulk_to(NULL, "IN.4"), "contact_opted_out");
    cr_assert_str_eq(number_of("conversations"), "1");
}

// What was told of a number before is of who had it then.
Test(contacts, the_next_owner_of_a_number_is_not_led_on_with_its_former)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .at = 1763800000});
    (void)receive(
        {.org = acme, .phone = LATER, .type = "system", .new_phone = LATEST, .at = 1763800100});
    (void)receive(
        {.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER, .at = 1763800200});
    assert_rows(people(), LATER ", null", LATEST ", null");
}

Test(contacts, a_user_id_that_is_seen_with_another_number_has_moved)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    (void)receive({.org = acme, .phone = LATER, .user_id = "IN.1"});
    assert_rows(people(), LATER ", IN.1");
}

Test(contacts, a_message_shows_the_contact_as_it_is_known_now)
{
    given_acme();
    const char *message = given_message(.org = acme, .user_id = "IN.1");
    (void)given_message(.org = acme, .phone = ASHA);
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    (void)receive({.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER});
    assert_rows(rows("SELECT document->>'phone', document->>'user_id' FROM get_message('%s', '%s')",
                     acme, message),
                LATER ", null"); // the new number's user id is not known yet
}

// --- what Meta's answers teach

static void settle_with(const char *message, const char *wa_id, const char *user_id)
{
    (void)claim(acme, message);
    run("SELECT settle_sends(ARRAY['%s'::uuid], ARRAY['%s'::uuid], ARRAY['%s'::uuid], '{sent}', "
        "'{wamid.%s}', '{NULL}', '{f}', '{0}', p_wa_ids => '{%s}', p_wa_user_ids => '{%s}')",
        acme, message, claim_of(message), message, wa_id ? wa_id : "NULL",
        user_id ? user_id : "NULL");
    cr_assert_str_eq(status_of(message), "sent");
}

Test(contacts, the_answer_to_a_send_tells_the_true_number)
{
    given_acme();
    settle_with(given_message(.org = acme, .phone = "5531991234567"), "553191234567", NULL);
    assert_rows(people(), "553191234567, null");
    // Once more, and as it was dialled first.
    const char *again = given_message(.org = acme, .phone = "5531991234567");
    settle_with(again, "553191234567", NULL);
    (void)receive({.org = acme, .phone = "553191234567"});
    cr_assert_str_eq(number_of("contacts"), "1");
    assert_healthy();
}

Test(contacts, what_was_dialled_goes_on_leading_to_the_true_number)
{
    given_acme();
    settle_with(given_message(.org = acme, .phone = "54111523456789"), "5491123456789", NULL);
    assert_rows(people(), "5491123456789, null");
    (void)receive({.org = acme, .phone = "5491123456789", .text = "STOP"});
    cr_assert_str_eq(bulk_to("54111523456789", NULL), "contact_opted_out");
    cr_assert_str_eq(bulk_to("541123456789", NULL), "contact_opted_out");
    cr_assert_str_eq(recipients(), "1");
}

Test(contacts, the_true_number_s_contact_becomes_the_one_contact)
{
    given_acme();
    (void)receive({.org = acme, .phone = "5491123456789", .text = "STOP"});
    const char *message = given_message(.org = acme, .phone = "54111523456789");
    const char *next = given_message(.org = acme, .phone = "54111523456789");
    settle_with(message, "5491123456789", NULL);
    assert_rows(people(), "5491123456789, null");
    cr_assert_str_eq(state_of(next), "queued");
    cr_assert_str_eq(bulk_to("54111523456789", NULL), "contact_opted_out");
    assert_healthy();
}

Test(contacts, the_answer_may_name_a_user_id)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"});
    settle_with(given_message(.org = acme, .phone = ASHA), NULL, "IN.1");
    assert_rows(people(), ASHA ", IN.1");
    cr_assert_str_eq(bulk_to(ASHA, NULL), "contact_opted_out");
    settle_with(given_message(.org = acme, .phone = ASHA), NULL, "IN.1");
    cr_assert_str_eq(number_of("contacts WHERE user_id IS NOT NULL"), "1");
}

Test(contacts, a_status_may_name_a_user_id)
{
    given_acme();
    (void)receive({.org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"});
    const char *message = given_settled_message(acme, "sent");
    run("SELECT apply_statuses('{%s}', '{wamid.%s}', '{%s}', '{sent}', '{1763800000}', '{NULL}', "
        "'{NULL}', '{NULL}', p_user_ids => '{IN.1}')",
        number_of_org(acme), message, message);
    assert_rows(
        rows("SELECT count(*), count(phone), min(user_id) FROM contacts WHERE merged_into IS "
             "NULL"),
        "1, 1, IN.1");
    cr_assert_str_eq(bulk_to(value("SELECT max(phone) FROM contacts"), NULL), "contact_opted_out");
    assert_healthy();
}

// What Meta refuses because a contact has opted out counts for whom it has become.
Test(contacts, an_opt_out_that_a_failure_tells_is_the_one_contact_s)
{
    given_acme();
    const char *message = given_claimed_message(.org = acme, .user_id = "IN.1");
    (void)given_message(.org = acme, .phone = ASHA);
    (void)receive({.org = acme, .phone = ASHA, .user_id = "IN.1"});
    run("UPDATE error_rules SET action = 'opt_out_bulk' WHERE outcome = '131050'");
    (void)settle_sends({.org = acme, .message = message, .outcome = "131050"});
    cr_assert_str_eq(bulk_to(ASHA, NULL), "contact_opted_out");
}

// --- at the same moment

// Two workers: one learns that two contacts are one, the other has just got a wish of the one.
Test(contacts, a_wish_that_comes_while_they_become_one_is_kept)
{
    for (int order = 0; order < 4; order++) {
        given_acme();
        (void)given_message(.org = acme, .phone = ASHA);
        (void)receive({.org = acme, .phone = "", .user_id = "IN.1"});
        if (order >= 2)
            run("DELETE FROM conversations");
        const struct inbound_spec stop = {
            .org = acme, .phone = "", .user_id = "IN.1", .text = "STOP"};
        const struct inbound_spec both = {.org = acme, .user_id = "IN.1", .text = "it is me"};
        const struct inbound_spec *first = order % 2 ? &both : &stop;
        const struct inbound_spec *second = order % 2 ? &stop : &both;
        const char *answer = meanwhile(receive_sql(first, 1), receive_sql(second, 1));
        if (strstr(answer, "turned out to be")) // as the daemons do: 40001
            answer = rows("%s", receive_sql(second, 1));
        cr_expect_str_eq(answer, "saved\n", "%d: %s", order, answer);
        assert_rows(rows("SELECT phone, user_id FROM contacts WHERE merged_into IS NULL AND org_id "
                         "= '%s'",
                         acme),
                    ASHA ", IN.1");
        cr_expect_str_eq(bulk_to(ASHA, NULL), "contact_opted_out", "%d", order);
        cr_expect_str_eq(value("SELECT count(*) FROM conversations WHERE org_id = '%s'", acme), "1",
                         "%d", order);
    }
    assert_healthy();
}

// accept and a worker: whichever comes first, the line is one.
Test(contacts, what_is_accepted_while_they_become_one_stands_in_the_one_line)
{
    for (int order = 0; order < 2; order++) {
        given_acme();
        (void)given_message(.org = acme, .phone = ASHA);
        (void)receive({.org = acme, .phone = "", .user_id = "IN.1"});
        const struct send_spec send = {.org = acme, .user_id = "IN.1"};
        const struct inbound_spec both = {.org = acme, .user_id = "IN.1"};
        const char *accept = accept_sends_sql(&send, 1);
        const char *unite = receive_sql(&both, 1);
        const char *answer = order ? meanwhile(unite, accept) : meanwhile(accept, unite);
        cr_expect_null(strstr(answer, "error"), "%s", answer);
        assert_rows(rows("SELECT state, contact_id = (SELECT min(id) FROM contacts WHERE org_id = "
                         "'%s') FROM outbox WHERE org_id = '%s' ORDER BY seq",
                         acme, acme),
                    "queued, t", "held, t");
    }
    assert_healthy();
}

// Who settles what stands ahead, and who learns that two lines are one: whoever comes first, the
// one behind leaves.
Test(contacts, who_comes_into_a_line_whose_first_is_just_leaving_is_called_up)
{
    for (int order = 0; order < 2; order++) {
        given_acme();
        const char *ahead = given_claimed_message(.org = acme, .phone = ASHA);
        const char *behind = given_message(.org = acme, .user_id = "IN.1");
        const struct inbound_spec both = {.org = acme, .user_id = "IN.1"};
        const char *settle =
            settle_sends_sql(&(struct outcome_spec){.org = acme, .message = ahead}, 1);
        const char *unite = receive_sql(&both, 1);
        const char *answer = order ? meanwhile(unite, settle) : meanwhile(settle, unite);
        cr_expect_null(strstr(answer, "error"), "%s", answer);
        cr_expect_str_eq(state_of(behind), "queued", "%d", order);
    }
    assert_healthy();
}

// Both were on their way when their lines became one, and leave at the same moment: each counts on
// the other.
Test(contacts, who_stands_behind_two_that_leave_at_once_is_called_up)
{
    given_acme();
    const char *one = given_claimed_message(.org = acme, .phone = ASHA);
    const char *other = given_claimed_message(.org = acme, .user_id = "IN.1");
    const struct inbound_spec both = {.org = acme, .user_id = "IN.1"};
    assert_rows(rows("%s", receive_sql(&both, 1)), "saved");
    const char *behind = given_message(.org = acme, .phone = ASHA);
    cr_assert_str_eq(state_of(behind), "held");
    const struct outcome_spec first = {.org = acme, .message = one};
    const struct outcome_spec second = {.org = acme, .message = other};
    (void)meanwhile(settle_sends_sql(&first, 1), settle_sends_sql(&second, 1));
    cr_assert_str_eq(state_of(behind), "queued");
    assert_healthy();
}

// Who accepts holds the wallet, for however long: until then nobody's number changes.
Test(contacts, a_number_changes_once_who_accepts_is_through)
{
    given_acme();
    (void)receive({.org = acme, .phone = LATER});
    const char *ahead = given_claimed_message(.org = acme, .phone = ASHA);
    const char *behind = new_id();
    const struct send_spec send = {.org = acme, .id = behind, .phone = ASHA};
    const struct inbound_spec change = {
        .org = acme, .wamid = "a", .phone = ASHA, .type = "system", .new_phone = LATER};
    struct session *holder = session_open();
    (void)session_rows(holder, "BEGIN");
    (void)session_rows(holder, "%s", accept_sends_sql(&send, 1));
    assert_rows(receive(change, {.org = acme, .wamid = "b", .phone = "15550001111"}), "wallet_held",
                "saved");
    (void)session_rows(holder, "COMMIT");
    session_close(holder);
    assert_rows(receive(change), "saved");
    cr_assert_str_eq(released_by(acme, ahead, "sent"), behind);
    cr_assert_str_eq(number_of("messages WHERE type = 'system'"), "1");
    assert_healthy();
}

// The phone of somebody whom the org knows by user id alone is learnt just as something is sent
// there.
Test(contacts, who_turns_out_to_have_a_line_stands_in_it)
{
    given_acme();
    (void)given_claimed_message(.org = acme, .user_id = "IN.1");
    const struct inbound_spec both = {.org = acme, .user_id = "IN.1"};
    const struct send_spec send = {.org = acme, .phone = ASHA};
    const char *answer = meanwhile(receive_sql(&both, 1), accept_sends_sql(&send, 1));
    cr_assert_str_eq(answer, "accepted, held, 99.60, 0.20\n", "%s", answer);
    assert_healthy();
}

static void meet_at_once(struct session *session, int thread)
{
    for (int i = 0; i < 8; i++) {
        struct inbound_spec messages[] = {{.number = "4711",
                                           .wamid = text("a%d.%d", thread, i),
                                           .phone = text("91987654320%d", i)},
                                          {.number = "4711",
                                           .wamid = text("b%d.%d", thread, i),
                                           .phone = "",
                                           .user_id = text("IN.%d", i)},
                                          {.number = "4711",
                                           .wamid = text("c%d.%d", thread, i),
                                           .phone = text("91987654320%d", i),
                                           .user_id = text("IN.%d", i)}};
        for (int m = 0; m < 3; m++) {
            const char *sql = receive_sql(&messages[(m + thread) % 3], 1);
            const char *answer;
            do {
                answer = session_rows_again(session, sql);
            } while (strstr(answer, "error 40001"));
            cr_assert_null(strstr(answer, "error"), "%s", answer);
        }
    }
}

Test(contacts, many_workers_that_learn_it_at_once_make_one_of_each)
{
    const char *org = given_org(.balance = "1.00");
    given_channel(.org = org, .phone_number_id = "4711");
    at_once(6, meet_at_once);
    assert_rows(rows("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM contacts WHERE "
                     "merged_into IS NULL), (SELECT count(*) FROM conversations), (SELECT count(*) "
                     "FROM contacts c JOIN contacts o ON o.id = c.merged_into WHERE o.merged_into "
                     "IS NOT NULL)"),
                "144, 8, 8, 0");
    assert_healthy();
}

// Somebody holds the org's wallet for long: webhooks are applied all the same, but those that
// change whose lines are whose, which come again.
Test(contacts, a_wallet_that_is_held_keeps_nobody_waiting)
{
    given_acme();
    (void)receive({.org = acme, .phone = ASHA, .text = "STOP"});
    const char *message = given_message(.org = acme, .phone = "5531991234567");
    (void)claim(acme, message);
    struct session *holder = session_open();
    (void)session_rows(holder, "BEGIN");
    (void)session_rows(holder, "SELECT FROM wallet_locks FOR UPDATE");
    run("SET statement_timeout = '20s'");
    assert_rows(receive({.org = acme, .phone = "", .user_id = "IN.1"}), "saved");
    assert_rows(receive({.org = acme, .phone = ASHA, .user_id = "IN.1"}), "saved");
    run("SELECT settle_sends(ARRAY['%s'::uuid], ARRAY['%s'::uuid], ARRAY['%s'::uuid], '{sent}', "
        "'{wamid.1}', '{NULL}', '{f}', '{0}', p_wa_ids => '{553191234567}')",
        acme, message, claim_of(message));
    assert_rows(receive({.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER}),
                "wallet_held");
    (void)session_rows(holder, "COMMIT");
    session_close(holder);
    assert_rows(receive({.org = acme, .phone = ASHA, .type = "system", .new_phone = LATER}),
                "saved");
    cr_assert_str_eq(status_of(message), "sent");
    cr_assert_str_eq(bulk_to(LATER, NULL), "contact_opted_out");
    assert_rows(receive({.org = acme, .phone = LATER, .user_id = "IN.1"}), "saved");
    cr_assert_str_eq(bulk_to(NULL, "IN.1"), "contact_opted_out");
    assert_healthy();
}

// The phases of receive_messages, each alone (sql/core/inbound.sql).

#include "tests/sql/inbound.h"

#include <time.h>

TestSuite(inbound_phases, .init = database_create, .fini = database_drop);

// A contact of the org; returns its id.
static const char *given_contact(const char *org, const char *phone)
{
    return value("INSERT INTO contacts (org_id, phone) VALUES ('%s', '%s') RETURNING id", org,
                 phone);
}

Test(inbound_phases, a_message_is_found_its_channel_and_is_new_once)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    (void)given_inbound(.org = acme, .wamid = "wamid.old");
    assert_rows(
        rows("SELECT i.n, i.org_id = '%s', i.channel_id IS NULL, i.is_new FROM unnest(%s) i", acme,
             found_inbound({.org = acme, .wamid = "wamid.old"}, {.org = beta, .wamid = "wamid.old"},
                           {.org = acme, .wamid = "wamid.1"}, {.org = acme, .wamid = "wamid.1"},
                           {.number = "999"})),
        "1, t, f, f", "2, f, f, t", "3, t, f, t", "4, t, f, f", "5, null, t, f");
}

Test(inbound_phases, a_text_that_is_one_of_the_orgs_words_is_a_wish)
{
    const char *acme = given_org_with_channel("1.00");
    run("UPDATE organizations SET opt_out_words = '{Stop,\"no more\"}', opt_in_words = '{start}'");
    assert_rows(rows("SELECT i.opt_out FROM unnest(%s) i",
                     found_inbound({.org = acme, .text = " STOP\n"},
                                   {.org = acme, .text = "no MORE"}, {.org = acme, .text = "Start"},
                                   {.org = acme, .text = "stop it"}, {.org = acme, .text = ""})),
                "t", "t", "f", "null", "null");
}

Test(inbound_phases, no_text_is_a_wish_where_the_worker_looks_itself)
{
    const char *acme = given_org_with_channel("1.00");
    assert_rows(rows("SELECT i.opt_out FROM unnest(%s) i",
                     found_inbound({.org = acme, .text = "stop", .words_later = true},
                                   {.org = acme, .text = "start"})),
                "null", "null");
}

Test(inbound_phases, a_wish_that_the_worker_has_found_is_the_contacts)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *out = given_inbound(.org = acme, .at = 1763800002);
    const char *in = given_inbound(.org = acme, .at = 1763800001);
    const char *other = given_inbound(.org = acme, .phone = "919876543211", .user_id = "IN.2");
    assert_rows(set_wishes({.org = acme, .message = out, .wish = "out"},
                           {.org = acme, .message = in, .wish = "in"},
                           {.org = acme, .message = other}, {.org = beta, .message = out}),
                "t", "t", "f", "f");
    assert_rows(rows("SELECT c.phone FROM conversations v JOIN contacts c ON c.id = v.contact_id "
                     "WHERE v.opted_out_at = to_timestamp(1763800002)"),
                "919876543210");
    (void)given_inbound(.org = acme, .phone = "919876543211",
                        .user_id = "IN.1"); // one that leads on
    const char *later = given_inbound(.org = acme, .at = 1763800003);
    assert_rows(
        set_wishes({.org = acme, .message = out}, {.org = acme, .message = later, .wish = "in"}),
        "f", "f");
}

Test(inbound_phases, what_is_not_said_is_no_first_message)
{
    const char *acme = given_org_with_channel("1.00");
    const char *contact = given_contact(acme, "919876543210");
    const char *const kept = "SELECT first_message_id, ctid FROM conversations";
    run("SELECT keep_conversations(%s, '{%s}')",
        found_inbound({.org = acme, .type = "reaction", .is_unsaid = true, .at = 300}), contact);
    assert_rows(rows("SELECT first_message_id FROM conversations"), "null");
    const char *before = rows("%s", kept);
    run("SELECT keep_conversations(%s, '{%s}')",
        found_inbound({.org = acme, .type = "reaction", .is_unsaid = true, .at = 301}), contact);
    cr_assert_str_eq(rows("%s", kept), before);
    run("CREATE TABLE items AS SELECT %s AS items",
        found_inbound({.org = acme, .type = "reaction", .is_unsaid = true, .at = 302},
                      {.org = acme, .at = 303}));
    run("SELECT keep_conversations(items, '{%s,%s}') FROM items", contact, contact);
    assert_rows(rows("SELECT first_message_id = (items[2]).id FROM conversations, items"), "t");
}

Test(inbound_phases, a_conversation_keeps_its_first_message_and_its_latest_time)
{
    const char *acme = given_org_with_channel("1.00");
    const char *contact = given_contact(acme, "919876543210");
    const char *items = found_inbound({.org = acme, .at = 300}, {.org = acme, .at = 200});
    const char *const kept = "SELECT extract(epoch FROM last_inbound_at)::int, first_message_id "
                             "FROM conversations";
    run("CREATE TABLE items AS SELECT %s AS items", items);
    run("SELECT keep_conversations(items, '{%s,%s}') FROM items", contact, contact);
    const char *first = value("SELECT (items[1]).id FROM items");
    assert_rows(rows("%s", kept), text("300, %s", first));
    run("SELECT keep_conversations(%s, '{%s}')", found_inbound({.org = acme, .at = 250}), contact);
    assert_rows(rows("%s", kept), text("300, %s", first));
    run("SELECT keep_conversations(%s, '{%s}')", found_inbound({.org = acme, .at = 400}), contact);
    assert_rows(rows("%s", kept), text("400, %s", first));
}

// Who writes all day must not leave as many versions of it behind.
Test(inbound_phases, a_conversation_changes_once_a_minute_at_the_most)
{
    const char *acme = given_org_with_channel("1.00");
    const char *contact = given_contact(acme, "919876543210");
    const char *const kept =
        "SELECT extract(epoch FROM last_inbound_at)::int, ctid FROM conversations";
    run("SELECT keep_conversations(%s, '{%s}')", found_inbound({.org = acme, .at = 300}), contact);
    const char *before = rows("%s", kept);
    run("SELECT keep_conversations(%s, '{%s}')", found_inbound({.org = acme, .at = 359}), contact);
    cr_assert_str_eq(rows("%s", kept), before);
    run("SELECT keep_conversations(%s, '{%s}')", found_inbound({.org = acme, .at = 360}), contact);
    assert_rows(rows("SELECT extract(epoch FROM last_inbound_at)::int FROM conversations"), "360");
}

Test(inbound_phases, what_is_there_already_is_not_saved_again)
{
    const char *acme = given_org_with_channel("1.00");
    const char *contact = given_contact(acme, "919876543210");
    const char *items = found_inbound({.org = acme, .wamid = "wamid.1", .text = "one"},
                                      {.org = acme, .wamid = "wamid.2", .text = "two"});
    run("SELECT save_inbound(%s, '{%s,%s}')", items, contact, contact);
    const char *const saved = "SELECT wamid, text, contact_id, direction, status FROM messages "
                              "ORDER BY wamid";
    const char *one = text("wamid.1, one, %s, inbound, received", contact);
    const char *two = text("wamid.2, two, %s, inbound, received", contact);
    assert_rows(rows("%s", saved), one, two);
    run("SELECT save_inbound(%s, '{%s}')",
        found_inbound({.org = acme, .wamid = "wamid.1", .text = "other"}), contact);
    assert_rows(rows("%s", saved), one, two);
}

Test(inbound_phases, what_is_told_is_saved_a_duplicate_or_nobodys)
{
    const char *acme = given_org_with_channel("1.00");
    const char *contact = given_contact(acme, "919876543210");
    const char *old = given_inbound(.org = acme, .wamid = "wamid.old");
    run("CREATE TABLE items AS SELECT %s AS items",
        found_inbound({.org = acme, .wamid = "wamid.1"}, {.org = acme, .wamid = "wamid.old"},
                      {.number = "999"}));
    run("SELECT save_inbound(items[:1], '{%s}') FROM items", contact);
    assert_rows(rows("SELECT t.verdict, t.message_id, t.rules_version, t.is_first, t.phone "
                     "FROM items, tell_received(items) t"),
                text("saved, %s, 0, f, null", value("SELECT (items[1]).id FROM items")),
                text("duplicate, %s, 0, f, null", old), "unknown_number, null, 0, f, null");
}

Test(inbound_phases, what_replies_need_is_told_of_an_org_with_rules)
{
    const char *acme = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', 'any', '\"hi\"')",
        acme);
    const char *items =
        found_inbound({.org = acme, .wamid = "wamid.1", .text = "stop", .at = time(NULL)});
    (void)given_inbound(.org = acme, .wamid = "wamid.1", .text = "stop", .name = "Ann");
    const char *told = text("SELECT t.rules_version, t.is_first, t.is_word, t.opted_out, t.phone, "
                            "t.name FROM tell_received(%s) t",
                            items);
    assert_rows(rows("%s", told), "1, t, t, t, 919876543210, Ann");
    run("UPDATE messages SET created_at = now() - interval '1 hour'");
    assert_rows(rows("%s", told), "0, t, t, t, 919876543210, Ann");
}

// By its own time, however new its row is.
Test(inbound_phases, what_is_late_is_not_replied_to)
{
    const char *acme = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', 'any', 'hi')",
        acme);
    long now = time(NULL);
    (void)receive({.org = acme, .wamid = "wamid.1"}, {.org = acme, .wamid = "wamid.2"});
    const char *items = found_inbound({.org = acme, .wamid = "wamid.1", .at = now - 590},
                                      {.org = acme, .wamid = "wamid.2", .at = now - 620});
    assert_rows(rows("SELECT t.rules_version > 0 FROM tell_received(%s) t", items), "t", "f");
    assert_rows(rows("SELECT t.rules_version > 0 FROM tell_received(%s, 900) t", items), "t", "t");
    assert_rows(rows("SELECT t.rules_version > 0 FROM tell_received(%s, 60) t", items), "f", "f");
}

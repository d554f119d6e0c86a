// What orgs look at: lists of messages and conversations, and what has happened to a message.

#include "tests/sql/inbound.h"

#include <stdlib.h>
#include <string.h>

TestSuite(lists, .init = database_create, .fini = database_drop);

// The id of the n-th of a test's messages that are written by hand: one each millisecond.
static const char *id_of(int n)
{
    return text("0199aaaa-%04x-7000-8000-000000000000", n);
}

// A message of the org's first channel and a contact; `sets` are further columns with their values.
static void given_row(const char *org, int n, const char *phone, const char *columns,
                      const char *values)
{
    run("INSERT INTO contacts (org_id, phone) VALUES ('%s', '%s') ON CONFLICT DO NOTHING", org,
        phone);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id%s) SELECT '%s', c.org_id, "
        "h.id, c.id%s FROM contacts c JOIN channels h ON h.org_id = c.org_id WHERE c.org_id = '%s' "
        "AND c.phone = '%s' ORDER BY h.created_at LIMIT 1",
        columns, id_of(n), values, org, phone);
}

#define OUTBOUND ", direction, type, status, payload"
#define SETTLED OUTBOUND ", attempts"

static void given_sent(const char *org, int n, const char *phone)
{
    given_row(org, n, phone, SETTLED, ", 'outbound', 'text', 'sent', '{}', 1");
}

// The numbers of the messages of a page, in order, then how to go on, and whether only so far was
// looked.
static const char *page(const char *org, const char *find, const char *before, int limit)
{
    return value("SELECT concat_ws(' ', (SELECT string_agg(('x' || substr(m ->> 'message_id', 10, "
                 "4))::bit(16)::integer::text, ' ') FROM json_array_elements(l -> 'messages') m), "
                 "'| ' || (('x' || substr(l ->> 'next_before', 10, 4))::bit(16)::integer), "
                 "CASE WHEN l ->> 'searched_until' IS NOT NULL THEN 'so far' END) "
                 "FROM list_messages('%s', '%s', %s, %d) l",
                 org, find, before, limit);
}

#define all_of(org, find) page(org, find, "NULL", 200)

static const char *quoted(const char *id)
{
    return text("'%s'", id);
}

Test(lists, messages_come_newest_first_in_pages)
{
    const char *acme = given_org_with_channel("1.00");
    for (int n = 1; n <= 5; n++)
        given_sent(acme, n, "919876543210");
    cr_assert_str_eq(page(acme, "{}", "NULL", 2), "5 4 | 4");
    cr_assert_str_eq(page(acme, "{}", quoted(id_of(4)), 2), "3 2 | 2");
    cr_assert_str_eq(page(acme, "{}", quoted(id_of(2)), 2), "1");
    cr_assert_str_eq(page(acme, "{}", quoted(id_of(1)), 2), "");
    cr_assert_str_eq(page(acme, "{}", "NULL", 5), "5 4 3 2 1");
}

Test(lists, a_cursor_needs_no_message_and_tells_nothing)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    given_sent(acme, 1, "919876543210");
    given_sent(beta, 2, "919876543210");
    given_sent(acme, 3, "919876543210");
    cr_assert_str_eq(all_of(acme, "{}"), "3 1");
    cr_assert_str_eq(page(acme, "{}", quoted(id_of(2)), 9), "1");    // another org's
    cr_assert_str_eq(page(acme, "{}", quoted(id_of(77)), 9), "3 1"); // nobody's
    // Of one millisecond, too.
    run("INSERT INTO messages SELECT (jsonb_populate_record(m, jsonb_build_object('id', "
        "'0199aaaa-0003-7000-8000-00000000000' || g))).* FROM messages m, generate_series(1, 3) g "
        "WHERE m.id = '%s'",
        id_of(3));
    cr_assert_str_eq(page(acme, "{}", "NULL", 2), "3 3 | 3");
    cr_assert_str_eq(page(acme, "{}", "'0199aaaa-0003-7000-8000-000000000002'", 9), "3 3 1");
}

static const char *acme;

static void given_one_of_each(void)
{
    acme = given_org_with_channel("9.00");
    (void)given_channel(.org = acme, .phone_number_id = "4711");
    given_row(acme, 1, "919800000001", OUTBOUND ", text, sent_at",
              ", 'inbound', 'text', 'received', '{}', 'Where is 100%% of it?', now()");
    given_row(
        acme, 2, "919800000001", SETTLED,
        ", 'outbound', 'text', 'read', '{\"text\": {\"body\": \"It \\\"left\\\" today\"}}', 1");
    given_row(
        acme, 3, "919800000002", OUTBOUND ", error_code, failed_at",
        ", 'outbound', 'template', 'failed', '{\"template\": {\"name\": \"news\", "
        "\"components\": [{\"parameters\": [{\"text\": \"Ravi\"}, 7]}, 8]}}', '131049', now()");
    given_row(acme, 4, "919800000002", OUTBOUND ", error_code, failed_at",
              ", 'outbound', 'image', 'delivered', '{\"image\": {\"caption\": \"Plan\"}}', "
              "'131026', now()");
    given_row(acme, 5, "919800000003", OUTBOUND,
              ", 'outbound', 'text', 'queued', '{\"text\": {\"body\": \"later\"}}'");
    run("INSERT INTO outbox (org_id, message_id, channel_id, contact_id, priority, state, due_at, "
        "look_at, not_after) SELECT org_id, id, channel_id, contact_id, 'high', 'scheduled', "
        "now(), "
        "now(), now() FROM messages WHERE id = '%s'",
        id_of(5));
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, status, "
        "payload, attempts) "
        "SELECT '%s', m.org_id, h.id, m.contact_id, 'outbound', 'text', 'sent', '{}', 1 FROM "
        "messages "
        "m "
        "JOIN channels h ON h.phone_number_id = '4711' WHERE m.id = '%s'",
        id_of(6), id_of(1));
    run("UPDATE contacts SET user_id = 'IN.1A', phone = '5511987654321' WHERE phone = "
        "'919800000002'");
    run("INSERT INTO contacts (org_id, phone, merged_into) SELECT org_id, '919800000009', id FROM "
        "contacts WHERE phone = '919800000001'");
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, status, "
        "payload, attempts) "
        "SELECT '%s', c.org_id, h.id, c.id, 'outbound', 'text', 'unconfirmed', '{}', 1 FROM "
        "contacts "
        "c "
        "JOIN channels h ON h.org_id = c.org_id AND h.phone_number_id <> '4711' WHERE c.phone = "
        "'919800000009'",
        id_of(7));
}

Test(lists, each_filter_finds_its_own)
{
    static const struct {
        const char *find;
        const char *found;
    } finds[] = {
        {"{}", "7 6 5 4 3 2 1"},
        {"{\"contact\": \"919800000001\"}", "7 6 2 1"},
        {"{\"contact\": \"919800000009\"}", "7 6 2 1"}, // who turned out to be the same
        {"{\"contact\": \"551187654321\"}", "4 3"},     // without the 9 of mobiles
        {"{\"contact\": \"IN.1A\"}", "4 3"},
        {"{\"contact\": \"919800000008\"}", ""},
        {"{\"contact\": \"919800000001\", \"channel\": \"4711\"}", "6"},
        {"{\"channel\": \"4711\"}", "6"},
        {"{\"direction\": \"inbound\"}", "1"},
        {"{\"status\": \"failed\"}", "3"},
        {"{\"status\": \"delivered\"}", "4"},
        {"{\"status\": \"scheduled\"}", "5"},
        {"{\"status\": \"queued\"}", ""},
        {"{\"status\": \"unconfirmed\"}", "7"},
        {"{\"status\": \"scheduled\", \"contact\": \"919800000001\"}", ""},
        {"{\"type\": \"image\"}", "4"},
        {"{\"error\": \"131026\"}", "4"},
        {"{\"error\": \"131049\", \"status\": \"failed\"}", "3"},
        {"{\"error\": \"131049\", \"status\": \"delivered\"}", ""},
        {"{\"text\": \"LEFT\\\" today\"}", "2"},
        {"{\"text\": \"100%\"}", "1"},
        {"{\"text\": \"_\"}", ""},
        {"{\"text\": \"ravi\"}", "3"},
        {"{\"text\": \"plan\", \"type\": \"image\"}", "4"},
        {"{\"text\": \"components\"}", ""}, // that is not what it says
    };
    given_one_of_each();
    for (size_t i = 0; i < sizeof finds / sizeof *finds; i++)
        cr_assert_str_eq(all_of(acme, finds[i].find), finds[i].found, "%s: %s", finds[i].find,
                         all_of(acme, finds[i].find));
    cr_assert_str_eq(
        all_of(acme, text("{\"channel\": \"%s\"}",
                          value("SELECT id FROM channels WHERE phone_number_id = '4711'"))),
        "6");
    cr_assert_str_eq(
        all_of(acme, text("{\"contact_id\": %s}",
                          value("SELECT id FROM contacts WHERE phone = '919800000009'"))),
        "7 6 2 1");
    const char *at = value("SELECT time_text(time_of_id('%s'))", id_of(3));
    const char *later = value("SELECT time_text(time_of_id('%s'))", id_of(5));
    cr_assert_str_eq(all_of(acme, text("{\"since\": \"%s\", \"until\": \"%s\"}", at, later)),
                     "4 3");
    assert_told("invalid_field", "contact_id",
                "SELECT list_messages('%s', '{\"contact\": \"1\", \"contact_id\": 1}', NULL, 1)",
                acme);
}

#define listed(find, before, limit)                                                                \
    rows("SELECT m ->> 'message_id', m ->> 'status' FROM json_array_elements(list_messages('%s', " \
         "'%s', %s, %d) -> 'messages') m",                                                         \
         acme, find, before, limit)

// Each by its own place, and once, whether it has settled or not.
Test(lists, what_waits_is_listed_with_what_has_settled)
{
    acme = given_org_with_channel("9.00");
    const char *sent = given_claimed_message(.org = acme, .id = id_of(1));
    (void)settle_sends({.org = acme, .message = sent, .outcome = "sent"});
    const char *waits = given_message(.org = acme, .id = id_of(2), .phone = "919800000001");
    const char *held = given_message(.org = acme, .id = id_of(3), .phone = "919800000001");
    const char *sending = given_claimed_message(.org = acme, .id = id_of(4));
    const char *cancelled = given_message(.org = acme, .id = id_of(5), .send_in_ms = 60000);
    run("SELECT cancel_send('%s', '%s')", acme, cancelled);
    assert_rows(listed("{}", "NULL", 9), text("%s, failed", cancelled),
                text("%s, sending", sending), text("%s, held", held), text("%s, queued", waits),
                text("%s, sent", sent));
    assert_rows(listed("{}", quoted(cancelled), 2), text("%s, sending", sending),
                text("%s, held", held));
    assert_rows(listed("{}", quoted(held), 9), text("%s, queued", waits), text("%s, sent", sent));
    assert_rows(listed("{\"contact\": \"919800000001\"}", "NULL", 9), text("%s, held", held),
                text("%s, queued", waits));
    assert_rows(listed("{\"status\": \"held\"}", "NULL", 9), text("%s, held", held));
    assert_rows(listed("{\"status\": \"sent\"}", "NULL", 9), text("%s, sent", sent));
    assert_no_rows(listed("{\"error\": \"131049\"}", "NULL", 9));
    assert_rows(listed("{\"direction\": \"outbound\", \"type\": \"text\"}", quoted(waits), 9),
                text("%s, sent", sent));
}

// The last message of a conversation may be one that waits.
Test(lists, a_conversation_ends_with_what_waits)
{
    acme = given_org_with_channel("9.00");
    given_inbound(.org = acme, .wamid = "w1", .text = "hello");
    static const char last[] =
        "SELECT v -> 'last_message' ->> 'message_id' FROM "
        "json_array_elements(list_conversations('%s', '{}', NULL, 9) -> 'conversations') v";
    assert_rows(rows(last, acme), value("SELECT id FROM messages"));
    const char *phone = value("SELECT phone FROM contacts");
    (void)given_message(.org = acme, .id = "ffffaaaa-0001-7000-8000-000000000000", .phone = phone);
    const char *later = given_message(.org = acme, .id = "ffffaaaa-0002-7000-8000-000000000000",
                                      .phone = phone, .send_in_ms = 60000);
    assert_rows(rows(last, acme), later);
}

// As the caller's role, so that row-level security stands behind it.
Test(lists, nothing_of_another_org_is_listed)
{
    given_one_of_each();
    const char *beta = given_org_with_channel("1.00");
    run("INSERT INTO conversations (org_id, channel_id, contact_id, newest_id, unread) SELECT "
        "org_id, channel_id, contact_id, id, true FROM messages WHERE id = '%s'",
        id_of(1));
    const char *contact =
        value("SELECT id FROM contacts WHERE org_id = '%s' AND phone = '919800000001'", acme);
    const char *channel = value("SELECT id FROM channels WHERE phone_number_id = '4711'");
    run("UPDATE messages SET wamid = 'wamid.a/b+c=' WHERE id = '%s'", id_of(2));
    database_connect_as("tollgate_ingress");
    run("SET search_path = tollgate");
    cr_assert_str_eq(value("SELECT message_id FROM find_message('%s', 'wamid.a/b+c=')", acme),
                     id_of(2));
    assert_no_rows(rows("SELECT message_id FROM find_message('%s', 'wamid.a/b+c=')", beta));
    cr_assert_str_eq(all_of(beta, "{}"), "");
    cr_assert_str_eq(all_of(beta, "{\"contact\": \"919800000001\"}"), "");
    cr_assert_str_eq(all_of(beta, text("{\"contact_id\": %s}", contact)), "");
    cr_assert_str_eq(all_of(beta, "{\"status\": \"scheduled\"}"), "");
    static const char *const lists[] = {"list_messages", "list_conversations"};
    for (int i = 0; i < 2; i++) {
        assert_told("channel_not_found", "channel",
                    "SELECT %s('%s', '{\"channel\": \"%s\"}', NULL, 9)", lists[i], beta, channel);
        assert_told("channel_not_found", "channel",
                    "SELECT %s('%s', '{\"channel\": \"4711\"}', NULL, 9)", lists[i], beta);
    }
    cr_assert_str_eq(
        value("SELECT list_conversations('%s', '{}', NULL, 9) -> 'conversations'", beta), "[]");
    cr_assert_str_eq(value("SELECT list_conversations('%s', '{\"contact_id\": %s}', NULL, 9) -> "
                           "'conversations'",
                           beta, contact),
                     "[]");
    assert_told("not_found", "", "SELECT read_conversation('key:x', '%s', '%s', %s, '{}')", beta,
                channel, contact);
}

// However few fit, and of however many.
Test(lists, a_page_looks_at_so_many_and_tells_how_far)
{
    const char *org = given_org_with_channel("1.00");
    given_row(org, 1, "919876543210", SETTLED, ", 'outbound', 'location', 'sent', '{}', 1");
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, "
        "status, attempts) "
        "SELECT ('0199aaaa-' || lpad(to_hex(g), 4, '0') || '-7000-8000-000000000000')::uuid, "
        "m.org_id, "
        "m.channel_id, m.contact_id, 'outbound', 'text', '{}', 'sent', 1 FROM messages m, "
        "generate_series(2, 5000) g");
    cr_assert_str_eq(page(org, "{\"type\": \"location\"}", "NULL", 9), "| 4001 so far");
    cr_assert_str_eq(page(org, "{\"type\": \"location\"}", quoted(id_of(3001)), 9),
                     "| 2001 so far");
    cr_assert_str_eq(page(org, "{\"type\": \"location\"}", quoted(id_of(1000)), 9), "1");
    cr_assert_str_eq(page(org, "{\"text\": \"x\"}", "NULL", 9), "| 4001 so far");
    cr_assert_str_eq(value("SELECT list_messages('%s', '{\"type\": \"location\"}', NULL, 9) ->> "
                           "'searched_until'",
                           org),
                     value("SELECT time_text(time_of_id('%s'))", id_of(4001)));
}

Test(lists, a_line_says_what_it_says_now)
{
    const char *org = given_org_with_channel("1.00");
    given_inbound(.org = org, .wamid = "w1", .text = "first");
    given_inbound(.org = org, .wamid = "w2", .type = "edit", .text = "second", .changes = "w1");
    static const char line[] = "SELECT m ->> 'text' FROM json_array_elements(list_messages('%s', "
                               "'{\"type\": \"text\"}', NULL, 9) -> 'messages') m";
    assert_rows(rows(line, org), "second");
    given_inbound(.org = org, .wamid = "w3", .type = "revoke", .changes = "w1");
    assert_rows(rows(line, org), "null");
}

// Of the org's conversations: phone, unread, whether the window is open, the last text.
static const char *conversations(const char *org, const char *find)
{
    return rows(
        "SELECT c ->> 'phone', c ->> 'unread', c ->> 'window_open_until' IS NOT NULL, "
        "c -> 'last_message' ->> 'text' FROM "
        "json_array_elements(list_conversations('%s', '%s', NULL, 50) -> 'conversations') c",
        org, find);
}

#define write_in(phone_, id_, text_, ago)                                                          \
    given_inbound(.org = acme, .phone = (phone_), .text = (text_), .at = seconds_ago(ago))

static long seconds_ago(long seconds)
{
    return strtol(value("SELECT floor(extract(epoch FROM now()))::bigint - %ld", seconds), NULL,
                  10);
}

// The worker's ids begin with their time.
static void renumber(const char *text_, int n)
{
    run("SET session_replication_role = replica");
    run("UPDATE conversations v SET newest_id = '%s', first_message_id = NULL FROM messages m "
        "WHERE "
        "m.text = '%s' AND v.newest_id = m.id",
        id_of(n), text_);
    run("UPDATE messages SET id = '%s' WHERE text = '%s'", id_of(n), text_);
    run("SET session_replication_role = DEFAULT");
}

static const char *reading(const char *phone, const char *body)
{
    return value(
        "SELECT read_conversation('key:x', c.org_id, v.channel_id, c.id, '%s') ->> 'unread' "
        "FROM contacts c JOIN conversations v ON v.org_id = c.org_id AND v.contact_id = "
        "coalesce(c.merged_into, c.id) WHERE c.org_id = '%s' AND c.phone = '%s'",
        body, acme, phone);
}

Test(lists, a_conversation_is_unread_until_it_is_read)
{
    acme = given_org_with_channel("1.00");
    write_in("919800000001", 1, "one", 100000);
    renumber("one", 1);
    write_in("919800000002", 2, "two", 60);
    renumber("two", 2);
    assert_rows(conversations(acme, "{}"), "919800000002, 1, t, two", "919800000001, 1, f, one");
    cr_assert_str_eq(reading("919800000002", "{}"), "0");
    assert_rows(conversations(acme, "{\"unread\": true}"), "919800000001, 1, f, one");
    assert_rows(conversations(acme, "{\"unread\": false}"), "919800000002, 0, t, two");
    cr_assert_str_eq(reading("919800000002", "{}"), "0");
    write_in("919800000002", 3, "three", 30); // within a minute, and unread all the same
    renumber("three", 3);
    write_in("919800000002", 4, "four", 20);
    renumber("four", 4);
    assert_rows(conversations(acme, "{\"contact\": \"919800000002\"}"), "919800000002, 2, t, four");
    cr_assert_str_eq(reading("919800000002", text("{\"until\": \"%s\"}", id_of(3))), "1");
    cr_assert_str_eq(reading("919800000002", text("{\"until\": \"%s\"}", id_of(2))), "1");
    cr_assert_str_eq(reading("919800000002", text("{\"until\": \"%s\"}", id_of(9))), "0");
    cr_assert_str_eq(
        value("SELECT read_conversation('key:x', org_id, channel_id, contact_id, '{}') "
              "->> 'told_by' FROM conversations WHERE read_until = '%s'",
              id_of(4)),
        value("SELECT wamid FROM messages WHERE id = '%s'", id_of(4)));
}

// Whose contact has opted out before a word was said.
Test(lists, a_conversation_in_which_nothing_was_said_is_none_to_read)
{
    acme = given_org_with_channel("1.00");
    const char *id = value("SELECT create_contact('key:x', '%s', '{\"phone\": \"919800000001\"}') "
                           "->> 'id'",
                           acme);
    run("SELECT opt_contact_out('key:x', '%s', %s, '{}')", acme, id);
    assert_no_rows(conversations(acme, "{}"));
    assert_told("not_found", "",
                "SELECT read_conversation('key:x', org_id, channel_id, contact_id, '{}') FROM "
                "conversations WHERE org_id = '%s'",
                acme);
}

// The contact's last word stands further back than is looked.
Test(lists, a_conversation_is_read_however_many_were_written_since)
{
    acme = given_org_with_channel("1.00");
    write_in("919800000001", 1, "one", 60);
    run("SET session_replication_role = replica");
    run("UPDATE messages SET id = overlay(first_id_of(now() - interval '1 minute')::text PLACING "
        "'1' FROM 36)::uuid");
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, "
        "status, attempts) "
        "SELECT overlay(m.id::text PLACING lpad(to_hex(i + 1), 12, '0') FROM 25)::uuid, m.org_id, "
        "m.channel_id, "
        "m.contact_id, 'outbound', 'text', '{}', 'sent', 1 FROM messages m, generate_series(1, "
        "1000) "
        "i");
    run("SET session_replication_role = DEFAULT");
    const char *one = text("{\"until\": \"%s\"}", value("SELECT min(id::text) FROM messages"));
    const char *last = text("{\"until\": \"%s\"}", value("SELECT max(id::text) FROM messages"));
    const char *before =
        text("{\"until\": \"%s\"}", value("SELECT first_id_of(now() - interval '1 day')"));
    cr_assert_str_eq(reading("919800000001", before), "1");
    cr_assert_str_eq(reading("919800000001", one), "0");
    run("UPDATE conversations SET unread = true, read_until = NULL");
    cr_assert_str_eq(reading("919800000001", last), "0");
    run("UPDATE conversations SET unread = true, read_until = NULL");
    cr_assert_str_eq(reading("919800000001", "{}"), "0");
}

Test(lists, who_reads_a_conversation_is_told_where_that_changes_something)
{
    acme = given_org_with_channel("1.00");
    write_in("919800000001", 1, "one", 60);
    renumber("one", 1);
    (void)reading("919800000001", text("{\"until\": \"%s\"}", id_of(0)));
    cr_assert_str_eq(value("SELECT count(*) FROM audit_log WHERE object = 'conversations'"), "0",
                     "nothing was read");
    (void)reading("919800000001", "{}");
    (void)reading("919800000001", "{}");
    assert_rows(
        rows("SELECT a.actor, a.action, a.org_id = v.org_id, a.object_id = v.channel_id || '/' || "
             "v.contact_id, a.before, a.after FROM audit_log a, conversations v WHERE a.object = "
             "'conversations'"),
        text("key:x, update, t, t, {\"unread\": true, \"read_until\": null}, {\"unread\": false, "
             "\"read_until\": \"%s\"}",
             id_of(1)));
    write_in("919800000001", 2, "two", 30);
    cr_assert_str_eq(value("SELECT count(*) FROM audit_log WHERE object = 'conversations'"), "1",
                     "what customers do is not told");
}

Test(lists, what_leaves_moves_a_conversation_and_makes_none)
{
    acme = given_org_with_channel("9.00");
    write_in("919800000001", 1, "one", 60);
    renumber("one", 1);
    write_in("919800000002", 2, "two", 60);
    renumber("two", 2);
    const char *answer = given_claimed_message(.org = acme, .phone = "919800000001");
    (void)settle_sends({.org = acme, .message = answer});
    (void)given_settled_message(acme, "sent"); // to somebody who never wrote
    assert_rows(rows("SELECT c ->> 'phone', c -> 'last_message' ->> 'direction' FROM "
                     "json_array_elements(list_conversations('%s', '{}', NULL, 50) -> "
                     "'conversations') c",
                     acme),
                "919800000001, outbound", "919800000002, inbound");
    cr_assert_str_eq(number_of("conversations WHERE newest_id IS NOT NULL"), "2");
}

Test(lists, conversations_come_in_pages_with_who_opted_out)
{
    acme = given_org_with_channel("1.00");
    static const char *const phones[] = {"919800000001", "919800000002", "919800000003"};
    for (int i = 0; i < 3; i++) {
        const char *said = text("text %d", i + 1);
        write_in(phones[i], i + 1, said, 60);
        renumber(said, i + 1);
    }
    run("UPDATE conversations SET opted_out_at = now() WHERE newest_id = '%s'", id_of(2));
    assert_rows(rows("SELECT c ->> 'phone' FROM json_array_elements(list_conversations('%s', '{}', "
                     "NULL, 50) -> 'conversations') c WHERE c ->> 'opted_out_at' IS NOT NULL",
                     acme),
                "919800000002");
    static const char of[] =
        "SELECT (SELECT string_agg(c ->> 'phone', ' ') FROM "
        "json_array_elements(l -> 'conversations') c), l ->> 'next_before' FROM "
        "list_conversations('%s', '{}', %s, 2) l";
    assert_rows(rows(of, acme, "NULL"), text("919800000003 919800000002, %s", id_of(2)));
    assert_rows(rows(of, acme, quoted(id_of(2))), "919800000001, null");
}

// Two contacts of whom one wrote last, and the other one is read.
Test(lists, who_turns_out_to_be_one_has_one_conversation_unread)
{
    acme = given_org_with_channel("1.00");
    write_in("919800000001", 1, "one", 60);
    renumber("one", 1);
    write_in("919800000002", 2, "two", 60);
    renumber("two", 2);
    cr_assert_str_eq(reading("919800000001", "{}"), "0");
    run("SELECT merge_contacts('%s', array_agg(id ORDER BY id)) FROM contacts", acme);
    assert_rows(conversations(acme, "{}"), "919800000001, 2, t, two");
    cr_assert_str_eq(reading("919800000002", "{}"), "0");
    assert_rows(conversations(acme, "{}"), "919800000001, 0, t, two");
}

// What the timeline says happened, in order, with what there is to it.
static const char *timeline(const char *message)
{
    return rows("SELECT e ->> 'what', e ->> 'attempt', coalesce(e ->> 'outcome', e ->> 'amount'), "
                "e -> 'duration_ms' IS NOT NULL FROM messages m CROSS JOIN "
                "get_message(m.org_id, m.id) g "
                "CROSS JOIN json_array_elements(g.document -> 'timeline') e WHERE m.id = '%s'",
                message);
}

Test(lists, a_timeline_tells_of_a_message_that_was_read)
{
    acme = given_org_with_channel("1.00");
    const char *message = given_settled_message(acme, "sent");
    (void)hear(acme, message, "read", "null");
    assert_rows(timeline(message), "accepted, null, null, f", "service_fee, null, -0.20, f",
                "claimed, 1, null, f", "sent, 1, null, t", "read, null, null, f");
}

Test(lists, a_timeline_tells_of_each_attempt_and_the_refund)
{
    acme = given_org_with_channel("1.00");
    const char *message = given_settled_message(acme, "131000"); // tried again
    make_due();
    (void)release_due(9);
    (void)claim(acme, message);
    (void)settle_sends({.org = acme, .message = message, .outcome = "131049", .error = "Held"});
    assert_rows(timeline(message), "accepted, null, null, f", "service_fee, null, -0.20, f",
                "claimed, 1, null, f", "attempt, 1, 131000, t", "claimed, 2, null, f",
                "attempt, 2, 131049, t", "failed, null, 131049, f", "refund, null, 0.20, f");
    (void)hear(acme, message, "delivered", "null");
    assert_rows(rows("SELECT e ->> 'what' FROM get_message('%s', '%s') g CROSS JOIN "
                     "json_array_elements(g.document -> 'timeline') e ORDER BY e ->> 'what' = "
                     "'refund_reversal' DESC LIMIT 1",
                     acme, message),
                "refund_reversal");
}

Test(lists, a_timeline_tells_what_is_being_sent_and_what_nobody_knows)
{
    acme = given_org_with_channel("1.00");
    const char *message = given_claimed_message(.org = acme);
    assert_rows(timeline(message), "accepted, null, null, f", "service_fee, null, -0.20, f",
                "claimed, 1, null, f");
    (void)settle_sends({.org = acme, .message = message, .outcome = "network:after_write"});
    assert_rows(timeline(message), "accepted, null, null, f", "service_fee, null, -0.20, f",
                "claimed, 1, null, f", "attempt, 1, network:after_write, t",
                "unconfirmed, null, network:after_write, f");
}

Test(lists, a_timeline_of_a_received_message_tells_the_reply_and_changes)
{
    acme = given_org_with_channel("1.00");
    const char *message = given_inbound(.org = acme, .wamid = "w1");
    run("INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, reply_skipped, "
        "created_at) SELECT org_id, id, channel_id, contact_id, 'cooldown', created_at FROM "
        "messages");
    given_inbound(.org = acme, .wamid = "w2", .type = "edit", .changes = "w1",
                  .at = seconds_ago(-10));
    assert_rows(timeline(message), "received, null, null, f", "not_replied, null, cooldown, f",
                "edited, null, null, f");
}

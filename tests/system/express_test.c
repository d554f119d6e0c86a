// The way here from the Express backend: deploy/import-express, and the answers that its clients
// know.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(express, .timeout = 120);

#define ORG "00000000-0000-4000-8000-00000000000"
#define PEER TOLLGATE_SOURCE_DIR "/tests/bench/peers/express/schema.sql"

// A database of the Express backend, with one org for each balance, 1 and so on: number 10000N,
// a rule for "hi", two contacts, and what they wrote and were sent, an hour ago and later.
static struct database *given_old_database(const char *balances)
{
    struct database *old = database_create_from("template0");
    (void)database_text(old, "%s", file_text(PEER, NULL));
    (void)database_text(
        old,
        "CREATE VIEW o AS SELECT '" ORG "' || n AS id, n, b FROM "
        "unnest('{%s}'::numeric[]) WITH ORDINALITY AS u (b, n);"
        "INSERT INTO organizations SELECT id::uuid, 'Org ' || n FROM o;"
        "INSERT INTO channels (org_id, phone_number_id, access_token, status) "
        "SELECT id::uuid, 100000 + n, 'EAA-' || n, 'moved' FROM o;"
        "INSERT INTO wallets SELECT id::uuid, b FROM o;"
        "INSERT INTO automation_rules (org_id, trigger, reply) "
        "SELECT id::uuid, 'hi', '\"Welcome to Org ' || n || '\"' FROM o;"
        "INSERT INTO contacts (org_id, phone, name) "
        "SELECT id::uuid, 919876543200 + i, 'Asha ' || i FROM o, generate_series(1, 2) i;"
        "INSERT INTO messages (org_id, channel_id, contact_id, direction, type, body, wamid, "
        "status, created_at) "
        "SELECT c.org_id, h.id, c.id, m.way, 'text', m.body, 'wamid.' || m.body || right(c.phone, "
        "1), m.status, now() - interval '1 hour' + m.n * interval '1 minute' "
        "FROM contacts c JOIN channels h USING (org_id), (VALUES (1, 'inbound', 'hi', 'received'), "
        "(2, 'outbound', 'hello', 'read'), (3, 'outbound', 'news', 'sent')) m (n, way, body, "
        "status)",
        balances);
    return old;
}

static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/import-express";

// Runs it with further options, which must do something; what it says.
#define import_from(gateway, old, ...)                                                             \
    import_with(WORDS(script, "--from", database_url(old, "postgres"), "--url",                    \
                      database_url((gateway)->database, "postgres"), __VA_ARGS__))
static const char *import_with(const char *const *argv)
{
    struct command_result result = command_run(argv, NULL);
    bool cannot = strstr(result.output, "cannot\t") != NULL;
    cr_assert(result.status == (cannot ? 1 : 0) && !*result.errors, "%d %s%s", result.status,
              result.output, result.errors);
    return result.output;
}

#define expect_line(report, ...) expect_line_at(HERE, report, text_of(__VA_ARGS__))
static void expect_line_at(const char *here, const char *report, const char *line)
{
    cr_assert(strstr(text_of("\n%s", report), text_of("\n%s\n", line)), "%s: no line \"%s\" in\n%s",
              here, line, report);
}

// How much of everything there is.
static const char *contents(struct gateway *gateway)
{
    return database_text(
        gateway->database,
        "SELECT concat_ws(' ', (SELECT count(*) FROM organizations), (SELECT count(*) FROM "
        "channels), (SELECT count(*) FROM contacts), (SELECT count(*) FROM automation_rules), "
        "(SELECT count(*) FROM messages), (SELECT count(*) FROM outbox), (SELECT count(*) FROM "
        "wallet_transactions), (SELECT money_text(sum(balance)) FROM wallets))");
}

static void expect_in_order(const struct gateway *gateway)
{
    struct command_result audit = command_run(WORDS(TOLLGATE_SOURCE_DIR "/deploy/audit", "--url",
                                                    database_url(gateway->database, "postgres")),
                                              NULL);
    cr_assert(audit.status == 0, "%s%s", audit.output, audit.errors);
}

static struct org imported_org(struct gateway *gateway, int n)
{
    struct org org = {.gateway = gateway, .id = text_of(ORG "%d", n)};
    org.phone_number_id = text_of("10000%d", n);
    org.key = database_text(gateway->database, "SELECT create_api_key('%s', 'test')", org.id);
    return org;
}

Test(express, everything_comes_and_comes_once)
{
    struct gateway *gateway = given_gateway();
    struct database *old = given_old_database("100.00,0.40,0");
    const char *tried = import_from(gateway, old, "--messages", "--dry-run");
    expect_equal(contents(gateway), "0 0 0 0 0 0 0");

    const char *report = import_from(gateway, old, "--messages");
    expect_equal(tried, text_of("%snote\t\t\tthis was a dry run: nothing was changed\n", report));
    expect_equal(report, "organizations\t3\t3\t0\t0\nchannels\t3\t3\t0\t0\nwallets\t3\t2\t1\t0\n"
                         "balances\t100.40\t100.40\t0.00\t0.00\ncontacts\t6\t6\t0\t0\n"
                         "automation_rules\t3\t3\t0\t0\nmessages\t18\t18\t0\t0\n");
    const char *all = "3 3 6 3 18 0 2 100.40";
    expect_equal(contents(gateway), all);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(kind || ' ' || amount || ' ' || description, ', "
                               "' ORDER BY org_id) FROM wallet_transactions"),
                 "adjustment 100.0000 opening balance, from Express, "
                 "adjustment 0.4000 opening balance, from Express");
    expect_in_order(gateway);

    report = import_from(gateway, old, "--messages");
    expect_line(report, "messages\t18\t0\t18\t0");
    expect_line(report, "balances\t100.40\t0.00\t100.40\t0.00");
    expect_equal(contents(gateway), all);

    // What is new comes; the opening was booked.
    (void)database_text(
        old, "UPDATE wallets SET balance = balance + 7 WHERE org_id = '" ORG "1';"
             "INSERT INTO contacts (org_id, phone) VALUES ('" ORG "1', '+91 98765 43209');"
             "INSERT INTO messages (org_id, channel_id, contact_id, direction, type, body, status) "
             "SELECT c.org_id, h.id, c.id, 'inbound', 'image', NULL, 'received' "
             "FROM contacts c JOIN channels h USING (org_id) WHERE c.phone LIKE '+%%'");
    report = import_from(gateway, old, "--messages");
    expect_line(report, "contacts\t7\t1\t6\t0");
    expect_line(report, "messages\t19\t1\t18\t0");
    expect_line(report,
                "note\twallets\t" ORG "1\t100.00 was booked for it, and the old wallet has 107.00 "
                "now: the difference is not booked");
    expect_equal(contents(gateway), "3 3 7 3 19 0 2 100.40");
    database_drop(old);
    stop_gateway(gateway);
}

Test(express, one_org_comes_alone_into_the_same_database)
{
    struct gateway *gateway = given_gateway();
    struct database *old =
        database_of(gateway->database->host, gateway->database->port, gateway->database->name);
    // Numbers for ids, and no channel_id yet.
    (void)database_text(
        old,
        "SET search_path = public;"
        "CREATE TABLE organizations (id serial, name text);"
        "CREATE TABLE channels (id serial, org_id int, phone_number_id text, access_token text, "
        "service_fee_per_msg numeric);"
        "CREATE TABLE wallets (id serial, org_id int, balance numeric);"
        "CREATE TABLE contacts (id serial, org_id int, phone text, name text);"
        "CREATE TABLE messages (id serial, org_id int, contact_id int, direction text, message "
        "text, wamid text, status text, created_at timestamp);"
        "CREATE TABLE automation_rules (id serial, org_id int, trigger text, reply text, is_active "
        "boolean);"
        "INSERT INTO organizations (name) VALUES ('One'), ('Two');"
        "INSERT INTO channels (org_id, phone_number_id, access_token, service_fee_per_msg) "
        "SELECT n, 100000 + n, 'EAA', 0.35 FROM generate_series(1, 2) n;"
        "INSERT INTO wallets (org_id, balance) VALUES (1, 5), (2, 6);"
        "INSERT INTO contacts (org_id, phone) VALUES (1, '919876543210'), (2, '919876543210');"
        "INSERT INTO messages (org_id, contact_id, direction, message, wamid, status, created_at) "
        "SELECT n, n, 'outbound', 'Hello', 'wamid.' || n, 'delivered', '2026-01-02 03:04:05' "
        "FROM generate_series(1, 2) n;"
        "INSERT INTO automation_rules (org_id, trigger, reply, is_active) VALUES "
        "(2, 'hi', 'Never', false), (2, 'hi', 'Second', true)");
    const char *report = import_from(gateway, old, "--org", "2", "--messages");
    expect_line(report, "organizations\t1\t1\t0\t0");
    expect_line(report, "channels\t1\t1\t0\t0");
    expect_line(report, "balances\t6.00\t6.00\t0.00\t0.00");
    expect_line(report, "automation_rules\t2\t2\t0\t0");
    expect_line(report, "messages\t1\t1\t0\t0");
    expect_line(report, "note\tmessages\t\tthe old table has no column for: channel_id, type");
    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', o.name, c.phone_number_id, "
                               "c.service_fee_per_msg, m.text, m.created_at AT TIME ZONE 'UTC', "
                               "m.delivered_at = m.created_at) "
                               "FROM organizations o JOIN channels c ON c.org_id = o.id JOIN "
                               "messages m ON m.org_id = o.id"),
                 "Two 100002 0.35 Hello 2026-01-02 03:04:05 t");

    report = import_from(gateway, old, "--messages");
    expect_line(report, "organizations\t2\t1\t1\t0");
    expect_line(report, "messages\t2\t1\t1\t0");
    expect_equal(contents(gateway), "2 2 2 2 2 0 2 11.00");
    report = import_from(gateway, old, "--messages");
    expect_line(report, "organizations\t2\t0\t2\t0");
    expect_line(report, "automation_rules\t2\t0\t2\t0");
    expect_equal(contents(gateway), "2 2 2 2 2 0 2 11.00");
    stop_gateway(gateway);
}

// Each row of the old database that cannot come, and why.
Test(express, what_cannot_come_is_named)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org other = given_org(gateway, .number = "777777");
    struct database *old = given_old_database("1,2,3,4,5,6");
    (void)other;
    (void)database_text(
        old, "ALTER TABLE channels DROP CONSTRAINT channels_phone_number_id_key;"
             "ALTER TABLE channels ALTER service_fee_per_msg TYPE numeric;"
             "ALTER TABLE contacts ALTER org_id DROP NOT NULL;"
             "UPDATE channels SET phone_number_id = '777777' WHERE org_id = '" ORG "1';"
             "UPDATE channels SET phone_number_id = '+1 5' WHERE org_id = '" ORG "2';"
             "UPDATE channels SET service_fee_per_msg = 0.12345 WHERE org_id = '" ORG "3';"
             "UPDATE channels SET phone_number_id = '100005' WHERE org_id = '" ORG "4';"
             "UPDATE wallets SET balance = -1 WHERE org_id = '" ORG "2';"
             "UPDATE contacts SET phone = '98-76' WHERE org_id = '" ORG "6' AND name = 'Asha 1';"
             "INSERT INTO contacts (org_id, phone) VALUES (NULL, '919876543210'), ('" ORG
             "6', '9876543210');"
             "INSERT INTO automation_rules (org_id, trigger, reply) VALUES ('" ORG
             "6', 'a', 'To {who}'), "
             "('" ORG "6', 'b', ' '), ('" ORG "6', 'c', repeat('c', 4097));"
             "UPDATE messages SET status = 'pending' WHERE org_id = '" ORG "6' AND body = 'news';"
             "UPDATE messages SET channel_id = NULL WHERE org_id = '" ORG "6' AND body = 'hello';"
             "UPDATE messages SET contact_id = (SELECT id FROM contacts WHERE org_id = '" ORG
             "1' LIMIT 1) "
             "WHERE org_id = '" ORG "6' AND body = 'hi' AND wamid LIKE '%%2'");
    const char *report = import_from(gateway, old, "--messages");
    expect_line(report, "channels\t6\t1\t0\t5");
    expect_line(report, "balances\t18.00\t19.00\t0.00\t-1.00");
    expect_line(report, "note\tcontacts\t\t1 of those that come have ten digits or fewer: with a "
                        "country code?");
    static const char *const reasons[] = {
        "its phone_number_id 777777 is another organization's in Tollgate",
        "its phone_number_id is \"+1 5\"",
        "its fee of 0.12345 has more than four decimals",
        "2 active channels have its phone_number_id 100005",
        "its balance of -1.00 is below zero",
        "its phone is \"98-76\", which is no number with a country code",
        "its organization () is not there or cannot come",
        "its reply has {who}, which stands for nothing in Tollgate",
        "its reply is empty",
        "its reply is longer than the 4,096 characters that Meta takes",
        "its status is pending, which a message that was sent has not",
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        cr_assert(strstr(report, text_of("\t%s\n", reasons[i])), "%s: %s", reasons[i], report);
    // Of the last org: what one contact was told, through the org's only channel.
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(text, ' ') FROM messages WHERE org_id = '" ORG
                               "6'"),
                 "hello");
    cr_assert(strstr(report, "is another organization's\n"), "%s", report);
    database_drop(old);
    stop_gateway(gateway);
}

// An old database of texts alone, which hold whatever somebody has written there.
static struct database *given_loose_database(void)
{
    struct database *old = database_create_from("template0");
    (void)database_text(
        old, "CREATE TABLE organizations (id text, name text, further jsonb);"
             "CREATE TABLE channels (id text, org_id text, phone_number_id text, access_token "
             "text, service_fee_per_msg text, status text);"
             "CREATE TABLE wallets (org_id text, balance text);"
             "CREATE TABLE contacts (id text, org_id text, phone text, name text, created_at text);"
             "CREATE TABLE messages (id text, org_id text, channel_id text, contact_id text, "
             "direction text, type text, body text, wamid text, status text, created_at text);"
             "CREATE TABLE automation_rules (id text, org_id text, trigger text, reply text, "
             "active text);"
             "INSERT INTO organizations VALUES ('1', 'One');"
             "INSERT INTO channels VALUES ('1', '1', '100001', E' EAA-1\\n', '0.20', 'moved');"
             "INSERT INTO wallets VALUES ('1', '5');"
             "INSERT INTO contacts VALUES ('1', '1', '919876543201', NULL, '2026-02-30')");
    return old;
}

Test(express, odd_rows_are_named_and_the_rest_comes)
{
    static const struct {
        const char *rows, *line; // what says that they do not come
    } cases[] = {
        {"organizations VALUES (NULL, 'No id')",
         "cannot\torganizations\t\tit has no id (row 2 as the old database gave them)"},
        {"organizations VALUES ('2', 'Two'), ('2', 'Too')",
         "cannot\torganizations\t2\t2 rows have its id"},
        {"organizations VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'a'), "
         "('AAAAAAAA-0000-4000-8000-000000000001', 'A')",
         "cannot\torganizations\tAAAAAAAA-0000-4000-8000-000000000001\t2 rows have its id"},
        {"channels VALUES ('2', '1', '100002', 'EAA', '1', 'x'), ('2', '1', '100003', 'EAA', '1', "
         "'x')",
         "cannot\tchannels\t2\t2 rows have its id"},
        {"channels VALUES (E'3\n', '1', '100004', 'EA A', '1', 'active')",
         "cannot\tchannels\t3?\tits access_token has blanks or letters that no token has"},
        {"contacts VALUES ('2', '1', '919876543202'), ('2', '1', '919876543203')",
         "cannot\tcontacts\t2\t2 rows have its id"},
        {"contacts VALUES ('3', '1', '9.19877E+11')",
         "cannot\tcontacts\t3\tits phone is \"9.19877E+11\", which is no number with a country "
         "code"},
        {"contacts VALUES ('4', '1', '919876543204 ext 5')",
         "cannot\tcontacts\t4\tits phone is \"919876543204 ext 5\", which is no number with a "
         "country "
         "code"},
        {"contacts VALUES ('5', '1', '+44 (0)20 7946 0958')",
         "cannot\tcontacts\t5\tits phone is \"+44 (0)20 7946 0958\", which is no number with a "
         "country code"},
        {"automation_rules VALUES ('1', '1', 'a', 'b', 'true'), ('1', '1', 'c', 'd', 'true')",
         "cannot\tautomation_rules\t1\t2 rows have its id"},
        {"automation_rules VALUES ('2', '1', 'a', 'b', 'perhaps')",
         "cannot\tautomation_rules\t2\twhether it is active is \"perhaps\""},
        {"messages VALUES ('1', '1', '1', '1', 'inbound', 'text', 'b', 'w.1', 'received', "
         "'2026-01-01'), ('1', '1', '1', '1', 'inbound', 'text', 'b', 'w.2', 'received', "
         "'2026-01-01')",
         "cannot\tmessages\t1\t2 rows have its id"},
        {"messages VALUES ('2', '1', '1', '1', 'inbound', 'text', 'b', 'w.3', 'received', "
         "'2026-02-30')",
         "cannot\tmessages\t2\tits time is 2026-02-30, which is none of the past"},
        {"messages VALUES ('3', '1', '1', '1', 'inbound', 'text', 'b', 'w.4', 'received', "
         "'1960-01-01')",
         "cannot\tmessages\t3\tits time is 1960-01-01, which is none of the past"},
        {"messages VALUES ('4', '1', '1', '1', 'inbound', 'text', 'b', 'w.5', 'received', "
         "'2999-01-01')",
         "cannot\tmessages\t4\tits time is 2999-01-01, which is none of the past"},
        {"messages SELECT '5', '1', '1', '1', 'inbound', 'text', 'b', string_agg(md5(n::text), "
         "''), "
         "'received', '2026-01-01' FROM generate_series(1, 300) n",
         "cannot\tmessages\t5\tits wamid is longer than any of Meta's"},
    };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct database *old = given_loose_database();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        (void)database_text(old, "INSERT INTO %s", cases[i].rows);
    (void)database_text(old, "INSERT INTO automation_rules SELECT 'r' || n, '1', 'a', 'b', w FROM "
                             "unnest('{t,TRUE,1,yes,NULL,f,False,0,no}'::text[]) WITH ORDINALITY u "
                             "(w, n)");
    const char *report = import_from(gateway, old, "--messages");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_line(report, "%s", cases[i].line);
    expect_equal(contents(gateway), "1 1 1 9 0 0 1 5.00");
    expect_equal(database_text(gateway->database, "SELECT access_token FROM channels"), "EAA-1");
    cr_assert_eq(
        database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE active"),
        5);
    expect_in_order(gateway);
    database_drop(old);
    stop_gateway(gateway);
}

Test(express, rows_that_are_no_utf8_are_named)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    const char *name = text_of("%s_ascii", gateway->database->name);
    (void)database_text(gateway->database, "SET client_min_messages = warning");
    (void)database_text(gateway->database, "DROP DATABASE IF EXISTS %s", name);
    (void)database_text(gateway->database,
                        "CREATE DATABASE %s TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
                        name);
    struct database *old = database_of(gateway->database->host, gateway->database->port, name);
    (void)database_text(
        old, "CREATE TABLE organizations (id int, name text);"
             "CREATE TABLE channels (id int, org_id int, phone_number_id text, access_token text);"
             "INSERT INTO organizations VALUES (1, chr(195) || chr(169)), (2, 'Caf' || chr(233))");
    struct command_result result =
        command_run(WORDS(script, "--from", database_url(old, "postgres"), "--url",
                          database_url(gateway->database, "postgres")),
                    NULL);
    cr_assert_eq(result.status, 2);
    cr_assert(strstr(result.errors, "import-express: cannot organizations 2: invalid byte"), "%s",
              result.errors);
    cr_assert(!strstr(result.errors, "organizations 1"), "%s", result.errors);
    (void)database_text(old, "DELETE FROM organizations WHERE id = 2");
    expect_line(import_from(gateway, old, "--messages"), "organizations\t1\t1\t0\t0");
    expect_equal(database_text(gateway->database, "SELECT name FROM organizations"), "\u00e9");
    database_drop(old);
    stop_gateway(gateway);
}

Test(express, history_is_neither_sent_nor_paid_nor_answered)
{
    struct gateway *gateway = given_gateway();
    struct database *old = given_old_database("10");
    (void)database_text(old, "UPDATE messages SET created_at = now() WHERE body = 'hi'");
    (void)import_from(gateway, old, "--messages");
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM automation_rules WHERE state = 'good'") == 1);

    // Meta repeats what Express has answered, and tells the end of what Express has sent.
    struct answer answer =
        post_webhook(gateway, text_message_body("100001", "919876543201", "wamid.hi1", "hi"), 0);
    cr_assert_eq(answer.status, 200);
    answer = post_webhook(gateway,
                          status_body("100001", "wamid.news1", "failed",
                                      "\"errors\": [{\"code\": 131000, \"title\": \"x\"}]"),
                          0);
    cr_assert_eq(answer.status, 200);
    answer = post_webhook(gateway, status_body("100001", "wamid.hello1", "delivered", ""), 0);
    cr_assert_eq(answer.status, 200);
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM messages WHERE wamid = 'wamid.news1' AND "
                               "status = 'failed' AND NOT refunded") == 1);
    eventually(webhooks_left(gateway) == 0);
    expect_equal(contents(gateway), "1 1 2 1 6 0 1 10.00");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(status, ' ') FROM messages WHERE wamid LIKE "
                               "'wamid.hello_'"),
                 "read read");
    cr_assert_eq(simulator_posts(gateway->simulator), 0);

    // What is new is sent, paid and answered.
    struct org org = imported_org(gateway, 1);
    answer = send_text_and_wait(&org, "919876543201");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = post_webhook(gateway,
                          text_message_body("100001", "919876543201", "wamid.new", "Oh, HI!"), 0);
    cr_assert_eq(answer.status, 200);
    eventually(simulator_posts_to(gateway->simulator, "919876543201") == 2);
    eventually(org_messages(&org, "sent") + org_messages(&org, "delivered") +
                   org_messages(&org, "read") >=
               5);
    expect_equal(org_ledger(&org), "adjustment 10.00, service_fee -0.20, service_fee -0.20");
    expect_equal(database_text(gateway->database,
                               "SELECT m.payload -> 'text' ->> 'body' FROM auto_replies a JOIN "
                               "messages m ON m.id = a.reply_id"),
                 "\"Welcome to Org 1\"");
    database_drop(old);
    stop_gateway(gateway);
}

// While an org is on its way its webhooks come already: they wait for it.
Test(express, what_customers_wrote_meanwhile_is_applied)
{
    struct gateway *gateway = given_gateway();
    struct database *old = given_old_database("10");
    struct answer answer = post_webhook(
        gateway, text_message_body("100001", "919876543201", "wamid.between", "hi"), 0);
    cr_assert_eq(answer.status, 200);
    answer = post_webhook(gateway, status_body("100001", "wamid.news1", "delivered", ""), 0);
    cr_assert_eq(answer.status, 200);
    eventually(database_number(gateway->database, "SELECT count(*) FROM dead_letters WHERE reason "
                                                  "= 'unknown_number'") == 2);

    (void)import_from(gateway, old, "--messages");
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM automation_rules WHERE state = 'good'") == 1);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT replay_dead_letters('unknown_number', '100001')"),
                 2);
    eventually(simulator_posts_to(gateway->simulator, "919876543201") == 1);
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM messages WHERE wamid = 'wamid.news1' AND "
                               "status = 'delivered'") == 1);
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    expect_equal(contents(gateway), "1 1 2 1 8 0 2 9.80");
    database_drop(old);
    stop_gateway(gateway);
}

Test(express, what_is_missing_in_the_old_database_is_said)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct database *old = given_old_database("10");
    const char *url = database_url(gateway->database, "postgres");
    (void)database_text(old, "ALTER TABLE contacts DROP phone; ALTER TABLE channels DROP status");
    const char *report = import_from(gateway, old, "--messages");
    expect_line(report,
                "cannot\tcontacts\t\tthe old table, as this role sees it in the schema public, "
                "is missing or has no column for: phone");
    expect_line(report, "note\tchannels\t\tthe old table has no column for: status");
    expect_line(report, "messages\t6\t0\t0\t6");
    (void)database_text(old, "ALTER TABLE channels DROP access_token");
    const char *const *wrong[] = {
        WORDS(script, "--from", database_url(old, "postgres"), "--url", url),
        WORDS(script, "--from", database_url(old, "postgres"), "--url", url, "--org", "none"),
        WORDS(script, "--from", "postgresql://postgres@127.0.0.1:1/nowhere", "--url", url),
        WORDS(script, "--url", url),
        WORDS(script, "--from", url, "--url", url, "--currency", "Euro"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct command_result result = command_run(wrong[i], NULL);
        cr_assert(result.status == 2 && !*result.output && *result.errors, "%zu: %d %s%s", i,
                  result.status, result.output, result.errors);
    }
    cr_assert_eq(command_run(WORDS(script, "--help"), NULL).status, 0);
    database_drop(old);
    stop_gateway(gateway);
}

// A send to a contact that an open transaction has made waits for its end, and so do all that are
// accepted with it, of whatever org: contacts and rules come once all that takes time is done.
Test(express, what_others_may_wait_for_comes_last)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct database *old = given_old_database("10");
    (void)database_text(
        gateway->database,
        "CREATE FUNCTION expect_the_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF to_regclass('pg_temp.plan_messages') IS NULL THEN RAISE 'too early'; END IF; "
        "RETURN NULL; END $$;"
        "CREATE TRIGGER early AFTER INSERT ON contacts EXECUTE FUNCTION expect_the_end();"
        "CREATE TRIGGER early AFTER INSERT ON automation_rules EXECUTE FUNCTION expect_the_end()");
    (void)import_from(gateway, old, "--messages");
    expect_equal(contents(gateway), "1 1 2 1 6 0 1 10.00");
    database_drop(old);
    stop_gateway(gateway);
}

static struct answer send_as_before(struct gateway *gateway, const char *org_id, const char *phone,
                                    const char *header)
{
    return ask(gateway->http, .path = "/api/send-message",
               .body = text_of("{\"org_id\": \"%s\", \"phone\": \"%s\", \"message\": \"Hello\"}",
                               org_id, phone),
               .headers = {header});
}

// As the old frontend calls: no key, no Prefer, and 200 or 500 tells.
Test(express, clients_get_their_answers_without_a_change)
{
    struct gateway *gateway =
        given_gateway(.auth = "trusted", .ingress_settings = {"TOLLGATE_SEND_WAITS=30"});
    struct database *old = given_old_database("0.40");
    (void)import_from(gateway, old, "--messages");
    const char *org = ORG "1";

    struct answer answer = send_as_before(gateway, org, "+91 98765-43201", NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/success"), "true");
    cr_assert(*answer_text(&answer, "/message_id"));
    cr_assert_eq(strncmp(answer_text(&answer, "/wamid"), "wamid.", 6), 0, "%s", answer.body);

    answer = send_as_before(gateway, org, "15550132000", NULL);
    cr_assert_eq(answer.status, 500, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error"), "Message failed to send");

    answer = send_as_before(gateway, org, "919876543202", NULL);
    cr_assert_eq(answer.status, 402, "%s", answer.body);
    expect_equal(answer_text(&answer, "/error"), "Insufficient wallet balance");
    database_drop(old);
    stop_gateway(gateway);
}

Test(express, a_header_says_more_than_the_setting)
{
    static const char *const headers[] = {"Prefer: respond-async", "Prefer: wait=0",
                                          "Prefer: wait=1, respond-async"};
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true,
                                            .ingress_settings = {"TOLLGATE_SEND_WAITS=30"});
    struct org org = given_org(gateway);
    for (size_t i = 0; i < 3; i++) {
        long long began_ms = testbed_now_ms();
        struct answer answer =
            send_as_before(gateway, org.id, text_of("91987654321%zu", i), headers[i]);
        (void)expect_accepted(&answer);
        cr_assert_lt(testbed_now_ms() - began_ms, 20000);
    }
    stop_gateway(gateway);
}

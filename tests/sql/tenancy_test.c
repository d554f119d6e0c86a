// I7: the database refuses a row that refers to another org's, on every table, and every change
// that would make such a row of one that is there.

#include "tests/sql/givens.h"

// Two orgs that have one of everything, and two views of one row each, `acme` and `stranger` (whom
// a test names) with the ids of what they have. put_message and put_outbox spare the cases the
// columns that do not matter.
static void given_two_orgs(void)
{
    database_create();
    run("CREATE TABLE party (name text, org_id uuid, channel_id uuid, contact_id bigint, "
        "message_id uuid)");
    static const char *const names[] = {"acme", "beta"};
    for (size_t i = 0; i < 2; i++) {
        const char *org = given_org(.name = names[i], .balance = "10.00");
        const char *channel = given_channel(.org = org);
        const char *message = given_message(.org = org);
        run("INSERT INTO party SELECT '%s', org_id, channel_id, contact_id, id FROM messages "
            "WHERE id = '%s'",
            names[i], message);
        run("INSERT INTO automation_rules (org_id, channel_id, match_kind, reply) "
            "VALUES ('%s', '%s', 'any', '{}')",
            org, channel);
        run("SELECT create_api_key('%s', 'main')", org);
    }
    run("INSERT INTO conversations (org_id, channel_id, contact_id) "
        "SELECT org_id, channel_id, contact_id FROM party");
    run("INSERT INTO party VALUES ('nobody', gen_random_uuid(), gen_random_uuid(), 999999, "
        "gen_random_uuid())");
    run("CREATE VIEW acme AS SELECT * FROM party WHERE name = 'acme'");
    run("CREATE FUNCTION put_message(org uuid, channel uuid, contact bigint, "
        "type text DEFAULT 'text', direction text DEFAULT 'outbound') RETURNS void LANGUAGE sql "
        "BEGIN ATOMIC INSERT INTO messages (id, org_id, channel_id, contact_id, type, direction, "
        "payload, status) VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, '{}', 'queued'); END");
    run("CREATE FUNCTION put_outbox(org uuid, message uuid, channel uuid, contact bigint) "
        "RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM outbox; "
        "INSERT INTO outbox (org_id, message_id, channel_id, contact_id, priority, state, seq, "
        "not_after) "
        "VALUES ($1, $2, $3, $4, 'high', 'queued', 1, now()); END");
}

static void given_stranger(const char *name)
{
    run("CREATE OR REPLACE VIEW stranger AS SELECT * FROM party WHERE name = '%s'", name);
}

// The SQLSTATE with which the statement is refused; nothing of it stays either way.
static const char *tried(const char *sql)
{
    run("BEGIN");
    const char *sqlstate = refusal("%s", sql);
    run("ROLLBACK");
    return sqlstate;
}

TestSuite(tenancy, .init = given_two_orgs, .fini = database_drop);

static const struct crossing {
    const char *reference;
    const char *stranger;
    const char *sql;
} crossings[] = {
    {"channels to organizations", "nobody",
     "INSERT INTO channels (org_id, phone_number_id, access_token) "
     "SELECT org_id, '777', 'token' FROM stranger"},
    {"wallet_transactions to organizations", "nobody",
     "INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after) "
     "SELECT org_id, 9, 'recharge', 1, 1 FROM stranger"},
    {"wallet_transactions to messages", "beta",
     "INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id) "
     "SELECT a.org_id, 9, 'refund', 1, 1, s.message_id FROM acme a, stranger s"},
    {"wallet_transactions to no message", "nobody",
     "INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id) "
     "SELECT a.org_id, 9, 'refund', 1, 1, s.message_id FROM acme a, stranger s"},
    {"bookings to wallet_transactions", "nobody",
     "DELETE FROM bookings; INSERT INTO bookings (org_id, n, actor) "
     "SELECT org_id, 1, 'clerk' FROM stranger"},
    {"receipts to messages", "beta",
     "INSERT INTO receipts (org_id, message_id, ends_at) "
     "SELECT a.org_id, s.message_id, now() FROM acme a, stranger s"},
    {"a default channel", "beta",
     "UPDATE organizations o SET default_channel_id = s.channel_id FROM acme a, stranger s "
     "WHERE o.id = a.org_id"},
    {"api_keys to organizations", "nobody",
     "INSERT INTO api_keys (org_id, name, key_hash) "
     "SELECT org_id, 'second', sha256('second') FROM stranger"},
    {"api_keys moved to no org", "nobody",
     "UPDATE api_keys k SET org_id = s.org_id FROM acme a, stranger s WHERE k.org_id = a.org_id"},
    {"contacts to organizations", "nobody",
     "INSERT INTO contacts (org_id, phone) SELECT org_id, '15550001111' FROM stranger"},
    {"messages to organizations", "nobody",
     "SELECT put_message(s.org_id, a.channel_id, a.contact_id) FROM acme a, stranger s"},
    {"messages to channels", "beta",
     "SELECT put_message(a.org_id, s.channel_id, a.contact_id) FROM acme a, stranger s"},
    {"messages to contacts", "beta",
     "SELECT put_message(a.org_id, a.channel_id, s.contact_id) FROM acme a, stranger s"},
    {"messages, all but the org", "beta",
     "SELECT put_message(a.org_id, s.channel_id, s.contact_id) FROM acme a, stranger s"},
    {"messages that come in to channels", "beta",
     "SELECT put_message(a.org_id, s.channel_id, a.contact_id, 'text', 'inbound') "
     "FROM acme a, stranger s"},
    {"messages that are receipts to channels", "beta",
     "SELECT put_message(a.org_id, s.channel_id, NULL, 'receipt') FROM acme a, stranger s"},
    {"outbox to messages by org", "beta",
     "SELECT put_outbox(s.org_id, a.message_id, a.channel_id, a.contact_id) "
     "FROM acme a, stranger s"},
    {"outbox to messages", "beta",
     "SELECT put_outbox(a.org_id, s.message_id, a.channel_id, a.contact_id) "
     "FROM acme a, stranger s"},
    {"outbox to messages by channel", "beta",
     "SELECT put_outbox(a.org_id, a.message_id, s.channel_id, a.contact_id) "
     "FROM acme a, stranger s"},
    {"outbox to messages by contact", "beta",
     "SELECT put_outbox(a.org_id, a.message_id, a.channel_id, s.contact_id) "
     "FROM acme a, stranger s"},
    {"attempts to messages", "beta",
     "INSERT INTO attempts (org_id, message_id, attempt, outcome, claimed_at) "
     "SELECT a.org_id, s.message_id, 1, '190', now() FROM acme a, stranger s"},
    {"awaited to messages", "beta",
     "INSERT INTO awaited (org_id, message_id, sent_at, due_at) "
     "SELECT a.org_id, s.message_id, now(), now() FROM acme a, stranger s"},
    {"alerts to channels", "beta",
     "INSERT INTO alerts (org_id, channel_id, kind, outcome) "
     "SELECT a.org_id, s.channel_id, 'channel_paused', '190' FROM acme a, stranger s"},
    {"alerts to automation_rules", "beta",
     "INSERT INTO alerts (org_id, rule_id, kind, outcome) SELECT a.org_id, r.id, 'rule_refused', "
     "'reply' FROM acme a, stranger s, automation_rules r WHERE r.org_id = s.org_id"},
    {"idempotency_keys to messages", "beta",
     "INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, balance) "
     "SELECT a.org_id, 'k', sha256('x'), s.message_id, 'queued', 1 FROM acme a, stranger s"},
    {"pace to channels", "beta",
     "DELETE FROM pace; INSERT INTO pace (org_id, channel_id) "
     "SELECT a.org_id, s.channel_id FROM acme a, stranger s"},
    {"pace moved to a channel", "beta",
     "UPDATE pace p SET channel_id = s.channel_id, id = 7 FROM acme a, stranger s "
     "WHERE p.org_id = a.org_id"},
    {"pace moved to an org", "beta",
     "UPDATE pace p SET org_id = s.org_id FROM acme a, stranger s WHERE p.org_id = a.org_id"},
    {"conversations to channels", "beta",
     "DELETE FROM conversations; INSERT INTO conversations (org_id, channel_id, contact_id) "
     "SELECT a.org_id, s.channel_id, a.contact_id FROM acme a, stranger s"},
    {"conversations to contacts", "beta",
     "DELETE FROM conversations; INSERT INTO conversations (org_id, channel_id, contact_id) "
     "SELECT a.org_id, a.channel_id, s.contact_id FROM acme a, stranger s"},
    {"automation_rules to organizations", "nobody",
     "INSERT INTO automation_rules (org_id, match_kind, reply) "
     "SELECT org_id, 'any', '{}' FROM stranger"},
    {"automation_rules to channels", "beta",
     "INSERT INTO automation_rules (org_id, channel_id, match_kind, reply) "
     "SELECT a.org_id, s.channel_id, 'any', '{}' FROM acme a, stranger s"},
    {"automation_rules moved to a channel", "beta",
     "UPDATE automation_rules r SET channel_id = s.channel_id FROM acme a, stranger s "
     "WHERE r.org_id = a.org_id"},
    {"automation_rules moved to an org", "beta",
     "UPDATE automation_rules r SET org_id = s.org_id FROM acme a, stranger s "
     "WHERE r.org_id = a.org_id"},
    {"auto_replies to messages", "beta",
     "INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, reply_skipped) "
     "SELECT a.org_id, s.message_id, a.channel_id, a.contact_id, 'x' FROM acme a, stranger s"},
    {"auto_replies to the reply", "beta",
     "SET CONSTRAINTS ALL IMMEDIATE; "
     "INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, reply_id) "
     "SELECT a.org_id, a.message_id, a.channel_id, a.contact_id, s.message_id "
     "FROM acme a, stranger s"},
    {"auto_replies to automation_rules", "beta",
     "INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, rule_id, "
     "reply_skipped) SELECT a.org_id, a.message_id, a.channel_id, a.contact_id, r.id, 'x' "
     "FROM acme a, stranger s, automation_rules r WHERE r.org_id = s.org_id"},
    {"reply_days to automation_rules", "beta",
     "INSERT INTO reply_days (org_id, rule_id, day, replies) SELECT a.org_id, r.id, now(), 1 "
     "FROM acme a, stranger s, automation_rules r WHERE r.org_id = s.org_id"},
    {"account_notices to organizations", "nobody",
     "INSERT INTO account_notices (org_id, field, value, digest) "
     "SELECT org_id, 'x', '{}', 'x' FROM stranger"},
    {"dead_letters to organizations", "nobody",
     "INSERT INTO dead_letters (org_id, reason, body, digest) "
     "SELECT org_id, 'x', 'x', 'x' FROM stranger"},
};

Test(tenancy, a_row_refers_to_its_own_org_only)
{
    for (size_t i = 0; i < sizeof crossings / sizeof *crossings; i++) {
        const struct crossing *crossing = &crossings[i];
        given_stranger(crossing->stranger);
        cr_expect_str_eq(tried(crossing->sql), FOREIGN_KEY_VIOLATION, "%s: %s", crossing->reference,
                         refusal_message());
        // The same statement is fine where the stranger is Acme itself: it was refused for the
        // crossing.
        given_stranger("acme");
        cr_expect_str_empty(tried(crossing->sql), "%s: %s", crossing->reference, refusal_message());
    }
}

Test(tenancy, a_wallet_belongs_to_an_org)
{
    assert_refused(FOREIGN_KEY_VIOLATION,
                   "INSERT INTO wallets (org_id) VALUES (gen_random_uuid())");
}

Test(tenancy, one_crossing_row_refuses_the_whole_statement)
{
    given_stranger("beta");
    cr_assert_str_eq(number_of("messages"), "2");
    assert_refused(
        FOREIGN_KEY_VIOLATION,
        "INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload,"
        " status) SELECT gen_random_uuid(), a.org_id, either.channel_id, a.contact_id, "
        "'outbound', 'text', '{}', 'queued' "
        "FROM acme a, (SELECT * FROM acme UNION ALL SELECT * FROM stranger) either");
    cr_assert_str_eq(number_of("messages"), "2");
}

Test(tenancy, a_refusal_names_both_tables)
{
    given_stranger("beta");
    refusal("SELECT put_message(a.org_id, a.channel_id, s.contact_id) FROM acme a, stranger s");
    cr_assert_str_eq(refusal_message(),
                     "a row of messages refers to no row of contacts of its own org");
}

static void all_are_refused(const char *const *statements)
{
    for (const char *const *sql = statements; *sql; sql++)
        cr_expect_str_eq(tried(*sql), RESTRICT_VIOLATION, "%s: %s", *sql, refusal_message());
}

Test(tenancy, keys_never_change)
{
    all_are_refused((const char *const[]){
        "UPDATE organizations SET id = gen_random_uuid()",
        "UPDATE channels SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE channels SET id = gen_random_uuid()",
        "UPDATE wallets SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE wallets SET org_id = NULL",
        "UPDATE wallet_locks SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE wallet_transactions SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE wallet_transactions SET message_id = (SELECT message_id FROM acme)",
        "UPDATE contacts SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE contacts SET id = DEFAULT",
        "UPDATE messages SET id = gen_random_uuid()",
        "UPDATE messages SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE messages SET channel_id = (SELECT channel_id FROM party WHERE name = 'beta')",
        "UPDATE messages SET contact_id = (SELECT contact_id FROM party WHERE name = 'beta')",
        "UPDATE conversations SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE conversations SET channel_id = (SELECT channel_id FROM party WHERE name = 'beta')",
        "UPDATE conversations SET contact_id = (SELECT contact_id FROM party WHERE name = 'beta')",
        "UPDATE outbox SET org_id = (SELECT org_id FROM party WHERE name = 'beta')",
        "UPDATE outbox SET message_id = (SELECT message_id FROM party WHERE name = 'beta')",
        "UPDATE outbox SET channel_id = (SELECT channel_id FROM party WHERE name = 'beta')",
        "UPDATE outbox SET contact_id = (SELECT contact_id FROM party WHERE name = 'beta')",
        NULL,
    });
}

Test(tenancy, what_others_refer_to_stays)
{
    all_are_refused((const char *const[]){
        "DELETE FROM organizations",
        "DELETE FROM organizations WHERE false",
        "TRUNCATE organizations CASCADE",
        "DELETE FROM channels",
        "TRUNCATE channels CASCADE",
        "DELETE FROM wallets",
        "DELETE FROM wallet_locks",
        "TRUNCATE wallet_locks",
        "DELETE FROM contacts",
        "TRUNCATE contacts CASCADE",
        "DELETE FROM messages",
        "TRUNCATE messages CASCADE",
        "DELETE FROM messages WHERE id = (SELECT message_id FROM acme)",
        NULL,
    });
}

Test(tenancy, a_phone_number_id_has_one_org)
{
    const char *acme = value("SELECT org_id FROM acme");
    const char *beta = value("SELECT org_id FROM party WHERE name = 'beta'");
    given_channel(.org = acme, .phone_number_id = "4711");
    assert_refused("23505",
                   "INSERT INTO channels (org_id, phone_number_id, access_token) "
                   "VALUES ('%s', '4711', 'token')",
                   beta);
}

// Every table but these carries org_id: organizations is the org, error_rules and clock belong to
// nobody. Of notices and dead letters it cannot always be told.
Test(tenancy, every_table_carries_org_id)
{
    assert_rows(rows("SELECT t.table_name FROM information_schema.tables t "
                     "WHERE table_schema = 'tollgate' AND table_type = 'BASE TABLE' "
                     "AND table_name <> 'party' AND NOT EXISTS ("
                     "SELECT FROM information_schema.columns c WHERE c.table_name = t.table_name "
                     "AND c.column_name = 'org_id' AND c.is_nullable = 'NO') ORDER BY 1"),
                "account_notices", "audit_log", "body_walks", "clock", "dead_letters",
                "erasure_key", "error_rules", "event_writes", "fan_out_lock", "fan_outs",
                "former_error_rules", "janitor_seat", "media_store", "operators", "organizations",
                "restores", "schema_migrations", "token_sealing", "usage_days", "usage_walk");
}

// Plans are made while the hot tables are empty, as outbox is at night and all are on the first
// day, and are used while they are full: each call must then still read what it needs, and not a
// table (sql/plans.sql).

#include "tests/sql/inbound.h"

#include <stdlib.h>
#include <string.h>

TestSuite(plans, .init = database_create, .fini = database_drop);

enum { FULL = 3000, BATCH = 16, READS_MAX = 16 * BATCH };

static const char *acme;

// So many sends, accepted at once; key: whether each has an idempotency key.
static const char *accept_of(int n, const char *key)
{
    return text(
        "SELECT accept_sends(array_agg(gen_random_uuid()), array_agg('%s'::uuid), "
        "array_agg(NULL::uuid), "
        "array_agg('4915' || lpad(nextval('phones')::text, 8, '0')), array_agg(NULL::text), "
        "array_agg('text'::text), array_agg('{}'::text), array_agg(NULL::text), "
        "array_agg('high'::text), "
        "array_agg(NULL::bigint), array_agg(NULL::bigint), array_agg(%s), array_agg(sha256('x'))) "
        "FROM generate_series(1, %d)",
        acme, key, n);
}

// So many messages of people who have not written before.
static const char *receive_of(int n)
{
    return text("SELECT receive_messages(array_agg(gen_random_uuid()), array_agg('%s'::text), "
                "array_agg(gen_random_uuid()::text), array_agg('4916' || "
                "lpad(nextval('phones')::text, 8, '0')), array_agg(NULL::text), "
                "array_agg('Ann'::text), array_agg(NULL::text), array_agg('text'::text), "
                "array_agg('hello'::text), array_agg(NULL::text), array_agg(NULL::text), "
                "array_agg(NULL::text), array_agg(NULL::text), array_agg('{}'::text), "
                "array_agg(1000::bigint)) FROM generate_series(1, %d)",
                number_of_org(acme), n);
}

#define CLAIM                                                                                      \
    "SELECT claim_sends('00000000-0000-4000-8000-000000000001', array_agg(org_id), "               \
    "array_agg(message_id)) FROM batch"

// Settles the batch with that outcome.
static const char *settle(const char *outcome)
{
    return text("SELECT settle_sends(array_agg(org_id), array_agg(message_id), array_agg('"
                "00000000-0000-4000-8000-000000000001'::uuid), array_agg('%s'::text), "
                "array_agg('wamid.' || message_id), array_agg('said'::text), array_agg(false), "
                "array_agg(0::bigint)) FROM batch",
                outcome);
}

// Tells a status of each message of the batch, found by its id or by its wamid.
static const char *apply(const char *status, const char *message_id)
{
    return text("SELECT apply_statuses(array_agg('%s'::text), array_agg('wamid.' || message_id), "
                "array_agg(%s), array_agg('%s'::text), array_agg(1000::bigint), "
                "array_agg(NULL::text), array_agg('131049'::text), array_agg('said'::text)) "
                "FROM batch",
                number_of_org(acme), message_id, status);
}

// Whose the statuses of the batch are, of orgs that are told what Meta posts.
#define OWNERS                                                                                     \
    "SELECT find_change_owners(array_agg(h.phone_number_id), array_agg(NULL::text), "              \
    "array_agg(0::bigint), array_agg(CASE WHEN mod(n, 2) = 0 THEN b.message_id END), "             \
    "array_agg('wamid.' || b.message_id)) FROM (SELECT *, row_number() OVER () AS n FROM batch) "  \
    "b "                                                                                           \
    "JOIN channels h ON h.org_id = b.org_id"

// Each function makes its plans while nothing is there, and then comes a day's work.
static void given_a_full_day(void)
{
    acme = given_org_with_channel("100000.00");
    run("CREATE SEQUENCE phones");
    run("CREATE TABLE batch (message_id uuid, org_id uuid)");
    run("VACUUM ANALYZE outbox");
    run("VACUUM ANALYZE messages");
    run("VACUUM ANALYZE idempotency_keys");
    run("VACUUM ANALYZE conversations");
    run("%s", accept_of(1, "'key'::text"));
    run("%s", receive_of(1));
    run(OWNERS);
    static const char *const outcomes[] = {"sent", "131049", "network:refused"};
    for (int i = 0; i < 3; i++) {
        run("%s", accept_of(1, "NULL::text"));
        run("INSERT INTO batch SELECT message_id, org_id FROM outbox");
        run(CLAIM);
        run("%s", settle(outcomes[i]));
        run("%s", settle(outcomes[i]));
        run("%s", apply("failed", "message_id"));
        run("%s", apply("delivered", "NULL::uuid"));
        run("DELETE FROM outbox");
        run("TRUNCATE batch");
    }
    run("INSERT INTO contacts (org_id, phone) SELECT '%s', '4915' || lpad(nextval('phones')::text, "
        "8, '0') "
        "FROM generate_series(1, %d)",
        acme, FULL);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, fee, "
        "status) "
        "SELECT gen_random_uuid(), c.org_id, h.id, c.id, 'outbound', 'text', '{}', 0.20, 'queued' "
        "FROM contacts c JOIN channels h ON h.org_id = c.org_id");
    run("INSERT INTO outbox (org_id, message_id, channel_id, contact_id, seq, priority, state, "
        "not_after) "
        "SELECT org_id, id, channel_id, contact_id, nextval('outbox_seq'), 'high', 'queued', now() "
        "+ interval '1 day' "
        "FROM messages WHERE status = 'queued'");
    run("INSERT INTO conversations (org_id, channel_id, contact_id, newest_id) SELECT org_id, "
        "channel_id, contact_id, first_id_of(now() - interval '1 hour') "
        "FROM outbox ON CONFLICT DO NOTHING");
    run("INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, balance) "
        "SELECT org_id, id::text, sha256('x'), id, 'queued', 1 FROM messages WHERE status = "
        "'queued'");
    run("INSERT INTO batch SELECT message_id, org_id FROM outbox ORDER BY seq DESC LIMIT %d",
        BATCH);
}

// How many rows a statement reads of the tables that fill.
static long rows_read(const char *statement)
{
    static const char *const counted = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM "
                                       "pg_stat_xact_user_tables WHERE schemaname = 'tollgate'";
    run("BEGIN");
    long before = strtol(value("%s", counted), NULL, 10);
    run("%s", statement);
    long after = strtol(value("%s", counted), NULL, 10);
    run("COMMIT");
    return after - before;
}

#define assert_reads_little(statement)                                                             \
    do {                                                                                           \
        long read_ = rows_read(statement);                                                         \
        cr_assert_lt(read_, READS_MAX, "%ld rows: %s", read_, statement);                          \
    } while (0)

Test(plans, accepting_reads_what_is_accepted)
{
    given_a_full_day();
    assert_reads_little(accept_of(BATCH, "gen_random_uuid()::text"));
    run("SELECT setval('phones', currval('phones') - %d)", BATCH);
    assert_reads_little(accept_of(BATCH, "NULL::text")); // behind those, to the same contacts
    cr_assert_str_eq(number_of("outbox WHERE state = 'held'"), text("%d", BATCH));
}

// Whom nobody has heard of, and who has only opted out, are looked for among few.
Test(plans, accepting_looks_little_for_who_has_written)
{
    given_a_full_day();
    run("UPDATE channels SET created_at = now() - interval '9 days'");
    run("UPDATE organizations SET outside_window = 'warn'");
    const char *one = accept_of(1, "NULL::text");
    const char *all = accept_of(BATCH, "NULL::text");
    cr_assert_lt(rows_read(one), READS_MAX, "to somebody new");
    run("SELECT setval('phones', currval('phones') - 1)");
    cr_assert_lt(rows_read(one), READS_MAX, "to somebody who has only been written to");
    static const char *const ago[] = {"2 days", "1 day 10 seconds"};
    for (size_t i = 0; i < 2; i++) {
        run("UPDATE conversations SET last_inbound_at = now() - interval '%s'", ago[i]);
        run("SELECT setval('phones', currval('phones') - %d)", i == 0 ? FULL / 2 : BATCH);
        cr_assert_lt(rows_read(all) / 2, READS_MAX, "to those who wrote %s ago", ago[i]);
    }
    cr_assert_str_eq(number_of("messages WHERE outside_window"), text("%d", 2 * BATCH + 2));
}

// Of the indexes by which what changes with every batch is found, what is dead included.
static long entries_read(const char *statement)
{
    static const char *const counted =
        "SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FROM pg_class WHERE relname IN "
        "('pace_pkey', 'wallet_transactions_pkey') AND relnamespace = 'tollgate'::regnamespace";
    long before = strtol(value("%s", counted), NULL, 10);
    run("%s", statement);
    return strtol(value("%s", counted), NULL, 10) - before;
}

// In one transaction, whose own dead rows stand in its way like all of them while somebody holds a
// snapshot.
static void expect_that_little_is_read_behind(int changes)
{
    run("BEGIN");
    run("SELECT book(array_fill(org_id, ARRAY[%d]), '{adjustment}', array_fill(1.0, ARRAY[%d]), "
        "NULL, "
        "NULL) FROM wallet_locks",
        changes, changes);
    run("SELECT count(s) FROM (SELECT take_slots(ARRAY[h.org_id], ARRAY[h.id], '{high}', now()) AS "
        "s "
        "FROM channels h, generate_series(1, %d) OFFSET 0) s",
        changes);
    long read = entries_read(accept_of(1, "NULL::text"));
    cr_expect_lt(read, 64L, "%ld", read); // pace is read twice, up to 32 changes each time
    run("COMMIT");
}

Test(plans, what_is_dead_is_not_read)
{
    acme = given_org_with_channel("100000.00");
    run("CREATE SEQUENCE phones");
    expect_that_little_is_read_behind(5000);
    run("VACUUM ANALYZE pace");
    run("VACUUM ANALYZE wallet_transactions");
    expect_that_little_is_read_behind(5000);
}

Test(plans, claiming_reads_what_is_claimed)
{
    given_a_full_day();
    assert_reads_little(CLAIM);
    cr_assert_str_eq(number_of("outbox WHERE state = 'sending'"), text("%d", BATCH));
}

Test(plans, settling_reads_what_is_settled)
{
    given_a_full_day();
    run(CLAIM);
    assert_reads_little(settle("sent"));
    cr_assert_str_eq(number_of("messages WHERE status = 'sent'"), text("%d", BATCH));
}

Test(plans, settling_failures_reads_what_fails)
{
    given_a_full_day();
    run(CLAIM);
    assert_reads_little(settle("131049"));
    cr_assert_str_eq(number_of("messages WHERE refunded"), text("%d", BATCH));
}

Test(plans, trying_again_reads_what_is_tried_again)
{
    given_a_full_day();
    run(CLAIM);
    assert_reads_little(settle("network:refused"));
    cr_assert_str_eq(number_of("outbox WHERE state = 'scheduled'"), text("%d", BATCH));
}

Test(plans, settling_what_was_settled_reads_no_more)
{
    given_a_full_day();
    run(CLAIM);
    run("%s", settle("sent"));
    assert_reads_little(settle("sent"));
}

Test(plans, statuses_read_their_messages)
{
    given_a_full_day();
    run(CLAIM);
    run("%s", settle("sent"));
    assert_reads_little(apply("delivered", "message_id"));
    assert_reads_little(apply("read", "NULL::uuid"));
    cr_assert_str_eq(number_of("messages WHERE status = 'read'"), text("%d", BATCH));
}

Test(plans, looking_whose_they_are_reads_their_messages)
{
    given_a_full_day();
    run("SELECT set_event_wishes('%s', '{meta.*}')", acme);
    run(CLAIM);
    run("%s", settle("sent"));
    assert_reads_little(OWNERS);
    cr_assert_str_eq(value("SELECT count(*) FROM (" OWNERS ") AS o (o) WHERE (o).message_id IS NOT "
                           "NULL"),
                     text("%d", BATCH));
}

Test(plans, failures_that_come_later_read_their_messages)
{
    given_a_full_day();
    run(CLAIM);
    assert_reads_little(apply("failed", "message_id")); // before they were settled
    assert_reads_little(apply("delivered", "message_id"));
    cr_assert_str_eq(number_of("wallet_transactions JOIN batch USING (message_id) "
                               "WHERE kind = 'refund_reversal'"),
                     text("%d", BATCH));
}

Test(plans, deliveries_that_are_awaited_are_read_alone)
{
    given_a_full_day();
    run("UPDATE organizations SET undelivered_after = '1 hour'");
    run("INSERT INTO awaited (org_id, message_id, sent_at, due_at) SELECT m.org_id, m.id, now(), "
        "now() + interval '1 hour' FROM messages m WHERE m.id NOT IN (SELECT message_id FROM "
        "batch)");
    run(CLAIM);
    assert_reads_little(settle("sent"));
    assert_reads_little(apply("sent", "message_id"));
    cr_assert_str_eq(number_of("awaited JOIN batch USING (message_id)"), text("%d", BATCH));
    run("UPDATE awaited a SET due_at = now() - interval '1 day' FROM batch b "
        "WHERE b.message_id = a.message_id");
    assert_reads_little("SELECT * FROM fail_undelivered_sends(100)");
    cr_assert_str_eq(number_of("messages WHERE error_code = 'undelivered'"), text("%d", BATCH));
    assert_reads_little(apply("delivered", "message_id"));
    cr_assert_str_eq(number_of("awaited JOIN batch USING (message_id)"), "0");
}

Test(plans, receiving_reads_what_comes)
{
    given_a_full_day();
    assert_reads_little(receive_of(BATCH));
    run("SELECT setval('phones', currval('phones') - %d)", BATCH);
    assert_reads_little(receive_of(BATCH)); // of people who have written before
    cr_assert_str_eq(number_of("messages WHERE direction = 'inbound'"), text("%d", 1 + 2 * BATCH));
}

// People whom sends have made known get their names as they write, and others later.
Test(plans, naming_contacts_reads_what_they_are_found_by)
{
    acme = given_org_with_channel("100000.00");
    run("CREATE SEQUENCE phones");
    run("SELECT nextval('phones')");
    run("VACUUM ANALYZE contact_terms");
    for (int i = 0; i < 2; i++) {
        run("INSERT INTO contacts (org_id, phone, name) SELECT '%s', '4916' || "
            "lpad(nextval('phones')::text, 8, '0'), CASE %d WHEN 1 THEN 'Bob' END FROM "
            "generate_series(1, %d)",
            acme, i, i == 0 ? 1 : FULL);
        run("SELECT setval('phones', currval('phones') - 1)");
        run("%s", receive_of(1));
    }
    run("SELECT setval('phones', currval('phones') - %d)", BATCH);
    assert_reads_little(receive_of(BATCH)); // they were Bobs, but for one
    cr_assert_str_eq(number_of("contact_terms WHERE term = 'n:ann'"), text("%d", 1 + BATCH));
    run("UPDATE contacts SET name = NULL WHERE name = 'Bob'");
    run("SELECT setval('phones', currval('phones') - %d)", 2 * BATCH);
    assert_reads_little(receive_of(BATCH)); // they had none
    cr_assert_str_eq(number_of("contact_terms"), text("%d", 1 + 2 * BATCH));
}

// The people of a batch, of whom each is known by phone and by user id, turn out to be one.
Test(plans, uniting_contacts_reads_what_is_theirs)
{
    given_a_full_day();
    (void)receive({.org = acme, .user_id = "IN.0"}, {.org = acme, .phone = "", .user_id = "IN.1"});
    (void)receive({.org = acme, .user_id = "IN.2"}, {.org = acme, .user_id = "IN.1"});
    run("INSERT INTO contacts (org_id, user_id) SELECT '%s', 'US.' || phone FROM contacts WHERE "
        "phone LIKE '4915%%'",
        acme);
    struct inbound_spec both[4];
    for (int i = 0; i < 4; i++) {
        const char *phone =
            value("SELECT phone FROM contacts WHERE phone LIKE '4915%%' ORDER BY id OFFSET %d "
                  "LIMIT 1",
                  100 * i);
        both[i] =
            (struct inbound_spec){.org = acme, .phone = phone, .user_id = text("US.%s", phone)};
    }
    long read = rows_read(receive_sql(both, 4));
    cr_assert_lt(read, 4 * 128L, "%ld", read);
    cr_assert_str_eq(number_of("contacts WHERE merged_into IS NOT NULL"), "6");
}

Test(plans, what_waits_on_a_channel_is_counted_up_to_a_bound)
{
    given_a_full_day();
    long read = rows_read(
        text("SELECT waiting_document(org_id, id) FROM channels WHERE org_id = '%s'", acme));
    cr_assert(read > 1000 && read < 1100, "%ld", read);
}

// The lists of orgs, and what is looked through for them: up to so many rows.
enum {
    PAGE = 16,
    PAGE_READS = 16 * PAGE,
    // (Twice, where it tells how far it came; of what waits the keys besides.)
    LOOKED_THROUGH = 3 * 1000 + PAGE_READS
};

#define assert_list_reads(max, statement)                                                          \
    do {                                                                                           \
        long read_ = rows_read(statement);                                                         \
        cr_assert_lt(read_, (max), "%ld rows: %s", read_, statement);                              \
    } while (0)

Test(plans, a_page_of_messages_reads_itself_or_what_is_looked_through)
{
    given_a_full_day();
    assert_list_reads(PAGE_READS, text("SELECT list_messages('%s', '{}', NULL, %d)", acme, PAGE));
    assert_list_reads(
        LOOKED_THROUGH,
        text("SELECT list_messages('%s', '{\"status\": \"queued\"}', NULL, %d)", acme, PAGE));
    assert_list_reads(PAGE_READS,
                      text("SELECT list_messages('%s', '{\"contact\": \"%s\"}', NULL, %d)", acme,
                           value("SELECT phone FROM contacts WHERE phone LIKE '4915%%' "
                                 "ORDER BY id DESC LIMIT 1"),
                           PAGE));
    assert_list_reads(
        LOOKED_THROUGH,
        text("SELECT list_messages('%s', '{\"type\": \"video\"}', NULL, %d)", acme, PAGE));
}

Test(plans, a_page_of_what_waits_and_what_has_settled_reads_itself)
{
    given_a_full_day();
    run("DELETE FROM outbox WHERE message_id NOT IN (SELECT message_id FROM outbox ORDER BY "
        "message_id LIMIT 20)");
    run("UPDATE messages m SET status = 'sent', attempts = 1 WHERE NOT EXISTS (SELECT FROM outbox "
        "o "
        "WHERE o.message_id = m.id)");
    assert_list_reads(PAGE_READS, text("SELECT list_messages('%s', '{}', NULL, %d)", acme, PAGE));
}

Test(plans, a_page_of_conversations_reads_itself_or_what_is_looked_through)
{
    given_a_full_day();
    run("UPDATE conversations SET newest_id = gen_random_uuid(), last_inbound_at = now()");
    assert_list_reads(PAGE_READS,
                      text("SELECT list_conversations('%s', '{}', NULL, %d)", acme, PAGE));
    assert_list_reads(
        LOOKED_THROUGH,
        text("SELECT list_conversations('%s', '{\"opted_out\": true}', NULL, %d)", acme, PAGE));
    assert_list_reads(
        PAGE_READS,
        text("SELECT list_conversations('%s', '{\"unread\": true}', NULL, %d)", acme, PAGE));
}

// (Of a name the two terms, each once where it is looked for and once where it is asked for
// others.)
Test(plans, a_page_of_contacts_reads_what_is_looked_at)
{
    given_a_full_day();
    run("UPDATE contacts SET name = 'Asha ' || id WHERE id %% 2 = 0");
    run("UPDATE conversations SET opted_out_at = now() WHERE contact_id %% 2 = 1");
    static const struct {
        const char *find;
        long max;
    } searches[] = {{"{}", PAGE_READS},
                    {"{\"name\": \"asha\"}", PAGE_READS},
                    {"{\"opted_out\": true}", PAGE_READS},
                    {"{\"name\": \"asha\", \"opted_out\": true}", 6L * 1000 + PAGE_READS},
                    {"{\"name\": \"as nobody\"}", 1000 + PAGE_READS},
                    {"{\"name\": \"asha a\", \"tag\": \"none\"}", 1000 + PAGE_READS},
                    {"{\"name\": \"as 1 2 3\"}", 6L * 1000 + PAGE_READS}};
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
        assert_list_reads(searches[i].max, text("SELECT list_contacts('%s', '%s', NULL, %d)", acme,
                                                searches[i].find, PAGE));
}

// How many pages of tables and indexes a statement looks at, when the catalogue is known.
static long pages_read(const char *statement)
{
    static const char explained[] =
        "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY OFF, FORMAT JSON) %s";
    (void)value(explained, statement);
    const char *hit = strstr(value(explained, statement), "\"Shared Hit Blocks\": ");
    cr_assert_not_null(hit);
    return strtol(strchr(hit, ':') + 1, NULL, 10);
}

// One that has more conversations than the org seems to have, over several numbers.
Test(plans, a_page_of_contacts_looks_each_conversation_up)
{
    given_a_full_day();
    for (int i = 0; i < 3; i++)
        (void)given_channel(.org = acme);
    run("INSERT INTO conversations (org_id, channel_id, contact_id) SELECT c.org_id, h.id, c.id "
        "FROM contacts c JOIN channels h ON h.org_id = c.org_id ON CONFLICT DO NOTHING");
    long read = pages_read(text("SELECT list_contacts('%s', '{}', NULL, %d)", acme, PAGE));
    cr_assert_lt(read, 64L * PAGE, "%ld pages", read);
}

// Of many who have a word that begins so: an index tells what else each is called.
Test(plans, a_search_of_contacts_asks_each_for_its_words)
{
    given_a_full_day();
    run("UPDATE contacts SET name = 'Asha ' || id");
    long read = pages_read(
        text("SELECT list_contacts('%s', '{\"name\": \"as 1 2\"}', NULL, %d)", acme, PAGE));
    cr_assert_lt(read, 1000 * 8L, "%ld pages", read);
}

Test(plans, reading_a_conversation_looks_back_so_far_and_no_further)
{
    given_a_full_day();
    const char *contact = value("SELECT max(contact_id) FROM conversations");
    const char *channel =
        value("SELECT channel_id FROM conversations WHERE contact_id = %s", contact);
    run("INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, "
        "status) "
        "SELECT gen_random_uuid(), '%s', '%s', %s, 'outbound', 'text', '{}', 'sent' FROM "
        "generate_series(1, %d)",
        acme, channel, contact, FULL);
    assert_list_reads(
        LOOKED_THROUGH,
        text("SELECT read_conversation('key:x', '%s', '%s', %s, '{}')", acme, channel, contact));
}

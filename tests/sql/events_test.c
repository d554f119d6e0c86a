// What orgs are told: once, when it has become true, and only who asks for it.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(events, .init = database_create, .fini = database_drop);

static void tell(const char *org, const char *type)
{
    run("SELECT tell_event('%s', '%s', NULL, '{\"n\": 1}')", org, type);
}

// What is told of all orgs that a follower sees from the beginning on, at this moment.
static const char *followed_now(void)
{
    return rows("SELECT o.name, e.type FROM events_after('0', '%s', 100) WITH ORDINALITY e JOIN "
                "organizations o ON o.id = e.org_id ORDER BY e.ordinality",
                "00000000-0000-0000-0000-000000000000");
}

// The same once nothing is under way that was there before what was told; that may be another
// test's, too.
static const char *followed(void)
{
    while (strcmp(value("SELECT count(*) FROM events WHERE xact >= "
                        "pg_snapshot_xmin(pg_current_snapshot())"),
                  "0") != 0)
        continue;
    return followed_now();
}

Test(events, who_does_not_ask_is_told_nothing)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    tell(acme, "wallet.low");
    run("SELECT set_event_wishes('%s', '{wallet.low,channel.*}')", acme);
    tell(beta, "wallet.low");
    tell(acme, "wallet.empty");
    assert_no_rows(followed());
    tell(acme, "wallet.low");
    tell(acme, "channel.paused");
    assert_rows(followed(), "Acme, wallet.low", "Acme, channel.paused");
}

Test(events, who_asks_for_all_is_not_told_what_meta_has_posted)
{
    const char *acme = given_org(.name = "Acme");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    tell(acme, "wallet.low");
    tell(acme, "meta.messages");
    assert_rows(followed(), "Acme, wallet.low");
    run("SELECT set_event_wishes('%s', '{*,meta.*}')", acme);
    tell(acme, "meta.messages");
    assert_rows(followed(), "Acme, wallet.low", "Acme, meta.messages");
}

Test(events, who_asks_no_more_is_told_nothing_more)
{
    const char *acme = given_org(.name = "Acme");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    run("SELECT set_event_wishes('%s', '{}')", acme);
    tell(acme, "wallet.low");
    assert_no_rows(followed());
}

Test(events, what_commits_late_is_not_skipped)
{
    const char *acme = given_org(.name = "Acme");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    struct session *late = session_open();
    (void)session_rows(late, "BEGIN");
    (void)session_rows(late, "SELECT tell_event('%s', 'wallet.low', NULL, NULL)", acme);
    tell(acme, "wallet.empty");
    assert_no_rows(followed_now());
    (void)session_rows(late, "COMMIT");
    assert_rows(followed(), "Acme, wallet.low", "Acme, wallet.empty");
    session_close(late);
}

Test(events, who_goes_on_behind_one_sees_each_once)
{
    const char *acme = given_org(.name = "Acme");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    run("SELECT tell_events(array_fill('%s'::uuid, ARRAY[300]), '{wallet.low}', NULL, NULL, NULL, "
        "(SELECT array_agg(to_jsonb(n) ORDER BY n) FROM generate_series(1, 300) n))",
        acme);
    run("CREATE TEMP TABLE seen (n bigint GENERATED ALWAYS AS IDENTITY, data jsonb); "
        "CREATE TEMP TABLE place AS SELECT '0'::xid8 AS xact, "
        "'00000000-0000-0000-0000-000000000000'::uuid AS id");
    (void)followed();
    for (int i = 0; i < 4; i++)
        run("WITH page AS (SELECT e.* FROM place p CROSS JOIN LATERAL events_after(p.xact, p.id, "
            "100) e), kept AS (INSERT INTO seen (data) SELECT g.data FROM page g) "
            "UPDATE place SET (xact, id) = (SELECT g.xact, g.id FROM page g ORDER BY g.xact DESC, "
            "g.id DESC LIMIT 1) WHERE EXISTS (SELECT FROM page)");
    assert_rows(rows("SELECT count(*), count(DISTINCT data), bool_and(data = to_jsonb(n)) FROM "
                     "seen"),
                "300, 300, t");
}

// Several statements of one transaction, of orgs that take turns; then another one's.
Test(events, of_one_transaction_are_followed_in_their_order_each_once)
{
    const char *acme = given_org(.name = "Acme");
    const char *beta = given_org(.name = "Beta");
    run("SELECT set_event_wishes(o, '{*}') FROM unnest('{%s,%s}'::uuid[]) o", acme, beta);
    run("BEGIN");
    tell(acme, "wallet.low");
    tell(beta, "wallet.low");
    tell(acme, "wallet.empty");
    run("COMMIT");
    tell(beta, "wallet.empty");
    assert_rows(followed(), "Acme, wallet.low", "Beta, wallet.low", "Acme, wallet.empty",
                "Beta, wallet.empty");
    assert_rows(rows("SELECT o.name, n.type FROM events e CROSS JOIN LATERAL events_after(e.xact, "
                     "e.id, 1) n JOIN organizations o ON o.id = n.org_id ORDER BY e.xact, e.id"),
                "Beta, wallet.low", "Acme, wallet.empty", "Beta, wallet.empty");
}

Test(events, nobody_changes_what_was_told)
{
    const char *acme = given_org();
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    tell(acme, "wallet.low");
    assert_refused(RESTRICT_VIOLATION, "UPDATE events SET data = NULL");
}

Test(events, types_are_named_alone_by_their_kind_or_all)
{
    assert_rows(rows("SELECT w, are_event_types(ARRAY['message.read', w]) FROM "
                     "unnest('{message.sent,message.*,*,message,sent,meta.*,*.sent}'::text[]) w"),
                "message.sent, t", "message.*, t", "*, t", "message, f", "sent, f", "meta.*, f",
                "*.sent, f");
}

Test(events, a_body_tells_its_type_and_when)
{
    const char *acme = given_org();
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    tell(acme, "wallet.low");
    assert_rows(rows("SELECT b ->> 'type', b ->> 'timestamp' = time_text(e.created_at), b -> "
                     "'data', event_name(e.id) ~ '^evt_[0-9a-f]{32}$', "
                     "abs(extract(epoch FROM time_of_id(e.id) - e.created_at)) < 1 FROM events e "
                     "CROSS JOIN LATERAL (SELECT event_body(e)::json AS b) b"),
                "wallet.low, t, {\"n\": 1}, t, t");
}

// The types of what was told about a message, in order.
static const char *told_of(const char *message)
{
    return value("SELECT coalesce(string_agg(substr(type, 9), ' ' ORDER BY xact, id), 'nothing') "
                 "FROM events WHERE message_id = '%s' AND type LIKE 'message.%%'",
                 message);
}

static const char *given_told_org(const char *types)
{
    const char *org = given_org_with_channel("100.00");
    run("SELECT set_event_wishes('%s', '{%s}')", org, types);
    return org;
}

Test(events, each_step_of_a_message_is_told_once)
{
    const char *acme = given_told_org("*");
    const char *message = given_settled_message(acme, "sent");
    for (int i = 0; i < 2; i++) {
        (void)hear(acme, message, "sent", NULL);
        (void)hear(acme, message, "delivered", NULL);
        (void)hear(acme, message, "read", NULL);
        (void)hear(acme, message, "delivered", NULL);
    }
    cr_assert_str_eq(told_of(message), "accepted sent delivered read");
    assert_rows(rows("SELECT DISTINCT e.org_id = m.org_id, e.channel_id = m.channel_id, "
                     "e.contact_id = m.contact_id FROM events e JOIN messages m ON m.id = "
                     "e.message_id"),
                "t, t, t");
}

Test(events, who_asks_for_failures_is_told_of_them_alone)
{
    const char *acme = given_told_org("message.failed");
    const char *read = given_settled_message(acme, "sent");
    (void)hear(acme, read, "read", NULL);
    const char *refused = given_settled_message(acme, "131026");
    const char *late = given_settled_message(acme, "sent");
    (void)hear(acme, late, "failed", "131049");
    cr_assert_str_eq(told_of(read), "nothing");
    cr_assert_str_eq(told_of(refused), "failed");
    cr_assert_str_eq(told_of(late), "failed");
}

// What the column of the table counts together, and what batches look for in it.
Test(events, each_of_a_message_has_its_bit)
{
    const char *acme = given_org(.name = "Acme");
    assert_rows(
        rows("SELECT count(*), bool_and(asks_for(127, s)), sum(wish_bit(s)), "
             "bool_or(asks_for(127 - wish_bit(s), s)) FROM unnest('{received,accepted,sent,failed,"
             "unconfirmed,delivered,read}'::text[]) s"),
        "7, t, 127, f");
    static const char *const statuses[] = {"received",    "accepted",  "sent", "failed",
                                           "unconfirmed", "delivered", "read"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        run("SELECT set_event_wishes('%s', '{message.%s}')", acme, statuses[i]);
        assert_rows(rows("SELECT asks = wish_bit('%s') FROM event_wishes", statuses[i]), "t");
    }
}

Test(events, of_a_batch_of_two_orgs_the_one_that_asks_is_told)
{
    const char *acme = given_told_org("message.*");
    const char *beta = given_org_with_channel("100.00");
    const char *a = new_id();
    const char *b = new_id();
    (void)accept_sends({.org = acme, .id = a}, {.org = beta, .id = b});
    (void)claim(acme, a);
    (void)claim(beta, b);
    (void)settle_sends({.org = acme, .message = a}, {.org = beta, .message = b});
    (void)receive({.org = acme}, {.org = beta});
    assert_rows(rows("SELECT org_id, type FROM events ORDER BY xact, id"),
                text("%s, message.accepted", acme), text("%s, message.sent", acme),
                text("%s, message.received", acme));
}

Test(events, a_status_that_overtakes_the_answer_is_told_and_then_that_it_was_sent)
{
    const char *acme = given_told_org("*");
    const char *message = given_claimed_message(.org = acme);
    const char *claim_id = claim_of(message);
    (void)hear(acme, message, "delivered", NULL);
    for (int i = 0; i < 2; i++)
        (void)settle_sends({.org = acme, .message = message, .claim_id = claim_id});
    cr_assert_str_eq(told_of(message), "accepted delivered sent");
}

Test(events, statuses_of_one_batch_are_told_in_their_order)
{
    const char *acme = given_told_org("*");
    const char *message = given_settled_message(acme, "sent");
    run("SELECT apply_statuses(array_fill('%s'::text, ARRAY[3]), array_fill('wamid.%s'::text, "
        "ARRAY[3]), array_fill('%s'::uuid, ARRAY[3]), '{read,sent,delivered}', "
        "array_fill(1763800000::bigint, ARRAY[3]), NULL, NULL, NULL)",
        number_of_org(acme), message, message);
    cr_assert_str_eq(told_of(message), "accepted sent delivered read");
}

Test(events, a_failure_tells_its_code_and_the_refund)
{
    const char *acme = given_told_org("*");
    const char *refunded = given_settled_message(acme, "131049");
    const char *not_refunded = given_settled_message(acme, "131026");
    const char *late = given_settled_message(acme, "sent");
    (void)hear(acme, late, "failed", "131049");
    (void)hear(acme, late, "delivered", NULL);
    assert_rows(rows("SELECT e.message_id, d -> 'error' ->> 'code', d ->> 'refunded', d ->> "
                     "'status' FROM events e CROSS JOIN LATERAL (SELECT event_data(e) AS d) d "
                     "WHERE type = 'message.failed' ORDER BY xact, id"),
                text("%s, 131049, true, failed", refunded),
                text("%s, 131026, false, failed", not_refunded),
                text("%s, 131049, true, failed", late));
    cr_assert_str_eq(told_of(late), "accepted sent failed delivered");
}

Test(events, what_nobody_knows_is_told_and_then_what_became_of_it)
{
    const char *acme = given_told_org("*");
    const char *message = given_settled_message(acme, "network:after_write");
    cr_assert_str_eq(told_of(message), "accepted unconfirmed");
    run("UPDATE messages SET unconfirmed_at = now() - interval '1 day'");
    run("SELECT fail_unheard_sends(3600, 10)");
    cr_assert_str_eq(told_of(message), "accepted unconfirmed failed");
    const char *heard = given_settled_message(acme, "network:after_write");
    (void)hear(acme, heard, "sent", NULL);
    cr_assert_str_eq(told_of(heard), "accepted unconfirmed sent");
    assert_rows(rows("SELECT event_data(e) -> 'error' ->> 'code' FROM events e WHERE type = "
                     "'message.unconfirmed'"),
                "network:after_write", "network:after_write");
}

Test(events, what_is_cancelled_or_expires_has_failed)
{
    const char *acme = given_told_org("*");
    const char *later = given_message(.org = acme, .send_in_ms = 60000);
    run("SELECT cancel_send('%s', '%s')", acme, later);
    cr_assert_str_eq(told_of(later), "accepted failed");
    assert_rows(rows("SELECT event_data(e) ->> 'status' FROM events e ORDER BY xact, id"),
                "scheduled", "failed");
}

Test(events, what_is_lost_by_its_worker_is_told_to_be_unconfirmed)
{
    const char *acme = given_told_org("*");
    const char *message = given_claimed_message(.org = acme);
    run("UPDATE outbox SET claimed_at = now() - interval '1 hour', queued_at = now() - interval "
        "'1 hour'");
    run("SELECT unconfirm_sends(1000, 10)");
    cr_assert_str_eq(told_of(message), "accepted unconfirmed");
}

Test(events, a_send_that_is_repeated_is_told_once)
{
    const char *acme = given_told_org("*");
    const char *id = new_id();
    const char *phone = new_phone();
    for (int i = 0; i < 2; i++)
        (void)accept_sends({.org = acme, .id = id, .phone = phone, .key = "k"},
                           {.org = acme, .phone = phone, .key = "k"});
    cr_assert_str_eq(number_of("events"), "1");
}

Test(events, nothing_is_told_of_a_receipt)
{
    const char *acme = given_told_org("message.accepted,message.sent");
    given_received(acme);
    const char *receipt = given_claimed_message(.org = acme, .type = "receipt");
    (void)settle_sends({.org = acme, .message = receipt});
    cr_assert_str_eq(number_of("events"), "0");
}

Test(events, a_message_that_came_is_told_once_with_what_it_says)
{
    const char *acme = given_told_org("*");
    for (int i = 0; i < 2; i++)
        (void)receive({.org = acme, .wamid = "w1", .text = "hello", .name = "Ann"},
                      {.org = acme, .wamid = "w1", .text = "hello"});
    (void)receive_copies({.org = acme, .wamid = "w2"});
    assert_rows(rows("SELECT type, d ->> 'text', d ->> 'phone', d ->> 'name', d ->> 'wamid', d ->> "
                     "'is_cut' FROM events e CROSS JOIN LATERAL (SELECT event_data(e) AS d) d"),
                "message.received, hello, 919876543210, Ann, w1, false");
}

Test(events, who_was_erased_is_told_of_no_more)
{
    const char *acme = given_told_org("*");
    (void)receive({.org = acme, .text = "my secret", .name = "Ann"});
    (void)given_message(.org = acme, .phone = "919876543210");
    run("SELECT erase_contact('%s', '919876543210')", acme);
    run("SELECT finish_erasures('%s')", acme);
    assert_rows(rows("SELECT count(*), bool_or(event_body(e) ~ 'secret|Ann|919876543210') FROM "
                     "events e"),
                "3, f");
}

Test(events, what_is_long_is_cut)
{
    const char *acme = given_told_org("*");
    (void)receive({.org = acme, .text = text("%020000d", 7)});
    assert_rows(rows("SELECT event_data(e) ->> 'is_cut', octet_length(event_body(e)) BETWEEN 1000 "
                     "AND 20000 FROM events e"),
                "true, t");
}

// Of wallets and channels: the types and what is told beside them.
static const char *told_with(const char *member)
{
    return rows("SELECT type, data ->> '%s' FROM events WHERE message_id IS NULL ORDER BY xact, id",
                member);
}

Test(events, a_wallet_that_runs_low_and_empty_is_told_once_until_it_is_filled)
{
    const char *acme = given_org_with_channel("0.80");
    run("SELECT set_event_wishes('%s', '{wallet.*}')", acme);
    run("SELECT change_settings('test', '%s', '{\"wallet_low_at\": \"0.50\"}')", acme);
    for (int i = 0; i < 6; i++)
        (void)accept_sends({.org = acme});
    assert_rows(told_with("balance"), "wallet.low, 0.40", "wallet.empty, 0.00");
    run("SELECT add_wallet_credits('%s', 1, 'test')", acme);
    assert_rows(told_with("balance"), "wallet.low, 0.40", "wallet.empty, 0.00",
                "wallet.recharged, 1.00");
    for (int i = 0; i < 6; i++)
        (void)accept_sends({.org = acme});
    assert_rows(told_with("balance"), "wallet.low, 0.40", "wallet.empty, 0.00",
                "wallet.recharged, 1.00", "wallet.low, 0.40", "wallet.empty, 0.00");
    assert_healthy();
}

Test(events, a_wallet_that_is_low_already_is_told_when_the_mark_is_set)
{
    const char *acme = given_org_with_channel("0.80");
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    run("SELECT change_settings('test', '%s', '{\"wallet_low_at\": \"1\"}')", acme);
    assert_rows(told_with("low_at"), "wallet.low, 1.00");
    assert_told("invalid_field", "wallet_low_at",
                "SELECT change_settings('test', '%s', '{\"wallet_low_at\": \"0\"}')", acme);
    run("SELECT change_settings('test', '%s', '{\"wallet_low_at\": null}')", acme);
    (void)accept_sends({.org = acme});
    cr_assert_str_eq(number_of("events WHERE type = 'wallet.low'"), "1");
}

Test(events, what_becomes_of_a_channel_is_told)
{
    const char *acme = given_org();
    run("SELECT set_event_wishes('%s', '{*}')", acme);
    const char *channel = given_channel(.org = acme);
    run("UPDATE channels SET status = 'paused', paused_for = '190' WHERE id = '%s'", channel);
    run("UPDATE channels SET access_token = 'another' WHERE id = '%s'", channel);
    run("UPDATE channels SET max_mps = 20 WHERE id = '%s'", channel);
    run("UPDATE channels SET status = 'disabled' WHERE id = '%s'", channel);
    run("UPDATE channels SET status = 'active' WHERE id = '%s'", channel);
    assert_rows(told_with("paused_for"), "channel.connected, null", "channel.paused, 190",
                "channel.resumed, null", "channel.removed, null", "channel.connected, null");
    cr_assert_str_eq(number_of(text("events WHERE channel_id = '%s'", channel)), "5");
}

Test(events, a_contact_who_opts_out_is_told_once)
{
    const char *acme = given_told_org("contact.opted_out");
    (void)receive({.org = acme, .text = "STOP", .name = "Ann", .at = 1763800000},
                  {.org = acme, .text = "Stop", .at = 1763800001});
    (void)receive({.org = acme, .text = "STOP", .at = 1763800002});
    (void)receive({.org = acme, .text = "hello", .at = 1763800003});
    assert_rows(rows("SELECT type, d ->> 'phone', d ->> 'name', d ->> 'opted_out_at' IS NOT NULL "
                     "FROM events e CROSS JOIN LATERAL (SELECT event_data(e) AS d) d"),
                "contact.opted_out, 919876543210, Ann, t");
    (void)receive({.org = acme, .text = "START", .at = 1763800004});
    (void)receive({.org = acme, .text = "STOP", .at = 1763800005});
    cr_assert_str_eq(number_of("events"), "2");
}

Test(events, what_is_old_goes_and_what_meta_has_posted_with_it)
{
    const char *acme = given_told_org("*");
    run("INSERT INTO events (org_id, id, type, created_at) SELECT '%s', ('00000000-0000-7000-8000-"
        "00000000000' || place)::uuid, 'wallet.low', now() - days * interval '1 day' FROM "
        "unnest(ARRAY[31, 29, 32, 40]) WITH ORDINALITY AS n (days, place)",
        acme);
    run("INSERT INTO event_changes (org_id, event_id, body) SELECT org_id, id, '{}' FROM events");
    run("SET session_replication_role = replica; INSERT INTO event_change_messages (org_id, "
        "event_id, message_id) SELECT org_id, id, id FROM events; SET session_replication_role = "
        "origin");
    cr_assert_str_eq(value("SELECT delete_events(30 * 86400, 2)"), "1");
    cr_assert_str_eq(value("SELECT delete_events(30 * 86400, 100)"), "2");
    cr_assert_str_eq(number_of("event_writes"), "1"); // one of its events is left
    assert_rows(rows("SELECT count(*), (SELECT count(*) FROM event_changes), (SELECT count(*) FROM "
                     "event_change_messages), min(created_at) > now() - interval '30 days' FROM "
                     "events"),
                "1, 1, 1, t");
    cr_assert_str_eq(value("SELECT delete_events(0, 100)"), "1");
    cr_assert_str_eq(number_of("event_writes"), "0");
}

Test(events, what_a_dump_brings_is_told_and_cursors_of_before_go_on)
{
    const char *acme = given_told_org("*");
    run("INSERT INTO events (org_id, id, xact, type) SELECT '%s', ('01990000-0000-7000-8000-"
        "00000000000' || n)::uuid, '900000000000', 'wallet.low' FROM generate_series(1, 2) n",
        acme);
    const char *cursor = value("SELECT event_cursor('900000000000', "
                               "'01990000-0000-7000-8000-000000000001')");
    run("SELECT after_restore(p_anyway => true)");
    tell(acme, "wallet.empty");
    assert_rows(followed(), "Acme, wallet.low", "Acme, wallet.low", "Acme, wallet.empty");
    assert_rows(rows("SELECT n.type FROM events_after('0', "
                     "'01990000-0000-7000-8000-000000000001', 1) n"),
                "wallet.low");
    assert_rows(rows("SELECT e ->> 'type' FROM list_events('%s', '%s', NULL, NULL, 10) l, "
                     "json_array_elements(l.document -> 'events') e",
                     acme, cursor),
                "wallet.low", "wallet.empty");
}

Test(events, pages_follow_each_other_and_leave_nothing_out)
{
    const char *acme = given_org();
    const char *first =
        value("SELECT next_after FROM list_events('%s', NULL, NULL, NULL, 10)", acme);
    for (int i = 0; i < 5; i++)
        tell(acme, i % 2 ? "wallet.low" : "channel.paused");
    (void)followed();
    run("CREATE TEMP TABLE pages (n bigint GENERATED ALWAYS AS IDENTITY, types text, after text)");
    run("INSERT INTO pages (after) VALUES ('%s')", first);
    for (int i = 0; i < 4; i++)
        run("INSERT INTO pages (types, after) SELECT (SELECT string_agg(e ->> 'type', ' ') FROM "
            "json_array_elements(l.document -> 'events') e), l.next_after FROM (SELECT after FROM "
            "pages ORDER BY n DESC LIMIT 1) p CROSS JOIN LATERAL list_events('%s', p.after, NULL, "
            "NULL, 2) l",
            acme);
    assert_rows(rows("SELECT types FROM pages ORDER BY n"), "null", "channel.paused wallet.low",
                "channel.paused wallet.low", "channel.paused", "null");
    assert_rows(rows("SELECT events, is_end FROM list_events('%s', '%s', 'wallet.*', NULL, 10)",
                     acme, first),
                "2, t");
}

Test(events, a_feed_shows_what_is_of_a_channel_and_nothing_of_metas)
{
    const char *acme = given_org();
    (void)value("SELECT next_after FROM list_events('%s', NULL, NULL, NULL, 10)", acme);
    run("SELECT set_event_wishes('%s', '{meta.*}')", acme);
    const char *channel = given_channel(.org = acme);
    (void)given_channel(.org = acme);
    tell(acme, "meta.messages");
    (void)followed();
    assert_rows(rows("SELECT events FROM list_events('%s', NULL, NULL, '%s', 10)", acme, channel),
                "1");
    assert_rows(rows("SELECT events FROM list_events('%s', NULL, NULL, NULL, 10)", acme), "2");
}

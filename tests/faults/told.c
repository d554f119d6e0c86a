#include "tests/faults/told.h"

#include "tests/faults/endpoints.h"
#include "tests/faults/follower.h"

#include <ctype.h>
#include <string.h>

// --- At rest -------------------------------------------------------------------------------------

// (Who settles some of these in another order is the victim, and tries again.)
static void let_be_due(const struct rig *rig, const char *which)
{
    (void)database_text(rig->gateway->database,
                        "BEGIN; SET LOCAL deadlock_timeout = '1min'; UPDATE deliveries "
                        "SET next_at = now() WHERE state = 'pending' AND %s; COMMIT",
                        which);
}

void told_calm(struct rig *rig)
{
    if (!rig->endpoints)
        return;
    endpoints_do(rig->endpoints, "ok");
    let_be_due(rig, "next_at > now()");
}

// A worker has what it has claimed for a minute; what has failed twice would wait for longer.
static void let_deliveries_go_on(struct rig *rig)
{
    let_be_due(rig, "next_at > now() + interval '65 s'");
    endpoints_recover(rig);
}

const char *told_unrest(struct rig *rig)
{
    struct database *database = rig->gateway->database;
    if (!rig->endpoints)
        return "";
    let_deliveries_go_on(rig);
    long events = database_number(
        database, "SELECT count(*) FROM events e WHERE (e.xact, e.id) > "
                  "(SELECT f.xact, f.event_id FROM fan_outs f ORDER BY f.n DESC LIMIT 1)");
    if (events > 0)
        return text_of("%ld events without deliveries", events);
    long deliveries =
        database_number(database, "SELECT count(*) FROM deliveries WHERE state <> 'delivered'");
    return deliveries > 0 ? text_of("%ld deliveries", deliveries) : "";
}

// --- What was asked for, and what was heard ------------------------------------------------------

#define ASKED_FOR(type) "a.types && ARRAY[" type ", split_part(" type ", '.', 1) || '.*', '*']"

// Of each endpoint and each feed a row of `asks`; of a feed the name is NULL.
static void list_asks(const struct check *check)
{
    const struct rig *rig = check->rig;
    size_t n = 0;
    const struct endpoint *endpoints = endpoints_list(rig->endpoints, &n);
    TG_TEXT_AUTO rows = {0};
    for (size_t i = 0; i < n; i++) {
        const struct org *org = &rig->orgs[endpoints[i].org];
        tg_text_append_format(&rows, "%s('%s', '%s'::uuid, '{%s}'::text[], ", i > 0 ? ", " : "",
                              endpoints[i].name, org->id, endpoints[i].types);
        tg_text_append_format(&rows, endpoints[i].one_channel ? "'%s'::uuid)" : "NULL::uuid)",
                              org->channel_id);
    }
    for (int i = 0; i < RIG_ORGS; i++)
        if (follower_reads(i))
            tg_text_append_format(&rows, ", (NULL, '%s', '{*}', NULL)", rig->orgs[i].id);
    (void)database_text(rig->gateway->database,
                        "CREATE TEMP TABLE asks AS SELECT * FROM (VALUES %s) "
                        "AS a (name, org_id, types, channel_id)",
                        tg_text_string(&rows));
}

// As it stands in a column of `heard`: what is told are words without blanks.
static void append_word(struct tg_text *rows, const char *word)
{
    tg_text_append_string(rows, *word ? " " : " -");
    for (; *word; word++)
        tg_text_append_format(rows, "%c",
                              isalnum((unsigned char)*word) || strchr("_.-", *word) ? *word : '?');
}

// What the receiver has had, whether it was signed as it must be, and whether it has taken it.
static void append_heard(void *context, struct json_object *heard)
{
    struct tg_text *rows = context;
    const char *path = json_text(heard, "/path");
    const char *does = json_text(heard, "/does");
    struct json_object *body = json_tokener_parse(json_text(heard, "/body"));
    bool taken = strcmp(does, "ok") == 0 || strcmp(does, "slow") == 0;
    tg_text_append_string(rows, rows->length > 0 ? "\n" : "");
    append_word(rows, strrchr(path, '/') + 1);
    append_word(rows, json_text(heard, "/headers/webhook-id"));
    append_word(rows, json_text(body, "/type"));
    append_word(rows, json_text(body, "/data/message_id"));
    append_word(rows, json_text(heard, "/verified/0"));
    append_word(rows, taken ? "true" : "false");
    json_object_put(body);
}

static void list_heard(const struct check *check)
{
    TG_TEXT_AUTO rows = {0};
    sink_each(endpoints_sink(check->rig->endpoints), append_heard, &rows);
    (void)database_text(
        check->rig->gateway->database,
        "CREATE TEMP TABLE heard AS SELECT w[2] AS name, w[3] AS event, w[4] AS type, "
        "nullif(w[5], '-') AS message_id, w[6] = 'true' AS verified, w[7] = 'true' AS taken "
        "FROM unnest(string_to_array('%s', E'\\n')) l "
        "CROSS JOIN LATERAL string_to_array(l, ' ') w",
        tg_text_string(&rows));
}

// --- The checks ----------------------------------------------------------------------------------

// What the records say has its event, once, if anybody asks for it, and else none.
static void check_events(struct check *check)
{
    expect_none(
        check, "I11: messages and their events",
        "SELECT format('%s of %s is told %s times', w.type, w.message_id, w.n) FROM ("
        "SELECT org_id, message_id, type, coalesce(d.due, false) AS due, coalesce(t.n, 0) AS n "
        "FROM (SELECT m.org_id, m.id AS message_id, 'message.' || k.what AS type, true AS due "
        "FROM messages m CROSS JOIN LATERAL (SELECT m.direction = 'outbound' AS out) o "
        "CROSS JOIN LATERAL (VALUES ('received', NOT out), ('accepted', out), "
        "('sent', out AND m.sent_at IS NOT NULL), ('delivered', m.delivered_at IS NOT NULL), "
        "('read', m.read_at IS NOT NULL), ('failed', out AND m.failed_at IS NOT NULL)) "
        "AS k (what, is_so) WHERE k.is_so AND m.origin IS NULL AND m.type <> 'receipt') d "
        "FULL JOIN (SELECT e.org_id, e.message_id, e.type, count(*) AS n FROM events e "
        "WHERE e.type LIKE 'message.%' AND e.type <> 'message.unconfirmed' GROUP BY 1, 2, 3) t "
        "USING (org_id, message_id, type)) w "
        "WHERE w.n <> (w.due AND EXISTS (SELECT FROM asks a WHERE a.org_id = w.org_id "
        "AND " ASKED_FOR("w.type") "))::integer");
    expect_none(check, "I11: unconfirmed messages that are told to be",
                "SELECT DISTINCT t.message_id::text FROM attempts t JOIN error_rules r "
                "ON r.outcome = t.outcome AND r.unconfirmed JOIN messages m ON m.id = t.message_id "
                "AND m.type <> 'receipt' JOIN asks a ON a.org_id = t.org_id "
                "AND " ASKED_FOR("'message.unconfirmed'") " WHERE NOT EXISTS (SELECT FROM events e "
                                                          "WHERE e.message_id = t.message_id AND "
                                                          "e.type = 'message.unconfirmed')");
    expect_none(
        check, "I11: payments that are told",
        "SELECT format('%s of %s', e.n, t.n) FROM (SELECT DISTINCT a.org_id FROM asks a "
        "WHERE " ASKED_FOR(
            "'wallet.recharged'") ") o CROSS JOIN LATERAL (SELECT count(*) "
                                  "AS n FROM wallet_transactions t WHERE t.org_id = o.org_id AND "
                                  "t.kind = 'recharge')"
                                  " t CROSS JOIN LATERAL (SELECT count(*) AS n FROM events e "
                                  "WHERE e.org_id = o.org_id AND e.type = 'wallet.recharged') e "
                                  "WHERE t.n <> e.n");
    expect_none(
        check, "I11: who has opted out",
        "SELECT v.contact_id::text FROM conversations v WHERE v.opted_out_at IS NOT NULL "
        "AND EXISTS (SELECT FROM asks a WHERE a.org_id = v.org_id "
        "AND " ASKED_FOR("'contact.opted_out'") ") AND NOT EXISTS (SELECT FROM events e "
                                                "JOIN contacts c ON c.org_id = e.org_id AND c.id = "
                                                "e.contact_id WHERE e.org_id = "
                                                "v.org_id AND e.type = 'contact.opted_out' "
                                                "AND v.contact_id IN (c.id, c.merged_into))");
}

static void check_heard(struct check *check)
{
    static const char asked[] = ASKED_FOR("e.type") " AND (a.channel_id IS NULL OR e.channel_id IS "
                                                    "NULL OR e.channel_id = a.channel_id)";
    expect_none(check, "I11: what is not signed as it must be",
                "SELECT h.event FROM heard h WHERE NOT h.verified");
    expect_none(check, "I11: what is no event of the org's, or not this one",
                "SELECT format('%s to %s', h.event, h.name) FROM heard h "
                "JOIN asks a ON a.name = h.name "
                "WHERE NOT EXISTS (SELECT FROM events e WHERE e.org_id = a.org_id "
                "AND event_name(e.id) = h.event AND e.type = h.type "
                "AND e.message_id::text IS NOT DISTINCT FROM h.message_id)");
    expect_none(check, "I11: what was not asked for",
                text_of("SELECT format('%%s to %%s', e.type, a.name) FROM heard h "
                        "JOIN asks a ON a.name = h.name JOIN events e ON e.org_id = a.org_id "
                        "AND event_name(e.id) = h.event WHERE NOT (%s)",
                        asked));
    expect_none(check, "I11: what was not told",
                text_of("SELECT format('%%s (%%s) to %%s', e.type, event_name(e.id), a.name) "
                        "FROM asks a JOIN events e ON e.org_id = a.org_id AND %s "
                        "WHERE a.name IS NOT NULL AND NOT EXISTS (SELECT FROM heard h "
                        "WHERE h.taken AND h.name = a.name AND h.event = event_name(e.id))",
                        asked));
}

// The pages of a feed, one after the other, are all there is, in its order.
static void check_feed(struct check *check, const struct follower *follower, int org)
{
    expect_none(
        check, "I11: the feed that was followed",
        text_of(
            "SELECT format('%%s where %%s is', f.event, e.event) FROM (SELECT event_name(e.id) AS "
            "event, row_number() OVER (ORDER BY e.xact, e.id) AS n FROM events e "
            "WHERE e.org_id = '%s') e FULL JOIN (SELECT * FROM unnest(string_to_array(rtrim('%s'), "
            "' ')) WITH ORDINALITY AS f (event, n)) f USING (n) "
            "WHERE e.event IS DISTINCT FROM f.event ORDER BY n",
            check->rig->orgs[org].id, follower_seen(follower, org)));
}

void check_told(struct check *check)
{
    struct follower *follower = workload_follower(check->rig->workload);
    if (!check->rig->endpoints)
        return;
    follower_close(follower);
    list_asks(check);
    list_heard(check);
    check_events(check);
    check_heard(check);
    for (int i = 0; i < RIG_ORGS; i++)
        if (follower_reads(i))
            check_feed(check, follower, i);
}

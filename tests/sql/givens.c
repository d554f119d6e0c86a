#include "tests/sql/givens.h"

#include <string.h>

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

// A text as an SQL literal, no text as NULL.
static const char *literal(const char *given)
{
    if (!given)
        return "NULL";
    const char *quoted = "'";
    for (const char *rest = given; *rest;) {
        size_t plain = strcspn(rest, "'");
        quoted = text("%s%.*s%s", quoted, (int)plain, rest, rest[plain] ? "''" : "");
        rest += plain + (rest[plain] ? 1 : 0);
    }
    return text("%s'", quoted);
}

const char *new_id(void)
{
    return value("SELECT gen_random_uuid()");
}

const char *given_org_of(struct org_spec spec)
{
    const char *org =
        value("INSERT INTO organizations (name, status) VALUES (%s, '%s') RETURNING id",
              literal(or_else(spec.name, "Acme")), or_else(spec.status, "active"));
    if (spec.balance)
        run("SELECT add_wallet_credits('%s', %s, 'paid')", org, spec.balance);
    return org;
}

const char *given_channel_of(struct channel_spec spec)
{
    const char *phone_number_id = spec.phone_number_id
                                      ? spec.phone_number_id
                                      : value("SELECT 100000 + count(*) FROM channels");
    return value("INSERT INTO channels (org_id, phone_number_id, access_token, "
                 "service_fee_per_msg, status, max_mps, created_at) "
                 "VALUES ('%s', '%s', %s, %s, '%s', %s, clock_timestamp()) RETURNING id",
                 spec.org, phone_number_id, literal(or_else(spec.access_token, "token")),
                 or_else(spec.fee, "0.20"), or_else(spec.status, "active"),
                 or_else(spec.max_mps, "10000"));
}

const char *given_org_with_channel(const char *balance)
{
    const char *org = given_org(.balance = balance);
    given_channel(.org = org);
    return org;
}

const char *new_phone(void)
{
    static _Atomic int phones;
    return text("91987%07d", ++phones);
}

static const char *time_in(long ms)
{
    return ms ? text("(extract(epoch FROM now()) * 1000)::bigint + (%ld)", ms) : "NULL";
}

// One item of a batch, as a row of VALUES in the order of accept_sends' parameters.
static const char *send_row(const struct send_spec *send, size_t n)
{
    bool receipt = send->type && strcmp(send->type, "receipt") == 0;
    const char *phone = send->phone || send->user_id || receipt ? send->phone : new_phone();
    const char *id = send->id ? literal(send->id) : "gen_random_uuid()";
    const char *hash =
        send->key ? text("sha256('%s'::bytea)", or_else(send->body, "{}")) : "NULL::bytea";
    const char *payload = receipt ? "{\"message_id\": \"wamid.received\"}" : "{}";
    return text("(%zu, %s::uuid, '%s'::uuid, %s::uuid, %s::text, %s::text, %s, %s, %s::text, %s, "
                "%s::bigint, %s::bigint, %s::text, %s, %s::text)",
                n, id, send->org, literal(send->channel), literal(phone), literal(send->user_id),
                literal(or_else(send->type, "text")), literal(or_else(send->payload, payload)),
                literal(send->callback_data), literal(or_else(send->priority, "high")),
                time_in(send->send_in_ms), time_in(send->not_after_in_ms), literal(send->key), hash,
                literal(send->number));
}

// The batch as the arguments a to o of whatever takes one.
static const char *send_batch(const struct send_spec *sends, size_t n)
{
    const char *items = send_row(&sends[0], 0);
    for (size_t i = 1; i < n; i++)
        items = text("%s, %s", items, send_row(&sends[i], i));
    return text("(SELECT array_agg(a ORDER BY n) AS a, array_agg(b ORDER BY n) AS b, "
                "array_agg(c ORDER BY n) AS c, array_agg(d ORDER BY n) AS d, "
                "array_agg(e ORDER BY n) AS e, array_agg(f ORDER BY n) AS f, "
                "array_agg(g ORDER BY n) AS g, array_agg(h ORDER BY n) AS h, "
                "array_agg(i ORDER BY n) AS i, array_agg(j ORDER BY n) AS j, "
                "array_agg(k ORDER BY n) AS k, array_agg(l ORDER BY n) AS l, "
                "array_agg(m ORDER BY n) AS m, array_agg(o ORDER BY n) AS o "
                "FROM (VALUES %s) AS send (n, a, b, c, d, e, f, g, h, i, j, k, l, m, o)) batch",
                items);
}

const char *accept_sends_told_sql(const char *columns, const struct send_spec *sends, size_t n)
{
    return text("SELECT %s FROM %s, accept_sends(a, b, c, d, e, f, g, h, i, j, k, l, m, o) verdict",
                columns, send_batch(sends, n));
}

const char *accept_sends_sql(const struct send_spec *sends, size_t n)
{
    return accept_sends_told_sql("verdict.verdict, verdict.status, verdict.balance, verdict.fee",
                                 sends, n);
}

const char *judged_sends_sql(const struct send_spec *sends, size_t n)
{
    return text("ARRAY(SELECT judged FROM %s, "
                "judge_sends(now(), a, b, c, d, e, f, i, j, k, l, m, o, find_received(b, f, g), "
                "find_opt_outs(b, c, o, d, e, i)) judged)",
                send_batch(sends, n));
}

void given_received(const char *org)
{
    run("WITH who AS (INSERT INTO contacts (org_id, phone) VALUES ('%s', '918888888888') "
        "RETURNING *) INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, "
        "payload, status, wamid) SELECT gen_random_uuid(), w.org_id, c.id, w.id, 'inbound', "
        "'text', '{}', 'received', 'wamid.received' FROM who w JOIN channels c USING (org_id) "
        "ORDER BY c.created_at LIMIT 1",
        org);
}

const char *given_message_of(struct send_spec spec)
{
    spec.id = spec.id ? spec.id : new_id();
    const char *verdict = rows("%s", accept_sends_sql(&spec, 1));
    cr_assert_eq(strncmp(verdict, "accepted, ", strlen("accepted, ")), 0, "%s", verdict);
    return spec.id;
}

const char *given_claimed_message_of(struct send_spec spec)
{
    const char *message = given_message_of(spec);
    cr_assert_str_not_empty(claim(spec.org, message));
    return message;
}

const char *given_settled_message(const char *org, const char *outcome)
{
    const char *message = given_claimed_message(.org = org);
    (void)settle_sends({.org = org, .message = message, .outcome = outcome});
    return message;
}

const char *claim(const char *org, const char *message)
{
    return claim_under(new_id(), org, message);
}

const char *claim_under(const char *claim_id, const char *org, const char *message)
{
    return rows("SELECT phone_number_id, access_token, type, payload "
                "FROM claim_sends('%s', ARRAY['%s']::uuid[], ARRAY['%s']::uuid[])",
                claim_id, org, message);
}

// One item of a batch, as a row of VALUES in the order of settle_sends' parameters.
static const char *outcome_row(const struct outcome_spec *item, size_t n)
{
    const char *outcome = or_else(item->outcome, "sent");
    const char *wamid = item->wamid;
    if (!wamid && strcmp(outcome, "sent") == 0)
        wamid = text("wamid.%s", item->message);
    const char *claim_id =
        item->claim_id
            ? literal(item->claim_id)
            : text("(SELECT claim_id FROM outbox WHERE message_id = '%s')", item->message);
    return text("(%zu, '%s'::uuid, '%s'::uuid, %s::uuid, %s, %s::text, %s::text, %s::boolean, "
                "%s::bigint, %s::bigint)",
                n, item->org, item->message, claim_id, literal(outcome), literal(wamid),
                literal(item->error), or_else(item->transient, "false"),
                or_else(item->retry_after_s, "0"), or_else(item->subcode, "0"));
}

// The batch as the arguments a to i of whatever takes one.
static const char *outcome_batch(const struct outcome_spec *outcomes, size_t n)
{
    const char *items = outcome_row(&outcomes[0], 0);
    for (size_t i = 1; i < n; i++)
        items = text("%s, %s", items, outcome_row(&outcomes[i], i));
    return text("(SELECT array_agg(a ORDER BY n) AS a, array_agg(b ORDER BY n) AS b, "
                "array_agg(c ORDER BY n) AS c, array_agg(d ORDER BY n) AS d, "
                "array_agg(e ORDER BY n) AS e, array_agg(f ORDER BY n) AS f, "
                "array_agg(g ORDER BY n) AS g, array_agg(h ORDER BY n) AS h, "
                "array_agg(i ORDER BY n) AS i "
                "FROM (VALUES %s) AS outcome (n, a, b, c, d, e, f, g, h, i)) batch",
                items);
}

const char *settle_sends_sql(const struct outcome_spec *outcomes, size_t n)
{
    return text("SELECT CASE WHEN settled THEN 'settled' ELSE 'not settled' END, status, "
                "CASE WHEN refunded THEN 'refunded' ELSE 'not refunded' END, "
                "CASE WHEN unknown_code THEN 'unknown code' ELSE 'known code' END, error_class "
                "FROM %s, settle_sends(a, b, c, d, e, f, g, h, i) settled",
                outcome_batch(outcomes, n));
}

const char *judged_sql(const struct outcome_spec *outcomes, size_t n)
{
    return text("ARRAY(SELECT j FROM %s, judge_outcomes(ARRAY(SELECT l FROM "
                "list_outcomes(a, b, c, d, e, f, g, h, i) l)) j)",
                outcome_batch(outcomes, n));
}

const char *released_by(const char *org, const char *message, const char *outcome)
{
    return value("SELECT released_id FROM settle_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], "
                 "ARRAY['%s']::uuid[], ARRAY['%s'], ARRAY['wamid.%s'], ARRAY[NULL]::text[], "
                 "ARRAY[false], ARRAY[0]::bigint[])",
                 org, message, claim_of(message), outcome, message);
}

void make_due(void)
{
    run("UPDATE outbox SET due_at = now(), look_at = least(now(), not_after) "
        "WHERE state = 'scheduled'");
}

const char *release_due(int limit)
{
    return rows("SELECT message_id FROM release_due_sends(%d)", limit);
}

const char *balance_of(const char *org)
{
    return value("SELECT money_text(balance) FROM wallets WHERE org_id = '%s'", org);
}

const char *status_of(const char *message)
{
    return value("SELECT status FROM messages WHERE id = '%s'", message);
}

const char *state_of(const char *message)
{
    return value("SELECT coalesce((SELECT state FROM outbox WHERE message_id = '%s'), 'gone')",
                 message);
}

const char *ledger_of(const char *org)
{
    return rows("SELECT kind, money_text(amount), money_text(balance_after) "
                "FROM wallet_transactions WHERE org_id = '%s' ORDER BY n",
                org);
}

const char *claim_of(const char *message)
{
    return value("SELECT claim_id FROM outbox WHERE message_id = '%s'", message);
}

const char *number_of(const char *table)
{
    return value("SELECT count(*) FROM %s", table);
}

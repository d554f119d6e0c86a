-- What count_usage, sum_ledgers and audit_ledger are made of.

-- open_usage_days: there is a row for each day from the first message's on; once a day that means something.
CREATE OR REPLACE FUNCTION open_usage_days() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_first CONSTANT date := '2015-01-01'; -- before there was anything that could be sent
    v_today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    v_from  date;
BEGIN
    IF EXISTS (SELECT FROM usage_days d WHERE d.day = v_today) THEN
        RETURN;
    END IF;
    v_from := coalesce((SELECT d.day + 1 FROM usage_days d ORDER BY d.day DESC LIMIT 1),
                       (SELECT (time_of_id(m.id) AT TIME ZONE 'UTC')::date FROM messages m ORDER BY m.id LIMIT 1));
    INSERT INTO usage_days (day, due_at)
    SELECT s.day::date, '-infinity'
      FROM generate_series(greatest(least(v_from, v_today), c_first), v_today, interval '1 day') s (day)
    ON CONFLICT DO NOTHING;
END $$;

-- next_count: when a day is counted again whose last count began and ended then. Today's costs a fiftieth of the time at
-- most. What becomes of a message is told soon or late: so a count comes as long after the one before as that came after
-- the day, and none when a month has passed.
CREATE OR REPLACE FUNCTION next_count(p_day date, p_began_at timestamptz, p_ended_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_began_at < d.over
                THEN p_ended_at + greatest(interval '1 minute', 50 * (p_ended_at - p_began_at))
                WHEN 2 * (p_began_at - d.over) > interval '40 days' THEN 'infinity'
                ELSE d.over + 2 * (p_began_at - d.over) + interval '10 minutes' END
      FROM (SELECT (p_day + 1)::timestamp AT TIME ZONE 'UTC' AS over) d;
$$;

-- count_messages: counts up to p_limit messages above p_from, which are of that day, into usage_parts. Returns how many
-- there were, and the last one.
CREATE OR REPLACE FUNCTION count_messages(p_day date, p_from uuid, p_limit bigint, OUT counted bigint, OUT last_id uuid)
LANGUAGE plpgsql AS $$
DECLARE
    v_end uuid := first_id_of((p_day + 1)::timestamp AT TIME ZONE 'UTC');
BEGIN
    WITH piece AS MATERIALIZED (
        SELECT m.id, m.org_id, m.channel_id, coalesce(left(m.pricing ->> 'category', 64), '') AS category,
               m.direction = 'outbound' AS is_sent, m.sent_at, m.delivered_at, m.read_at, m.status, m.refunded,
               m.origin IS NULL AND m.type <> 'receipt' AS counts,
               m.direction = 'inbound' AND m.origin IS NULL AND EXISTS (
                   SELECT FROM auto_replies a
                    WHERE a.org_id = m.org_id AND a.message_id = m.id AND a.reply_id IS NOT NULL) AS is_answered
          FROM messages m WHERE m.id > p_from AND m.id < v_end ORDER BY m.id LIMIT p_limit
    ), kept AS (
        INSERT INTO usage_parts AS u (day, org_id, channel_id, category, accepted, sent, delivered, read, failed, refunded,
                                      received, auto_replies)
        SELECT p_day, p.org_id, p.channel_id, p.category, count(*) FILTER (WHERE p.is_sent),
               count(*) FILTER (WHERE p.is_sent AND (p.sent_at IS NOT NULL OR p.status IN ('sent', 'delivered', 'read'))),
               count(*) FILTER (WHERE p.is_sent AND (p.delivered_at IS NOT NULL OR p.read_at IS NOT NULL)),
               count(*) FILTER (WHERE p.is_sent AND p.read_at IS NOT NULL),
               count(*) FILTER (WHERE p.is_sent AND p.status = 'failed'),
               count(*) FILTER (WHERE p.is_sent AND p.refunded),
               count(*) FILTER (WHERE NOT p.is_sent), count(*) FILTER (WHERE p.is_answered)
          FROM piece p WHERE p.counts GROUP BY p.org_id, p.channel_id, p.category
        ON CONFLICT (day, org_id, channel_id, category) DO UPDATE
           SET accepted = u.accepted + excluded.accepted, sent = u.sent + excluded.sent,
               delivered = u.delivered + excluded.delivered, read = u.read + excluded.read,
               failed = u.failed + excluded.failed, refunded = u.refunded + excluded.refunded,
               received = u.received + excluded.received, auto_replies = u.auto_replies + excluded.auto_replies
    )
    SELECT count(*), (array_agg(p.id ORDER BY p.id DESC))[1] INTO counted, last_id FROM piece p;
END $$;

-- keep_count: what was counted of that day takes the place of what was counted before.
CREATE OR REPLACE FUNCTION keep_count(p_day date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM usage_messages u
     WHERE u.day = p_day AND NOT EXISTS (
           SELECT FROM usage_parts p WHERE (p.day, p.org_id, p.channel_id, p.category)
                                           = (u.day, u.org_id, u.channel_id, u.category));
    INSERT INTO usage_messages AS u
    SELECT p.* FROM usage_parts p WHERE p.day = p_day
    ON CONFLICT (day, org_id, channel_id, category) DO UPDATE
       SET accepted = excluded.accepted, sent = excluded.sent, delivered = excluded.delivered, read = excluded.read,
           failed = excluded.failed, refunded = excluded.refunded, received = excluded.received,
           auto_replies = excluded.auto_replies
     WHERE (u.*) IS DISTINCT FROM (excluded.*);
    DELETE FROM usage_parts p WHERE p.day = p_day;
END $$;

-- sum_ledgers_of: adds what these ledgers have above each p_from, up to each p_to, to usage_money.
CREATE OR REPLACE FUNCTION sum_ledgers_of(p_org_ids uuid[], p_from bigint[], p_to bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_money AS u (day, org_id, channel_id, kind, amount)
    SELECT (t.created_at AT TIME ZONE 'UTC')::date, t.org_id, m.channel_id, t.kind, sum(t.amount)
      FROM unnest(p_org_ids, p_from, p_to) AS l (org_id, n, until)
      JOIN wallet_transactions t ON t.org_id = l.org_id AND t.n > l.n AND t.n <= l.until
      LEFT JOIN messages m ON m.id = ANY (ARRAY[t.message_id]) AND m.org_id = t.org_id
     GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, org_id, channel_id, kind) DO UPDATE SET amount = u.amount + excluded.amount;
    INSERT INTO usage_ledgers (org_id, n)
    SELECT l.org_id, l.until FROM unnest(p_org_ids, p_from, p_to) AS l (org_id, n, until) WHERE l.until > l.n
    ON CONFLICT (org_id) DO UPDATE SET n = excluded.n;
END $$;

-- audit_usage: I14: what the daily figures say of money is what the ledger says, row for row up to where they are; and of
-- days that are over, and were counted after that, how many messages were taken and received. (What becomes of these
-- goes on.)
CREATE OR REPLACE FUNCTION audit_usage()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    WITH booked AS (
        SELECT (t.created_at AT TIME ZONE 'UTC')::date AS day, t.org_id, m.channel_id, t.kind, sum(t.amount) AS amount
          FROM usage_ledgers l
          JOIN wallet_transactions t ON t.org_id = l.org_id AND t.n <= l.n
          LEFT JOIN messages m ON m.id = t.message_id AND m.org_id = t.org_id
         GROUP BY 1, 2, 3, 4
    ), said AS (
        SELECT b.*, 0.0000 AS said FROM booked b
        UNION ALL
        SELECT u.day, u.org_id, u.channel_id, u.kind, 0, u.amount FROM usage_money u
    )
    SELECT 'I14', s.org_id, NULL::uuid,
           format('usage of %s, channel %s: %s of %s, and the ledger has %s', s.day, coalesce(s.channel_id::text, 'none'),
                  s.kind, sum(s.said), sum(s.amount))
      FROM said s GROUP BY s.org_id, s.day, s.channel_id, s.kind HAVING sum(s.said) <> sum(s.amount)
    UNION ALL
    SELECT 'I14', c.org_id, NULL::uuid,
           format('usage of %s, channel %s: %s accepted, %s received, and there are %s, %s', c.day, c.channel_id,
                  sum(c.said_accepted), sum(c.said_received), sum(c.accepted), sum(c.received))
      FROM (SELECT (time_of_id(m.id) AT TIME ZONE 'UTC')::date AS day, m.org_id, m.channel_id,
                   count(*) FILTER (WHERE m.direction = 'outbound') AS accepted,
                   count(*) FILTER (WHERE m.direction = 'inbound') AS received, 0 AS said_accepted, 0 AS said_received
              FROM messages m WHERE m.origin IS NULL AND m.type <> 'receipt' GROUP BY 1, 2, 3
            UNION ALL
            SELECT u.day, u.org_id, u.channel_id, 0, 0, u.accepted, u.received FROM usage_messages u) c
      JOIN usage_days d ON d.day = c.day
       AND d.counted_at > (d.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '1 hour'
     GROUP BY c.org_id, c.day, c.channel_id
    HAVING (sum(c.said_accepted), sum(c.said_received)) <> (sum(c.accepted), sum(c.received));
$$;

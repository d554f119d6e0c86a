-- timeline_of: what has happened to a message, and to its fee, as it came: rows of at, what, and what there is to it.
-- (Of what one transaction has written some has its beginning for a time: `after` says behind what it belongs. Meta
-- tells times in whole seconds, and by its clock: what came of it stands where it belongs all the same.)
CREATE OR REPLACE FUNCTION timeline_of(p_message messages) RETURNS json
LANGUAGE sql STABLE AS $$
    WITH last AS (
        SELECT max(a.settled_at) AS settled_at FROM attempts a
         WHERE a.message_id = (p_message).id AND a.org_id = (p_message).org_id
    )
    SELECT json_agg(r.shown ORDER BY r.at, r.place)
      FROM (
        SELECT t.at, 12 AS place, t.shown FROM tellings_of((p_message).org_id, (p_message).id) t
        UNION ALL
        SELECT greatest(e.at, e.after), e.place, json_strip_nulls(json_build_object(
               'at', time_text(e.at), 'what', e.what, 'attempt', e.attempt, 'outcome', e.outcome, 'message', e.message,
               'duration_ms', e.duration_ms, 'amount', money_text(e.amount), 'balance', money_text(e.balance),
               'message_id', e.message_id, 'rule_id', e.rule_id))
      FROM (
        SELECT (p_message).created_at AS at, 0 AS place,
               CASE (p_message).direction WHEN 'inbound' THEN 'received' ELSE 'accepted' END AS what,
               NULL::smallint AS attempt, NULL::text AS outcome, NULL::text AS message, NULL::bigint AS duration_ms,
               NULL::numeric AS amount, NULL::numeric AS balance, NULL::timestamptz AS after, NULL::uuid AS message_id,
               NULL::uuid AS rule_id
        UNION ALL
        SELECT c.at, 2, 'claimed', c.attempt, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM (SELECT o.claimed_at AS at, o.attempt FROM outbox o
                 WHERE o.message_id = (p_message).id AND o.org_id = (p_message).org_id
                UNION ALL
                SELECT a.claimed_at, a.attempt FROM attempts a
                 WHERE a.message_id = (p_message).id AND a.org_id = (p_message).org_id
                UNION ALL
                SELECT (p_message).claimed_at, (p_message).attempts) c
         WHERE c.at IS NOT NULL
        UNION ALL
        SELECT a.settled_at, 3, 'attempt', a.attempt, a.outcome, a.error_message,
               (1000 * extract(epoch FROM a.settled_at - a.claimed_at))::bigint, NULL, NULL, NULL, NULL, NULL
          FROM attempts a WHERE a.message_id = (p_message).id AND a.org_id = (p_message).org_id
        UNION ALL
        SELECT s.at, s.place, s.what, s.attempt, s.outcome, s.message, s.duration_ms, NULL, NULL,
               CASE WHEN s.place > 6 THEN (SELECT l.settled_at FROM last l)
                    ELSE greatest((p_message).claimed_at, (p_message).created_at,
                                  CASE WHEN s.place > 4 THEN (p_message).sent_at END) END, NULL, NULL
          FROM (VALUES ((p_message).sent_at, 4, 'sent', (p_message).attempts, NULL, NULL, (p_message).took_ms),
                       ((p_message).delivered_at, 5, 'delivered', NULL, NULL, NULL, NULL),
                       ((p_message).read_at, 6, 'read', NULL, NULL, NULL, NULL),
                       ((p_message).unconfirmed_at, 7, 'unconfirmed', NULL, (p_message).error_code,
                        (p_message).error_message, NULL),
                       ((p_message).failed_at, 8, 'failed', NULL, (p_message).error_code,
                        (p_message).error_message, NULL)) AS s (at, place, what, attempt, outcome, message, duration_ms)
         WHERE s.at IS NOT NULL AND (p_message).direction = 'outbound'
        UNION ALL
        SELECT t.created_at, CASE t.kind WHEN 'service_fee' THEN 1 ELSE 9 END, t.kind, NULL, NULL, t.description, NULL,
               t.amount, t.balance_after,
               CASE t.kind WHEN 'refund' THEN greatest((p_message).failed_at, (SELECT l.settled_at FROM last l)) END,
               NULL, NULL
          FROM wallet_transactions t
         WHERE t.org_id = (p_message).org_id AND t.message_id = (p_message).id
        UNION ALL
        SELECT r.created_at, 10, CASE WHEN r.reply_id IS NULL THEN 'not_replied' ELSE 'replied' END, NULL,
               r.reply_skipped, NULL, NULL, NULL, NULL, NULL, r.reply_id, r.rule_id
          FROM auto_replies r WHERE r.org_id = (p_message).org_id AND r.message_id = (p_message).id
        UNION ALL
        SELECT k.at, 11, k.what, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM changes_of((p_message).org_id, (p_message).channel_id, (p_message).wamid, (p_message).direction) c
         CROSS JOIN LATERAL (VALUES (c.edited_at, 'edited'), (c.revoked_at, 'revoked')) AS k (at, what)
         WHERE k.at IS NOT NULL) e) r;
$$;

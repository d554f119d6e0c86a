-- The phases of apply_statuses, in the order in which it calls them.

-- find_statuses: each status with its message, whose channel has the number that it came over, or had it. (LIMIT: by
-- both columns of the index, however few messages there seem to be.)
CREATE OR REPLACE FUNCTION find_statuses(
    p_phone_number_ids text[], p_wamids text[], p_message_ids uuid[], p_statuses text[], p_times bigint[],
    p_pricings text[], p_error_codes text[], p_error_messages text[], p_error_subcodes bigint[]
) RETURNS SETOF status_item LANGUAGE sql STABLE AS $$
    SELECT s.n, CASE WHEN h.id IS NULL AND c.id IS NULL THEN 'unknown_number'
                     WHEN named.id IS NOT NULL AND h.id IS NULL OR named.direction <> 'outbound'
                          OR named.wamid <> s.wamid -- posted past us, under the id of one of ours
                     THEN 'foreign_message'
                     WHEN named.id IS NULL AND known.id IS NULL THEN 'unknown_message'
                     ELSE 'applied' END AS verdict,
           coalesce(h.org_id, known.org_id, c.org_id) AS org_id, coalesce(named.id, known.id) AS message_id,
           s.status = 'failed' OR coalesce(named.refunded, known.refunded, false) AS may_move_money,
           s.status, to_timestamp(s.at) AS at, s.wamid, s.pricing::json AS pricing, s.error_code, s.error_message,
           nullif(s.subcode, 0) AS subcode
      FROM unnest(p_phone_number_ids, p_wamids, p_message_ids, p_statuses, p_times, p_pricings, p_error_codes,
                  p_error_messages, p_error_subcodes) WITH ORDINALITY
           AS s (phone_number_id, wamid, message_id, status, at, pricing, error_code, error_message, subcode, n)
      LEFT JOIN messages named ON named.id = ANY (ARRAY[s.message_id])
      LEFT JOIN channels h ON h.id = named.channel_id AND h.org_id = named.org_id
                          AND h.phone_number_id = s.phone_number_id
      LEFT JOIN LATERAL (SELECT f.* FROM number_at(s.phone_number_id, now()) f WHERE h.id IS NULL OFFSET 0)
           c ON true
      LEFT JOIN LATERAL (
           SELECT m.id, m.org_id, m.refunded
             FROM channels k JOIN messages m ON m.channel_id = k.id AND m.org_id = k.org_id AND m.wamid = s.wamid
            WHERE named.id IS NULL AND k.phone_number_id = s.phone_number_id AND m.direction = 'outbound'
            LIMIT 1) known ON true
     ORDER BY message_id, s.n; -- the lock order
$$;

-- lock_wallets_of: locks the wallets of statuses that may move money. A wallet that somebody holds is not waited for
-- beyond a moment: its statuses are not applied.
CREATE OR REPLACE FUNCTION lock_wallets_of(p_items status_item[]) RETURNS status_item[]
LANGUAGE plpgsql AS $$
DECLARE
    v_orgs uuid[] := ARRAY(SELECT i.org_id FROM unnest(p_items) i WHERE i.may_move_money AND i.verdict = 'applied');
    v_free uuid[] := lock_free_wallets(v_orgs, '2s');
BEGIN
    IF NOT v_orgs <@ v_free THEN
        FOR v_at IN 1 .. cardinality(p_items) LOOP
            IF p_items[v_at].may_move_money AND p_items[v_at].verdict = 'applied'
               AND p_items[v_at].org_id <> ALL (v_free) THEN
                p_items[v_at].verdict := 'wallet_held';
            END IF;
        END LOOP;
    END IF;
    RETURN p_items;
END $$;

-- take_out_known: Meta has these messages: their outbox rows go, and who stands behind them is called up. Returns
-- what it has taken out, its attempts, and whom each has called up.
CREATE OR REPLACE FUNCTION take_out_known(p_items status_item[], OUT message_ids uuid[],
                                          OUT attempts smallint[], OUT released_ids uuid[])
LANGUAGE plpgsql AS $$
DECLARE
    v_orgs     uuid[];
    v_channels uuid[];
    v_contacts bigint[];
BEGIN
    WITH gone AS (
        DELETE FROM outbox o USING unnest(p_items) i
         WHERE i.verdict = 'applied' AND o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
        RETURNING o.*
    )
    SELECT array_agg(g.message_id), array_agg(g.attempt), array_agg(g.org_id), array_agg(g.channel_id),
           array_agg(g.contact_id)
      INTO message_ids, attempts, v_orgs, v_channels, v_contacts FROM gone g;
    IF message_ids IS NOT NULL THEN
        released_ids := call_up_next(v_orgs, v_channels, v_contacts, true);
    END IF;
END $$;

-- sum_statuses: locks the messages, and counts in what the batch says of each. Meta tells whole seconds: to what we
-- have sent nothing happened before it was there.
CREATE OR REPLACE FUNCTION sum_statuses(p_items status_item[], OUT sums status_sum[])
LANGUAGE plpgsql AS $$
BEGIN
    WITH held AS MATERIALIZED (
        SELECT i, i.n, i.org_id, i.message_id, i.status, m.fee,
               CASE WHEN m.origin IS NULL THEN greatest(i.at, m.created_at) ELSE i.at END AS at,
               m.sent_at IS NOT NULL AS was_sent, m.delivered_at IS NOT NULL AS was_delivered,
               m.read_at IS NOT NULL AS was_read, m.failed_at IS NOT NULL AS has_failed,
               m.refunded AND NOT m.refund_waived AS was_refunded
          FROM unnest(p_items) i
          JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
         WHERE i.verdict = 'applied'
         ORDER BY i.message_id, i.n FOR NO KEY UPDATE OF m
    ), known AS (
        SELECT h.org_id, h.message_id, h.fee, h.was_refunded, h.has_failed, h.was_sent, h.was_delivered, h.was_read,
               bool_or(h.status = 'failed') AND NOT h.has_failed AS is_failing,
               bool_or(h.status = 'delivered') OR h.was_delivered AS is_delivered,
               bool_or(h.status = 'read') OR h.was_read AS is_read,
               min(h.at) FILTER (WHERE h.status = 'sent') AS sent_at,
               min(h.at) FILTER (WHERE h.status = 'delivered') AS delivered_at,
               min(h.at) FILTER (WHERE h.status = 'read') AS read_at,
               min(h.at) FILTER (WHERE h.status = 'failed') AS failed_at,
               (array_agg(h.i ORDER BY h.n))[1] AS first,
               (array_agg(h.i ORDER BY h.n) FILTER (WHERE h.status = 'failed'))[1] AS failure,
               (array_agg(h.i ORDER BY h.n) FILTER (WHERE (h.i).pricing IS NOT NULL))[1] AS priced
          FROM held h
         GROUP BY h.org_id, h.message_id, h.fee, h.was_refunded, h.has_failed, h.was_sent, h.was_delivered, h.was_read
    ), judged AS (
        SELECT (k.first).n, k.org_id, k.message_id,
               CASE WHEN k.is_read THEN 'read' WHEN k.is_delivered THEN 'delivered'
                    WHEN k.has_failed OR k.is_failing THEN 'failed' ELSE 'sent' END AS status,
               k.is_failing, k.is_failing AND k.fee > 0 AS is_refunded,
               k.was_refunded AND (k.is_read OR k.is_delivered) AS is_charged_again,
               coalesce((k.failure).error_code, 'unspecified') AS error_code, (k.failure).error_message,
               NULL::text AS action, NULL::boolean AS unknown_code, (k.first).wamid, (k.priced).pricing,
               k.sent_at, k.delivered_at, k.read_at, k.failed_at, (k.failure).subcode, NULL::text AS class,
               CASE WHEN k.sent_at IS NOT NULL AND NOT k.was_sent THEN wish_bit('sent') ELSE 0 END
               + CASE WHEN k.is_failing THEN wish_bit('failed') ELSE 0 END
               + CASE WHEN k.delivered_at IS NOT NULL AND NOT k.was_delivered THEN wish_bit('delivered') ELSE 0 END
               + CASE WHEN k.read_at IS NOT NULL AND NOT k.was_read THEN wish_bit('read') ELSE 0 END AS news
          FROM known k
    )
    SELECT array_agg(j::status_sum ORDER BY j.org_id, j.message_id) INTO sums FROM judged j;
    IF EXISTS (SELECT FROM unnest(sums) s WHERE s.is_failing) THEN
        sums := judge_failures(sums);
    END IF;
END $$;

-- judge_failures: what the error rules say of those that fail. (As in settle_sends a statement of its own: mostly
-- none does.)
CREATE OR REPLACE FUNCTION judge_failures(INOUT sums status_sum[]) LANGUAGE plpgsql AS $$
BEGIN
    sums := ARRAY(SELECT j.sum FROM (
        SELECT s AS sum FROM unnest(sums) s WHERE NOT s.is_failing
        UNION ALL
        SELECT ROW(s.n, s.org_id, s.message_id, s.status, s.is_failing, f.refund,
                   s.is_charged_again OR f.refund AND s.status IN ('delivered', 'read'), s.error_code,
                   s.error_message, r.action, r.outcome = 'default', s.wamid, s.pricing, s.sent_at, s.delivered_at,
                   s.read_at, s.failed_at, s.error_subcode, r.class, s.news)::status_sum
          FROM unnest(sums) s
         CROSS JOIN LATERAL error_rule_of(s.error_code, s.error_subcode, s.error_message) r
         CROSS JOIN LATERAL (SELECT s.is_refunded AND is_refundable(r, NULL) AS refund) f
         WHERE s.is_failing) j
         ORDER BY (j.sum).org_id, (j.sum).message_id);
END $$;

-- record_statuses: forward only; and the events of what is news, of orgs that ask for them (p_is_asked: any does).
-- p_gone, p_attempts: of take_out_known; p_reversed: whose fee was taken again. (What the phone app has sent was not told of
-- either.)
CREATE OR REPLACE FUNCTION record_statuses(p_sums status_sum[], p_gone uuid[], p_attempts smallint[],
                                           p_reversed uuid[], p_is_asked boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messages m
       SET status = s.status,
           attempts = coalesce(p_attempts[array_position(p_gone, m.id)], m.attempts),
           wamid = coalesce(m.wamid, s.wamid),
           refunded = (m.refunded OR s.is_refunded) AND m.id <> ALL (p_reversed),
           refund_waived = m.refund_waived OR s.is_charged_again AND m.id <> ALL (p_reversed),
           error_code = CASE WHEN s.is_failing THEN s.error_code
                             WHEN m.failed_at IS NOT NULL THEN m.error_code END,
           error_message = CASE WHEN s.is_failing THEN s.error_message
                                WHEN m.failed_at IS NOT NULL THEN m.error_message END,
           error_subcode = CASE WHEN s.is_failing THEN s.error_subcode
                                WHEN m.failed_at IS NOT NULL THEN m.error_subcode END,
           error_transient = CASE WHEN NOT s.is_failing AND m.failed_at IS NOT NULL THEN m.error_transient END,
           sent_at = least(m.sent_at, s.sent_at), delivered_at = least(m.delivered_at, s.delivered_at),
           read_at = least(m.read_at, s.read_at), failed_at = least(m.failed_at, s.failed_at),
           unconfirmed_at = NULL, pricing = coalesce(m.pricing, s.pricing)
      FROM unnest(p_sums) s
     WHERE m.id = ANY (ARRAY[s.message_id]) AND m.org_id = s.org_id;
    IF p_is_asked THEN
        PERFORM tell_news(array_agg(ROW(8 * s.n + k.place, s.org_id, m.channel_id, m.contact_id, s.message_id, k.status,
                                        NULL)::message_news))
           FROM unnest(p_sums) s
           JOIN messages m ON m.id = ANY (ARRAY[s.message_id]) AND m.org_id = s.org_id
          CROSS JOIN unnest('{sent,failed,delivered,read}'::text[]) WITH ORDINALITY AS k (status, place)
          WHERE asks_for(s.news, k.status) AND m.origin IS NULL;
    END IF;
END $$;

-- list_pausing: which of these have paused their channels, which are among p_paused.
CREATE OR REPLACE FUNCTION list_pausing(p_sums status_sum[], p_paused uuid[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT array_agg(s.n)
              FROM unnest(p_sums) s JOIN messages m ON m.id = ANY (ARRAY[s.message_id]) AND m.org_id = s.org_id
             WHERE s.action = 'pause_channel' AND m.channel_id = ANY (p_paused));
END $$;

-- tell_applied: a row per item, in order. What a message's statuses brought is told with the first of them;
-- p_pausing: of those that have paused their channels.
CREATE OR REPLACE FUNCTION tell_applied(p_items status_item[], p_sums status_sum[], p_gone uuid[],
                                        p_released uuid[], p_reversed uuid[], p_pausing bigint[])
RETURNS TABLE (verdict text, org_id uuid, message_id uuid, refunded boolean, reversed boolean,
               unknown_code boolean, released_id uuid, paused boolean)
LANGUAGE sql STABLE AS $$
    SELECT i.verdict, i.org_id, i.message_id,
           i.n = ANY (ARRAY(SELECT s.n FROM unnest(p_sums) s WHERE s.is_refunded)),
           i.n = ANY (ARRAY(SELECT s.n FROM unnest(p_sums) s WHERE s.message_id = ANY (p_reversed))),
           i.n = ANY (ARRAY(SELECT s.n FROM unnest(p_sums) s WHERE s.unknown_code)),
           CASE WHEN p_gone IS NOT NULL AND i.n = ANY (ARRAY(SELECT s.n FROM unnest(p_sums) s))
                THEN p_released[array_position(p_gone, i.message_id)] END,
           coalesce(i.n = ANY (p_pausing), false)
      FROM unnest(p_items) i ORDER BY i.n;
$$;

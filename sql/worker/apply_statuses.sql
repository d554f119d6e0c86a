-- apply_statuses: what Meta tells of messages that it has taken. Moves them forward only, keeps each
-- status's own time, and moves the money that follows from a failure, all in one transaction.
--
-- The statuses of a message come in any order, doubled, or before the answer to the send; what they leave
-- behind is the same. read is further than delivered, and that than sent; a failure is final unless the
-- message is delivered all the same. A failure whose rule says so is refunded, once; delivered after a
-- refund takes the fee again, once, if the balance carries it, and is waived if not.
--
-- A status proves that Meta has the message: its outbox row goes, it will not be posted again, and the next
-- message to that contact is called up.
--
-- A message is found by the id that we gave Meta with it, else by wamid within the channel of the number
-- that the status came from. The first of these look-ups is the one that must see other orgs' messages:
-- a status that names one of those does nothing.
--
-- Lock order: wallets by org (of what may fail or may have been refunded), outbox by message, messages by
-- id, pace, channels. A refund that is seen only once the messages are locked takes its wallet late; should
-- that ever meet somebody who holds it and waits for us, one of the two is told to try again.
CREATE OR REPLACE FUNCTION apply_statuses(
    p_phone_number_ids text[],
    p_wamids           text[],
    p_message_ids      uuid[],   -- biz_opaque_callback_data; NULL: none that could be ours
    p_statuses         text[],   -- sent, delivered, read, failed
    p_times            bigint[], -- Unix seconds, Meta's
    p_pricings         text[],   -- Meta's object as JSON; NULL: none
    p_error_codes      text[],   -- of failed; NULL: Meta gave none
    p_error_messages   text[]
) RETURNS TABLE (          -- a row per item, in order
    verdict      text,     -- applied, unknown_number, unknown_message, foreign_message
    org_id       uuid,
    message_id   uuid,
    refunded     boolean,  -- this item, among those of its message in this batch, brought a refund,
    reversed     boolean,  -- or took the fee again
    unknown_code boolean,
    released_id  uuid      -- the next message to the same contact: it is queued and needs a job
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_verdicts    text[];
    v_org_ids     uuid[];
    v_message_ids uuid[];
    v_gone        uuid[];    -- from the outbox
    v_gone_orgs   uuid[];
    v_attempts    smallint[];
    v_channels    uuid[];
    v_contacts    bigint[];
    v_next        uuid[];    -- whom each of v_gone has called up
    -- One per message that changes:
    v_ids         uuid[];
    v_orgs        uuid[];
    v_new         text[];    -- status
    v_failing     boolean[]; -- it fails now
    v_refund      boolean[]; -- its failure is refunded now
    v_again       boolean[]; -- the fee is to be taken again
    v_taken       boolean[]; -- and was: the balance carried it
    v_unknown     boolean[];
    v_refunded    boolean[];
    v_waived      boolean[];
    v_actions     text[];    -- of the rule of its failure
BEGIN
    SELECT array_agg(CASE WHEN c.id IS NULL THEN 'unknown_number'
                          WHEN named.id IS NOT NULL AND (named.org_id <> c.org_id
                               OR named.channel_id <> c.id OR named.direction <> 'outbound')
                          THEN 'foreign_message'
                          WHEN coalesce(named.id, known.id) IS NULL THEN 'unknown_message'
                          ELSE 'applied' END ORDER BY s.n),
           array_agg(c.org_id ORDER BY s.n), array_agg(coalesce(named.id, known.id) ORDER BY s.n)
      INTO v_verdicts, v_org_ids, v_message_ids
      FROM unnest(p_phone_number_ids, p_wamids, p_message_ids) WITH ORDINALITY
           AS s (phone_number_id, wamid, message_id, n)
      LEFT JOIN channels c ON c.phone_number_id = s.phone_number_id
      LEFT JOIN messages named ON named.id = s.message_id
      LEFT JOIN LATERAL ( -- by one look-up of both columns, however few messages there seem to be
           SELECT k.id FROM messages k
            WHERE k.channel_id = c.id AND k.org_id = c.org_id AND k.wamid = s.wamid
              AND k.direction = 'outbound' AND named.id IS NULL LIMIT 1) known ON true;

    SELECT array_agg(DISTINCT s.message_id) INTO v_ids
      FROM unnest(v_message_ids, v_verdicts) AS s (message_id, verdict) WHERE s.verdict = 'applied';
    PERFORM lock_wallets(array_agg(s.org_id))
       FROM unnest(v_verdicts, v_message_ids, v_org_ids, p_statuses) AS s (verdict, message_id, org_id, status)
       JOIN messages m ON m.id = s.message_id AND m.org_id = s.org_id
      WHERE s.verdict = 'applied' AND (s.status = 'failed' OR m.refunded)
     HAVING count(*) > 0;
    PERFORM FROM outbox o WHERE o.message_id = ANY (v_ids) AND o.org_id = ANY (v_org_ids)
      ORDER BY o.message_id FOR UPDATE;
    WITH gone AS (
        DELETE FROM outbox o WHERE o.message_id = ANY (v_ids) AND o.org_id = ANY (v_org_ids)
        RETURNING o.org_id, o.message_id, o.attempt, o.channel_id, o.contact_id
    )
    SELECT array_agg(g.message_id), array_agg(g.attempt), array_agg(g.org_id), array_agg(g.channel_id),
           array_agg(g.contact_id)
      INTO v_gone, v_attempts, v_gone_orgs, v_channels, v_contacts FROM gone g;
    v_next := call_up_next(v_gone_orgs, v_channels, v_contacts, true);
    PERFORM FROM messages m WHERE m.id = ANY (v_ids) AND m.org_id = ANY (v_org_ids)
      ORDER BY m.id FOR NO KEY UPDATE;

    -- What is known of each message once the batch is counted in.
    SELECT array_agg(t.id ORDER BY t.org_id, t.id), array_agg(t.org_id ORDER BY t.org_id, t.id),
           array_agg(CASE WHEN t.is_read THEN 'read' WHEN t.is_delivered THEN 'delivered'
                          WHEN t.has_failed OR t.fails THEN 'failed' ELSE 'sent' END
                     ORDER BY t.org_id, t.id),
           array_agg(t.fails ORDER BY t.org_id, t.id),
           array_agg(t.refund ORDER BY t.org_id, t.id),
           array_agg((t.refund OR t.refunded AND NOT t.refund_waived) AND (t.is_read OR t.is_delivered)
                     ORDER BY t.org_id, t.id),
           array_agg(t.fails AND (t.rule).outcome = 'default' ORDER BY t.org_id, t.id),
           array_agg(t.refunded OR t.refund ORDER BY t.org_id, t.id),
           array_agg(t.refund_waived ORDER BY t.org_id, t.id),
           array_agg(CASE WHEN t.fails THEN (t.rule).action END ORDER BY t.org_id, t.id)
      INTO v_ids, v_orgs, v_new, v_failing, v_refund, v_again, v_unknown, v_refunded, v_waived, v_actions
      FROM (SELECT k.*, k.fails AND k.fee > 0 AND is_refundable(k.rule, NULL) AS refund
              FROM (SELECT m.id, m.org_id, m.fee, m.refunded, m.refund_waived,
                           bool_or(s.status = 'read') OR m.read_at IS NOT NULL AS is_read,
                           bool_or(s.status = 'delivered') OR m.delivered_at IS NOT NULL AS is_delivered,
                           m.failed_at IS NOT NULL AS has_failed,
                           bool_or(s.status = 'failed') AND m.failed_at IS NULL AS fails,
                           find_error_rule(coalesce((array_agg(s.error_code ORDER BY s.n)
                                                     FILTER (WHERE s.status = 'failed'))[1],
                                                    'unspecified')) AS rule
                      FROM unnest(v_verdicts, v_message_ids, v_org_ids, p_statuses, p_error_codes)
                           WITH ORDINALITY AS s (verdict, message_id, org_id, status, error_code, n)
                      JOIN messages m ON m.id = s.message_id AND m.org_id = s.org_id
                     WHERE s.verdict = 'applied'
                     GROUP BY m.id, m.org_id) k) t;

    IF true = ANY (v_refund || v_again) THEN
        v_taken := move_fees(v_orgs, v_ids, v_refund, v_again);
        SELECT array_agg(t.refunded AND NOT t.taken ORDER BY t.n),
               array_agg(t.waived OR t.again AND NOT t.taken ORDER BY t.n)
          INTO v_refunded, v_waived
          FROM unnest(v_refunded, v_waived, v_again, v_taken) WITH ORDINALITY
               AS t (refunded, waived, again, taken, n);
    END IF;

    UPDATE messages m
       SET status = t.status,
           attempts = coalesce(v_attempts[array_position(v_gone, m.id)], m.attempts),
           wamid = coalesce(m.wamid, t.wamid),
           refunded = t.refunded,
           refund_waived = t.waived,
           error_code = CASE WHEN t.failing THEN coalesce(t.error_code, 'unspecified')
                             WHEN m.failed_at IS NOT NULL THEN m.error_code END,
           error_message = CASE WHEN t.failing THEN t.error_message
                                WHEN m.failed_at IS NOT NULL THEN m.error_message END,
           error_transient = CASE WHEN NOT t.failing AND m.failed_at IS NOT NULL THEN m.error_transient END,
           sent_at = least(m.sent_at, t.sent_at),
           delivered_at = least(m.delivered_at, t.delivered_at),
           read_at = least(m.read_at, t.read_at),
           failed_at = least(m.failed_at, t.failed_at),
           unconfirmed_at = NULL,
           pricing = coalesce(m.pricing, t.pricing::json)
      FROM (SELECT k.id, k.org_id, k.status, k.failing, k.refunded, k.waived,
                   (array_agg(s.wamid ORDER BY s.n))[1] AS wamid,
                   (array_agg(s.error_code ORDER BY s.n) FILTER (WHERE s.status = 'failed'))[1]
                   AS error_code,
                   (array_agg(s.error_message ORDER BY s.n) FILTER (WHERE s.status = 'failed'))[1]
                   AS error_message,
                   to_timestamp(min(s.at) FILTER (WHERE s.status = 'sent')) AS sent_at,
                   to_timestamp(min(s.at) FILTER (WHERE s.status = 'delivered')) AS delivered_at,
                   to_timestamp(min(s.at) FILTER (WHERE s.status = 'read')) AS read_at,
                   to_timestamp(min(s.at) FILTER (WHERE s.status = 'failed')) AS failed_at,
                   (array_agg(s.pricing ORDER BY s.n) FILTER (WHERE s.pricing IS NOT NULL))[1] AS pricing
              FROM unnest(v_ids, v_orgs, v_new, v_failing, v_refunded, v_waived)
                   AS k (id, org_id, status, failing, refunded, waived)
              JOIN unnest(v_verdicts, v_message_ids, p_wamids, p_statuses, p_times, p_pricings,
                          p_error_codes, p_error_messages) WITH ORDINALITY
                   AS s (verdict, message_id, wamid, status, at, pricing, error_code, error_message, n)
                ON s.message_id = k.id AND s.verdict = 'applied'
             GROUP BY k.id, k.org_id, k.status, k.failing, k.refunded, k.waived) t
     WHERE m.id = t.id AND m.org_id = t.org_id;

    PERFORM act_on_failures(array_agg(m.org_id), array_agg(m.id), array_agg(m.channel_id),
                            array_agg(a.action), array_agg(m.error_code), array_agg(m.error_message),
                            array_agg(least(m.sent_at, m.failed_at)))
       FROM unnest(v_ids, v_orgs, v_actions) AS a (id, org_id, action)
       JOIN messages m ON m.id = a.id AND m.org_id = a.org_id
      WHERE a.action <> 'none'
     HAVING count(*) > 0;

    RETURN QUERY
    SELECT s.verdict, s.org_id, s.message_id,
           s.first AND coalesce(v_refund[s.at], false), s.first AND coalesce(v_taken[s.at], false),
           s.first AND coalesce(v_unknown[s.at], false),
           CASE WHEN s.first THEN v_next[array_position(v_gone, s.message_id)] END
      FROM (SELECT u.*, array_position(v_ids, u.message_id) AS at, u.verdict = 'applied'
                        AND u.n = min(u.n) OVER (PARTITION BY u.verdict, u.message_id) AS first
              FROM unnest(v_verdicts, v_org_ids, v_message_ids) WITH ORDINALITY
                   AS u (verdict, org_id, message_id, n)) s
     ORDER BY s.n;
END $$;

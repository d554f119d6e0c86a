-- settle_sends: records what came of a batch of dispatches in one transaction. Each outcome's error
-- rule decides: `sent`, `unconfirmed` (Meta may have taken it: no refund now, never posted again) or
-- `failed`, refunded if the rule says so. The outbox row goes.
--
-- Only what is still `sending` under the claim that dispatched it is settled, so a batch may be
-- repeated (an answer to COMMIT that got lost): the second time settles nothing, refunds nothing and
-- reports how each message stands. Of two outcomes for one message in a batch the first counts.
--
-- A status webhook that overtakes the answer settles its message by itself (apply_statuses): nothing but
-- the time at which Meta took it is left to record then, and what is reported is how the message stands.
--
-- Lock order: outbox, wallets by org_id, messages.
CREATE OR REPLACE FUNCTION settle_sends(
    p_org_ids        uuid[],
    p_message_ids    uuid[],
    p_claim_ids      uuid[],
    p_outcomes       text[],    -- 'sent', Meta's error code, or one of our own such as 'network:refused'
    p_wamids         text[],
    p_error_messages text[],
    p_transients     boolean[]  -- Meta's is_transient: judges a code that has no rule
) RETURNS TABLE (message_id uuid, settled boolean, status text, refunded boolean, -- a row per
                 unknown_code boolean, error_class text)                          -- item, in order
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- Planned at each call, for the arrays and the tables as they are: an UPDATE's join cannot be fixed
-- by the way it is written, and a plan from when messages was empty would read all of it.
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_taken    uuid[];
    v_tries    smallint[]; -- of v_taken
    v_attempts smallint[]; -- of the items; NULL: not settled
    v_statuses text[];
    v_refunds  boolean[];
    v_unknown  boolean[];
    v_classes  text[];
    v_opt_outs uuid[];
BEGIN
    WITH gone AS (
        DELETE FROM outbox o
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = 'sending' AND o.claim_id = ANY (p_claim_ids)
        RETURNING o.message_id, o.attempt
    )
    SELECT array_agg(g.message_id), array_agg(g.attempt) INTO v_taken, v_tries FROM gone g;

    SELECT array_agg(CASE WHEN i.n = array_position(p_message_ids, i.message_id)
                          THEN v_tries[array_position(v_taken, i.message_id)] END ORDER BY i.n),
           array_agg(CASE WHEN i.outcome = 'sent' THEN 'sent'
                          WHEN (r.rule).unconfirmed THEN 'unconfirmed'
                          ELSE 'failed' END ORDER BY i.n),
           array_agg(i.outcome <> 'sent' AND NOT (r.rule).unconfirmed
                     AND is_refundable(r.rule, i.transient) ORDER BY i.n),
           array_agg(i.outcome <> 'sent' AND (r.rule).outcome = 'default' ORDER BY i.n),
           array_agg((r.rule).class ORDER BY i.n),
           array_agg(i.message_id) FILTER (WHERE (r.rule).action = 'opt_out_bulk'
                                             AND i.message_id = ANY (v_taken))
      INTO v_attempts, v_statuses, v_refunds, v_unknown, v_classes, v_opt_outs
      FROM unnest(p_message_ids, p_outcomes, p_transients) WITH ORDINALITY
           AS i (message_id, outcome, transient, n)
     CROSS JOIN LATERAL (SELECT CASE WHEN i.outcome <> 'sent'
                                     THEN find_error_rule(i.outcome) END AS rule OFFSET 0) r;

    IF true = ANY (v_refunds) THEN
        PERFORM FROM wallets w WHERE w.org_id = ANY (p_org_ids) ORDER BY w.org_id FOR NO KEY UPDATE;

        WITH refund AS MATERIALIZED (
            SELECT m.org_id, m.id AS message_id, m.fee, i.n, i.outcome,
                   w.balance + sum(m.fee) OVER (PARTITION BY m.org_id ORDER BY i.n) AS balance_after
              FROM unnest(p_org_ids, p_message_ids, v_attempts, v_refunds, p_outcomes) WITH ORDINALITY
                   AS i (org_id, message_id, attempt, refund, outcome, n)
              JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
              JOIN wallets w ON w.org_id = m.org_id
             WHERE i.attempt IS NOT NULL AND i.refund AND m.fee > 0
        ), booked AS (
            INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, message_id, description)
            SELECT org_id, 'refund', fee, balance_after, message_id, 'refund: ' || outcome
              FROM refund ORDER BY n
        )
        UPDATE wallets w SET balance = last.balance_after, booked = last.balance_after
          FROM (SELECT DISTINCT ON (org_id) org_id, balance_after FROM refund
                 ORDER BY org_id, n DESC) last
         WHERE w.org_id = last.org_id;
    END IF;

    UPDATE messages m
       SET status = i.status,
           attempts = i.attempt,
           wamid = i.wamid,
           refunded = i.refund AND m.fee > 0,
           error_code = CASE WHEN i.status <> 'sent' THEN i.outcome END,
           error_message = CASE WHEN i.status <> 'sent' THEN i.error_message END,
           error_transient = CASE WHEN i.status <> 'sent' THEN i.transient END,
           sent_at = CASE WHEN i.status = 'sent' THEN clock_timestamp() END,
           failed_at = CASE WHEN i.status = 'failed' THEN clock_timestamp() END
      FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_wamids, p_error_messages, p_transients,
                  v_attempts, v_statuses, v_refunds)
           AS i (org_id, message_id, outcome, wamid, error_message, transient,
                 attempt, status, refund)
     WHERE i.attempt IS NOT NULL AND m.id = i.message_id AND m.org_id = i.org_id;

    IF array_position(v_attempts, NULL) IS NOT NULL THEN
        UPDATE messages m SET sent_at = clock_timestamp()
          FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_wamids, v_attempts)
               AS i (org_id, message_id, outcome, wamid, attempt)
         WHERE i.attempt IS NULL AND i.outcome = 'sent' AND m.id = i.message_id
           AND m.org_id = i.org_id AND m.wamid = i.wamid AND m.sent_at IS NULL;
    END IF;

    PERFORM opt_out_recipients(p_org_ids, v_opt_outs) WHERE v_opt_outs IS NOT NULL;

    RETURN QUERY
    SELECT i.message_id, i.attempt IS NOT NULL, coalesce(m.status, 'failed'), coalesce(m.refunded, false),
           i.unknown, i.class
      FROM unnest(p_org_ids, p_message_ids, v_attempts, v_unknown, v_classes) WITH ORDINALITY
           AS i (org_id, message_id, attempt, unknown, class, n)
      LEFT JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
     ORDER BY i.n;
END $$;

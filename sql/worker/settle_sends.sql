-- settle_sends: records what came of a batch of dispatches in one transaction. Each outcome's error
-- rule decides: `sent`; `unconfirmed` (Meta may have taken it: no refund now, never posted again);
-- `scheduled` (certainly not taken, and worth another attempt); or `failed`, refunded if the rule says so.
-- Unless it is to be tried again its outbox row goes, and the next message to that contact is called up.
--
-- Only what is still `sending` under the claim that dispatched it is settled, so a batch may be
-- repeated (an answer to COMMIT that got lost): the second time settles nothing, refunds nothing and
-- reports how each message stands. Of two outcomes for one message in a batch the first counts.
--
-- A message that unconfirm_sends has taken for abandoned is settled by the true outcome all the same, if
-- that says more: nobody else has claimed it since, so it is that of the last dispatch.
--
-- A status webhook that overtakes the answer settles its message by itself (apply_statuses): nothing but
-- the time at which Meta took it is left to record then, and what is reported is how the message stands.
--
-- Lock order: wallets by org_id, outbox, messages, pace, channels.
CREATE OR REPLACE FUNCTION settle_sends(
    p_org_ids        uuid[],
    p_message_ids    uuid[],
    p_claim_ids      uuid[],
    p_outcomes       text[],    -- 'sent', Meta's error code, or one of our own such as 'network:refused'
    p_wamids         text[],
    p_error_messages text[],
    p_transients     boolean[], -- Meta's is_transient: judges a code that has no rule
    p_retry_afters   bigint[]   -- seconds, Meta's Retry-After
) RETURNS TABLE (message_id uuid, settled boolean, status text, refunded boolean, -- a row per
                 unknown_code boolean, error_class text, paused boolean,          -- item, in order
                 released_id uuid) -- the next message to the same contact: it is queued and needs a job
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    c_attempts_max CONSTANT integer := 6;
    v_failures boolean; -- not all are sent
    v_rules    error_rules[];
    v_refunds  boolean[]; -- refunded if it fails
    v_again    uuid[];    -- worth another attempt
    -- One per outbox row that was settled:
    v_taken    uuid[];
    v_orgs     uuid[];
    v_tries    smallint[];
    v_channels uuid[];
    v_contacts bigint[];
    v_claimed  timestamptz[];
    v_put_off  boolean[];
    v_released uuid[];     -- whom each has called up
    v_late     uuid[];     -- unconfirmed until now, and known from now on
    -- One per item:
    v_at       integer[];  -- its place in v_taken; 0: late; NULL: not settled
    v_statuses text[];
    v_paused   uuid[];     -- channels
BEGIN
    v_failures := EXISTS (SELECT FROM unnest(p_outcomes) AS o (outcome) WHERE o.outcome <> 'sent');
    IF v_failures THEN
        SELECT array_agg(r.rule ORDER BY i.n),
               array_agg(i.outcome <> 'sent' AND NOT (r.rule).unconfirmed
                         AND is_refundable(r.rule, i.transient) ORDER BY i.n),
               array_agg(i.message_id) FILTER (WHERE (r.rule).retry = 'backoff'
                                                 AND i.n = array_position(p_message_ids, i.message_id))
          INTO v_rules, v_refunds, v_again
          FROM unnest(p_message_ids, p_outcomes, p_transients) WITH ORDINALITY
               AS i (message_id, outcome, transient, n)
         CROSS JOIN LATERAL (SELECT CASE WHEN i.outcome <> 'sent'
                                         THEN find_error_rule(i.outcome) END AS rule OFFSET 0) r;
        IF true = ANY (v_refunds) THEN
            PERFORM lock_wallets(array_agg(i.org_id))
               FROM unnest(p_org_ids, v_refunds) AS i (org_id, refund) WHERE i.refund;
        END IF;
    END IF;

    IF v_again IS NOT NULL THEN
        WITH wish AS (
            SELECT i.message_id, i.claim_id,
                   (v_rules[i.n]).action AS action, i.retry_after
              FROM unnest(p_message_ids, p_claim_ids, p_retry_afters) WITH ORDINALITY
                   AS i (message_id, claim_id, retry_after, n)
             WHERE i.message_id = ANY (v_again) AND i.n = array_position(p_message_ids, i.message_id)
        ), due AS MATERIALIZED (
            SELECT o.message_id, o.org_id, o.attempt, o.channel_id, o.contact_id, o.claim_id, o.claimed_at,
                   clock_timestamp() + retry_delay(w.action, o.attempt, w.retry_after) AS due_at
              FROM wish w
              JOIN outbox o ON o.message_id = w.message_id AND o.claim_id = w.claim_id
             WHERE o.org_id = ANY (p_org_ids) AND o.state = 'sending' AND o.attempt < c_attempts_max
        ), put_off AS (
            UPDATE outbox o SET state = 'scheduled', due_at = d.due_at, look_at = d.due_at,
                                paced = false, claim_id = NULL, claimed_at = NULL
              FROM due d
             WHERE o.message_id = d.message_id AND o.org_id = d.org_id AND o.state = 'sending'
               AND o.claim_id = d.claim_id AND d.due_at < o.not_after
            RETURNING o.message_id, o.org_id, d.attempt, d.channel_id, d.contact_id, d.claimed_at
        )
        SELECT array_agg(p.message_id), array_agg(p.org_id), array_agg(p.attempt),
               array_agg(p.channel_id), array_agg(p.contact_id), array_agg(p.claimed_at),
               array_agg(true)
          INTO v_taken, v_orgs, v_tries, v_channels, v_contacts, v_claimed, v_put_off
          FROM put_off p;
    END IF;

    WITH gone AS (
        DELETE FROM outbox o
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = 'sending' AND o.claim_id = ANY (p_claim_ids)
        RETURNING o.message_id, o.org_id, o.attempt, o.channel_id, o.contact_id, o.claimed_at
    )
    SELECT v_taken || array_agg(g.message_id), v_orgs || array_agg(g.org_id),
           v_tries || array_agg(g.attempt), v_channels || array_agg(g.channel_id),
           v_contacts || array_agg(g.contact_id), v_claimed || array_agg(g.claimed_at),
           v_put_off || array_agg(false)
      INTO v_taken, v_orgs, v_tries, v_channels, v_contacts, v_claimed, v_put_off
      FROM gone g;

    IF coalesce(cardinality(v_taken), 0) < cardinality(p_message_ids) THEN
        WITH late AS (
            SELECT m.id FROM messages m
             WHERE m.id = ANY (p_message_ids) AND m.org_id = ANY (p_org_ids)
               AND m.status = 'unconfirmed' AND m.unconfirmed_at IS NOT NULL
               AND m.id <> ALL (coalesce(v_taken, '{}'))
             ORDER BY m.id FOR NO KEY UPDATE
        )
        SELECT array_agg(l.id) INTO v_late FROM late l;
    END IF;

    SELECT array_agg(CASE WHEN i.n <> array_position(p_message_ids, i.message_id) THEN NULL
                          WHEN i.message_id = ANY (v_late)
                          THEN CASE WHEN (v_rules[i.n]).unconfirmed THEN NULL ELSE 0 END
                          ELSE array_position(v_taken, i.message_id) END ORDER BY i.n)
      INTO v_at
      FROM unnest(p_message_ids) WITH ORDINALITY AS i (message_id, n);

    SELECT array_agg(CASE WHEN i.outcome = 'sent' THEN 'sent'
                          WHEN v_put_off[i.at] THEN 'scheduled'
                          WHEN (v_rules[i.n]).unconfirmed THEN 'unconfirmed'
                          ELSE 'failed' END ORDER BY i.n)
      INTO v_statuses
      FROM unnest(p_outcomes, v_at) WITH ORDINALITY AS i (outcome, at, n);

    IF v_failures THEN
        SELECT array_agg(i.refund AND i.status = 'failed' AND i.at IS NOT NULL ORDER BY i.n)
          INTO v_refunds
          FROM unnest(v_refunds, v_statuses, v_at) WITH ORDINALITY AS i (refund, status, at, n);
        IF true = ANY (v_refunds) THEN
            PERFORM refund_sends(array_agg(i.org_id ORDER BY i.n), array_agg(i.message_id ORDER BY i.n),
                                 array_agg(i.outcome ORDER BY i.n))
               FROM unnest(p_org_ids, p_message_ids, p_outcomes, v_refunds) WITH ORDINALITY
                    AS i (org_id, message_id, outcome, refund, n)
              WHERE i.refund;
        END IF;
        INSERT INTO attempts (org_id, message_id, attempt, outcome, error_message, claimed_at)
        SELECT i.org_id, i.message_id, v_tries[i.at], i.outcome, i.error_message, v_claimed[i.at]
          FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_error_messages, v_at)
               AS i (org_id, message_id, outcome, error_message, at)
         WHERE i.outcome <> 'sent' AND i.at > 0;
    END IF;
    IF v_late IS NOT NULL THEN
        DELETE FROM attempts a
         USING messages m, unnest(p_message_ids, p_outcomes, v_at) AS i (message_id, outcome, at)
         WHERE i.at = 0 AND i.outcome = 'sent' AND m.id = i.message_id AND m.org_id = ANY (p_org_ids)
           AND a.message_id = m.id AND a.org_id = m.org_id AND a.attempt = m.attempts;
        UPDATE attempts a SET outcome = i.outcome, error_message = i.error_message
          FROM messages m, unnest(p_message_ids, p_outcomes, p_error_messages, v_at)
               AS i (message_id, outcome, error_message, at)
         WHERE i.at = 0 AND i.outcome <> 'sent' AND m.id = i.message_id AND m.org_id = ANY (p_org_ids)
           AND a.message_id = m.id AND a.org_id = m.org_id AND a.attempt = m.attempts;
    END IF;

    UPDATE messages m
       SET status = i.status,
           attempts = coalesce(v_tries[nullif(i.at, 0)], m.attempts),
           wamid = i.wamid,
           refunded = coalesce(i.refund, false) AND m.fee > 0,
           error_code = CASE WHEN i.status <> 'sent' THEN i.outcome END,
           error_message = CASE WHEN i.status <> 'sent' THEN i.error_message END,
           error_transient = CASE WHEN i.status <> 'sent' THEN i.transient END,
           sent_at = CASE WHEN i.status = 'sent' THEN clock_timestamp() END,
           failed_at = CASE WHEN i.status = 'failed' THEN clock_timestamp() END,
           unconfirmed_at = CASE WHEN i.status = 'unconfirmed' THEN clock_timestamp() END
      FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_wamids, p_error_messages, p_transients,
                  v_at, v_statuses, v_refunds)
           AS i (org_id, message_id, outcome, wamid, error_message, transient, at, status, refund)
     WHERE i.at IS NOT NULL AND i.status <> 'scheduled' AND m.id = i.message_id AND m.org_id = i.org_id;

    IF array_position(v_at, NULL) IS NOT NULL THEN
        UPDATE messages m SET sent_at = clock_timestamp()
          FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_wamids, v_at)
               AS i (org_id, message_id, outcome, wamid, at)
         WHERE i.at IS NULL AND i.outcome = 'sent' AND m.id = i.message_id
           AND m.org_id = i.org_id AND m.wamid = i.wamid AND m.sent_at IS NULL;
    END IF;

    -- Who is tried again keeps its place.
    SELECT call_up_next(v_orgs, v_channels,
                        array_agg(CASE WHEN NOT t.put_off THEN t.contact_id END ORDER BY t.n), true)
      INTO v_released
      FROM unnest(v_contacts, v_put_off) WITH ORDINALITY AS t (contact_id, put_off, n);

    IF v_failures THEN
        SELECT act_on_failures(array_agg(i.org_id ORDER BY i.n), array_agg(i.message_id ORDER BY i.n),
                               array_agg(v_channels[i.at] ORDER BY i.n),
                               array_agg((v_rules[i.n]).action ORDER BY i.n),
                               array_agg(i.outcome ORDER BY i.n), array_agg(i.error_message ORDER BY i.n),
                               array_agg(v_claimed[i.at] ORDER BY i.n))
          INTO v_paused
          FROM unnest(p_org_ids, p_message_ids, p_outcomes, p_error_messages, v_at) WITH ORDINALITY
               AS i (org_id, message_id, outcome, error_message, at, n)
         WHERE i.at IS NOT NULL AND (v_rules[i.n]).action <> 'none'
        HAVING count(*) > 0;
    END IF;

    RETURN QUERY
    SELECT i.message_id, i.at IS NOT NULL,
           CASE WHEN i.at IS NOT NULL THEN i.status ELSE coalesce(o.state, m.status, 'failed') END,
           coalesce(m.refunded, false),
           coalesce((v_rules[i.n]).outcome = 'default', false), (v_rules[i.n]).class,
           coalesce((v_rules[i.n]).action = 'pause_channel' AND v_channels[i.at] = ANY (v_paused), false),
           v_released[i.at]
      FROM unnest(p_org_ids, p_message_ids, v_at, v_statuses) WITH ORDINALITY
           AS i (org_id, message_id, at, status, n)
      LEFT JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
      LEFT JOIN outbox o ON o.message_id = i.message_id AND o.org_id = i.org_id AND i.at IS NULL
     ORDER BY i.n;
END $$;

-- The phases of settle_sends, in the order in which it calls them. (An array that is made of one unnest alone
-- has its order.)

-- learn_recipients: whom Meta's answers say these messages were sent to: true numbers and user ids, where they are not
-- what was asked for.
CREATE OR REPLACE FUNCTION learn_recipients(p_org_ids uuid[], p_message_ids uuid[], p_phones text[],
                                            p_user_ids text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_news record; -- of each an array
BEGIN
    SELECT array_agg(i.org_id) AS orgs, array_agg(c.id) AS contacts, array_agg(i.phone) AS phones,
           array_agg(i.user_id) AS user_ids
      INTO v_news
      FROM unnest(p_org_ids, p_message_ids, p_phones, p_user_ids) AS i (org_id, message_id, phone, user_id)
      JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
      JOIN contacts w ON w.org_id = m.org_id AND w.id = ANY (ARRAY[m.contact_id])
      JOIN contacts c ON c.org_id = w.org_id AND c.id = ANY (ARRAY[coalesce(w.merged_into, w.id)])
     WHERE c.erased_at IS NULL
       AND (i.phone IS NOT NULL AND i.phone IS DISTINCT FROM c.phone
            OR i.user_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM contacts k WHERE k.org_id = c.org_id AND k.user_id = i.user_id
                                        AND c.id IN (k.id, k.merged_into)));
    IF v_news.orgs IS NOT NULL THEN
        PERFORM learn_contacts(v_news.orgs, v_news.contacts, v_news.phones, v_news.user_ids);
    END IF;
END $$;

-- list_outcomes: the batch, in the order of the message ids, in which all rows are locked.
CREATE OR REPLACE FUNCTION list_outcomes(
    p_org_ids uuid[], p_message_ids uuid[], p_claim_ids uuid[], p_outcomes text[], p_wamids text[],
    p_error_messages text[], p_transients boolean[], p_retry_afters bigint[], p_error_subcodes bigint[]
) RETURNS SETOF outcome_item LANGUAGE sql STABLE AS $$
    SELECT i.n, i.org_id, i.message_id, i.claim_id, i.outcome, i.wamid, i.error_message, i.transient,
           i.retry_after_s, row_number() OVER (PARTITION BY i.message_id ORDER BY i.n) > 1 AS is_repeat,
           CASE i.outcome WHEN 'sent' THEN 'sent' END AS status, NULL::boolean AS is_refunded,
           NULL::boolean AS is_retried, NULL::text AS action, NULL::text AS error_class,
           NULL::boolean AS unknown_code, nullif(i.subcode, 0) AS subcode
      FROM unnest(p_org_ids, p_message_ids, p_claim_ids, p_outcomes, p_wamids, p_error_messages, p_transients,
                  p_retry_afters, p_error_subcodes) WITH ORDINALITY
           AS i (org_id, message_id, claim_id, outcome, wamid, error_message, transient, retry_after_s, subcode, n)
     ORDER BY i.message_id, i.n;
$$;

-- judge_outcomes: those that are not sent with what their error rules say; all in the same order. (A statement of its
-- own: also to make ready for rules takes time, and mostly all are sent.)
CREATE OR REPLACE FUNCTION judge_outcomes(p_items outcome_item[]) RETURNS SETOF outcome_item
LANGUAGE sql STABLE AS $$
    SELECT (j.item).* FROM (
        SELECT i AS item FROM unnest(p_items) i WHERE i.outcome = 'sent'
        UNION ALL
        SELECT ROW(i.n, i.org_id, i.message_id, i.claim_id, i.outcome, i.wamid, i.error_message, i.transient,
                   i.retry_after_s, i.is_repeat, CASE WHEN r.unconfirmed THEN 'unconfirmed' ELSE 'failed' END,
                   NOT r.unconfirmed AND is_refundable(r, i.transient), r.retry = 'backoff', r.action, r.class,
                   r.outcome = 'default', i.subcode)::outcome_item
          FROM unnest(p_items) i CROSS JOIN LATERAL error_rule_of(i.outcome, i.subcode, i.error_message) r
         WHERE i.outcome <> 'sent') j
     ORDER BY (j.item).message_id, (j.item).n;
$$;

-- put_off: what is worth another attempt, and has one and the time left, waits for it.
CREATE OR REPLACE FUNCTION put_off(p_items outcome_item[], OUT settled settled_item[])
LANGUAGE plpgsql AS $$
DECLARE
    c_attempts_max CONSTANT integer := 6;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT i AS item, o.claimed_at,
               clock_timestamp() + retry_delay(i.action, o.attempt, i.retry_after_s) AS at
          FROM unnest(p_items) i
          JOIN outbox o ON o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
                       AND o.claim_id = i.claim_id
         WHERE i.is_retried AND NOT i.is_repeat AND o.state = 'sending' AND o.attempt < c_attempts_max
    ), waiting AS (
        UPDATE outbox o SET state = 'scheduled', due_at = d.at, look_at = d.at, paced = false,
                            claim_id = NULL, claimed_at = NULL
          FROM due d
         WHERE o.message_id = ANY (ARRAY[(d.item).message_id]) AND o.org_id = (d.item).org_id
           AND o.claim_id = (d.item).claim_id AND o.state = 'sending' AND d.at < o.not_after
        RETURNING d.item, 'scheduled', o.attempt, o.channel_id, o.contact_id, d.claimed_at
    )
    SELECT array_agg(w::settled_item) INTO settled FROM waiting w;
END $$;

-- take_out: what is still `sending` under the claim that dispatched it leaves the outbox.
CREATE OR REPLACE FUNCTION take_out(p_items outcome_item[], OUT settled settled_item[])
LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM outbox o USING unnest(p_items) i
         WHERE NOT i.is_repeat AND o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
           AND o.claim_id = i.claim_id AND o.state = 'sending'
        RETURNING i, i.status, o.attempt, o.channel_id, o.contact_id, o.claimed_at
    )
    SELECT array_agg(g::settled_item) INTO settled FROM gone g;
END $$;

-- correct_abandoned: messages that unconfirm_sends has taken for abandoned, and whose outcome says more. Their
-- last attempt's row is that of the lost answer, which now has come.
CREATE OR REPLACE FUNCTION correct_abandoned(p_items outcome_item[], OUT settled settled_item[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(ROW(l.item, (l.item).status, l.attempts, NULL, NULL, NULL)::settled_item)
      INTO settled
      FROM (SELECT i AS item, m.attempts
              FROM unnest(p_items) i JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
             WHERE NOT i.is_repeat AND i.status <> 'unconfirmed' AND m.unconfirmed_at IS NOT NULL
               FOR NO KEY UPDATE OF m) l;
    DELETE FROM attempts a USING unnest(settled) s
     WHERE s.status = 'sent' AND a.message_id = ANY (ARRAY[(s.item).message_id]) AND a.org_id = (s.item).org_id
       AND a.attempt = s.attempt;
    UPDATE attempts a SET outcome = (s.item).outcome, error_message = (s.item).error_message
      FROM unnest(settled) s
     WHERE s.status <> 'sent' AND a.message_id = ANY (ARRAY[(s.item).message_id]) AND a.org_id = (s.item).org_id
       AND a.attempt = s.attempt;
END $$;

-- record_outcomes: the messages' own record, and their events, of orgs that ask for them (p_is_asked: any does). Tells
-- what mostly is not so: some conversation is to move (move_conversations); somebody stands in the line that some message
-- has left (call_up_next).
DROP FUNCTION IF EXISTS record_outcomes(settled_item[], boolean);
CREATE FUNCTION record_outcomes(p_settled settled_item[], p_is_asked boolean DEFAULT false, OUT any_behind boolean,
                                OUT any_in_line boolean)
LANGUAGE plpgsql AS $$
DECLARE
    v_since uuid := first_id_of(clock_timestamp() - interval '1 minute');
    v_news  message_news[];
BEGIN
    WITH recorded AS (
        UPDATE messages m
           SET status = s.status, attempts = s.attempt, wamid = (s.item).wamid,
               refunded = s.status = 'failed' AND (s.item).is_refunded AND m.fee > 0,
               error_code = CASE WHEN s.status <> 'sent' THEN (s.item).outcome END,
               error_message = CASE WHEN s.status <> 'sent' THEN (s.item).error_message END,
               error_subcode = CASE WHEN s.status <> 'sent' THEN (s.item).subcode END,
               error_transient = CASE WHEN s.status <> 'sent' THEN (s.item).transient END,
               sent_at = CASE WHEN s.status = 'sent' THEN clock_timestamp() END,
               claimed_at = CASE WHEN s.status = 'sent' THEN s.claimed_at END,
               took_ms = CASE WHEN s.status = 'sent'
                              THEN least(1000 * date_part('epoch', clock_timestamp() - s.claimed_at), 2147483647)::integer END,
               failed_at = CASE WHEN s.status = 'failed' THEN clock_timestamp() END,
               unconfirmed_at = CASE WHEN s.status = 'unconfirmed' THEN clock_timestamp() END
          FROM unnest(p_settled) s
         WHERE s.status <> 'scheduled' AND m.id = ANY (ARRAY[(s.item).message_id]) AND m.org_id = (s.item).org_id
        RETURNING m.org_id, m.id, m.channel_id, m.contact_id, m.status, m.error_code, (s.item).n,
                  s.contact_id AS in_line
    )
    SELECT bool_or((SELECT coalesce(c.newest_id < least(r.id, v_since), false) FROM conversations c
                     WHERE c.org_id = r.org_id AND c.channel_id = r.channel_id AND c.contact_id = r.in_line)),
           bool_or((SELECT true FROM outbox o
                     WHERE o.channel_id = r.channel_id AND o.contact_id = r.in_line AND o.org_id = r.org_id
                       AND o.seq IS NOT NULL ORDER BY o.seq LIMIT 1)),
           array_agg(ROW(r.n, r.org_id, r.channel_id, r.contact_id, r.id, r.status,
                         CASE r.status WHEN 'unconfirmed' THEN jsonb_build_object('code', r.error_code)
                         END)::message_news) FILTER (WHERE p_is_asked)
      INTO any_behind, any_in_line, v_news FROM recorded r;
    IF p_is_asked THEN
        PERFORM tell_news(v_news);
    END IF;
END $$;

-- keep_attempts: a row for each attempt that failed.
CREATE OR REPLACE FUNCTION keep_attempts(p_settled settled_item[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attempts (org_id, message_id, attempt, outcome, error_message, claimed_at)
    SELECT (s.item).org_id, (s.item).message_id, s.attempt, (s.item).outcome, (s.item).error_message,
           s.claimed_at
      FROM unnest(p_settled) s
     WHERE s.status <> 'sent' AND s.claimed_at IS NOT NULL;
END $$;

-- note_sent_at: messages that a status webhook has settled before their answer came: when Meta took them is all
-- that is left to record.
CREATE OR REPLACE FUNCTION note_sent_at(p_items outcome_item[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_noted record; -- of each an array
BEGIN
    WITH noted AS (
        UPDATE messages m SET sent_at = clock_timestamp()
          FROM unnest(p_items) i
         WHERE i.outcome = 'sent' AND m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id AND m.wamid = i.wamid
           AND m.sent_at IS NULL
        RETURNING m.org_id, m.channel_id, m.contact_id, m.id
    )
    SELECT array_agg(n.org_id) AS orgs, array_agg(n.channel_id) AS channels, array_agg(n.contact_id) AS contacts,
           array_agg(n.id) AS messages INTO v_noted FROM noted n WHERE n.contact_id IS NOT NULL;
    IF v_noted.orgs IS NOT NULL THEN
        PERFORM tell_events(v_noted.orgs, '{message.sent}', v_noted.channels, v_noted.contacts, v_noted.messages, NULL);
    END IF;
END $$;

-- tell_settled: a row per item, in order; of what is not settled, how it stands. p_released: whom each of
-- p_settled has called up.
CREATE OR REPLACE FUNCTION tell_settled(p_items outcome_item[], p_settled settled_item[], p_released uuid[],
                                        p_paused uuid[])
RETURNS TABLE (message_id uuid, settled boolean, status text, refunded boolean, unknown_code boolean,
               error_class text, paused boolean, released_id uuid)
LANGUAGE sql STABLE AS $$
    SELECT (r.item).message_id, r.settled, r.status, coalesce(r.refunded, false),
           coalesce((r.item).unknown_code, false), (r.item).error_class,
           coalesce((r.item).action = 'pause_channel' AND r.channel_id = ANY (p_paused), false), r.released_id
      FROM (SELECT s.item, true AS settled, s.status, s.channel_id, s.released_id,
                   CASE WHEN s.status = 'failed' AND (s.item).is_refunded THEN (
                       SELECT m.refunded FROM messages m
                        WHERE m.id = (s.item).message_id AND m.org_id = (s.item).org_id) END AS refunded
              FROM unnest(p_released, p_settled) AS s (released_id)
            UNION ALL
            SELECT i, false, coalesce(o.state, m.status, 'failed'), NULL, NULL, m.refunded
              FROM unnest(p_items) i
              LEFT JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
              LEFT JOIN outbox o ON o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
             WHERE i.n <> ALL (ARRAY(SELECT (s.item).n FROM unnest(p_settled) s))) r
     ORDER BY (r.item).n;
$$;

-- settled_failures: those of what was settled that say something of more than their message (act_on_failures).
CREATE OR REPLACE FUNCTION settled_failures(p_settled settled_item[]) RETURNS failure[]
LANGUAGE sql STABLE
RETURN ARRAY(SELECT ROW((s.item).org_id, (s.item).message_id, s.channel_id, (s.item).action, (s.item).outcome,
                        (s.item).error_message, s.claimed_at, (s.item).subcode)::failure
               FROM unnest(p_settled) s
              WHERE (s.item).action <> 'none' OR is_of_content((s.item).error_class) ORDER BY (s.item).n);

-- accept_replies: sends the replies of a batch of inbound messages, through accept_sends like any other
-- send, with priority high. An inbound message is answered once at the most, however often this is asked;
-- what forbids a reply (no money, the rule's cooldown or cap, the guard against two machines talking to
-- each other) is recorded in its place.
--
-- The wallets are locked first, in org order as everywhere: so two batches never judge the limits of one
-- org at the same moment.
CREATE OR REPLACE FUNCTION accept_replies(
    p_org_ids     uuid[],
    p_message_ids uuid[], -- inbound
    p_rule_ids    uuid[],
    p_reply_ids   uuid[], -- new ones, of the replies
    p_types       text[],
    p_payloads    text[], -- what Meta gets; NULL: no reply, for the reason beside it
    p_skips       text[]
) RETURNS TABLE (verdict text, status text) -- a row per item, in order: accepted and its status,
LANGUAGE plpgsql SECURITY DEFINER           -- answered (earlier), or why it is skipped
SET search_path = tollgate, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_verdicts text[] := array_fill(NULL::text, ARRAY[cardinality(p_message_ids)]);
    v_statuses text[] := v_verdicts;
    v_sends    integer[];
    v_message  record;
    v_rule     record;
    v_skip     text;
    r          record;
    i          integer;
BEGIN
    PERFORM lock_wallets(p_org_ids);

    FOR i IN 1 .. cardinality(p_message_ids) LOOP
        IF EXISTS (SELECT FROM auto_replies a
                    WHERE a.org_id = p_org_ids[i] AND a.message_id = p_message_ids[i]) THEN
            v_verdicts[i] := 'answered';
            CONTINUE;
        END IF;
        SELECT m.channel_id, m.contact_id, o.replies_per_minute_max INTO STRICT v_message
          FROM messages m JOIN organizations o ON o.id = m.org_id
         WHERE m.id = p_message_ids[i] AND m.org_id = p_org_ids[i];
        SELECT a.id, a.cooldown_s, a.daily_cap, d.replies INTO v_rule
          FROM automation_rules a
          LEFT JOIN reply_days d ON d.org_id = a.org_id AND d.rule_id = a.id
                                AND d.day = (now() AT TIME ZONE 'UTC')::date
         WHERE a.org_id = p_org_ids[i] AND a.id = p_rule_ids[i] AND a.active;
        v_skip := CASE
            WHEN p_payloads[i] IS NULL THEN p_skips[i]
            WHEN v_rule.id IS NULL THEN 'rule_changed'
            WHEN v_rule.daily_cap <= coalesce(v_rule.replies, 0) THEN 'daily_cap'
            WHEN v_rule.cooldown_s > 0 AND EXISTS (
                 SELECT FROM auto_replies a
                  WHERE a.org_id = p_org_ids[i] AND a.contact_id = v_message.contact_id
                    AND a.reply_id IS NOT NULL AND a.rule_id = v_rule.id
                    AND a.created_at > now() - v_rule.cooldown_s * interval '1 second') THEN 'cooldown'
            WHEN v_message.replies_per_minute_max <= (
                 SELECT count(*) FROM auto_replies a
                  WHERE a.org_id = p_org_ids[i] AND a.contact_id = v_message.contact_id
                    AND a.reply_id IS NOT NULL
                    AND a.created_at > now() - interval '1 minute') THEN 'loop_guard'
            END;
        -- Written before it is accepted, so that the next ones of this batch are judged with it.
        INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, rule_id, reply_id,
                                  reply_skipped)
        VALUES (p_org_ids[i], p_message_ids[i], v_message.channel_id, v_message.contact_id, v_rule.id,
                CASE WHEN v_skip IS NULL THEN p_reply_ids[i] END, v_skip);
        v_verdicts[i] := v_skip;
        CONTINUE WHEN v_skip IS NOT NULL;
        v_sends := v_sends || i;
        IF v_rule.daily_cap IS NOT NULL THEN
            INSERT INTO reply_days AS d (org_id, rule_id, day, replies)
            VALUES (p_org_ids[i], v_rule.id, (now() AT TIME ZONE 'UTC')::date, 1)
            ON CONFLICT (org_id, rule_id, day) DO UPDATE SET replies = d.replies + 1;
        END IF;
    END LOOP;

    FOR r IN
        SELECT t.i, v.verdict, v.status
          FROM unnest(v_sends) WITH ORDINALITY AS t (i, n)
          JOIN (SELECT a.*, row_number() OVER () AS n
                  FROM (SELECT array_agg(p_reply_ids[t.i] ORDER BY t.n) AS reply_ids,
                               array_agg(p_org_ids[t.i] ORDER BY t.n) AS org_ids,
                               array_agg(m.channel_id ORDER BY t.n) AS channel_ids,
                               array_agg(c.phone ORDER BY t.n) AS phones,
                               array_agg(CASE WHEN c.phone IS NULL THEN c.user_id END ORDER BY t.n)
                               AS user_ids,
                               array_agg(p_types[t.i] ORDER BY t.n) AS types,
                               array_agg(p_payloads[t.i] ORDER BY t.n) AS payloads
                          FROM unnest(v_sends) WITH ORDINALITY AS t (i, n)
                          JOIN messages m ON m.id = p_message_ids[t.i] AND m.org_id = p_org_ids[t.i]
                          JOIN contacts c ON c.org_id = m.org_id AND c.id = m.contact_id) s
                 CROSS JOIN LATERAL accept_sends(
                       s.reply_ids, s.org_ids, s.channel_ids, s.phones, s.user_ids, s.types, s.payloads,
                       array_fill(NULL::text, ARRAY[cardinality(s.org_ids)]),
                       array_fill('high'::text, ARRAY[cardinality(s.org_ids)]),
                       array_fill(NULL::bigint, ARRAY[cardinality(s.org_ids)]),
                       array_fill(NULL::bigint, ARRAY[cardinality(s.org_ids)]),
                       array_fill(NULL::text, ARRAY[cardinality(s.org_ids)]),
                       array_fill(NULL::bytea, ARRAY[cardinality(s.org_ids)])) a
                 WHERE s.reply_ids IS NOT NULL) v ON v.n = t.n
    LOOP
        v_verdicts[r.i] := r.verdict;
        v_statuses[r.i] := r.status;
        CONTINUE WHEN r.verdict = 'accepted';
        UPDATE auto_replies a SET reply_id = NULL, reply_skipped = r.verdict
         WHERE a.org_id = p_org_ids[r.i] AND a.message_id = p_message_ids[r.i];
        UPDATE reply_days d SET replies = d.replies - 1
         WHERE d.org_id = p_org_ids[r.i] AND d.rule_id = p_rule_ids[r.i]
           AND d.day = (now() AT TIME ZONE 'UTC')::date;
    END LOOP;

    RETURN QUERY
    SELECT u.verdict, u.status FROM unnest(v_verdicts, v_statuses) WITH ORDINALITY
           AS u (verdict, status, n) ORDER BY u.n;
END $$;

-- Deliveries that orgs with undelivered_after wait for.

-- await_deliveries: brings the list up to date for messages that have just been recorded. A receipt is never
-- delivered, of a reaction Meta may not tell, and what the phone app has sent is not ours to fail.
CREATE OR REPLACE FUNCTION await_deliveries(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM awaited a USING messages m
     WHERE a.message_id = ANY (p_message_ids) AND a.org_id = ANY (p_org_ids)
       AND m.id = ANY (ARRAY[a.message_id]) AND m.org_id = a.org_id AND m.status <> 'sent';
    INSERT INTO awaited (org_id, message_id, sent_at, due_at)
    SELECT i.org_id, i.message_id, m.sent_at, m.sent_at + o.undelivered_after
      FROM unnest(p_org_ids, p_message_ids) AS i (org_id, message_id)
      JOIN organizations o ON o.id = i.org_id AND o.undelivered_after IS NOT NULL
     CROSS JOIN LATERAL ( -- (LIMIT: by both columns of the key)
           SELECT coalesce(s.sent_at, clock_timestamp()) AS sent_at FROM messages s
            WHERE s.id = i.message_id AND s.org_id = i.org_id AND s.status = 'sent'
              AND s.type NOT IN ('receipt', 'reaction') AND s.origin IS NULL LIMIT 1) m
    ON CONFLICT DO NOTHING;
END $$;

-- Who waits longer or shorter does so for what is on the list too; who waits no more has nothing there. (But for what
-- is being sent at this moment.)
CREATE OR REPLACE FUNCTION await_otherwise() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    DELETE FROM awaited a WHERE a.org_id = NEW.id AND NEW.undelivered_after IS NULL;
    UPDATE awaited a SET due_at = a.sent_at + NEW.undelivered_after WHERE a.org_id = NEW.id;
    RETURN NULL;
END $$;

-- get_result: what came of a message, for who waits for it; no row if the org has no such. With the
-- caller's rights, and of the same states, as get_message.
CREATE OR REPLACE FUNCTION get_result(p_org_id uuid, p_message_id uuid)
RETURNS TABLE (message_id uuid, status text, refunded boolean, wamid text, error_code text,
               error_message text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT m.id, coalesce(o.state, m.status), m.refunded, m.wamid, m.error_code, m.error_message
      FROM messages m
      LEFT JOIN outbox o ON o.org_id = m.org_id AND o.message_id = m.id
     WHERE m.org_id = p_org_id AND m.id = p_message_id;
END $$;

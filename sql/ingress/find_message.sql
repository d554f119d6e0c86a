-- find_message: the id of the org's message that Meta knows by this one, or no row.
CREATE OR REPLACE FUNCTION find_message(p_org_id uuid, p_wamid text) RETURNS TABLE (message_id uuid)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT m.id FROM channels c
     CROSS JOIN LATERAL (
           SELECT k.id FROM messages k
            WHERE k.channel_id = c.id AND k.org_id = c.org_id AND k.wamid = p_wamid LIMIT 1) m
     WHERE c.org_id = p_org_id LIMIT 1;
END $$;

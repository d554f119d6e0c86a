-- begin_session: a session of the org's, for who has shown a key with these rights ("send,read"); no row if the key may
-- no longer do that. (The actor names the key.) Whoever changes the key at this moment finds the session. So many within
-- an hour are refused: each is a row for a month, and in the audit log for ever.
CREATE OR REPLACE FUNCTION begin_session(p_actor text, p_org_id uuid, p_rights text)
RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_an_hour CONSTANT bigint := 100;
    v_rights  CONSTANT text[] := check_rights(string_to_array(p_rights, ','));
    v_key     api_keys;
BEGIN
    PERFORM act_as(p_actor);
    SELECT * INTO v_key FROM api_keys k
     WHERE k.org_id = p_org_id AND 'key:' || coalesce(k.prefix, k.id::text) = p_actor AND v_rights <@ k.rights
       AND k.revoked_at IS NULL AND (k.expires_at > now()) IS NOT FALSE
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    ELSIF c_an_hour = (SELECT count(*) FROM (SELECT FROM sessions s
                                              WHERE s.org_id = p_org_id AND s.key_id = v_key.id
                                                AND s.created_at > now() - interval '1 hour' LIMIT c_an_hour) l) THEN
        PERFORM refuse('too_many_requests', NULL, 'The key has begun 100 sessions within an hour');
    END IF;
    RETURN QUERY SELECT s.* FROM open_session(p_org_id, v_rights, p_actor, v_key) s;
END $$;

-- end_session: ends a session of the org's, as the actor wants it; the document of one that has ended is as it was.
-- No row if there is none.
CREATE OR REPLACE FUNCTION end_session(p_actor text, p_org_id uuid, p_session_id uuid) RETURNS TABLE (document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor);
    UPDATE sessions s SET revoked_at = now()
     WHERE s.org_id = p_org_id AND s.id = p_session_id AND s.revoked_at IS NULL AND s.expires_at > now();
    RETURN QUERY SELECT session_document(s) FROM sessions s WHERE s.org_id = p_org_id AND s.id = p_session_id;
END $$;

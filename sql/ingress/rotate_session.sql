-- rotate_session: another cookie for a session that is good; no row if it is not. The one before is good for a
-- minute more, for requests that are on their way, and for an answer that got lost.
CREATE OR REPLACE FUNCTION rotate_session(p_org_id uuid, p_session_id uuid) RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_token   text := new_token('tgs_');
    v_session sessions;
BEGIN
    UPDATE sessions s
       SET former_hash = s.token_hash, former_until = now() + interval '1 minute', token_hash = sha256(v_token::bytea)
     WHERE s.org_id = p_org_id AND s.id = p_session_id AND s.revoked_at IS NULL AND s.expires_at > now()
    RETURNING * INTO v_session;
    IF FOUND THEN
        RETURN QUERY SELECT v_token, session_document(v_session);
    END IF;
END $$;

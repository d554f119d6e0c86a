-- rotate_session: another cookie for a session that is good; no row if it is not. The one before is good for a
-- minute more, for requests that are on their way, and for an answer that got lost. Twice within a second is refused:
-- so gateways hear of each exchange (find_changed_callers).
CREATE OR REPLACE FUNCTION rotate_session(p_org_id uuid, p_session_id uuid) RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_token   text := new_token('tgs_');
    v_session sessions;
BEGIN
    SELECT * INTO v_session FROM sessions s WHERE s.org_id = p_org_id AND s.id = p_session_id FOR NO KEY UPDATE;
    IF v_session.former_until > clock_timestamp() + interval '59 seconds' THEN
        PERFORM refuse('conflict', NULL, 'The cookie was exchanged a moment ago');
    END IF;
    UPDATE sessions s
       SET former_hash = s.token_hash, former_until = clock_timestamp() + interval '1 minute',
           token_hash = sha256(v_token::bytea)
     WHERE s.org_id = p_org_id AND s.id = p_session_id AND s.revoked_at IS NULL AND s.expires_at > now()
    RETURNING * INTO v_session;
    IF FOUND THEN
        RETURN QUERY SELECT v_token, session_document(v_session);
    END IF;
END $$;

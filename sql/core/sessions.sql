-- Sessions of people in the console.

-- As the org itself sees it.
CREATE OR REPLACE FUNCTION session_document(p_session sessions) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_session).id, (p_session).org_id, (p_session).rights, (p_session).made_by,
               time_text((p_session).created_at) AS created_at, time_text((p_session).expires_at) AS expires_at,
               time_text((p_session).last_used_at) AS last_used_at,
               time_text((p_session).revoked_at) AS revoked_at) d;
$$;

-- Begins one, for twelve hours, and returns what its cookie must hold: the only time that it can be seen.
CREATE OR REPLACE FUNCTION open_session(p_org_id uuid, p_rights text[], p_made_by text)
RETURNS TABLE (token text, document json) LANGUAGE plpgsql AS $$
DECLARE
    v_token   text := new_token('tgs_');
    v_session sessions;
BEGIN
    INSERT INTO sessions (org_id, token_hash, rights, made_by)
    VALUES (p_org_id, sha256(v_token::bytea), p_rights, p_made_by) RETURNING * INTO v_session;
    RETURN QUERY SELECT v_token, session_document(v_session);
END $$;

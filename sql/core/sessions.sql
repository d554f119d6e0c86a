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

-- Begins one, for twelve hours, and returns what its cookie must hold: the only time that it can be seen. p_key is the
-- key that it is begun with; NULL: none. What that means: follow_api_key.
CREATE OR REPLACE FUNCTION open_session(p_org_id uuid, p_rights text[], p_made_by text, p_key api_keys DEFAULT NULL)
RETURNS TABLE (token text, document json) LANGUAGE plpgsql AS $$
DECLARE
    v_token   text := new_token('tgs_');
    v_session sessions;
BEGIN
    INSERT INTO sessions (org_id, token_hash, rights, made_by, expires_at, key_id, addresses)
    VALUES (p_org_id, sha256(v_token::bytea), p_rights, p_made_by,
            least(now() + interval '12 hours', (p_key).expires_at), (p_key).id, (p_key).addresses)
    RETURNING * INTO v_session;
    RETURN QUERY SELECT v_token, session_document(v_session);
END $$;

-- What comes of a change of a key: a session that was begun with it may do no more than the key may, from nowhere else,
-- and no longer. What is given back to the key stays taken from the session.
CREATE OR REPLACE FUNCTION follow_api_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE sessions s
       SET revoked_at = CASE WHEN TG_OP = 'UPDATE' AND NEW.revoked_at IS NULL AND NEW.key_hash = OLD.key_hash
                                  AND s.rights && NEW.rights THEN NULL ELSE now() END,
           rights = CASE WHEN TG_OP = 'UPDATE' AND s.rights && NEW.rights
                         THEN ARRAY(SELECT r FROM unnest(s.rights) WITH ORDINALITY AS v (r, n)
                                     WHERE r = ANY (NEW.rights) ORDER BY n)
                         ELSE s.rights END,
           expires_at = least(s.expires_at, NEW.expires_at),
           addresses = CASE WHEN TG_OP = 'UPDATE' THEN NEW.addresses ELSE s.addresses END
     WHERE s.org_id = OLD.org_id AND s.key_id = OLD.id AND s.revoked_at IS NULL AND s.expires_at > now();
    RETURN NULL;
END $$;

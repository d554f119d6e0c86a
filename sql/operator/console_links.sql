-- Makes a link to the console and returns the end of its address, /console/links/..., the only time that it can be
-- seen. It lets one person in, once, who may do then what the rights say.
CREATE OR REPLACE FUNCTION create_console_link(p_org_id uuid, p_rights text[] DEFAULT '{read}',
                                               p_good_for interval DEFAULT '15 minutes') RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_token text := new_token('tgl_');
BEGIN
    IF NOT p_good_for BETWEEN interval '1 second' AND interval '7 days' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a link is good for a second to seven days';
    END IF;
    INSERT INTO console_links (org_id, token_hash, rights, made_by, expires_at)
    VALUES (p_org_id, sha256(v_token::bytea), check_rights(p_rights), current_actor(), now() + p_good_for);
    RETURN v_token;
END $$;

-- Ends all sessions of an org, and the links that nobody has used; returns how many.
CREATE OR REPLACE FUNCTION end_sessions(p_org_id uuid) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH ended AS (UPDATE sessions s SET revoked_at = now()
                    WHERE s.org_id = p_org_id AND s.revoked_at IS NULL AND s.expires_at > now() RETURNING 1),
         links AS (UPDATE console_links l SET expires_at = now()
                    WHERE l.org_id = p_org_id AND l.used_at IS NULL AND l.expires_at > now() RETURNING 1)
    SELECT ((SELECT count(*) FROM ended) + (SELECT count(*) FROM links))::integer;
$$;

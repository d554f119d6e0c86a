-- use_console_link: the session that the link with this hash begins, once; no row if it is good no more. If the link goes
-- back to a key, so does the session, as if it was begun with that: and no link is good for longer than its key.
CREATE OR REPLACE FUNCTION use_console_link(p_token_hash bytea) RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_link   console_links;
    v_key    api_keys;
    v_rights text[];
BEGIN
    SELECT * INTO v_link FROM console_links l
     WHERE l.token_hash = p_token_hash AND l.used_at IS NULL AND l.expires_at > now() FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT k.* INTO v_key FROM api_keys k
     WHERE k.org_id = v_link.org_id AND k.id = (bounding_key(v_link.org_id, v_link.made_by)).id
       FOR NO KEY UPDATE; -- whoever changes it at this moment finds the session
    v_rights := ARRAY(SELECT r FROM unnest(v_link.rights) WITH ORDINALITY AS v (r, n)
                       WHERE v_key.id IS NULL OR r = ANY (v_key.rights) ORDER BY n);
    IF v_rights = '{}' OR v_key.revoked_at IS NOT NULL OR v_key.expires_at <= now() THEN
        RETURN;
    END IF;
    PERFORM act_as('link:' || v_link.id);
    UPDATE console_links l SET used_at = now() WHERE l.org_id = v_link.org_id AND l.id = v_link.id;
    RETURN QUERY SELECT s.* FROM open_session(v_link.org_id, v_rights, 'link:' || v_link.id, v_key) s;
END $$;

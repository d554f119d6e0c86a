-- use_console_link: the session that the link with this hash begins, once; no row if it is good no more.
CREATE OR REPLACE FUNCTION use_console_link(p_token_hash bytea) RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_link console_links;
BEGIN
    SELECT * INTO v_link FROM console_links l
     WHERE l.token_hash = p_token_hash AND l.used_at IS NULL AND l.expires_at > now() FOR UPDATE;
    IF FOUND THEN
        PERFORM act_as('link:' || v_link.id);
        UPDATE console_links l SET used_at = now() WHERE l.org_id = v_link.org_id AND l.id = v_link.id;
        RETURN QUERY SELECT s.* FROM open_session(v_link.org_id, v_link.rights, 'link:' || v_link.id) s;
    END IF;
END $$;

-- made_link: makes a link that lets one of the org's people into the console, once (rights, good_for_s). Its path is told
-- this once.
CREATE OR REPLACE FUNCTION made_link(p_org_id uuid, p_body jsonb) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_seconds bigint := coalesce((p_body ->> 'good_for_s')::bigint, 900);
    v_rights  text[] := CASE WHEN p_body ? 'rights' THEN texts_of(p_body -> 'rights') ELSE '{read}' END;
    v_token   text;
    v_link    console_links;
BEGIN
    IF v_rights = '{}' OR NOT v_rights <@ '{send,read,manage,money,keys}' THEN
        PERFORM refuse('invalid_field', 'rights', 'rights must be some of send, read, manage, money, keys');
    ELSIF v_seconds = 0 THEN
        PERFORM refuse('invalid_field', 'good_for_s', 'good_for_s must be above zero');
    END IF;
    v_token := create_console_link(p_org_id, v_rights, v_seconds * interval '1 second');
    SELECT l.* INTO v_link FROM console_links l WHERE l.token_hash = sha256(v_token::bytea);
    RETURN json_build_object('id', v_link.id, 'org_id', p_org_id, 'path', '/console/links/' || v_token,
                             'rights', v_link.rights, 'expires_at', time_text(v_link.expires_at));
END $$;

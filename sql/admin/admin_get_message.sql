-- admin_get_message: a message of whichever org, as its org sees it, and what has happened to it.
CREATE OR REPLACE FUNCTION admin_get_message(p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_message messages;
BEGIN
    SELECT * INTO v_message FROM messages m WHERE m.id = p_id LIMIT 1;
    IF NOT FOUND THEN
        PERFORM refuse('message_not_found', NULL, 'There is no such message');
    END IF;
    RETURN (SELECT g.document FROM get_message(v_message.org_id, v_message.id) g);
END $$;

-- begin_session: a session of the org's, for who has shown a key with these rights ("send,read").
CREATE OR REPLACE FUNCTION begin_session(p_actor text, p_org_id uuid, p_rights text)
RETURNS TABLE (token text, document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor);
    RETURN QUERY SELECT s.* FROM open_session(p_org_id, check_rights(string_to_array(p_rights, ',')), p_actor) s;
END $$;

-- admin_rotate_keys: asks the janitor to seal all access tokens under the newest key, and tells how they stand before.
CREATE OR REPLACE FUNCTION admin_rotate_keys(p_actor text, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor);
    UPDATE token_sealing s SET asked = s.asked + 1, asked_for = p_body ->> 'newest';
    RETURN token_keys_document(p_body ->> 'newest');
END $$;

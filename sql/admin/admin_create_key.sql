-- admin_create_key: makes a key (name, rights, expires_at, addresses), which is told this once.
CREATE OR REPLACE FUNCTION admin_create_key(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN made_key(p_org_id, p_body);
END $$;

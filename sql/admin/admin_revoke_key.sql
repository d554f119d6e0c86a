-- admin_revoke_key: from now on the key is nobody's; every ingress knows it within a second.
CREATE OR REPLACE FUNCTION admin_revoke_key(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN ended_key(p_org_id, p_id);
END $$;

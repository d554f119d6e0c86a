-- admin_change_key: changes a key (name, rights, expires_at, addresses), which every ingress knows within a second.
CREATE OR REPLACE FUNCTION admin_change_key(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN changed_key(p_org_id, p_id, NULL, p_body);
END $$;

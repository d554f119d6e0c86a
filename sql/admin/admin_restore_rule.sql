-- admin_restore_rule: makes an org's rule what it was in version p_n.
CREATE OR REPLACE FUNCTION admin_restore_rule(p_actor text, p_org_id uuid, p_id uuid, p_n bigint) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT restore_rule(p_actor, p_org_id, p_id, p_n);
$$;

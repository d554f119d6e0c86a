-- admin_suspend_org: the org sends nothing from now on; what waits is parked until it is resumed.
CREATE OR REPLACE FUNCTION admin_suspend_org(p_actor text, p_org_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT set_org_status(p_actor, p_org_id, 'suspended');
$$;

-- admin_resume_org: the org sends again.
CREATE OR REPLACE FUNCTION admin_resume_org(p_actor text, p_org_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT set_org_status(p_actor, p_org_id, 'active');
$$;

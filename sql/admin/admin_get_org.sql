-- admin_get_org: one org.
CREATE OR REPLACE FUNCTION admin_get_org(p_org_id uuid) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT org_document(org_named(p_org_id));
$$;

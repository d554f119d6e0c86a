-- admin_get_template: one of an org's templates, by Meta's id.
CREATE OR REPLACE FUNCTION admin_get_template(p_org_id uuid, p_name text) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT get_template(p_org_id, p_name);
$$;

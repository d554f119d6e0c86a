-- admin_list_templates: an org's templates.
CREATE OR REPLACE FUNCTION admin_list_templates(p_org_id uuid, p_find json, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT list_templates(p_org_id, p_find, p_before, p_limit);
$$;

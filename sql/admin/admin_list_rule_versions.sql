-- admin_list_rule_versions: what an org's rule was, newest first, also if it was deleted.
CREATE OR REPLACE FUNCTION admin_list_rule_versions(p_org_id uuid, p_id uuid, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT list_rule_versions(p_org_id, p_id, p_before, p_limit);
$$;

-- admin_get_rule_version: one version of an org's rule.
CREATE OR REPLACE FUNCTION admin_get_rule_version(p_org_id uuid, p_id uuid, p_n bigint) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT get_rule_version(p_org_id, p_id, p_n);
$$;

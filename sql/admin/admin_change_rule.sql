-- admin_change_rule: changes what is said of an org's automation rule.
CREATE OR REPLACE FUNCTION admin_change_rule(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT change_rule(p_actor, p_org_id, p_id, p_body);
$$;

-- admin_create_rule: makes an automation rule.
CREATE OR REPLACE FUNCTION admin_create_rule(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT create_rule(p_actor, p_org_id, p_body);
$$;

-- admin_move_rule: puts an org's rule elsewhere in the order in which they are tried.
CREATE OR REPLACE FUNCTION admin_move_rule(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT move_rule(p_actor, p_org_id, p_id, p_body);
$$;

-- admin_delete_rule: deletes an org's automation rule; answers with what it was.
CREATE OR REPLACE FUNCTION admin_delete_rule(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT delete_rule(p_actor, p_org_id, p_id);
$$;

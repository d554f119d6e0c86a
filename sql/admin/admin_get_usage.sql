-- admin_get_usage: what an org used, as it sees it (get_usage).
CREATE OR REPLACE FUNCTION admin_get_usage(p_org_id uuid, p_find json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp
RETURN get_usage(p_org_id, p_find);

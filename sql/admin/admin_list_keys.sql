-- admin_list_keys: the org's API keys, newest first, also those that were revoked.
CREATE OR REPLACE FUNCTION admin_list_keys(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp
RETURN key_page(p_org_id, p_before_id, p_limit);

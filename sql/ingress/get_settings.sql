-- get_settings: what the org has set.
CREATE OR REPLACE FUNCTION get_settings(p_org_id uuid) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp
RETURN settings_document(org_named(p_org_id));

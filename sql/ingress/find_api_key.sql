-- find_api_key: the org whose key has this hash; no row if there is none or it is revoked. The one question
-- that cannot name its org.
CREATE OR REPLACE FUNCTION find_api_key(p_key_hash bytea) RETURNS TABLE (org_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT k.org_id FROM api_keys k WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL;
$$;

-- list_secrets_to_seal: endpoints' secrets that lie open, or are sealed under another key than p_key: up to p_limit, after the
-- first p_skip, with which nothing could be done.
CREATE OR REPLACE FUNCTION list_secrets_to_seal(p_key text, p_limit bigint, p_skip bigint)
RETURNS TABLE (org_id uuid, endpoint_id uuid, name text, stored text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT s.org_id, s.endpoint_id, s.name, s.stored FROM secrets_of_endpoints() s
     WHERE s.key IS DISTINCT FROM p_key ORDER BY s.org_id, s.endpoint_id, s.name LIMIT p_limit OFFSET p_skip;
$$;

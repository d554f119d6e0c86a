-- list_tokens_to_seal: access tokens that lie open, then those that are sealed under another key than p_key: up to
-- p_limit, after the first p_skip, with which nothing could be done.
CREATE OR REPLACE FUNCTION list_tokens_to_seal(p_key text, p_limit bigint, p_skip bigint)
RETURNS TABLE (org_id uuid, channel_id uuid, access_token text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT t.* FROM (
        (SELECT c.org_id, c.id, c.access_token FROM channels c
          WHERE c.token_key IS NULL ORDER BY c.org_id, c.id)
        UNION ALL
        (SELECT c.org_id, c.id, c.access_token FROM channels c
          WHERE c.token_key < p_key ORDER BY c.token_key, c.org_id, c.id)
        UNION ALL
        (SELECT c.org_id, c.id, c.access_token FROM channels c
          WHERE c.token_key > p_key ORDER BY c.token_key, c.org_id, c.id)) t
     LIMIT p_limit OFFSET p_skip;
$$;

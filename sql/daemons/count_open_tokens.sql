-- count_open_tokens: how many access tokens lie open, up to 200,000.
CREATE OR REPLACE FUNCTION count_open_tokens() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT count(*) FROM (SELECT FROM channels c WHERE c.token_key IS NULL LIMIT 200000) o;
$$;

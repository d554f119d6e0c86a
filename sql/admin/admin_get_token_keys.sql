-- admin_get_token_keys: under which keys access tokens stand sealed; `newest` is the ingress's newest key.
CREATE OR REPLACE FUNCTION admin_get_token_keys(p_body json) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT token_keys_document(p_body ->> 'newest');
$$;

-- admin_get_wallet: the org's balance.
CREATE OR REPLACE FUNCTION admin_get_wallet(p_org_id uuid) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT wallet_document(o.id) FROM org_named(p_org_id) o;
$$;

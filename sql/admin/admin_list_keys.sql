-- admin_list_keys: the org's API keys, newest first, also those that were revoked.
CREATE OR REPLACE FUNCTION admin_list_keys(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('keys', p_limit, array_agg(key_document(p.k) ORDER BY p.place) FILTER (WHERE p.place IS NOT NULL),
                   array_agg(to_json((p.k).id) ORDER BY p.place))
      FROM org_named(p_org_id) o
      LEFT JOIN LATERAL (
           SELECT k, row_number() OVER (ORDER BY k.created_at DESC, k.id DESC) AS place FROM api_keys k
            WHERE k.org_id = o.id
              AND (p_before_id IS NULL
                   OR (k.created_at, k.id) < (SELECT b.created_at, b.id FROM api_keys b
                                               WHERE b.org_id = o.id AND b.id = p_before_id))
            ORDER BY k.created_at DESC, k.id DESC LIMIT p_limit + 1) p ON true;
$$;

-- list_endpoints: the org's endpoints, newest first.
CREATE OR REPLACE FUNCTION list_endpoints(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM org_named(p_org_id);
    RETURN (SELECT page_of('endpoints', p_limit, array_agg(endpoint_document(e.p) ORDER BY (e.p).id DESC),
                           array_agg(to_json((e.p).id) ORDER BY (e.p).id DESC))
              FROM (SELECT p FROM endpoints p
                     WHERE p.org_id = p_org_id AND p.deleted_at IS NULL AND (p_before_id IS NULL OR p.id < p_before_id)
                     ORDER BY p.id DESC LIMIT p_limit + 1) e);
END $$;

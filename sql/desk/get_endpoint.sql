-- get_endpoint: one endpoint, without its secrets.
CREATE OR REPLACE FUNCTION get_endpoint(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
BEGIN
    SELECT * INTO v_endpoint FROM endpoints p WHERE p.org_id = p_org_id AND p.id = p_id AND p.deleted_at IS NULL;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such endpoint');
    END IF;
    RETURN endpoint_document(v_endpoint);
END $$;

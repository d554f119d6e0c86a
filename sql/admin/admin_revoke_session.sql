-- admin_revoke_session: whoever is in by it is out; every ingress knows within a second.
CREATE OR REPLACE FUNCTION admin_revoke_session(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
BEGIN
    PERFORM org_named(p_org_id);
    SELECT e.document INTO v_document FROM end_session(p_actor, p_org_id, p_id) e;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such session');
    END IF;
    RETURN v_document;
END $$;

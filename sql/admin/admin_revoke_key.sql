-- admin_revoke_key: from now on the key is nobody's; every ingress knows it within a second.
CREATE OR REPLACE FUNCTION admin_revoke_key(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_key api_keys;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    UPDATE api_keys k SET revoked_at = now() WHERE k.org_id = p_org_id AND k.id = p_id AND k.revoked_at IS NULL;
    SELECT * INTO v_key FROM api_keys k WHERE k.org_id = p_org_id AND k.id = p_id;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such key');
    END IF;
    RETURN key_document(v_key);
END $$;

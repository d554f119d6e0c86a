-- delete_endpoint: from now on nothing is posted to it; its secrets are gone.
CREATE OR REPLACE FUNCTION delete_endpoint(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
BEGIN
    PERFORM act_as(p_actor);
    v_endpoint := endpoint_named(p_org_id, p_id);
    UPDATE endpoints p
       SET deleted_at = clock_timestamp(), state = 'disabled', state_why = NULL, state_since = clock_timestamp(),
           secret = '', old_secret = NULL, verify_token = NULL, verify_at = NULL, recover_from = NULL
     WHERE p.org_id = p_org_id AND p.id = p_id RETURNING p.* INTO v_endpoint;
    PERFORM follow_endpoints(p_org_id), end_endpoint_alerts(p_org_id, p_id);
    RETURN endpoint_document(v_endpoint);
END $$;

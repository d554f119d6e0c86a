-- recover_endpoint: has all that was given up since a time (since; unless said all that is kept), and all that waits for another
-- attempt, tried now, in the background and oldest first. What somebody has asked for before and has not come to is still done.
CREATE OR REPLACE FUNCTION recover_endpoint(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
BEGIN
    PERFORM act_as(p_actor);
    v_endpoint := endpoint_named(p_org_id, p_id);
    UPDATE endpoints p
       SET recover_from = least(p.recover_from, first_id_of(coalesce((p_body ->> 'since')::timestamptz, to_timestamp(0))))
     WHERE p.org_id = p_org_id AND p.id = p_id RETURNING p.* INTO v_endpoint;
    PERFORM tell_deed(p_org_id, 'update', 'endpoints', p_id::text, jsonb_build_object('recover_from', v_endpoint.recover_from));
    RETURN endpoint_document(v_endpoint);
END $$;

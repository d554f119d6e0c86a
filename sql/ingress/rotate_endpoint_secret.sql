-- rotate_endpoint_secret: deliveries are signed under a new secret from now on, and for a day under the one before as well;
-- of format meta, which has room for one signature, under the new one alone. secret stands there as it is to be stored,
-- told_secret as it is told, this once.
CREATE OR REPLACE FUNCTION rotate_endpoint_secret(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
BEGIN
    PERFORM act_as(p_actor);
    v_endpoint := endpoint_named(p_org_id, p_id);
    PERFORM check_secret(v_endpoint.format, p_body::jsonb);
    UPDATE endpoints p
       SET old_secret = CASE p.format WHEN 'standard' THEN p.secret END,
           old_secret_until = CASE p.format WHEN 'standard' THEN now() + interval '1 day' END, secret = p_body ->> 'secret'
     WHERE p.org_id = p_org_id AND p.id = p_id RETURNING p.* INTO v_endpoint;
    RETURN endpoint_told(v_endpoint, p_body ->> 'told_secret');
END $$;

-- create_endpoint: makes an endpoint (id, url, format, types, channel_ids, description, verify_token) that is told what is true
-- from now on. secret and verify_token stand there as they are to be stored, told_secret as it is told, this once.
CREATE OR REPLACE FUNCTION create_endpoint(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_most CONSTANT integer := 50; -- of one org: each event may be written for each
    v_body CONSTANT jsonb := p_body;
    v_new           endpoints;
BEGIN
    PERFORM act_as(p_actor);
    PERFORM FROM organizations o WHERE o.id = p_org_id FOR NO KEY UPDATE; -- one after the other
    IF (SELECT count(*) FROM endpoints p WHERE p.org_id = p_org_id AND p.deleted_at IS NULL) >= c_most THEN
        PERFORM refuse('conflict', NULL, format('The org has %s endpoints, which is the most', c_most));
    END IF;
    v_new.org_id := p_org_id;
    v_new.id := v_body ->> 'id';
    v_new.format := coalesce(v_body ->> 'format', 'standard');
    v_new.types := CASE v_new.format WHEN 'meta' THEN '{meta.*}'::text[] END;
    v_new.secret := v_body ->> 'secret';
    v_new.created_at := clock_timestamp();
    IF v_new.types IS NULL AND NOT v_body ? 'types' THEN
        PERFORM refuse('invalid_field', 'types', 'types must be there: message.*, or * for all');
    END IF;
    PERFORM check_secret(v_new.format, v_body);
    v_new := set_going(endpoint_as(v_new, v_body));
    INSERT INTO endpoints SELECT (v_new).*;
    PERFORM follow_endpoints(p_org_id);
    RETURN endpoint_told(v_new, v_body ->> 'told_secret');
END $$;

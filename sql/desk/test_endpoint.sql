-- test_endpoint: has an event posted to this endpoint alone (endpoint.test), whatever it asks for. Of format meta it is
-- verified anew: Meta has no event for that.
CREATE OR REPLACE FUNCTION test_endpoint(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
    v_event_id uuid := event_id(event_id_head(), 0);
BEGIN
    PERFORM act_as(p_actor);
    v_endpoint := endpoint_named(p_org_id, p_id);
    IF v_endpoint.state = 'disabled' THEN
        PERFORM refuse('conflict', NULL, 'The endpoint is disabled: set it active first');
    ELSIF v_endpoint.format = 'meta' THEN
        v_endpoint := set_going(v_endpoint);
        UPDATE endpoints p SET state = v_endpoint.state, state_since = v_endpoint.state_since, verify_id = NULL, verify_at = now()
         WHERE p.org_id = p_org_id AND p.id = p_id;
        RETURN json_build_object('event_id', NULL, 'endpoint', endpoint_document(v_endpoint));
    END IF;
    INSERT INTO events (org_id, id, type, data)
    VALUES (p_org_id, v_event_id, 'endpoint.test', jsonb_build_object('endpoint_id', p_id));
    PERFORM tell_deed(p_org_id, 'insert', 'events', event_name(v_event_id),
                      jsonb_build_object('type', 'endpoint.test', 'endpoint_id', p_id));
    RETURN json_build_object('event_id', event_name(v_event_id), 'endpoint', endpoint_document(v_endpoint));
END $$;

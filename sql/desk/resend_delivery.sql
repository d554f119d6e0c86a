-- resend_delivery: has an event posted once more, under the same id, whatever has become of it; of one that waits for another
-- attempt that attempt.
CREATE OR REPLACE FUNCTION resend_delivery(p_actor text, p_org_id uuid, p_id uuid, p_event text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_endpoint endpoints;
    v_delivery deliveries;
BEGIN
    PERFORM act_as(p_actor);
    v_endpoint := endpoint_named(p_org_id, p_id);
    IF v_endpoint.state <> 'active' THEN
        PERFORM refuse('conflict', NULL, 'The endpoint is not active: set it active first');
    END IF;
    v_delivery := delivery_named(p_org_id, p_id, p_event);
    IF v_delivery.attempts >= most_attempts() THEN
        PERFORM refuse('conflict', NULL, format('The event was posted there %s times, which is the most', v_delivery.attempts));
    END IF;
    UPDATE deliveries d SET state = 'pending', step = 0, next_at = now()
     WHERE d.org_id = p_org_id AND d.endpoint_id = p_id AND d.event_id = v_delivery.event_id
       AND (d.state <> 'pending' OR d.next_at > under_way_until());
    IF FOUND THEN
        PERFORM tell_deed(p_org_id, 'update', 'deliveries', p_event,
                          jsonb_build_object('state', 'pending', 'endpoint_id', p_id));
    END IF;
    RETURN delivery_document(delivery_named(p_org_id, p_id, p_event));
END $$;

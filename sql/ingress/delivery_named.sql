-- delivery_named: a delivery of the org's by its event's name, or a refusal.
CREATE OR REPLACE FUNCTION delivery_named(p_org_id uuid, p_id uuid, p_event text) RETURNS deliveries
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_delivery deliveries;
BEGIN
    PERFORM get_endpoint(p_org_id, p_id);
    SELECT * INTO v_delivery FROM deliveries d
     WHERE d.org_id = p_org_id AND d.endpoint_id = p_id AND d.event_id = event_id_named(p_event);
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The endpoint has no such delivery');
    END IF;
    RETURN v_delivery;
END $$;

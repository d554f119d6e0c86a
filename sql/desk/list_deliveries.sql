-- list_deliveries: an endpoint's deliveries with their attempts, of the newest events first; those in one state (state).
CREATE OR REPLACE FUNCTION list_deliveries(p_org_id uuid, p_id uuid, p_find json, p_before text, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT integer := 20000; -- of so many at the most
    v_before             uuid := behind_all_events();
BEGIN
    PERFORM get_endpoint(p_org_id, p_id);
    IF p_before !~ '^evt_[0-9a-f]{32}$' THEN
        PERFORM refuse('invalid_field', 'before', 'before must be the next_before of a page');
    ELSIF p_before IS NOT NULL THEN
        v_before := event_id_named(p_before);
    END IF;
    RETURN (SELECT page_of('deliveries', p_limit, array_agg(delivery_document(l.d) ORDER BY (l.d).event_id DESC),
                           array_agg(to_json(event_name((l.d).event_id)) ORDER BY (l.d).event_id DESC))
              FROM (SELECT n.d FROM (
                        SELECT d, d.state, d.event_id FROM deliveries d
                         WHERE d.org_id = p_org_id AND d.endpoint_id = p_id AND d.event_id < v_before
                         ORDER BY d.event_id DESC LIMIT c_looked_at) n
                     WHERE n.state = coalesce(p_find ->> 'state', n.state)
                     ORDER BY n.event_id DESC LIMIT p_limit + 1) l);
END $$;

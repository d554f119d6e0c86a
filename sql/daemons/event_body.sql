-- event_body: what is posted to an endpoint: of meta.* what Meta has posted (NULL: that was erased), else type, timestamp
-- and data.
CREATE OR REPLACE FUNCTION event_body(p_event events) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF p_event.type LIKE 'meta.%' THEN
        RETURN event_data(p_event)::text;
    END IF;
    RETURN json_build_object('type', p_event.type, 'timestamp', time_text(p_event.created_at), 'data', event_data(p_event))::text;
END $$;

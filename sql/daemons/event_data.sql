-- event_data: what an event tells. Of meta.* the body of a webhook of Meta's; NULL: it was erased.
CREATE OR REPLACE FUNCTION event_data(p_event events) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_most CONSTANT integer := 16384; -- bytes: with all that stands around it below 20 kB
    v_data json;
BEGIN
    IF p_event.type = 'message.received' THEN
        v_data := received_event(p_event, false);
        IF octet_length(v_data::text) > c_most THEN
            v_data := received_event(p_event, true);
        END IF;
        RETURN v_data;
    ELSIF p_event.type LIKE 'message.%' THEN
        RETURN sent_event(p_event);
    ELSIF p_event.type LIKE 'meta.%' THEN
        RETURN (SELECT x.body FROM event_changes x
                 WHERE x.org_id = p_event.org_id AND x.event_id = p_event.id AND x.body::text <> '{}');
    ELSIF p_event.type LIKE 'contact.%' THEN
        RETURN contact_event(p_event);
    END IF;
    RETURN coalesce(p_event.data, '{}');
END $$;

-- event_document: an event as it is listed.
CREATE OR REPLACE FUNCTION event_document(p_event events) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('id', event_name((p_event).id), 'type', (p_event).type,
                             'timestamp', time_text((p_event).created_at), 'data', event_data(p_event));
$$;

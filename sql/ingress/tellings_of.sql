-- tellings_of: each attempt to tell an endpoint of a message, as a row of its timeline.
CREATE OR REPLACE FUNCTION tellings_of(p_org_id uuid, p_message_id uuid) RETURNS TABLE (at timestamptz, shown json)
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT a.at, json_strip_nulls(json_build_object(
               'at', time_text(a.at), 'what', 'told', 'event', e.type, 'event_id', event_name(a.event_id),
               'endpoint_id', a.endpoint_id, 'attempt', a.attempt, 'outcome', a.outcome, 'status', a.status,
               'duration_ms', a.took_ms))
      FROM deliveries d
      JOIN delivery_attempts a ON a.org_id = d.org_id AND a.endpoint_id = d.endpoint_id AND a.event_id = d.event_id
      LEFT JOIN events e ON e.org_id = d.org_id AND e.xact = d.event_xact AND e.id = d.event_id
     WHERE d.message_id = ANY (ARRAY[p_message_id]) AND d.org_id = p_org_id;
$$;

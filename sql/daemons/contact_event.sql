-- contact_event: what a contact has done.
CREATE OR REPLACE FUNCTION contact_event(p_event events) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('contact_id', c.id, 'channel_id', (p_event).channel_id, 'phone', c.phone,
                             'user_id', c.user_id, 'name', c.name, 'opted_out_at', (p_event).data ->> 'opted_out_at')
      FROM contacts w JOIN contacts c ON c.org_id = w.org_id AND c.id = ANY (ARRAY[coalesce(w.merged_into, w.id)])
     WHERE w.org_id = (p_event).org_id AND w.id = ANY (ARRAY[(p_event).contact_id]);
$$;

-- are_event_types: is each of these a type, or a kind of them (message.*), or all of them (*)?
CREATE OR REPLACE FUNCTION are_event_types(p_types text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = tollgate, pg_temp AS $$
    SELECT coalesce(bool_and(w = '*' OR w = ANY (event_types())
                             OR w = ANY (SELECT split_part(t, '.', 1) || '.*' FROM unnest(event_types()) t)), true)
      FROM unnest(p_types) w;
$$;

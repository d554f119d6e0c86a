-- event_types_named: types of events, as in message.failed,channel.*, or a refusal. NULL: all.
CREATE OR REPLACE FUNCTION event_types_named(p_types text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_types CONSTANT text[] := string_to_array(p_types, ',');
BEGIN
    IF NOT are_event_types(v_types) THEN
        PERFORM refuse('invalid_field', 'types', 'types must be types of events, or their kinds as in message.*, divided by commas');
    END IF;
    RETURN v_types;
END $$;

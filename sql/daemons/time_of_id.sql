-- time_of_id: when the id of a message was made, to the millisecond.
CREATE OR REPLACE FUNCTION time_of_id(p_id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_timestamp(('x' || replace(left(p_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);

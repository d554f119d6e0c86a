-- first_id_of: the least id that a message of that time may have.
CREATE OR REPLACE FUNCTION first_id_of(p_time timestamptz) RETURNS uuid
LANGUAGE sql STABLE
RETURN rpad(lpad(to_hex(greatest(floor(extract(epoch FROM p_time) * 1000), 0)::bigint), 12, '0'), 32, '0')::uuid;

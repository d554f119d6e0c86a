-- is_settled: is it known what came of this message, or did it come from elsewhere? Else it stands in the outbox. Said
-- where a list is to be read by the indexes whose condition it is (tables/040_settled.sql).
CREATE OR REPLACE FUNCTION is_settled(p_message messages) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce((p_message).wamid, (p_message).error_code, (p_message).origin) IS NOT NULL
       OR (p_message).attempts > 0 OR (p_message).direction = 'inbound';

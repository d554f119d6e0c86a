-- condition_of: a format with the value in it, as an SQL literal where it says %L; NULL: there is no value.
CREATE OR REPLACE FUNCTION condition_of(p_format text, p_value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN format(p_format, p_value);

-- seconds_since: whole seconds; null for none.
CREATE OR REPLACE FUNCTION seconds_since(p_when timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT greatest(0, floor(extract(epoch FROM clock_timestamp() - p_when)))::bigint;
$$;

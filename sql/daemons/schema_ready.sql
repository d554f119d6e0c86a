-- schema_ready: readiness asks whether the schema is there at all.
CREATE OR REPLACE FUNCTION schema_ready() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM error_rules WHERE outcome = 'default');
$$;

-- get_default_country: where an org's numbers are at home that are written without country code; no row if there is
-- no such country. As all reads (get_message).
CREATE OR REPLACE FUNCTION get_default_country(p_org_id uuid) RETURNS TABLE (country text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT o.default_country FROM organizations o WHERE o.id = p_org_id AND o.default_country IS NOT NULL;
END $$;

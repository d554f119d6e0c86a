-- get_session: one of the org's as a JSON document, or no row.
CREATE OR REPLACE FUNCTION get_session(p_org_id uuid, p_session_id uuid) RETURNS TABLE (document json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT session_document(s) FROM sessions s WHERE s.org_id = p_org_id AND s.id = p_session_id;
$$;
